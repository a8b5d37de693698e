/**
 * The ways to all watching providers, and the last wait for them.
 *
 * @module
 */

import type { Log } from "../contracts/log.ts";
import type { Awaitable } from "../types.ts";
import { Delivery } from "./delivery.ts";

/** How much of the time that is left may be used up before the logs' turn. */
const SHARE = 0.9;

/** What may keep back what it was told. */
interface Flushing {
  flush?(): Awaitable<void>;
}

/** The ways to the providers of one run. */
export class Deliveries {
  readonly #logs: readonly Log[];
  readonly #report: (provider: object, error: unknown) => void;
  readonly #all: Map<object, Delivery> = new Map();
  #reports = 0;

  /**
   * Makes a `Deliveries`.
   *
   * @param logs Those of the providers that are told of failures.
   * @param report Tells them of one.
   */
  constructor(
    logs: readonly Log[],
    report: (provider: object, error: unknown) => void,
  ) {
    this.#logs = logs;
    this.#report = report;
  }

  /** Whether no log is left that could be told of a failure. */
  get areLogsSick(): boolean {
    return this.#logs.length > 0 &&
      this.#logs.every((log) => this.#all.get(log)?.hasFailed);
  }

  /**
   * The way to a provider.
   *
   * @param provider The provider.
   * @returns Always the same one.
   */
  to(provider: object): Delivery {
    let delivery = this.#all.get(provider);
    if (delivery === undefined) {
      const report = (error: unknown) => {
        this.#reports++;
        this.#report(provider, error);
      };
      // A function, such as `onEvent`, has nothing of its own to keep back.
      const flush = typeof provider === "function"
        ? undefined
        : () => (provider as Flushing).flush?.();
      delivery = new Delivery(report, flush);
      this.#all.set(provider, delivery);
    }
    return delivery;
  }

  /**
   * Waits until everything was brought to everybody who was told something.
   *
   * @param deadlineMs How long to wait at most, in milliseconds.
   */
  async drain(deadlineMs: number): Promise<void> {
    const endMs = performance.now() + deadlineMs;
    const restMs = () => Math.max(endMs - performance.now(), 0);
    const [logs, others] = [true, false].map((areLogs) =>
      [...this.#all.keys()].filter((provider) =>
        areLogs === this.#logs.includes(provider as Log)
      )
    );
    await this.#drain(others, deadlineMs * SHARE);
    // The logs come last: they are told what the others have missed.
    const reports = this.#reports;
    await this.#drain(logs, restMs() * SHARE);
    if (this.#reports === reports || restMs() === 0) return;
    // And what one of them has missed, the others still have to pass on.
    const healthy = logs.filter((log) => !this.to(log).hasFailed);
    await this.#drain(healthy, restMs());
  }

  async #drain(
    providers: readonly object[],
    deadlineMs: number,
  ): Promise<void> {
    const drains = providers.map((each) => this.to(each).drain(deadlineMs));
    await Promise.all(drains);
  }
}
