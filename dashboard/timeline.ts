/**
 * The timeline of a run: a bar for each task over an axis of time, groups as
 * lanes. It is a table, too: each row tells in words what its bar shows.
 *
 * @module
 */

import type { RunSummary } from "../src/wire.ts";
import { el, replace, setAttribute, setStyle, setText } from "./dom.ts";
import { count } from "./format.ts";
import { type Scale, ticksOf, toScale } from "./scale.ts";
import { TASK_STATUSES } from "./status.ts";
import { spanOf, type TasksModel } from "./tasks_model.ts";
import { GroupRow, type Line, type Lines, TaskRow } from "./timeline_row.ts";
import { headsOf, VirtualRows } from "./virtual_rows.ts";

/** As the style sheet has it. */
const ROW_HEIGHT = 30;
/** The room that a label of the axis takes, in pixels. */
const TICK_WIDTH = 90;

/** The timeline of a run. */
export class Timeline {
  /** What is shown. */
  readonly element: HTMLElement;
  #model: TasksModel;
  #run: RunSummary;
  #now: () => number;
  #selected: string | undefined;
  #folded = new Set<string>();
  #lines: Line[] = [];
  #scale: Scale = { start: 0, length: 1, step: 1 };
  #ticks = "";
  #drawnAt = 0;
  #axis = el("div", { class: "axis" });
  #body = el("div", { role: "rowgroup", class: "rows" });
  #scroller = el("div", { class: "scroller timeline", role: "grid" });
  #rows: VirtualRows<Line>;
  #status = el("select", { name: "task-status" });
  #text = el("input", {
    type: "search",
    name: "task-text",
    placeholder: "Task or group",
    autocomplete: "off",
    spellcheck: "false",
  });
  #found = el("p", { class: "found", role: "status" });

  constructor(run: RunSummary, model: TasksModel, now: () => number) {
    this.#run = run;
    this.#model = model;
    this.#now = now;
    setAttribute(this.#scroller, "aria-label", "Tasks over time");
    this.#scroller.append(
      headsOf(
        "line",
        el("div", { role: "columnheader", class: "cell name" }, "Task"),
        el(
          "div",
          { role: "columnheader", class: "cell bar", "aria-label": "Time" },
          this.#axis,
        ),
      ),
      this.#body,
    );
    this.element = el("div", { class: "stack" }, this.#form(), this.#scroller);
    const lines = () => this.#context();
    this.#rows = new VirtualRows<Line>({
      scroller: this.#scroller,
      body: this.#body,
      height: () => ROW_HEIGHT,
      items: () => this.#lines,
      key: keyOf,
      kind: ({ kind }) => kind,
      make: ({ kind }) =>
        kind === "task"
          ? new TaskRow(lines)
          : new GroupRow(lines, (name) => this.#toggle(name)),
    });
  }

  /**
   * Shows what is new.
   *
   * @param run The run.
   * @param selected The task that is open.
   */
  show(run: RunSummary, selected: string | undefined): void {
    this.#run = run;
    this.#selected = selected;
    this.#layOut();
  }

  /**
   * Puts the focus on a task.
   *
   * @param id The task.
   * @returns Whether it is shown.
   */
  focus(id: string): boolean {
    return this.#rows.focus(keyOf({ kind: "task", id }));
  }

  /** Ends it. */
  close(): void {
    this.#rows.close();
  }

  #form(): HTMLElement {
    this.#status.append(
      el("option", { value: "" }, "Every status"),
      ...TASK_STATUSES.map((value) => el("option", { value }, value)),
    );
    const change = () => this.#layOut();
    this.#status.addEventListener("change", change);
    this.#text.addEventListener("input", change);
    return el(
      "form",
      {
        class: "filters slim",
        role: "search",
        "aria-label": "Filter tasks",
        onsubmit: (event) => event.preventDefault(),
      },
      el("label", { class: "field" }, el("span", {}, "Search"), this.#text),
      el("label", { class: "field" }, el("span", {}, "Status"), this.#status),
      this.#found,
      legend(),
    );
  }

  #toggle(name: string): void {
    if (!this.#folded.delete(name)) this.#folded.add(name);
    this.#layOut();
  }

  #layOut(): void {
    const { groups, size } = this.#model;
    const wanted = this.#text.value.trim().toLowerCase();
    const status = this.#status.value;
    const lines: Line[] = [];
    let found = 0;
    for (const { name, ids } of groups) {
      const shown = ids.filter((id) => {
        const task = this.#model.get(id)!;
        if (status !== "" && task.status !== status) return false;
        return wanted === "" ||
          [name, id, task.name].some((text) =>
            text.toLowerCase().includes(wanted)
          );
      });
      found += shown.length;
      if (shown.length === 0) continue;
      const open = !this.#folded.has(name);
      if (groups.length > 1) lines.push({ kind: "group", name, open });
      // Not by `...`: that many arguments do not fit into a call.
      if (open) { for (const id of shown) lines.push({ kind: "task", id }); }
    }
    this.#lines = lines;
    const filtered = wanted !== "" || status !== "";
    setText(this.#found, filtered ? `${count(found, "task")} of ${size}` : "");
    setAttribute(this.#scroller, "aria-rowcount", String(lines.length + 1));
    this.#rows.reindex();
  }

  /** What rows need, measured once for all rows of a frame. */
  #context(): Lines {
    const at = performance.now();
    if (at - this.#drawnAt > 8) {
      this.#drawnAt = at;
      const width = this.#axis.clientWidth;
      const span = spanOf(this.#run, this.#model.all(), this.#now());
      this.#scale = toScale(span, Math.max(2, Math.floor(width / TICK_WIDTH)));
      this.#drawAxis();
    }
    return {
      name: this.#run,
      model: this.#model,
      scale: this.#scale,
      now: this.#now(),
      selected: this.#selected,
    };
  }

  #drawAxis(): void {
    const { step, length } = this.#scale;
    setStyle(this.element, {
      "--tick": `${(100 * step / length).toFixed(4)}%`,
    });
    const ticks = ticksOf(this.#scale);
    const drawn = JSON.stringify(ticks);
    if (drawn === this.#ticks) return;
    this.#ticks = drawn;
    replace(
      this.#axis,
      ...ticks.map(({ at, label }) => {
        const tick = el("span", { class: "tick" }, label);
        setStyle(tick, { left: `${at}%` });
        return tick;
      }),
    );
  }
}

/** What the looks of a bar's parts mean; its row says it in words. */
function legend(): HTMLElement {
  const entries = [
    ["completed", "completed"],
    ["running", "in progress"],
    ["retry", "next attempt"],
    ["failed", "failed attempt"],
  ].map(([kind, word]) =>
    el("li", {}, el("span", { class: "part", "data-kind": kind }), word)
  );
  return el("ul", { class: "legend", "aria-label": "Bars" }, ...entries);
}

function keyOf(line: Line): string {
  return line.kind === "task" ? `t${line.id}` : `g${line.name}`;
}
