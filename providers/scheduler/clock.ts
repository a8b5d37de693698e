/**
 * Waiting for a moment of the wall clock, which may jump meanwhile.
 *
 * @module
 */

import { sleep } from "../../src/wait.ts";

/** How long the wall clock is not looked at, at most. */
const LOOK_MS = 30_000;

/**
 * Waits until the wall clock shows a moment, or has been set back too far.
 *
 * @param momentMs The moment, in milliseconds since the epoch.
 * @param signal Ends the wait.
 * @param leastMs The wait ends too when the clock shows less than this.
 * @returns Whether the clock has ended it; false: the signal has.
 */
export function reaches(
  momentMs: number,
  signal: AbortSignal,
  leastMs: number,
): Promise<boolean> {
  return new Promise((resolve) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve(!signal.aborted);
    };
    // No promise for each look: waits of months are made of many.
    const look = () => {
      const nowMs = Date.now();
      const restMs = momentMs - nowMs;
      if (restMs <= 0 || nowMs < leastMs || signal.aborted) end();
      else timer = setTimeout(look, Math.min(restMs, LOOK_MS));
    };
    signal.addEventListener("abort", end);
    look();
  });
}

/**
 * Waits for a time, whatever the wall clock shows.
 *
 * @param ms The time, in milliseconds.
 * @param signal Ends the wait.
 * @returns Whether the time is over; false: the wait was ended.
 */
export function rests(ms: number, signal: AbortSignal): Promise<boolean> {
  return sleep(ms, signal).then(() => true, () => false);
}

/**
 * Measures a time on both clocks, since one of them stands still while a machine
 * sleeps.
 *
 * @returns A function that gives the milliseconds since then, by the clock that
 * shows more.
 */
export function stopwatch(): () => number {
  const [monotonicMs, wallMs] = [performance.now(), Date.now()];
  return () => Math.max(performance.now() - monotonicMs, Date.now() - wallMs);
}
