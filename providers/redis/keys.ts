/**
 * Keys as Redis keeps them: UTF-8, in which half a surrogate pair has no place.
 *
 * @module
 */

/**
 * Encodes a key. Only `%` and halves of surrogate pairs change, so that the keys
 * of the core stay as they are.
 *
 * @param key Any text.
 * @returns A text that has a form in UTF-8, and is no other key's.
 */
export function encodeKey(key: string): string {
  return key.replace(
    /%|\p{Cs}/gu,
    (found) => found === "%" ? "%25" : `%u${found.charCodeAt(0).toString(16)}`,
  );
}

/**
 * Decodes what {@linkcode encodeKey} has made.
 *
 * @param encoded The encoded key.
 * @returns The key; undefined where no key is encoded so.
 */
export function decodeKey(encoded: string): string | undefined {
  const key = encoded.replace(
    /%(?:25|u([0-9a-f]{4}))/g,
    (_, unit) => unit ? String.fromCharCode(parseInt(unit, 16)) : "%",
  );
  return encodeKey(key) === encoded ? key : undefined;
}

/**
 * Makes the pattern for SCAN that finds the keys with a prefix, and perhaps
 * some more.
 *
 * @param prefix The prefix of the storage.
 * @param keyPrefix The beginning of the keys.
 * @returns The pattern.
 */
export function patternOf(prefix: string, keyPrefix: string): string {
  // Half a pair at the end may be whole in the key.
  const whole = keyPrefix.replace(/[\ud800-\udbff]$/, "");
  return (prefix + encodeKey(whole)).replace(/[*?[\]\\]/g, "\\$&") + "*";
}
