// The yardstick on Workers: whatever comes is fetched from the upstream, and what that says is the answer.
export default {
  fetch(request: Request, { UPSTREAM }: { readonly UPSTREAM: string }): Promise<Response> {
    const { pathname, search } = new URL(request.url);
    return fetch(`${UPSTREAM}${pathname}${search}`, request);
  },
};
