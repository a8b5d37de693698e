/**
 * Durations: a number of milliseconds, or a string with a unit.
 *
 * @module
 */

import { type Check, expect } from "./options.ts";

/**
 * A length of time: a number of milliseconds, or a string such as "250ms",
 * "10s", "5m", "2h" or "1d".
 */
export type Duration = number | string;

const UNIT_MS: Record<string, number> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** The longest time a timer takes; beyond it, timers fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Reads a duration.
 *
 * @param value Milliseconds, or a string with a unit.
 * @param option The name of the option, for the error.
 * @param shortestMs The least that is allowed, in milliseconds.
 * @returns The duration in milliseconds.
 * @throws {InvalidOptionError} If it is negative, too short or unreadable.
 */
export function toMilliseconds(
  value: unknown,
  option: string,
  shortestMs = 0,
): number {
  const parts = typeof value === "string"
    ? /^(\d+(?:\.\d+)?) ?(ms|s|m|h|d)$/.exec(value.trim())
    : null;
  const ms = parts ? Number(parts[1]) * UNIT_MS[parts[2]] : value;
  expect(
    Number.isFinite(ms) && ms as number >= shortestMs,
    value,
    option,
    `milliseconds (${shortestMs} or more) or a string such as "250ms", ` +
      `"10s", "5m", "2h" or "1d"`,
  );
  return ms as number;
}

/** Takes how long something may take: a millisecond or more. */
export const toTimeout: Check<number> = (value, option) =>
  toMilliseconds(value, option, 1);

/**
 * Calls back after a time of any length: what is over the limit of timers is
 * waited for in slices.
 *
 * @param ms The time, in milliseconds.
 * @param callback What to call.
 * @returns A function that calls it off.
 */
export function startTimer(ms: number, callback: () => void): () => void {
  let timer: ReturnType<typeof setTimeout>;
  const wait = (leftMs: number) => {
    const sliceMs = Math.min(leftMs, LONGEST_TIMER_MS);
    timer = setTimeout(
      () => leftMs > sliceMs ? wait(leftMs - sliceMs) : callback(),
      sliceMs,
    );
  };
  wait(ms);
  return () => clearTimeout(timer);
}
