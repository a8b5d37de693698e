/**
 * Waiting, but not for ever.
 *
 * @module
 */

import { startTimer } from "./duration.ts";

/**
 * Waits for a time of any length.
 *
 * @param ms The time, in milliseconds.
 * @param signal Ends the wait: the promise rejects with its reason.
 * @returns Resolves when the time is over.
 */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = () => {
      stop();
      signal?.removeEventListener("abort", end);
      if (signal?.aborted) reject(signal.reason);
      else resolve();
    };
    const stop = startTimer(ms, end);
    signal?.addEventListener("abort", end);
    if (signal?.aborted) end();
  });
}

/**
 * Waits for something, but no longer than it may take.
 *
 * @param work What is waited for; how it ends does not matter.
 * @param deadlineMs How long it may take, in milliseconds.
 * @returns Whether it ended in time.
 */
export function endsWithin(
  work: PromiseLike<unknown>,
  deadlineMs: number,
): Promise<boolean> {
  return new Promise((resolve) => {
    const stop = startTimer(deadlineMs, () => resolve(false));
    const end = () => {
      stop();
      resolve(true);
    };
    work.then(end, end);
  });
}
