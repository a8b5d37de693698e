/**
 * Names of objects, as S3 and its signatures want them.
 *
 * @module
 */

import { bytesIn, LONGEST_NAME } from "../../src/object_name.ts";

/**
 * Says why an object cannot have a name.
 *
 * @param name The whole name.
 * @returns The problem; undefined where there is none.
 */
export function nameProblem(name: string): string | undefined {
  const length = bytesIn(name);
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
