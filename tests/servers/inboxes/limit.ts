/**
 * Rate limits: at most so many requests in any window of time.
 *
 * @module
 */

/** A rate limit. */
export class Limit {
  readonly #times: number[] = [];

  /**
   * Makes a limit that nobody has come near to.
   *
   * @param most How many requests there may be.
   * @param windowMs In how many milliseconds.
   */
  constructor(readonly most: number, readonly windowMs: number) {}

  /** How many further requests may come now. */
  remaining(nowMs: number): number {
    while (this.#times.length > 0 && this.#times[0] <= nowMs - this.windowMs) {
      this.#times.shift();
    }
    return Math.max(0, this.most - this.#times.length);
  }

  /** Milliseconds until the next one may come. */
  waitMs(nowMs: number): number {
    return this.remaining(nowMs) > 0
      ? 0
      : this.#times[0] + this.windowMs - nowMs;
  }

  /** Milliseconds until all of them may come again. */
  resetMs(nowMs: number): number {
    const last = this.#times.at(-1);
    return last === undefined ? 0 : Math.max(0, last + this.windowMs - nowMs);
  }

  /** Counts a request. */
  count(nowMs: number): void {
    this.#times.push(nowMs);
  }
}
