/**
 * The graph of a run: each group as a chain, or as tasks side by side, as its
 * mode has it. Of many tasks, a window is shown.
 *
 * @module
 */

import type { RunSummary } from "../src/wire.ts";
import { el, replace, setAttribute, setText, svg } from "./dom.ts";
import { count, formatNumber } from "./format.ts";
import { rove } from "./roving.ts";
import { type RunName, toTask } from "./route.ts";
import { lookOf } from "./status.ts";
import { countTasks, type Group, type TasksModel } from "./tasks_model.ts";

/** Groups in the window. */
const GROUPS = 12;
/** Tasks of a group in the window. */
const TASKS = 40;
const [WIDTH, HEIGHT, GAP_X, GAP_Y, EDGE] = [160, 38, 28, 22, 6];
/** Letters that fit into a node. */
const LETTERS = 17;

/** A node of the drawing. */
interface Node {
  readonly link: SVGAElement;
  readonly symbol: SVGTextElement;
}

/** The graph of a run. */
export class Graph {
  /** What is shown. */
  readonly element: HTMLElement = el("div", { class: "graph" });
  #name: RunName;
  #mode: string;
  #model: TasksModel;
  #drawn = "";
  #firstGroup = 0;
  #firstTask = new Map<string, number>();
  #nodes = new Map<string, Node>();
  #counts = new Map<string, HTMLElement>();
  #watch: ResizeObserver;

  constructor(run: RunSummary, model: TasksModel) {
    this.#name = run;
    this.#mode = run.mode ?? "sequential";
    this.#model = model;
    this.#watch = new ResizeObserver(() => this.show());
    this.#watch.observe(this.element);
  }

  /** Shows what is new. */
  show(): void {
    const { clientWidth } = this.element;
    if (clientWidth === 0) return;
    const columns = Math.max(
      1,
      Math.floor((clientWidth - 48 + GAP_X) / (WIDTH + GAP_X)),
    );
    const groups = this.#window();
    const drawn = JSON.stringify([
      columns,
      this.#model.groups.length,
      groups.map(({ name, ids }) => [name, ids.length, this.#first(name)]),
    ]);
    if (drawn !== this.#drawn) {
      this.#drawn = drawn;
      this.#draw(groups, columns);
    }
    for (const [id, node] of this.#nodes) this.#update(id, node);
    for (const { name, ids } of groups) {
      const tasks = ids.map((id) => this.#model.get(id));
      const { completed, failed, total } = countTasks(tasks);
      const failures = failed === 0 ? "" : `, ${formatNumber(failed)} failed`;
      const text = `${formatNumber(completed)} / ${formatNumber(total)}`;
      setText(this.#counts.get(name)!, text + failures);
    }
  }

  /** Ends it. */
  close(): void {
    this.#watch.disconnect();
  }

  #window(): readonly Group[] {
    return this.#model.groups.slice(
      this.#firstGroup,
      this.#firstGroup + GROUPS,
    );
  }

  #first(name: string): number {
    return this.#firstTask.get(name) ?? 0;
  }

  #draw(groups: readonly Group[], columns: number): void {
    const held = document.activeElement;
    const key = held instanceof HTMLElement ? held.dataset.pager : undefined;
    this.#nodes.clear();
    this.#counts.clear();
    const total = this.#model.groups.length;
    const chained = this.#mode !== "parallel_group" && total > 1;
    const parts: (HTMLElement | false)[] = groups.flatMap((group, n) => [
      chained && n > 0 && el("p", { class: "then" }, "↓ then"),
      this.#drawGroup(group, columns),
    ]);
    replace(
      this.element,
      el("p", { class: "hint" }, this.#explain()),
      this.#pager("groups", "group", this.#firstGroup, GROUPS, total, (to) => {
        this.#firstGroup = to;
      }),
      ...parts,
    );
    if (key === undefined) return;
    const again = [...this.element.querySelectorAll<HTMLElement>("button")]
      .find((button) => button.dataset.pager === key);
    again?.focus();
  }

  #explain(): string {
    const tasks = this.#mode === "parallel"
      ? "All tasks run side by side"
      : "Each task follows the one before";
    if (this.#model.groups.length < 2) return `${tasks}.`;
    return this.#mode === "parallel_group"
      ? `${tasks}; groups run side by side.`
      : `${tasks}; groups run one after the other.`;
  }

