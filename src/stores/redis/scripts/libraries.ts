import { USERS } from "./accounts.ts";
import { AUDIT } from "./audit.ts";
import { ENDINGS } from "./endings.ts";
import { NOT_BEFORE } from "./not-before.ts";
import { PUBLISH } from "./publish.ts";
import { SESSIONS } from "./sessions.ts";

/** What scripts about users and sessions use, each function after those that it calls. */
export const RECORDS: readonly string[] = [NOT_BEFORE, AUDIT, USERS, SESSIONS];

/** The same for scripts that end something. */
export const ENDING: readonly string[] = [...RECORDS, PUBLISH, ENDINGS];

export const NOT_BEFORE_ONLY: readonly string[] = [NOT_BEFORE];
