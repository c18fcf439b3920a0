/** The attacker's host in all of them. */
export const EVIL = "evil.example";

const SLASHES = [
  "//",
  "///",
  "////",
  "\\\\",
  "/\\",
  "\\/",
  "/\\/",
  "\\/\\",
  "/\\\\",
  "//\\",
  "/ /",
  "/\t/",
  "/\n/",
  "/\r\n/",
];
const SCHEMES = [
  "http:",
  "https:",
  "HTTPS:",
  "hTTp:",
  "ftp:",
  "ws:",
  "javascript:",
  "data:",
  "vbscript:",
  "file:",
  "blob:",
];
const ENCODED = [
  "%2f",
  "%2F",
  "%5c",
  "%5C",
  "%252f",
  "%255c",
  "%09",
  "%0a",
  "%0d%0a",
  "%00",
  "%20",
  "%2e",
  "%e2%80%ae",
  "%c0%af",
];
/** What URL parsers drop, trim or take for something else. */
const INVISIBLE = [
  "\t",
  "\n",
  "\r",
  "\r\n",
  "\0",
  "\v",
  "\f",
  " ",
  "\u00a0",
  "\u00ad",
  "\u200b",
  "\u2028",
  "\ufeff",
  "\u3000",
];
/** Characters that normalise to a slash, a backslash or a dot. */
const LOOKALIKES = ["\uff0f", "\u2044", "\u2215", "\u29f5", "\uff3c", "\u3002", "\uff0e", "\u2024"];
const USERINFO = ["app.example.com@", "app.example.com:80@", "@", "a:b@", "app.example.com%40", "app.example.com\\@"];
const DOTS = ["/.", "/..", "/./", "/../", "/%2e", "/%2e%2e", "/.%2e", "/a/..", "/a/../", "/;/..", "/a/%2e%2e"];

/**
 * Spellings that a parser somewhere takes for another site, by class: slashes in all combinations, schemes, encodings, characters
 * that are dropped or folded, user parts, dot segments that end in `//`, line breaks that add a header.
 */
export function openRedirects(): string[] {
  const all = [
    ...SLASHES.flatMap((slashes) => [slashes + EVIL, `${slashes}${EVIL}/%2f..`, ` ${slashes}${EVIL}`]),
    ...SLASHES.flatMap((slashes) => ["/", ...USERINFO].map((user) => slashes + user + EVIL)),
    ...SCHEMES.flatMap((scheme) => ["", "/", "//", "///", "\\\\", "\\/"].map((slashes) => scheme + slashes + EVIL)),
    ...SCHEMES.flatMap((scheme) => INVISIBLE.map((dropped) => `${dropped}${scheme}//${EVIL}`)),
    ...USERINFO.map((user) => `https://${user}${EVIL}/`),
    ...INVISIBLE.flatMap((dropped) => [
      `/${dropped}/${EVIL}`,
      `${dropped}//${EVIL}`,
      `/${dropped}\\${EVIL}`,
      `//${dropped}${EVIL}`,
      `/a${dropped}`,
    ]),
    ...LOOKALIKES.flatMap((sign) => [`/${sign}${EVIL}`, `${sign}${sign}${EVIL}`, `/${sign}/${EVIL}`]),
    ...ENCODED.flatMap((code) => [`${code}${code}${EVIL}`, `${code}/${EVIL}`, `${code}//${EVIL}`]),
    ...DOTS.flatMap((dots) => [`${dots}//${EVIL}`, `${dots}/\\${EVIL}`]),
    ...[
      "",
      ".",
      "..",
      "a",
      "?",
      "#",
      EVIL,
      `${EVIL}/`,
      `.${EVIL}`,
      `@${EVIL}`,
      `:80@${EVIL}`,
      `?//${EVIL}`,
      `#//${EVIL}`,
    ],
    ...["javascript:alert(1)", "java\tscript:alert(1)", "data:text/html,x", "\x01javascript:alert(1)"],
    ...["/a\r\nSet-Cookie: a=b", "/a\r\n\r\n<script>", "/a\nLocation: //evil.example", "/\u010d\u010aLocation: x"],
    `/${"a".repeat(3000)}`,
  ];
  return [...new Set(all)];
}
