import type { Answer, Browser } from "../support/http-client.ts";
import { serviceClient } from "../support/service-client.ts";

export const SERVICE = serviceClient(["orders:read"]);
export const OTHER_SERVICE = serviceClient(["orders:read"]);
export const SERVICES = { ...SERVICE.config, ...OTHER_SERVICE.config };

type Form = Readonly<Record<string, string>>;

/** How a caller of an OAuth endpoint says who it is. */
export const asPublic: Form = { client_id: "postern" };
export const asService = ({ id, secret }: { readonly id: string; readonly secret: string } = SERVICE): Form => ({
  ...{ client_id: id, client_secret: secret },
});

export const revoke = (browser: Browser, token: string, more: Form = asPublic): Promise<Answer> =>
  browser.fetch("/oauth/revoke", { form: { token, ...more } });

export const introspect = (browser: Browser, token: string, more: Form = asService()): Promise<Answer> =>
  browser.fetch("/oauth/introspect", { form: { token, ...more } });

/** An access token of a service's own. */
export async function serviceToken(browser: Browser, service = SERVICE): Promise<string> {
  const answer = await browser.fetch("/oauth/token", {
    form: { grant_type: "client_credentials", ...asService(service) },
  });
  if (answer.status !== 200) throw new Error(answer.text);
  return answer.json<{ access_token: string }>().access_token;
}

/** Status, body and what RFC 6749 §5.2 wants of an error's headers. */
export const oauthError = (answer: Answer): readonly unknown[] => [
  answer.status,
  answer.json<{ error: string }>().error,
  answer.headers["content-type"],
  answer.headers["cache-control"],
];
