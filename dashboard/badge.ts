/**
 * A status on the page.
 *
 * @module
 */

import { el, setAttribute, setText } from "./dom.ts";
import { lookOf, type Status } from "./status.ts";

/** A status on the page, which may change. */
export class Badge {
  /** What is shown. */
  readonly element: HTMLElement;
  #symbol = el("span", { class: "symbol", "aria-hidden": "true" });
  #word = el("span", { class: "word" });

  constructor() {
    this.element = el("span", { class: "badge" }, this.#symbol, this.#word);
  }

  /**
   * Shows a status.
   *
   * @param status The status.
   */
  show(status: Status): void {
    const { symbol, kind } = lookOf(status);
    setAttribute(this.element, "data-kind", kind);
    setText(this.#symbol, symbol);
    setText(this.#word, status);
  }
}
