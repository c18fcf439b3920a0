const table = (holds: (code: number) => boolean): Uint8Array =>
  Uint8Array.from({ length: 256 }, (_, code) => (holds(code) ? 1 : 0));

/** Of a field's name: `tchar` (RFC 9110 §5.6.2). */
export const TOKEN = table((code) => /[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(String.fromCharCode(code)));

/** Of a field's value or a reason phrase: HTAB, SP, VCHAR and obs-text (RFC 9110 §5.5). */
export const FIELD = table((code) => code === 0x09 || (code >= 0x20 && code !== 0x7f));
