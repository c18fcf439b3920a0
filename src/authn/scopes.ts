/** Scopes that each role brings. */
export type RoleTable = Readonly<Record<string, { readonly scopes: readonly string[] }>>;

/** The union of the roles' scopes, in the order of the configuration. Roles that are not configured bring none. */
export function scopesOfRoles(roles: readonly string[], table: RoleTable): string[] {
  const scopes = new Set<string>();
  for (const role of roles) {
    if (Object.hasOwn(table, role)) for (const scope of table[role]?.scopes ?? []) scopes.add(scope);
  }
  return [...scopes];
}

/** `allowed` narrowed to `asked`; null where nothing in particular was asked. Never widens. */
export function narrowScopes(allowed: readonly string[], asked: readonly string[] | null): string[] {
  return asked === null ? [...allowed] : allowed.filter((scope) => asked.includes(scope));
}
