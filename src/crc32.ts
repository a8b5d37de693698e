/**
 * CRC-32 (IEEE), as in gzip and PNG.
 *
 * @module
 */

/** Four tables of 256, made when first needed: four bytes go at once. */
let table: Int32Array | undefined;

/**
 * The CRC-32 of a piece of bytes.
 *
 * @param bytes The bytes.
 * @param start Where the piece begins.
 * @param end Where it ends (not included).
 * @returns An unsigned 32-bit number.
 */
export function crc32(
  bytes: Uint8Array,
  start = 0,
  end: number = bytes.length,
): number {
  const t = table ??= makeTable();
  let crc = -1;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    crc = t[768 + (bytes[at] ^ crc & 255)] ^
      t[512 + (bytes[at + 1] ^ crc >>> 8 & 255)] ^
      t[256 + (bytes[at + 2] ^ crc >>> 16 & 255)] ^
      t[bytes[at + 3] ^ crc >>> 24];
  }
  for (; at < end; at++) crc = crc >>> 8 ^ t[(crc ^ bytes[at]) & 255];
  return ~crc >>> 0;
}

/** What eight steps make of a byte, and again of what they made. */
function makeTable(): Int32Array {
  const t = new Int32Array(1024);
  for (let i = 0; i < 1024; i++) {
    let crc = i < 256 ? i : t[i - 256];
    for (let bit = 0; bit < 8; bit++) {
      crc = crc >>> 1 ^ (crc & 1 && 0xedb88320);
    }
    t[i] = crc;
  }
  return t;
}
