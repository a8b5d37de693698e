/**
 * Keys as names of objects: what buckets, XML and URLs cannot carry is escaped,
 * and nothing else.
 *
 * @module
 */

/** The most that S3, R2 and Cloud Storage allow, in bytes of UTF-8. */
export const LONGEST_NAME = 1_024;

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
 * Takes half a surrogate pair off the end of a prefix: it is escaped, but not in
 * names where the other half follows.
 *
 * @param prefix The beginning of keys.
 * @returns As much of it as is the same in all names.
 */
export function wholeOf(prefix: string): string {
  return prefix.replace(/[\ud800-\udbff]$/, "");
}

/**
 * Measures a name.
 *
 * @param name The name.
 * @returns How many bytes it has in UTF-8.
 */
export function bytesIn(name: string): number {
  return new TextEncoder().encode(name).length;
}

/**
 * Tells whether names can begin with a text: one that needs no escape, so that
 * nothing tells it from keys, and leaves room for a key.
 *
 * @param value What was given as a prefix.
 * @returns Whether it can be one.
 */
export function isPrefix(value: unknown): value is string {
  if (typeof value !== "string") return false;
  const plain = value.replaceAll("%", "");
  return toName(plain) === plain && !/(^|\/)\.\.?(\/|$)/.test(value) &&
    bytesIn(value) < LONGEST_NAME;
}

/** What {@linkcode isPrefix} takes, in words. */
export const PREFIX_WORDS =
  'a text such as "dotflow/", of less than 1,024 bytes, without a part that ' +
  'is empty, "." or "..", without control characters';
