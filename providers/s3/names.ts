/**
 * Keys as names of objects: what S3, XML and URLs cannot carry is escaped, and
 * nothing else.
 *
 * @module
 */

/** The most that S3 allows, in bytes of UTF-8. */
const LONGEST_NAME = 1024;

/**
 * The escape itself; `.` and `/` where a part begins, for URLs collapse `..`,
 * and some servers `//`; and what XML has no place for.
 */
const ESCAPED = /%|(?<=^|\/)[./]|[\p{Cc}\p{Cs}\ufffe\uffff]/gu;

/**
 * The name of a key's object. What begins with the key has a name that begins
 * with this one, so that prefixes can be listed.
 *
 * @param key Any text.
 * @returns A name that no other key has, for behind the storage's prefix.
 */
export function toName(key: string): string {
  return key.replace(ESCAPED, (character) => {
    const code = character.charCodeAt(0);
    const hex = code.toString(16).toUpperCase();
    return code < 0x80
      ? `%${hex.padStart(2, "0")}`
      : `%u${hex.padStart(4, "0")}`;
  });
}

/**
 * The key of an object.
 *
 * @param name Its name, without the storage's prefix.
 * @returns The key; undefined where no key has that name.
 */
export function toKey(name: string): string | undefined {
  const key = name.replace(
    /%(?:u([0-9A-F]{4})|([0-9A-F]{2}))/g,
    (_, unit, byte) => String.fromCharCode(parseInt(unit ?? byte, 16)),
  );
  return key !== "" && toName(key) === name ? key : undefined;
}

/**
 * Says why an object cannot have a name.
 *
 * @param name The whole name.
 * @returns The problem; undefined where there is none.
 */
export function nameProblem(name: string): string | undefined {
  const { length } = new TextEncoder().encode(name);
  return length > LONGEST_NAME
    ? `the name of its object has ${length} bytes, and S3 allows ` +
      `${LONGEST_NAME}; use a shorter key or prefix`
    : undefined;
}

/**
 * Encodes a text for a URL as AWS signs it.
 *
 * @param text The text; its slashes are encoded too.
 * @returns The encoded text.
 */
export function toUrlPart(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
