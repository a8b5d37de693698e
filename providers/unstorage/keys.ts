/**
 * Keys that no driver of unstorage changes, confuses or refuses: parts of small
 * letters, digits, `-` and `_`, with `:` between them.
 *
 * @module
 */

/**
 * Encodes the parts of a key, as far as they are whole.
 *
 * Small ASCII letters, digits and `-` stay, and `/` becomes `:`. Everything else
 * begins with `_`: `__` is `_` itself, `_` with two hexadecimal digits a byte of
 * UTF-8, `_u` with four half a surrogate pair, and `_z` an empty part.
 *
 * @param parts Any text.
 * @returns The encoded parts, which stay what they are in any driver.
 */
export function encodeParts(parts: string): string {
  return parts.split("/").map((part) =>
    part === "" ? "_z" : part.replace(/[^a-z0-9-]/gu, encodeCharacter)
  ).join(":");
}

/**
 * Encodes a whole key. It ends with a single `_`, so that a file is never where
 * another key needs a folder.
 *
 * @param key Any text.
 * @returns A key for unstorage, which is no other's.
 */
export function encodeKey(key: string): string {
  return `${encodeParts(key)}_`;
}

/**
 * Decodes what {@linkcode encodeKey} has made.
 *
 * @param encoded The key in unstorage.
 * @returns The key; undefined where no key is encoded so.
 */
export function decodeKey(encoded: string): string | undefined {
  const parts = encoded.slice(0, -1).replaceAll(":", "/");
  const key = parts.replace(
    /((?:_[0-9a-f]{2})+)|_u([0-9a-f]{4})|_[_z]/g,
    (escape, bytes: string | undefined, unit: string | undefined) => {
      if (unit) return String.fromCharCode(parseInt(unit, 16));
      if (bytes) return decodeBytes(bytes);
      return escape === "__" ? "_" : "";
    },
  );
  return encodeKey(key) === encoded ? key : undefined;
}

function encodeCharacter(character: string): string {
  if (character === "_") return "__";
  if (/\p{Cs}/u.test(character)) {
    return `_u${character.charCodeAt(0).toString(16)}`;
  }
  const bytes = Array.from(new TextEncoder().encode(character));
  return bytes.map((byte) => `_${byte.toString(16).padStart(2, "0")}`).join("");
}

function decodeBytes(escapes: string): string {
  const bytes = escapes.slice(1).split("_").map((hex) => parseInt(hex, 16));
  return new TextDecoder("utf-8", { ignoreBOM: true })
    .decode(Uint8Array.from(bytes));
}
