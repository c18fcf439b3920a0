import { randomBytes } from "node:crypto";
import { request } from "undici";

export interface Account {
  readonly username: string;
  readonly password: string;
}

export interface Login {
  readonly access: string;
  readonly refresh: string;
}

type Answer = Readonly<Record<string, unknown>>;

async function post(port: number, path: string, body: string, authorization?: string): Promise<Answer> {
  const answer = await request(`http://127.0.0.1:${port}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(authorization === undefined ? {} : { authorization }) },
    body,
  });
  const text = await answer.body.text();
  const fields: Answer = text === "" ? {} : JSON.parse(text);
  if (answer.statusCode >= 300) throw new Error(`${path} answered ${answer.statusCode} ${fields.code ?? fields.error}`);
  return fields;
}

/** The body of a login as a native client sends it. */
export const loginBody = (account: Account): string => JSON.stringify({ ...account, refresh: "body" });

export async function logIn(port: number, account: Account): Promise<Login> {
  const answer = await post(port, "/auth/login", loginBody(account));
  return { access: String(answer.access_token), refresh: String(answer.refresh_token) };
}

/** A refresh with the token in the body. */
export async function refresh(port: number, token: string): Promise<Login> {
  const answer = await post(port, "/auth/refresh", JSON.stringify({ refresh_token: token }));
  return { access: String(answer.access_token), refresh: String(answer.refresh_token) };
}

/** By the admin API, which is on the operations listener unless it is public. */
export async function addUsers(count: number, port: number, adminToken: string): Promise<readonly Account[]> {
  return makeMany(count, 1, async (index) => {
    const account = { username: `user${index}`, password: randomBytes(20).toString("base64url") };
    const user = JSON.stringify({ ...account, roles: ["user"] });
    await post(port, "/admin/users", user, `Bearer ${adminToken}`);
    return account;
  });
}

export async function logOut(port: number, accessToken: string): Promise<void> {
  await post(port, "/auth/logout", "", `Bearer ${accessToken}`);
}

/** Makes `count` of something, `abreast` at a time. */
export async function makeMany<T>(count: number, abreast: number, make: (index: number) => Promise<T>): Promise<T[]> {
  const made: T[] = [];
  let next = 0;
  const work = async () => {
    while (next < count) {
      const index = next++;
      made[index] = await make(index);
    }
  };
  await Promise.all(Array.from({ length: abreast }, work));
  return made;
}
