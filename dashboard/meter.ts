/**
 * How far a run is, as a bar and in words.
 *
 * @module
 */

import type { RunSummary } from "../src/wire.ts";
import { el, setStyle, setText } from "./dom.ts";
import { formatNumber } from "./format.ts";

/** A bar of what is done, failed and going on, with the count beside it. */
export class Meter {
  /** What is shown. */
  readonly element: HTMLElement;
  #text = el("span", { class: "meter-text" });
  #parts = ["completed", "failed", "running"].map((kind) =>
    el("span", { class: "meter-part", "data-kind": kind })
  );

  constructor() {
    const bar = { class: "meter-bar", "aria-hidden": "true" };
    this.element = el(
      "span",
      { class: "meter" },
      el("span", bar, ...this.#parts),
      this.#text,
    );
  }

  /**
   * Shows how far a run is.
   *
   * @param tasks How many tasks stand where.
   */
  show(tasks: RunSummary["tasks"]): void {
    const { total, completed, failed, running } = tasks;
    for (const [n, value] of [completed, failed, running].entries()) {
      const share = total === 0 ? 0 : 100 * value / total;
      setStyle(this.#parts[n], { width: `${share.toFixed(2)}%` });
    }
    const done = `${formatNumber(completed)} / ${formatNumber(total)}`;
    setText(
      this.#text,
      failed === 0 ? done : `${done}, ${formatNumber(failed)} failed`,
    );
  }
}
