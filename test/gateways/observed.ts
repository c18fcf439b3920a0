/** What a gateway has observed, by its kind. */
export type Observed = Readonly<Record<string, unknown>> & { readonly kind: string };
