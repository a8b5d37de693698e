/**
 * Waiting, but not for ever.
 *
 * @module
 */

import { startTimer } from "./duration.ts";

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
