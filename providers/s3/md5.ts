/**
 * MD5 (RFC 1321), which Web Crypto does not have: `DeleteObjects` takes no
 * other digest on the older servers.
 *
 * @module
 */

/** How far each round turns, by its number modulo 4. */
const TURNS = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];

/**
 * The MD5 digest of bytes.
 *
 * @param bytes The bytes.
 * @returns 16 bytes.
 */
export function md5(bytes: Uint8Array): Uint8Array {
  const sines = Int32Array.from(
    { length: 64 },
    (_, i) => Math.abs(Math.sin(i + 1)) * 2 ** 32 | 0,
  );
  const block = pad(bytes);
  const state = Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476);
  for (let at = 0; at < block.byteLength; at += 64) {
    let [a, b, c, d] = state;
    for (let i = 0; i < 64; i++) {
      const [mix, word] = i < 16
        ? [b & c | ~b & d, i]
        : i < 32
        ? [d & b | ~d & c, 5 * i + 1]
        : i < 48
        ? [b ^ c ^ d, 3 * i + 5]
        : [c ^ (b | ~d), 7 * i];
      const sum = a + mix + sines[i] +
          block.getInt32(at + word % 16 * 4, true) | 0;
      const by = TURNS[(i >> 4) * 4 + i % 4];
      [a, d, c, b] = [d, c, b, b + (sum << by | sum >>> 32 - by) | 0];
    }
    [a, b, c, d].forEach((word, i) => state[i] += word);
  }
  const digest = new DataView(new ArrayBuffer(16));
  state.forEach((word, i) => digest.setInt32(i * 4, word, true));
  return new Uint8Array(digest.buffer);
}

/** The bytes, a one bit, zeros, and the length in bits. */
function pad(bytes: Uint8Array): DataView {
  const padded = new Uint8Array((bytes.length + 72) & ~63);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setBigUint64(padded.length - 8, BigInt(bytes.length) * 8n, true);
  return view;
}
