/** `Authorization` of a client with a secret; both are form-encoded before they are joined (RFC 6749 §2.3.1). */
export const encodeBasic = (id: string, secret: string): string =>
  `Basic ${btoa(`${formEncode(id)}:${formEncode(secret)}`)}`;

const formEncode = (text: string): string => new URLSearchParams([["", text]]).toString().slice(1);
