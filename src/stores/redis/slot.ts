const SLOTS = 16_384;
const POLYNOMIAL = 0x1021;

/** The slot of a Redis Cluster that keys with this tag lie in (CRC16 XMODEM, Redis Cluster specification, appendix A). */
export function slotOf(tag: string): number {
  let crc = 0;
  for (const byte of new TextEncoder().encode(tag)) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? ((crc << 1) ^ POLYNOMIAL) & 0xffff : (crc << 1) & 0xffff;
  }
  return crc % SLOTS;
}
