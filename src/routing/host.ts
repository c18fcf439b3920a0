/** The host of a `Host` header as routes name it: lower case, without a port and without the root's dot. */
export function routeHost(host: string): string {
  return host.replace(/:\d*$/, "").replace(/\.$/, "").toLowerCase();
}
