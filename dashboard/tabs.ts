/**
 * Tabs: one of several parts is seen at a time.
 *
 * @module
 */

import { el } from "./dom.ts";

/** A set of tabs. */
export class Tabs {
  /** What is shown. */
  readonly element: HTMLElement;
  #selected: string;
  #tabs: [name: string, tab: HTMLButtonElement, part: HTMLElement][];
  #changed: () => void;

  /**
   * @param label What the tabs are of.
   * @param parts The parts, by the names of their tabs; the first one is seen.
   * @param changed Called when another one is seen.
   */
  constructor(
    label: string,
    parts: readonly [name: string, part: HTMLElement][],
    changed: () => void,
  ) {
    this.#changed = changed;
    this.#selected = parts[0][0];
    this.#tabs = parts.map(([name, part]) => {
      const id = name.toLowerCase();
      const tab = el("button", {
        type: "button",
        role: "tab",
        id: `tab-${id}`,
        "aria-controls": `part-${id}`,
        onclick: () => this.select(name),
      }, name);
      const holder = el("div", {
        class: "tab-part",
        role: "tabpanel",
        id: `part-${id}`,
        "aria-labelledby": `tab-${id}`,
      }, part);
      return [name, tab, holder];
    });
    const list = el(
      "div",
      { class: "tabs", role: "tablist", "aria-label": label },
      ...this.#tabs.map(([, tab]) => tab),
    );
    list.addEventListener("keydown", (event) => this.#move(event));
    this.element = el(
      "div",
      { class: "stack" },
      list,
      ...this.#tabs.map(([, , part]) => part),
    );
    this.select(this.#selected);
  }

  /** The name of the tab whose part is seen. */
  get selected(): string {
    return this.#selected;
  }

  /**
   * Shows a part.
   *
   * @param wanted The name of its tab.
   */
  select(wanted: string): void {
    this.#selected = wanted;
    for (const [name, tab, part] of this.#tabs) {
      const selected = name === wanted;
      tab.setAttribute("aria-selected", String(selected));
      tab.tabIndex = selected ? 0 : -1;
      part.hidden = !selected;
    }
    this.#changed();
  }

  #move(event: KeyboardEvent): void {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const at = this.#tabs.findIndex(([name]) => name === this.#selected);
    const { length } = this.#tabs;
    const [name, tab] = this.#tabs[(at + step + length) % length];
    this.select(name);
    tab.focus();
  }
}
