/**
 * Keys as names of objects.
 *
 * @see {@link https://cloud.google.com/storage/docs/objects#naming}
 *
 * @module
 */

import { describe } from "../../src/describe.ts";
import { StorageError } from "../../src/errors.ts";
import { bytesIn, LONGEST_NAME } from "../../src/object_name.ts";

/**
 * Makes the name of a key's object. Names are the keys behind the prefix, so
 * that no two keys meet; what no object can be called is refused.
 *
 * @param prefix The prefix of the storage.
 * @param key The key.
 * @returns The name.
 * @throws {StorageError} If no object can have it.
 */
export function nameOf(prefix: string, key: string): string {
  const name = prefix + key;
  const problem = problemOf(name);
  if (problem === undefined) return name;
  throw new StorageError(
    `Cannot use ${describe(name)} as the name of an object: ${problem}; ` +
      `choose another key or prefix`,
  );
}

/**
 * Tells whether an object can have a name.
 *
 * @param name The name.
 * @returns Whether it can.
 */
export function isName(name: string): boolean {
  return problemOf(name) === undefined;
}

function problemOf(name: string): string | undefined {
  if (name === "") return "it is empty";
  if (/[\r\n]/.test(name)) return "it has a line break";
  if (/\p{Cs}/u.test(name)) return "it has half of a surrogate pair";
  if (name === "." || name === "..") return "Cloud Storage forbids it";
  if (name.startsWith(".well-known/acme-challenge/")) {
    return "Cloud Storage forbids it";
  }
  return bytesIn(name) > LONGEST_NAME
    ? `it is longer than ${LONGEST_NAME} bytes`
    : undefined;
}
