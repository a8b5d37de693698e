/**
 * SHA-256 in one call, where Web Crypto would make its caller asynchronous.
 *
 * @module
 */

/** The constants of the rounds and the first state, made when first needed. */
let table: { rounds: Int32Array; start: Int32Array } | undefined;

/**
 * The SHA-256 digest of a text.
 *
 * @param text Any text; it is taken as UTF-8, lone surrogates as U+FFFD.
 * @returns 64 lower-case hexadecimal digits.
 */
export function sha256Hex(text: string): string {
  const { rounds, start } = table ??= makeTable();
  const state = start.slice();
  const words = new Int32Array(64);
  const block = pad(new TextEncoder().encode(text));
  for (let at = 0; at < block.byteLength; at += 64) {
    for (let i = 0; i < 16; i++) words[i] = block.getInt32(at + i * 4);
    for (let i = 16; i < 64; i++) {
      const x = words[i - 15];
      const y = words[i - 2];
      words[i] = words[i - 16] + words[i - 7] +
        (turn(x, 7) ^ turn(x, 18) ^ x >>> 3) +
        (turn(y, 17) ^ turn(y, 19) ^ y >>> 10);
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let i = 0; i < 64; i++) {
      const one = h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) +
        (e & f ^ ~e & g) + rounds[i] + words[i];
      const two = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) +
        (a & b ^ a & c ^ b & c);
      h = g;
      g = f;
      f = e;
      e = d + one | 0;
      d = c;
      c = b;
      b = a;
      a = one + two | 0;
    }
    [a, b, c, d, e, f, g, h].forEach((word, i) => state[i] += word);
  }
  return Array.from(
    state,
    (word) => (word >>> 0).toString(16).padStart(8, "0"),
  ).join("");
}

function turn(word: number, bits: number): number {
  return word >>> bits | word << 32 - bits;
}

/** The bytes, a one bit, zeros, and the length in bits. */
function pad(bytes: Uint8Array): DataView {
  const padded = new Uint8Array((bytes.length + 72) & ~63);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setBigUint64(padded.length - 8, BigInt(bytes.length) * 8n);
  return view;
}

/** From the fractions of the roots of the first 64 primes. */
function makeTable(): { rounds: Int32Array; start: Int32Array } {
  const primes: number[] = [];
  for (let n = 2; primes.length < 64; n++) {
    if (primes.every((prime) => n % prime)) primes.push(n);
  }
  const fractions = (root: number) =>
    Int32Array.from(primes, (prime) => prime ** root % 1 * 2 ** 32 | 0);
  return { rounds: fractions(1 / 3), start: fractions(1 / 2).slice(0, 8) };
}
