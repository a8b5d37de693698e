/**
 * How much the tests try: little on every commit, more in `deno task proof`.
 *
 * @module
 */

import process from "node:process";

/**
 * By how much to multiply the number of tries (`DOTFLOW_TEST_EFFORT`), such as
 * the `numRuns` of a property.
 *
 * @returns 1 on every commit, more in a proof.
 */
export function effort(): number {
  return Number(process.env.DOTFLOW_TEST_EFFORT ?? 1);
}

/**
 * What random tests are drawn from (`DOTFLOW_TEST_SEED`): the same on every
 * commit, another one in each proof.
 *
 * @returns The seed.
 */
export function seed(): number {
  return Number(process.env.DOTFLOW_TEST_SEED ?? 1);
}

/**
 * Makes random numbers that can be drawn again (mulberry32).
 *
 * @param seed Where they begin; part of it is a name, so that tests differ.
 * @returns Gives a number from 0 up to, but not including, its argument.
 */
export function makeRandom(...seed: (number | string)[]): Random {
  let state = 0x9e3779b9;
  for (const char of seed.join()) {
    state = Math.imul(state ^ char.charCodeAt(0), 0x01000193);
  }
  return (below) => {
    state = state + 0x6d2b79f5 | 0;
    let mixed = Math.imul(state ^ state >>> 15, state | 1);
    mixed ^= mixed + Math.imul(mixed ^ mixed >>> 7, mixed | 61);
    return ((mixed ^ mixed >>> 14) >>> 0) / 2 ** 32 * below;
  };
}

/** Gives a number from 0 up to, but not including, `below`. */
export type Random = (below: number) => number;

/**
 * Hands figures to the proof (in the file `DOTFLOW_TEST_FIGURES`).
 *
 * @param name What was measured.
 * @param figures The figures, by what they count.
 */
export async function tell(
  name: string,
  figures: Record<string, number>,
): Promise<void> {
  const file = process.env.DOTFLOW_TEST_FIGURES;
  if (file === undefined) return;
  const { appendFileSync } = await import("node:fs");
  appendFileSync(file, `${JSON.stringify({ name, figures })}\n`);
}
