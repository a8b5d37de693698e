/**
 * Work that is under way and has to be waited for at the end.
 *
 * @module
 */

import { endsWithin } from "../wait.ts";

/** A set of work that empties itself. */
export class Pending {
  readonly #work: Set<PromiseLike<unknown>> = new Set();

  /**
   * Takes work in until it has ended.
   *
   * @param work The work; how it ends does not matter.
   */
  add(work: PromiseLike<unknown>): void {
    const forget = () => this.#work.delete(work);
    this.#work.add(work);
    work.then(forget, forget);
  }

  /**
   * Waits until nothing is under way, also of what is added meanwhile.
   *
   * @param deadlineMs How long to wait at most, in milliseconds.
   * @returns Whether all has ended by then.
   */
  async endsWithin(deadlineMs: number): Promise<boolean> {
    return this.#work.size === 0 || await endsWithin(this.#all(), deadlineMs);
  }

  async #all(): Promise<void> {
    while (this.#work.size > 0) await Promise.allSettled(this.#work);
  }
}
