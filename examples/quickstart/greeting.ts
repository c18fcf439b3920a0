import { USER } from "./demo-user.ts";
import { CONFIG } from "./postern.ts";

/** What to try, once everything is up. `password` is null where the user was there before. */
export const greeting = (issuer: string, password: string | null): string => `
Postern is up at ${issuer}/

  In a browser, log in there as   ${USER}
  with the password               ${password ?? "that the first start printed"}
${password === null ? `  or with a new one:              npm run -s postern -- users password ${USER} --config ${CONFIG}\n` : "  (It is printed this once.)\n"}
  In a terminal:

    curl -s ${issuer}/auth/login -H 'Content-Type: application/json' \\
      -d '{"username":"${USER}","password":"${password ?? "…"}","refresh":"body"}'
    curl -s ${issuer}/api/orders -H 'Authorization: Bearer …the access_token…'
    npm run -s postern -- revoke --user ${USER} --config ${CONFIG}

  README.md goes on from here. Ctrl-C stops; what there is stays in data/.
`;
