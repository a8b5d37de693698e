/**
 * What a write leaves in Redis, and how it is known again.
 *
 * @module
 */

import type { Context } from "../../src/context.ts";

/** A text as it is stored: the nonce of its write, and what was to be kept. */
export interface Write {
  /** What no other write has. */
  readonly nonce: string;
  /** The text form of a Context. */
  readonly text: string;
}

/**
 * Replaces a text if it begins with the nonce that is expected. Where the new
 * nonce is there already, it was this very write, whose reply was lost.
 */
export const SWAP = `
local found = redis.call("GETRANGE", KEYS[1], 0, #ARGV[1] - 1)
if found == string.sub(ARGV[2], 1, #ARGV[1]) then return 1 end
if found ~= ARGV[1] then return 0 end
redis.call("SET", KEYS[1], ARGV[2], unpack(ARGV, 3))
return 1`;

/**
 * Makes a write of its own for a Context.
 *
 * @param context What to store.
 * @returns The write.
 * @throws {UnstorableValueError} If a part of the value cannot be kept.
 */
export function writeOf(context: Context): Write {
  return { nonce: crypto.randomUUID(), text: context.toText() };
}

/**
 * Puts a write into the text to store: two lines.
 *
 * @param write The write.
 * @returns The text.
 */
export function pack({ nonce, text }: Write): string {
  return `${nonce}\n${text}`;
}

/**
 * Reads what {@linkcode pack} has made.
 *
 * @param stored The text that is stored.
 * @returns The write; undefined where it is none.
 */
export function unpack(stored: string): Write | undefined {
  const nonce = /^([0-9a-f-]{36})\n/.exec(stored)?.[1];
  if (nonce === undefined) return undefined;
  return { nonce, text: stored.slice(nonce.length + 1) };
}
