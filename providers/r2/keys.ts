/**
 * Keys as names of objects, as `StorageS3` writes them, so that both can use
 * one bucket.
 *
 * @module
 */

/** What S3, XML and URLs cannot carry, and the escape itself. */
const ESCAPED = /%|(?<=^|\/)[./]|[\p{Cc}\p{Cs}\ufffe\uffff]/gu;

/**
 * Encodes a key. The keys of the core stay as they are.
 *
 * @param key Any text.
 * @returns The name, which is no other key's.
 */
export function encodeKey(key: string): string {
  return key.replace(ESCAPED, (character) => {
    const code = character.charCodeAt(0);
    const hex = code.toString(16).toUpperCase();
    return code < 0x80
      ? `%${hex.padStart(2, "0")}`
      : `%u${hex.padStart(4, "0")}`;
  });
}

/**
 * Decodes what {@linkcode encodeKey} has made.
 *
 * @param name The name.
 * @returns The key; undefined where no key has that name.
 */
export function decodeKey(name: string): string | undefined {
  const key = name.replace(
    /%(?:u([0-9A-F]{4})|([0-9A-F]{2}))/g,
    (_, unit, code) => String.fromCharCode(parseInt(unit ?? code, 16)),
  );
  return encodeKey(key) === name ? key : undefined;
}
