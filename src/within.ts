/**
 * Waiting for an answer, but not for ever.
 *
 * @module
 */

import { startTimer } from "./duration.ts";

/**
 * Waits for something, but no longer than it may take.
 *
 * @param work What is waited for; it is left behind where it takes too long.
 * @param ms How long it may take, in milliseconds.
 * @returns What it gives.
 * @throws {Error} What it throws; a `TimeoutError` where it takes too long.
 */
export function within<T>(work: PromiseLike<T>, ms: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = startTimer(ms, () => {
      const error = new Error(`no answer within ${Math.round(ms)} ms`);
      reject(Object.assign(error, { name: "TimeoutError" }));
    });
    Promise.resolve(work).finally(stop).then(resolve, reject);
  });
}
