/** What is used of the platform's own modules (https://developers.cloudflare.com/workers/runtime-apis/). */
declare module "cloudflare:workers" {
  export class DurableObject<Env = unknown> {
    constructor(context: unknown, env: Env);
  }
  export const env: Readonly<Record<string, unknown>>;
}

declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}
