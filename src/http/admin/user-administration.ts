import { checkNewPassword, passwordRules } from "../../accounts/check-password.ts";
import { argon2Cost } from "../../accounts/phc.ts";
import type { User } from "../../accounts/records.ts";
import { parseUsername, usernameKey } from "../../accounts/username.ts";
import { didYouMean } from "../../config/closest.ts";
import { isId, newId } from "../../lib/ids.ts";
import type { Origin } from "../../stores/store.ts";
import { type Administration, AdministrationError } from "./administration.ts";
import type { AdministrationDependencies } from "./store-administration.ts";
import { sessionView, userView } from "./views.ts";

type UserAdministration = Pick<
  Administration,
  "users" | "user" | "createUser" | "updateUser" | "deleteUser" | "sessions" | "endSession"
>;

/** What an imported hash may cost at each login: KiB, passes, lanes. */
const MAX_IMPORTED_COST = { memory: 1024 * 1024, iterations: 20, parallelism: 16 };

export function administerUsers(dependencies: AdministrationDependencies, origin: Origin): UserAdministration {
  const { store, config, passwords, published } = dependencies;

  function checkRoles(roles: readonly string[]): readonly string[] {
    const known = Object.keys(config.roles);
    for (const role of roles) {
      if (known.includes(role)) continue;
      const name = JSON.stringify(role);
      throw invalid("roles", `roles of the configuration, and ${name} is none${didYouMean(role, known)}`);
    }
    return [...new Set(roles)];
  }

  async function hashNew(password: string, username: string): Promise<string> {
    const verdict = await checkNewPassword(password, passwordRules(config, username));
    if (!verdict.ok) throw invalid("password", verdict.expected);
    return passwords.hash(verdict.password);
  }

  return {
    async users({ after, limit }) {
      const found = await store.listUsers({ after, limit });
      const last = found.length < limit ? undefined : found.at(-1);
      return { users: found.map(userView), next: last?.usernameKey ?? null };
    },

    async user(nameOrId) {
      return userView(await findUser(dependencies, nameOrId));
    },

    async createUser({ username, password, passwordHash, roles }) {
      const name = parseUsername(username);
      if (!name.ok) throw invalid("username", name.expected);
      if (password !== undefined && passwordHash !== undefined) {
        throw invalid("passwordHash", "either a password or the hash of one");
      }
      const checked = checkRoles(roles ?? []);
      if (passwordHash !== undefined) checkHash(passwordHash);
      const hash = password === undefined ? (passwordHash ?? null) : await hashNew(password, name.username);
      const { username: display, usernameKey: key } = name;
      const user = { id: newId("u"), username: display, usernameKey: key, passwordHash: hash, roles: checked };
      const created = await store.createUser({ user, origin });
      if (created.ok) return userView(created.user);
      throw new AdministrationError({ code: "conflict", detail: `The name ${JSON.stringify(display)} is taken` });
    },

    async updateUser(nameOrId, { roles, disabled, password }) {
      const user = await findUser(dependencies, nameOrId);
      const sub = user.id;
      const checked = roles === undefined ? null : checkRoles(roles);
      const passwordHash = password === undefined ? null : await hashNew(password, user.username);
      let changed: User | null = user;
      if (passwordHash !== null) {
        const expected = null;
        await store.setPassword({ sub, passwordHash, expected, endSessions: true, keep: null, origin });
        changed = await store.userById({ sub });
      }
      if (checked !== null) changed = await store.setRoles({ sub, roles: checked, origin });
      if (disabled !== undefined) changed = (await store.setDisabled({ sub, disabled, origin }))?.user ?? null;
      await published();
      if (changed === null) throw noSuchUser(nameOrId);
      return userView(changed);
    },

    async deleteUser(nameOrId) {
      const { id: sub } = await findUser(dependencies, nameOrId);
      await store.deleteUser({ sub, origin });
      await published();
    },

    async sessions(nameOrId) {
      const { id: sub } = await findUser(dependencies, nameOrId);
      return { sessions: (await store.sessions({ sub })).map(sessionView) };
    },

    async endSession(sid, user) {
      const reason = "revoked" as const;
      if (user !== null) {
        const { id: sub } = await findUser(dependencies, user);
        const { existed } = await store.endSession({ sub, sid, reason, origin });
        await published();
        return { existed };
      }
      const target = { kind: "session" as const, sid };
      const { sessions } = await store.revoke({ target, sub: null, reason, note: null, dryRun: false, origin });
      await published();
      return { existed: sessions > 0 };
    },
  };
}

/** An id never names another user: no account can take a name that looks like one. */
export async function findUser({ store }: AdministrationDependencies, nameOrId: string): Promise<User> {
  const user = isId("u", nameOrId)
    ? await store.userById({ sub: nameOrId })
    : await store.userByName({ usernameKey: usernameKey(nameOrId) });
  if (user === null) throw noSuchUser(nameOrId);
  return user;
}

const noSuchUser = (nameOrId: string) =>
  new AdministrationError({ code: "not_found", detail: `There is no user ${JSON.stringify(nameOrId)}` });

export const invalid = (path: string, expected: string) =>
  new AdministrationError({
    code: "validation",
    detail: `${path}: expected ${expected}`,
    errors: [{ path, expected }],
  });

/** A foreign hash is verified at every login with it: one that is not argon2id never passes, one too costly would stall the queue. */
function checkHash(hash: string): void {
  const cost = argon2Cost(hash);
  if (cost === null)
    throw invalid("passwordHash", "an argon2id hash in PHC string form ($argon2id$v=19$m=…,t=…,p=…$…$…)");
  const fits =
    cost.memory <= MAX_IMPORTED_COST.memory &&
    cost.iterations <= MAX_IMPORTED_COST.iterations &&
    cost.parallelism <= MAX_IMPORTED_COST.parallelism;
  if (!fits) throw invalid("passwordHash", "a hash that costs at most 1 GiB, 20 passes and 16 lanes");
}
