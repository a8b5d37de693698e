/**
 * The ticks that could not be claimed, since the storage has failed.
 *
 * @module
 */

import { SAFE_MS } from "./claims.ts";

/** Of how many it is known: only the latest are tried again. */
const MOST = 10;

/** Ticks that are still to be claimed. */
export class Unclaimed {
  readonly #sinceDue: Map<string, () => number> = new Map();

  /**
   * Adds a tick.
   *
   * @param slot The tick.
   * @param elapsedMs Gives the time since it was due.
   */
  add(slot: string, elapsedMs: () => number): void {
    this.#sinceDue.set(slot, elapsedMs);
    const [oldest] = this.#sinceDue.keys();
    if (this.#sinceDue.size > MOST) this.#sinceDue.delete(oldest);
  }

  /**
   * Forgets a tick.
   *
   * @param slot The tick.
   */
  delete(slot: string): void {
    this.#sinceDue.delete(slot);
  }

  /**
   * Tells whether a tick may be claimed still: nobody can have run it whose claim
   * was removed since.
   *
   * @param slot The tick.
   * @returns Whether it may.
   */
  has(slot: string): boolean {
    const elapsedMs = this.#sinceDue.get(slot);
    return elapsedMs !== undefined && elapsedMs() <= SAFE_MS;
  }
}
