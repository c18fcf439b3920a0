import { z } from "zod";
import { isId } from "../../lib/ids.ts";

/** The shapes of what the admin API is sent. What the values must be is checked by the administration itself. */
const text = (expected: string) => z.string(expected).max(4096, "at most 4096 characters");
const names = (expected: string) => z.array(text(expected), expected).max(1000, "at most 1000 entries");

export const NewUserBody = z.strictObject({
  username: text("a name"),
  password: text("a password").optional(),
  passwordHash: text("an argon2id hash in PHC string form").optional(),
  roles: names("a list of role names").optional(),
});

export const UserChangeBody = z.strictObject({
  roles: names("a list of role names").optional(),
  disabled: z.boolean("true or false").optional(),
  password: text("a password").optional(),
});

export const RevocationBody = z.strictObject({
  target: z.strictObject(
    {
      // A token can be longer than any name.
      token: z.string("an access or refresh token").max(65_536, "at most 65536 characters").optional(),
      jti: text("the jti of an access token").optional(),
      session: text("a session id").optional(),
      user: text("the name or id of a user").optional(),
      client: text("a client id").optional(),
      key: text("the kid of a signing key").optional(),
      all: z.literal(true, "true").optional(),
    },
    "an object with exactly one of token, jti, session, user, client, key and all",
  ),
  before: z.union([text("a time"), z.number()], "a time in ISO 8601, or milliseconds since 1970").optional(),
  reason: text("a reason").optional(),
  dryRun: z.boolean("true or false").optional(),
  wait: z.boolean("true or false").optional(),
});

export const NewClientBody = z.strictObject({ name: text("a name"), scopes: names("a list of scopes").default([]) });

export const SessionId = z.string().refine((text) => isId("s", text), "a session id, s_ and 22 characters");

const limit = z.coerce
  .number("1 to 1000")
  .int("a whole number")
  .min(1, "1 to 1000")
  .max(1000, "1 to 1000")
  .default(100);
const after = text("the `next` of the page before").min(1).nullable().default(null);

export const UserPageQuery = z.object({ after, limit });
export const AuditPageQuery = z.object({ after, limit, user: text("a name or id").min(1).nullable().default(null) });
export const EndSessionQuery = z.object({ user: text("a name or id").min(1).nullable().default(null) });
