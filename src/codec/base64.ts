/**
 * Bytes as base64, by the runtime's own methods where it has them.
 *
 * @module
 */

/** Bytes turned at once: a multiple of 3, and few enough for arguments. */
const CHUNK = 24_576;

interface Native {
  toBase64?(): string;
}

interface NativeConstructor {
  fromBase64?(text: string): Uint8Array<ArrayBuffer>;
}

/**
 * @param bytes Any number of bytes.
 * @returns Their base64 text, with padding.
 */
export function toBase64(bytes: Uint8Array): string {
  const native = bytes as Native;
  if (native.toBase64) return native.toBase64();
  let text = "";
  for (let at = 0; at < bytes.length; at += CHUNK) {
    const chunk = bytes.subarray(at, at + CHUNK) as unknown as number[];
    text += btoa(String.fromCharCode.apply(null, chunk));
  }
  return text;
}

/**
 * @param text Base64 with padding.
 * @returns The bytes, in a buffer of exactly their length.
 * @throws {Error} If the text is not base64.
 */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const native = Uint8Array as NativeConstructor;
  if (native.fromBase64) return native.fromBase64(text);
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < bytes.length; at++) bytes[at] = binary.charCodeAt(at);
  return bytes;
}
