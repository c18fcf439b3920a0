/** What the demo asks of the gateways. */
export interface Fleet {
  readonly gateways: readonly string[];
  readonly operations: string;
  readonly adminToken: string;
}

export const USER = "demo";

async function send(url: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  const json = { "Content-Type": "application/json", ...headers };
  return fetch(url, { method: "POST", headers: json, body: JSON.stringify(body) });
}

export async function makeUser({ operations, adminToken }: Fleet, password: string): Promise<void> {
  const headers = { Authorization: `Bearer ${adminToken}` };
  const { status } = await send(`${operations}/admin/users`, { username: USER, password, roles: ["user"] }, headers);
  if (status !== 201) throw new Error(`making the user was answered ${status}`);
}

/** Logs in at the first gateway, is served by the last, logs out at the first: how long the last goes on, in milliseconds. */
export async function crossing({ gateways }: Fleet, password: string): Promise<number> {
  const [first = "", last = first] = [gateways[0], gateways.at(-1)];
  const login = await send(`${first}/auth/login`, { username: USER, password, refresh: "body" });
  const { access_token, refresh_token } = (await login.json()) as {
    readonly access_token: string;
    readonly refresh_token: string;
  };
  const orders = async (): Promise<number> => {
    const answer = await fetch(`${last}/api/orders`, { headers: { Authorization: `Bearer ${access_token}` } });
    await answer.arrayBuffer();
    return answer.status;
  };
  const before = await orders();
  if (before !== 200) throw new Error(`before the logout the other gateway answered ${before}`);
  const { status } = await send(`${first}/auth/logout`, { refresh_token });
  if (status !== 204) throw new Error(`the logout was answered ${status}`);
  const acknowledged = performance.now();
  while ((await orders()) === 200);
  return performance.now() - acknowledged;
}
