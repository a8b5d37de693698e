/**
 * A list of any length of which only the rows in sight are on the page. The
 * row with the focus stays, wherever it is, so that the keyboard never loses
 * its place.
 *
 * @module
 */

import { oncePerFrame } from "./frame.ts";
import { el, setAttribute, setStyle } from "./dom.ts";

/** Rows above and below what is in sight. */
const SPARE = 6;

/**
 * The heads of the columns, which stay in sight above the rows.
 *
 * @param kind The class of the rows.
 * @param cells The heads.
 * @returns What is put before the rows.
 */
export function headsOf(
  kind: string,
  ...cells: readonly HTMLElement[]
): HTMLElement {
  return el(
    "div",
    { role: "rowgroup", class: "heads" },
    el(
      "div",
      { role: "row", class: `row ${kind}`, "aria-rowindex": "1" },
      ...cells,
    ),
  );
}

/** A row that shows one item after the other. */
export interface Row<Item> {
  /** What is on the page; has one link or button that takes the focus. */
  readonly element: HTMLElement;
  /** Shows an item. */
  show(item: Item): void;
}

/** What a list shows, and where. */
export interface VirtualOptions<Item> {
  /** What scrolls. */
  readonly scroller: HTMLElement;
  /** What holds the rows, as tall as all of them. */
  readonly body: HTMLElement;
  /** How tall a row is, in pixels. */
  readonly height: () => number;
  /** The items, as they are now. */
  readonly items: () => readonly Item[];
  /** What an item is known by. */
  readonly key: (item: Item) => string;
  /** Makes a row. */
  readonly make: (item: Item) => Row<Item>;
  /** Which kind of row an item wants. @default One kind */
  readonly kind?: (item: Item) => string;
  /** Called when the end of the list comes near. */
  readonly nearEnd?: () => void;
}

interface Shown<Item> {
  readonly row: Row<Item>;
  readonly kind: string;
}

/** The rows of a list. */
export class VirtualRows<Item> {
  /** Draws the rows before the next frame. */
  readonly render: () => void = oncePerFrame(() => this.draw());
  #options: VirtualOptions<Item>;
  #shown = new Map<string, Shown<Item>>();
  #free: Shown<Item>[] = [];
  #index = new Map<string, number>();
  #indexed: readonly Item[] = [];
  /** The row that the Tab key reaches. */
  #current = "";
  #watch: ResizeObserver;

