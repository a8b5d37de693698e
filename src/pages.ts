/**
 * Lists that come in pages.
 *
 * @module
 */

import { StorageError } from "./errors.ts";

/**
 * Reads a list from page to page. A server that gives a page again would never
 * come to an end.
 *
 * @param what What is done, and where, for the error.
 * @param read Reads a page, by the token that the one before has given; gives
 * the token of the next one, or undefined where it was the last.
 * @throws {StorageError} If a token comes twice.
 */
export async function readPages(
  what: string,
  read: (token: string | undefined) => Promise<string | undefined>,
): Promise<void> {
  const seen = new Set<string>();
  for (let token = await read(undefined); token !== undefined;) {
    if (seen.has(token)) {
      throw new StorageError(
        `Cannot ${what}: the server gives the same page again and again`,
      );
    }
    seen.add(token);
    token = await read(token);
  }
}
