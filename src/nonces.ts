/**
 * The numbers by which a writer knows its own conditional write when the answer
 * to it was lost. They are kept with what was written: that of the write itself,
 * and those of the swaps that it came after, so that a write is still known
 * when others have swapped since.
 *
 * @module
 */

/** So many are kept: S3 has 2 KB for all metadata of an object. */
const MOST_NONCES = 32;

/** How long the line of {@linkcode pack} can be, its end included. */
export const LONGEST_LINE: number = 33 * MOST_NONCES;

/** One or more numbers, as {@linkcode joinNonces} writes them. */
const NONCES = /^[0-9a-f]{32}(,[0-9a-f]{32})*$/;

/** The numbers of the writes that led to a state, the newest first. */
export type Nonces = readonly string[];

/** What is stored where there is no metadata: the numbers, and a text. */
export interface Numbered {
  /** The numbers. */
  readonly nonces: Nonces;
  /** The text, in one line. */
  readonly text: string;
}

/**
 * Makes the numbers of a new write. The first is its own, and no other's.
 *
 * @param before Those of the state that it replaces.
 * @returns The numbers.
 */
export function addNonce(before: Nonces = []): Nonces {
  const nonce = crypto.randomUUID().replaceAll("-", "");
  return [nonce, ...before].slice(0, MOST_NONCES);
}

/**
 * Writes numbers as a text.
 *
 * @param nonces The numbers.
 * @returns The text.
 */
export function joinNonces(nonces: Nonces): string {
  return nonces.join(",");
}

/**
 * Reads what {@linkcode joinNonces} has written.
 *
 * @param text The text; undefined or null where there is none.
 * @returns The numbers; none where it is something else.
 */
export function splitNonces(text: string | null | undefined): Nonces {
  return text && NONCES.test(text) ? text.split(",") : [];
}

/**
 * Puts numbers before a text, as a line of their own.
 *
 * @param numbered Both.
 * @returns What is to be stored; the bare text where there are no numbers.
 */
export function pack({ nonces, text }: Numbered): string {
  return nonces.length === 0 ? text : `${joinNonces(nonces)}\n${text}`;
}

/**
 * Reads what {@linkcode pack} has made.
 *
 * @param stored What is stored.
 * @returns The numbers and the text.
 */
export function unpack(stored: string): Numbered {
  const end = stored.indexOf("\n");
  const nonces = splitNonces(stored.slice(0, Math.max(end, 0)));
  return { nonces, text: nonces.length === 0 ? stored : stored.slice(end + 1) };
}
