import { JWKS_PATH, metadataPaths, WELL_KNOWN } from "../protocol/well-known.ts";
import { foldPath, pathEnd, shapeOf } from "./path.ts";

/** Where Postern's own endpoints live on a listener. */
export interface ReservedPaths {
  /** Everything at and under these, without a trailing slash. */
  readonly prefixes: readonly string[];
  /** Single documents, all of them under `/.well-known/`. */
  readonly exact: readonly string[];
}

/** The reserved paths of the main listener. */
export function reservedPaths(config: {
  readonly issuer: string;
  readonly paths: { readonly auth: string; readonly oauth: string; readonly admin: string };
  readonly admin: { readonly public: boolean };
}): ReservedPaths {
  const exact = [JWKS_PATH, ...metadataPaths(config.issuer)];
  const { auth, oauth, admin } = config.paths;
  return { prefixes: config.admin.public ? [auth, oauth, admin] : [auth, oauth], exact };
}

export interface Reserved {
  /** `target` as sent. Only the one spelling that every reader reads alike is literal. */
  isReserved(target: string): boolean;
  /** Whether a folded path lies at or under a reserved one. */
  covers(folded: string): boolean;
}

export function createReserved(reserved: ReservedPaths): Reserved {
  const exact = new Set(reserved.exact);
  const foldedExact = new Set(reserved.exact.map(foldPath));
  const foldedPrefixes = reserved.prefixes.map(foldPath);

  return {
    isReserved(target) {
      const end = pathEnd(target);
      const isDocument = target.startsWith(WELL_KNOWN) && exact.has(target.slice(0, end));
      if (!isDocument && !liesUnder(reserved.prefixes, target, end)) return false;
      // Ids in these paths have capitals; nothing else that folding changes is theirs.
      const shape = shapeOf(target, end);
      if (shape === "plain") return true;
      return shape === "foldable" && !/[;%]|.\/$/.test(target.slice(0, end));
    },
    covers: (folded) => foldedExact.has(folded) || liesUnder(foldedPrefixes, folded, folded.length),
  };
}

function liesUnder(prefixes: readonly string[], path: string, end: number): boolean {
  for (const prefix of prefixes) {
    if (path.startsWith(prefix) && (end === prefix.length || path[prefix.length] === "/")) return true;
  }
  return false;
}
