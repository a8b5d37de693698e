/**
 * Plain lines, one for each event: for pipes, files and build logs.
 *
 * @module
 */

import type { RunEvent } from "../../src/run/events.ts";
import type { Output, Style } from "../style.ts";
import type { Ended, Reporter } from "./reporter.ts";
import { lineOf, resultsOf, summaryOf } from "./words.ts";

/** Writes lines to standard error, and results to standard output. */
export class PlainReporter implements Reporter {
  readonly #out: Output;
  readonly #err: Output;
  readonly #style: Style;

  /**
   * Makes a `PlainReporter`.
   *
   * @param out Where results go.
   * @param err Where lines go.
   * @param style The colours of the lines.
   */
  constructor(out: Output, err: Output, style: Style) {
    this.#out = out;
    this.#err = err;
    this.#style = style;
  }

  /** Writes a line about an event. */
  take(event: RunEvent): void {
    const line = lineOf(event, this.#style);
    if (line !== undefined) this.note(line);
  }

  /** Writes a line. */
  note(text: string): void {
    this.#err.write(`${text}\n`);
  }

  /** Writes how a run has ended, and its results. */
  end(run: Ended): void {
    this.note(summaryOf(run, this.#style));
    for (const line of resultsOf(run, this.#out.isTTY === true)) {
      this.#out.write(`${line}\n`);
    }
  }

  /** Leaves everything as it is. */
  close(): void {}
}
