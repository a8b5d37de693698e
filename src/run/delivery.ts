/**
 * Brings events to one watching provider without letting it hurt the run: in
 * order, one at a time, bounded, and never waited for until the run has ended.
 *
 * @module
 */

import { type Awaitable, isThenable } from "../types.ts";
import { endsWithin } from "../wait.ts";

/** The most calls that wait for one slow provider. */
const MOST_WAITING = 1_000;

/** Is told the first failure of a provider, and how much was lost. */
export type FailureReport = (error: unknown) => void;

/** The calls to one provider. */
export class Delivery {
  readonly #report: FailureReport;
  readonly #flush: () => Awaitable<void>;
  readonly #waiting: (() => Awaitable<unknown>)[] = [];
  #working: Promise<void> | undefined;
  #hasFailed = false;
  /** How many calls were given up because the provider was too slow. */
  #dropped = 0;

  /**
   * Makes a `Delivery`.
   *
   * @param report Is told the first failure, and apart from it what was lost.
   * @param flush Has the provider deliver what it keeps back.
   */
  constructor(
    report: FailureReport,
    flush: () => Awaitable<void> = () => {},
  ) {
    this.#report = report;
    this.#flush = flush;
  }

  /** Whether a failure was reported. */
  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  /**
   * Calls the provider: at once where it is idle, so that a provider that
   * answers without a promise sees everything in the order of the run.
   *
   * @param call The call.
   */
  deliver(call: () => Awaitable<unknown>): void {
    if (this.#working === undefined) {
      const answer = this.#guard(call);
      if (answer !== undefined) this.#working = this.#work(answer);
      return;
    }
    if (this.#waiting.length >= MOST_WAITING) {
      this.#waiting.shift();
      this.#dropped++;
    }
    this.#waiting.push(call);
  }

  /**
   * Waits until every call was answered and the provider has kept nothing back.
   *
   * @param deadlineMs How long to wait at most, in milliseconds.
   * @returns Resolves in any case; what was not brought by then is dropped.
   */
  async drain(deadlineMs: number): Promise<void> {
    const startMs = performance.now();
    const working = this.#working;
    if (working && !await endsWithin(working, deadlineMs)) {
      // The call that is not answered is given up with those behind it.
      this.#dropped += this.#waiting.length + 1;
      this.#waiting.length = 0;
    } else {
      const flushed = this.#guard(this.#flush);
      const restMs = deadlineMs - (performance.now() - startMs);
      if (flushed && !await endsWithin(flushed, Math.max(restMs, 0))) {
        this.fail(new Error(tooSlow(deadlineMs)));
      }
    }
    if (this.#dropped > 0) {
      const lost = `${this.#dropped} events were dropped: too slow`;
      this.#dropped = 0;
      this.#hasFailed = true;
      this.#report(new Error(lost));
    }
  }

  /**
   * Reports a failure of the provider, if it is the first.
   *
   * @param error What it has thrown, or what else is wrong.
   */
  fail(error: unknown): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#report(error);
  }

  async #work(answer: Promise<unknown>): Promise<void> {
    await answer;
    while (this.#waiting.length > 0) {
      await this.#guard(this.#waiting.shift()!);
    }
    this.#working = undefined;
  }

  /** Calls; a promise that it gives never rejects. */
  #guard(call: () => Awaitable<unknown>): Promise<unknown> | undefined {
    try {
      const answer = call();
      if (!isThenable(answer)) return undefined;
      return Promise.resolve(answer).catch((error) => this.fail(error));
    } catch (error) {
      this.fail(error);
      return undefined;
    }
  }
}

/** It may still be at work, and who knows what becomes of it. */
function tooSlow(deadlineMs: number): string {
  return `it has not delivered everything ${Math.round(deadlineMs)} ms after ` +
    "the end of the run; what is left comes later, or not at all";
}
