/**
 * The timers of a run, which end with it.
 *
 * @module
 */

import { startTimer } from "../duration.ts";

/** Timers that are running. */
export class Timers {
  readonly #stops: Set<() => void> = new Set();

  /**
   * Calls back after a time, unless it is called off.
   *
   * @param ms The time, in milliseconds.
   * @param callback What to call.
   * @returns A function that calls it off.
   */
  start(ms: number, callback: () => void): () => void {
    const stopTimer = startTimer(ms, () => {
      stop();
      callback();
    });
    const stop = () => {
      stopTimer();
      this.#stops.delete(stop);
    };
    this.#stops.add(stop);
    return stop;
  }

  /** Calls off all that are running. */
  stop(): void {
    for (const stop of this.#stops) stop();
  }
}
