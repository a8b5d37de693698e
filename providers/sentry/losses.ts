/**
 * Events that were lost, until somebody is told of them.
 *
 * @module
 */

import { DeliveryError } from "../../src/errors.ts";
import type { Loss } from "./outcomes.ts";

/** How long a loss waits for further ones before it is told of. */
const PATIENCE_MS = 1_000;

/** What was lost. */
export class Losses {
  /** Why the first one was lost. */
  #reason: Loss | undefined;
  /** When that was. */
  #sinceMs = 0;
  #count = 0;
  readonly #runIds: Set<string> = new Set();

  /** Whether there is something to tell. */
  get any(): boolean {
    return this.#count > 0;
  }

  /** Whether it has waited for long enough. */
  get ripe(): boolean {
    return this.any && performance.now() - this.#sinceMs >= PATIENCE_MS;
  }

  /**
   * Adds an event.
   *
   * @param reason Why it was lost.
   * @param runId The run that it was about.
   */
  add(reason: Loss, runId: string | undefined): void {
    if (runId !== undefined) this.#runIds.add(runId);
    if (this.#count++ > 0) return;
    this.#reason = reason;
    this.#sinceMs = performance.now();
  }

  /**
   * Makes the error that tells of them. The runs are named, since it may be
   * another one that is told.
   *
   * @param waiting How many events still wait.
   * @returns The error.
   */
  toError(waiting: number): DeliveryError {
    const [runId] = this.#runIds;
    const more = this.#runIds.size > 1;
    const words = [
      this.#count === 1 ? "1 event" : `${this.#count} events`,
      more && `of ${this.#runIds.size} runs`,
      !more && runId !== undefined && `of run ${runId}`,
      this.#count === 1 ? "is lost" : "are lost",
      waiting > 0 && `and ${waiting} more wait`,
    ].filter(Boolean);
    return new DeliveryError("Sentry", `${this.#reason}; ${words.join(" ")}`);
  }

  /** Forgets them all: somebody was told. */
  clear(): void {
    this.#count = 0;
    this.#runIds.clear();
  }
}
