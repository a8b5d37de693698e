/**
 * A time that has to pass. It is made of numbers alone, since a timer, or a
 * promise, of another request may never end in a Worker.
 *
 * @module
 */

/** A time that has to pass. */
export class Hold {
  #sinceMs = 0;
  #lengthMs = 0;

  /**
   * Begins anew.
   *
   * @param lengthMs How long, in milliseconds.
   */
  begin(lengthMs: number): void {
    this.#lengthMs = lengthMs;
    this.#sinceMs = Date.now();
  }

  /**
   * How much of it is left.
   *
   * @returns Milliseconds; none where the clock was set back.
   */
  leftMs(): number {
    const passedMs = Date.now() - this.#sinceMs;
    return passedMs < 0 ? 0 : Math.max(0, this.#lengthMs - passedMs);
  }
}