  constructor(options: VirtualOptions<Item>) {
    this.#options = options;
    const { scroller, body } = options;
    scroller.addEventListener("scroll", this.render, { passive: true });
    body.addEventListener("keydown", (event) => this.#move(event));
    body.addEventListener("focusin", (event) => this.#enter(event));
    this.#watch = new ResizeObserver(this.render);
    this.#watch.observe(scroller);
  }

  /** Ends it. */
  close(): void {
    this.#watch.disconnect();
  }

  /** Says that items came, went or moved; {@linkcode render} shows it. */
  reindex(): void {
    const { items, key } = this.#options;
    this.#indexed = items();
    this.#index = new Map(this.#indexed.map((item, n) => [key(item), n]));
    this.render();
  }

  /**
   * Puts the focus on a row, and brings it into sight.
   *
   * @param key What its item is known by.
   * @returns Whether there is such a row.
   */
  focus(key: string): boolean {
    const index = this.#index.get(key);
    if (index === undefined) return false;
    this.#current = key;
    this.#reveal(index);
    this.draw();
    this.#control(key)?.focus({ preventScroll: true });
    return true;
  }

  /** Draws the rows now. */
  draw(): void {
    const { scroller, body, height, key, nearEnd } = this.#options;
    const items = this.#indexed;
    const tall = height();
    setStyle(body, { height: `${items.length * tall}px` });
    const top = Math.max(0, scroller.scrollTop - body.offsetTop);
    const first = Math.max(0, Math.floor(top / tall) - SPARE);
    const room = Math.ceil(scroller.clientHeight / tall);
    const end = Math.min(items.length, first + room + 2 * SPARE);
    const wanted = new Set<number>();
    for (let at = first; at < end; at++) wanted.add(at);
    const focused = this.#focusedKey();
    const kept = focused === undefined ? undefined : this.#index.get(focused);
    if (kept !== undefined) wanted.add(kept);
    const order = [...wanted].sort((a, b) => a - b);
    this.#release(new Set(order.map((at) => key(items[at]))));
    if (!this.#index.has(this.#current) && order.length > 0) {
      this.#current = key(items[order[0]]);
    }
    // The Tab key always finds a row that is in sight.
    const tabbed = wanted.has(this.#index.get(this.#current) ?? -1)
      ? this.#current
      : order.length > 0
      ? key(items[Math.ceil(top / tall)] ?? items[order[0]])
      : "";
    let next = body.firstElementChild;
    for (const at of order) {
      const element = this.#place(items[at], at, tall, tabbed);
      if (element === next) next = next.nextElementSibling;
      else body.insertBefore(element, next);
    }
    if (end >= items.length - room) nearEnd?.();
  }

  #place(item: Item, at: number, tall: number, tabbed: string): HTMLElement {
    const { key, kind, make } = this.#options;
    const name = key(item);
    const wanted = kind?.(item) ?? "";
    let shown = this.#shown.get(name);
    if (shown === undefined) {
      const free = this.#free.findIndex((row) => row.kind === wanted);
      shown = free < 0
        ? { row: make(item), kind: wanted }
        : this.#free.splice(free, 1)[0];
      this.#shown.set(name, shown);
      shown.row.element.dataset.key = name;
    }
    const { element } = shown.row;
    setStyle(element, { transform: `translateY(${at * tall}px)` });
    setAttribute(element, "aria-rowindex", String(at + 2));
    shown.row.show(item);
    const control = element.querySelector<HTMLElement>("a, button");
    if (control !== null) {
      setAttribute(control, "tabindex", name === tabbed ? "0" : "-1");
    }
    return element;
  }

  #release(wanted: ReadonlySet<string>): void {
    for (const [key, shown] of this.#shown) {
      if (wanted.has(key)) continue;
      shown.row.element.remove();
      this.#shown.delete(key);
      if (this.#free.length < 2 * SPARE) this.#free.push(shown);
    }
  }

  #focusedKey(): string | undefined {
    const { body } = this.#options;
    const active = document.activeElement;
    if (active === null || !body.contains(active)) return undefined;
    return active.closest<HTMLElement>("[data-key]")?.dataset.key;
  }

  #control(key: string): HTMLElement | null | undefined {
    return this.#shown.get(key)?.row.element.querySelector<HTMLElement>(
      "a, button",
    );
  }

  #enter({ target }: FocusEvent): void {
    const row = (target as Element).closest<HTMLElement>("[data-key]");
    if (row?.dataset.key === undefined) return;
    this.#current = row.dataset.key;
    this.render();
  }

  #move(event: KeyboardEvent): void {
    const { scroller, height, key } = this.#options;
    const page = Math.max(1, Math.floor(scroller.clientHeight / height()) - 1);
    const last = this.#indexed.length - 1;
    const at = this.#index.get(this.#focusedKey() ?? "");
    if (at === undefined || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    const targets: Record<string, number> = {
      ArrowUp: at - 1,
      ArrowDown: at + 1,
      PageUp: at - page,
      PageDown: at + page,
      Home: 0,
      End: last,
    };
    const target = targets[event.key];
    if (target === undefined) return;
    event.preventDefault();
    this.focus(key(this.#indexed[Math.min(last, Math.max(0, target))]));
  }

  #reveal(index: number): void {
    const { scroller, body, height } = this.#options;
    const tall = height();
    const offset = body.offsetTop;
    const top = index * tall;
    const room = scroller.clientHeight - offset;
    if (top < scroller.scrollTop) scroller.scrollTop = top;
    else if (top + tall > scroller.scrollTop + room) {
      scroller.scrollTop = top + tall - room;
    }
  }
}
