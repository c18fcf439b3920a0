import type { StoredKey } from "../../keys/stored-key.ts";
import { ALGORITHMS } from "../../protocol/claims.ts";
import type { OperationInput } from "../operations.ts";
import { record } from "./audit.ts";
import { first, integer, integerOrNull, type Row, text, word } from "./database.ts";
import type { Step } from "./step.ts";

export function keys(step: Step): { readonly keys: readonly StoredKey[]; readonly now: number } {
  const rows = step.db.all("SELECT * FROM signing_keys WHERE remove_at > ? ORDER BY number", step.now);
  return { keys: rows.map(keyOf), now: step.now };
}

export function addKey(step: Step, input: OperationInput<"addKey">): boolean {
  const newest = first(
    step.db.all(
      "SELECT kid FROM signing_keys WHERE remove_at > ? ORDER BY created_at DESC, number DESC LIMIT 1",
      step.now,
    ),
  );
  if ((newest === null ? null : text(newest, "kid")) !== input.expectedNewest) return false;
  const { key } = input;
  step.db.all(
    `INSERT INTO signing_keys (kid, alg, public_jwk, wrapped_private, secret_id, created_at, signs_from, signs_until,
       remove_at, revoked_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    key.kid,
    key.alg,
    key.publicJwk,
    key.wrappedPrivate,
    key.secretId,
    key.createdAt,
    key.signsFrom,
    key.signsUntil,
    key.removeAt,
    key.revokedAt,
  );
  const detail = { kid: key.kid, alg: key.alg };
  record(step, { kind: "key_created", actor: "postern", sub: null, sid: null, address: null, detail });
  return true;
}

export function rewrapKey(step: Step, input: OperationInput<"rewrapKey">): boolean {
  const changed = step.db.all(
    "UPDATE signing_keys SET wrapped_private = ?, secret_id = ? WHERE kid = ? AND secret_id = ? RETURNING kid",
    input.wrappedPrivate,
    input.secretId,
    input.kid,
    input.expectedSecretId,
  );
  return changed.length > 0;
}

function keyOf(row: Row): StoredKey {
  return {
    kid: text(row, "kid"),
    alg: word(row, "alg", ALGORITHMS),
    publicJwk: text(row, "public_jwk"),
    wrappedPrivate: text(row, "wrapped_private"),
    secretId: text(row, "secret_id"),
    createdAt: integer(row, "created_at"),
    signsFrom: integer(row, "signs_from"),
    signsUntil: integer(row, "signs_until"),
    removeAt: integer(row, "remove_at"),
    revokedAt: integerOrNull(row, "revoked_at"),
  };
}
