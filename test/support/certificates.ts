import { generate } from "selfsigned";

/** In PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

const DAY = 24 * 60 * 60 * 1000;

/** A certificate for a DNS name that signs itself: who trusts it names it as an authority, of which `subject` tells two apart. */
export async function selfSigned(name: string, subject = name): Promise<Certificate> {
  const pems = await generate([{ name: "commonName", value: subject }], {
    keyType: "ec",
    notBeforeDate: new Date(Date.now() - DAY),
    notAfterDate: new Date(Date.now() + DAY),
    extensions: [
      { name: "basicConstraints", cA: true },
      { name: "subjectAltName", altNames: [{ type: 2, value: name }] },
    ],
  });
  return { cert: pems.cert, key: pems.private };
}
