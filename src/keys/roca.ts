// Primes whose residues tell a modulus of the flawed generator (CVE-2017-15361) from any other: of those, 65537 generates a
// proper subgroup modulo each. Nemec et al., "The Return of Coppersmith's Attack", §2.
const PRIMES = [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157];

const SUBGROUPS = PRIMES.map((prime) => {
  const members = new Set<number>();
  for (let power = 1; !members.has(power); power = (power * 65537) % prime) members.add(power);
  return { prime: BigInt(prime), members };
});

/** Whether an RSA modulus has the ROCA fingerprint. One in many millions of sound moduli has it by chance. */
export const hasRocaFingerprint = (modulus: bigint): boolean =>
  SUBGROUPS.every(({ prime, members }) => members.has(Number(modulus % prime)));
