/**
 * Ids as parts of storage keys.
 *
 * @module
 */

import { sha256Hex } from "./sha256.ts";

/** Devices of Windows, whatever file system they are looked for on. */
const DEVICE = /^(con|prn|aux|nul|(com|lpt)\d)$/;

/**
 * Encodes an id to one part of a storage key, so that no id can leave its
 * place, or meet another: not on file systems that fold case or normalize
 * Unicode either, and not as the beginning of another's place once a `/`
 * follows.
 *
 * Small ASCII letters, digits and `-` stay. Everything else begins with `_`:
 *
 * - `__` is `_` itself;
 * - `_` and two hexadecimal digits are a byte of UTF-8;
 * - `_u` and four digits are half a surrogate pair, which has no UTF-8;
 * - a name that Windows keeps for a device (`con`) has its first letter as a
 *   byte.
 *
 * What would be longer than 120 characters is cut to 50, `-_x` and the SHA-256
 * of the whole. `_` before any other letter is never made: names such as `_run`
 * are free for the library's own use.
 *
 * @param id Any id.
 * @returns At most 120 of the characters `a-z`, `0-9`, `-` and `_`.
 */
export function keyPart(id: string): string {
  if (DEVICE.test(id)) return encodeCharacter(id[0]) + id.slice(1);
  const part = id.replace(/[^a-z0-9-]/gu, encodeCharacter);
  return part.length > 120 ? `${part.slice(0, 50)}-_x${sha256Hex(part)}` : part;
}

function encodeCharacter(character: string): string {
  const unit = character.charCodeAt(0);
  if (character === "_") return "__";
  if (unit < 0x80) return encodeByte(unit);
  return /\p{Cs}/u.test(character)
    ? `_u${unit.toString(16)}`
    : Array.from(new TextEncoder().encode(character), encodeByte).join("");
}

function encodeByte(byte: number): string {
  return `_${byte.toString(16).padStart(2, "0")}`;
}
