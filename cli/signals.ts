/**
 * Ctrl-C and SIGTERM: the first asks to stop, the second one kills.
 *
 * @module
 */

import process from "node:process";
import { EXIT } from "./usage.ts";

/** A signal that ends a process. */
export type Ending = "SIGINT" | "SIGTERM";

const SIGNALS: readonly Ending[] = ["SIGINT", "SIGTERM"];

/** The exit code of each. */
export const CODES: Readonly<Record<Ending, number>> = {
  SIGINT: EXIT.interrupted,
  SIGTERM: EXIT.terminated,
};

/** Listens for what ends the process. */
export class Signals {
  readonly #aborter = new AbortController();
  readonly #listeners: [Ending, () => void][];
  #first: Ending | undefined;

  /**
   * Begins to listen.
   *
   * @param onFirst Is told of the first signal.
   * @param onSecond Tidies up before the second one kills.
   */
  constructor(onFirst: () => void, onSecond: () => void) {
    this.#listeners = SIGNALS.map((signal) => [signal, () => {
      if (this.#first !== undefined) {
        onSecond();
        process.exit(CODES[signal]);
      }
      this.#first = signal;
      this.#aborter.abort(new Error(`Stopped by ${signal}`));
      onFirst();
    }]);
    for (const [signal, listener] of this.#listeners) {
      process.on(signal, listener);
    }
  }

  /** Aborts at the first signal. */
  get signal(): AbortSignal {
    return this.#aborter.signal;
  }

  /** Resolves at the first signal. */
  get first(): Promise<void> {
    const { signal } = this;
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
  }

  /** Aborts without a signal: there is nothing more to do. */
  readonly stop = (): void => this.#aborter.abort(new Error("Stopped"));

  /** The exit code that the first signal asks for; undefined: there was none. */
  get code(): number | undefined {
    return this.#first && CODES[this.#first];
  }

  /** Stops to listen. */
  close(): void {
    for (const [signal, listener] of this.#listeners) {
      process.off(signal, listener);
    }
  }
}