  #drawGroup({ name, ids }: Group, columns: number): HTMLElement {
    const first = this.#first(name);
    const shown = ids.slice(first, first + TASKS);
    const counts = el("span", { class: "meter-text" });
    this.#counts.set(name, counts);
    const section = el(
      "section",
      { class: "graph-group", "aria-label": `Group ${name}` },
      el("header", {}, el("h3", {}, name), counts),
      this.#pager(
        `tasks of ${name}`,
        "task",
        first,
        TASKS,
        ids.length,
        (to) => {
          this.#firstTask.set(name, to);
        },
      ),
      this.#drawNodes(shown, columns),
    );
    rove(section)();
    return section;
  }

  #drawNodes(ids: readonly string[], columns: number): SVGSVGElement {
    const across = Math.min(columns, ids.length);
    const lines = Math.ceil(ids.length / columns);
    const width = across * (WIDTH + GAP_X) - GAP_X + 2 * EDGE;
    const height = lines * (HEIGHT + GAP_Y) - GAP_Y + 2 * EDGE;
    const place = (n: number): [number, number] => [
      EDGE + (n % columns) * (WIDTH + GAP_X),
      EDGE + Math.floor(n / columns) * (HEIGHT + GAP_Y),
    ];
    const drawing = svg("svg", {
      width,
      height,
      viewBox: `0 0 ${width} ${height}`,
    });
    if (this.#mode !== "parallel") {
      for (let n = 1; n < ids.length; n++) {
        const d = toPath(place(n - 1), place(n));
        const edge = svg("path", { d, class: "edge", "aria-hidden": "true" });
        drawing.append(edge);
      }
    }
    for (const [n, id] of ids.entries()) {
      drawing.append(this.#drawNode(id, place(n)));
    }
    return drawing;
  }

  #drawNode(id: string, [x, y]: [number, number]): SVGAElement {
    const name = this.#model.get(id)?.name || id;
    const short = name.length > LETTERS
      ? `${name.slice(0, LETTERS - 1)}…`
      : name;
    const symbol = svg("text", {
      x: x + 12,
      y: y + 24,
      class: "node-symbol",
      "aria-hidden": "true",
    });
    const link = svg(
      "a",
      { href: toTask(this.#name, id), class: "node" },
      svg("title", {}, name),
      svg("rect", { x, y, width: WIDTH, height: HEIGHT, rx: 7 }),
      symbol,
      svg("text", { x: x + 32, y: y + 24, "aria-hidden": "true" }, short),
    );
    this.#nodes.set(id, { link, symbol });
    return link;
  }

  #update(id: string, { link, symbol }: Node): void {
    const task = this.#model.get(id);
    if (task === undefined) return;
    const look = lookOf(task.status);
    setAttribute(link, "data-kind", look.kind);
    setAttribute(link, "aria-label", `${task.name || id}, ${task.status}`);
    setText(symbol, look.symbol);
  }

  /** The buttons that move a window, where it does not show all. */
  #pager(
    key: string,
    what: string,
    first: number,
    size: number,
    total: number,
    move: (to: number) => void,
  ): HTMLElement | null {
    if (total <= size) return null;
    const end = Math.min(total, first + size);
    const button = (text: string, label: string, to: number) => {
      const made = el("button", {
        type: "button",
        "aria-label": `${label} ${key}`,
        "data-pager": `${label} ${key}`,
        // Not `disabled`: it would lose the focus at the end of the list.
        "aria-disabled": to < 0 || to >= total ? "true" : undefined,
        onclick: () => {
          if (to < 0 || to >= total) return;
          move(to);
          this.show();
        },
      }, text);
      return made;
    };
    return el(
      "p",
      { class: "pager" },
      button("‹", "Previous", first - size),
      el(
        "span",
        {},
        `${formatNumber(first + 1)}–${formatNumber(end)} of ${
          count(total, what)
        }`,
      ),
      button("›", "Next", first + size),
    );
  }
}

/** An arrow from a node to the next one: beside it, or in the next line. */
function toPath(
  [fromX, fromY]: readonly [number, number],
  [toX, toY]: readonly [number, number],
): string {
  const middle = HEIGHT / 2;
  if (fromY === toY) {
    const [x, y] = [toX - 2, toY + middle];
    return `M${fromX + WIDTH} ${y}H${x}M${x - 5} ${y - 4}L${x} ${y}L${x - 5} ${
      y + 4
    }`;
  }
  const [x, y] = [toX + WIDTH / 2, toY - 2];
  const turn = toY - GAP_Y / 2;
  return `M${fromX + WIDTH / 2} ${fromY + HEIGHT}V${turn}H${x}V${y}` +
    `M${x - 4} ${y - 5}L${x} ${y}L${x + 4} ${y - 5}`;
}
