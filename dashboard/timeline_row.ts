/**
 * The rows of the timeline: a group as a lane, and a task as a bar.
 *
 * @module
 */

import type { TaskSummary } from "../src/wire.ts";
import { el, setAttribute, setStyle, setText } from "./dom.ts";
import { count, formatDuration } from "./format.ts";
import { Meter } from "./meter.ts";
import { type RunName, toTask } from "./route.ts";
import { placeOf, type Scale } from "./scale.ts";
import { goesOn, lookOf } from "./status.ts";
import { countTasks, type Segment, segmentsOf } from "./tasks_model.ts";
import type { TasksModel } from "./tasks_model.ts";
import type { Row } from "./virtual_rows.ts";

/** What a row is of. */
export type Line =
  | { readonly kind: "group"; readonly name: string; readonly open: boolean }
  | { readonly kind: "task"; readonly id: string };

/** What rows show their tasks by. */
export interface Lines {
  /** The run. */
  readonly name: RunName;
  /** The tasks. */
  readonly model: TasksModel;
  /** The axis, as it is now. */
  readonly scale: Scale;
  /** The time, in milliseconds since 1970. */
  readonly now: number;
  /** The task that is open beside the timeline. */
  readonly selected: string | undefined;
}

/** A part of a bar is at least so wide, in percent: it would not be seen. */
const THINNEST = 0.25;
/** A bar that ends behind this leaves no room for its text, in percent. */
const LATE = 72;
/** A bar that begins before this leaves no room in front, in percent. */
const ROOM = 28;

/** A task. */
export class TaskRow implements Row<Line> {
  /** What is shown. */
  readonly element: HTMLElement;
  #lines: () => Lines;
  #symbol = el("span", { class: "symbol", "aria-hidden": "true" });
  #link = el("a", { class: "row-link" });
  #word = el("span", { class: "unseen" });
  #track = el("div", { class: "track", "aria-hidden": "true" });
  #parts: HTMLElement[] = [];
  #label = el("span", { class: "bar-label" });
  #told = el("span", { class: "unseen" });

  constructor(lines: () => Lines) {
    this.#lines = lines;
    this.#track.append(this.#label);
    this.element = el(
      "div",
      { role: "row", class: "row line" },
      el(
        "div",
        { role: "gridcell", class: "cell name" },
        this.#symbol,
        this.#link,
        this.#word,
      ),
      el(
        "div",
        { role: "gridcell", class: "cell bar" },
        this.#track,
        this.#told,
      ),
    );
  }

  /** Shows a task. */
  show(line: Line): void {
    const { name, model, scale, now, selected } = this.#lines();
    const task = line.kind === "task" ? model.get(line.id) : undefined;
    if (task === undefined) return;
    const { symbol, kind } = lookOf(task.status);
    setAttribute(this.element, "data-kind", kind);
    setAttribute(
      this.element,
      "data-selected",
      String(task.task_id === selected),
    );
    setText(this.#symbol, symbol);
    setText(this.#link, task.name || task.task_id);
    setAttribute(this.#link, "href", toTask(name, task.task_id));
    setAttribute(this.#link, "title", task.task_id);
    setText(this.#word, `, ${task.status}`);
    const segments = segmentsOf(task, now);
    this.#draw(segments, scale);
    const label = labelOf(task, segments, now);
    setText(this.#label, label);
    setText(this.#told, tellBar(task, segments, scale, label));
  }

  #draw(segments: readonly Segment[], scale: Scale): void {
    while (this.#parts.length < segments.length) {
      const part = el("span", { class: "part" });
      this.#parts.push(part);
      this.#track.append(part);
    }
    for (const [n, part] of this.#parts.entries()) {
      const segment = segments[n];
      part.hidden = segment === undefined;
      if (segment === undefined) continue;
      const left = placeOf(scale, segment.from);
      const width = Math.max(THINNEST, placeOf(scale, segment.to) - left);
      setAttribute(part, "data-kind", segment.kind);
      setAttribute(part, "data-first", String(n === 0));
      setAttribute(part, "data-last", String(n === segments.length - 1));
      setStyle(part, {
        left: `${left.toFixed(3)}%`,
        width: `${width.toFixed(3)}%`,
      });
    }
    this.#placeLabel(segments, scale);
  }

  /** The text stands where there is room: behind the bar, before, or in it. */
  #placeLabel(segments: readonly Segment[], scale: Scale): void {
    const last = segments.at(-1);
    const end = last ? placeOf(scale, last.to) : 0;
    const start = segments.length > 0 ? placeOf(scale, segments[0].from) : 0;
    const late = end > LATE;
    const inside = late && start < ROOM;
    const side = inside ? "inside" : late ? "before" : "after";
    setAttribute(this.#label, "data-side", side);
    const right = 100 - (inside ? end : start);
    setStyle(this.#label, {
      left: late ? "auto" : `${end.toFixed(3)}%`,
      right: late ? `${right.toFixed(3)}%` : "auto",
    });
  }
}

function labelOf(
  task: TaskSummary,
  segments: readonly Segment[],
  now: number,
): string {
  if (task.restored) return "read from its checkpoint";
  if (segments.length === 0) return "";
  const seconds = goesOn(task.status)
    ? (now - segments[0].from) / 1_000
    : task.duration;
  const tries = task.retry_count > 0
    ? ` · ${task.retry_count + 1} attempts`
    : "";
  const share = goesOn(task.status) && task.progress !== null
    ? ` · ${Math.round(100 * task.progress)} %`
    : "";
  return `${formatDuration(Math.max(0, seconds))}${tries}${share}`;
}

/** The bar in words. */
function tellBar(
  { failed_at, status }: TaskSummary,
  segments: readonly Segment[],
  { start }: Scale,
  label: string,
): string {
  if (segments.length === 0) return label || status;
  const after = formatDuration(Math.max(0, segments[0].from - start) / 1_000);
  const failed = failed_at.length === 0
    ? ""
    : `, ${count(failed_at.length, "failed attempt")}`;
  return `began after ${after}, ${label}${failed}`;
}

/** A group. */
export class GroupRow implements Row<Line> {
  /** What is shown. */
  readonly element: HTMLElement;
  #lines: () => Lines;
  #shown = "";
  #sign = el("span", { class: "symbol", "aria-hidden": "true" });
  #name = el("span");
  #button: HTMLButtonElement;
  #meter = new Meter();
  #part = el("span", { class: "part lane-part" });

  constructor(lines: () => Lines, toggle: (name: string) => void) {
    this.#lines = lines;
    this.#button = el(
      "button",
      {
        type: "button",
        class: "lane-button",
        onclick: () => toggle(this.#shown),
      },
      this.#sign,
      this.#name,
    );
    const track = el("div", { class: "track", "aria-hidden": "true" });
    track.append(this.#part);
    this.element = el(
      "div",
      { role: "row", class: "row line lane" },
      el(
        "div",
        { role: "gridcell", class: "cell name" },
        this.#button,
        this.#meter.element,
      ),
      el("div", { role: "gridcell", class: "cell bar" }, track),
    );
  }

  /** Shows a group. */
  show(line: Line): void {
    if (line.kind !== "group") return;
    const { model, scale, now } = this.#lines();
    this.#shown = line.name;
    setText(this.#sign, line.open ? "▾" : "▸");
    setText(this.#name, line.name);
    setAttribute(this.#button, "aria-expanded", String(line.open));
    const group = model.groups.find(({ name }) => name === line.name);
    const tasks = (group?.ids ?? []).map((id) => model.get(id));
    this.#meter.show(countTasks(tasks));
    let [from, to] = [Infinity, -Infinity];
    for (const task of tasks) {
      if (!task?.started_at || task.restored) continue;
      from = Math.min(from, Date.parse(task.started_at));
      to = Math.max(to, task.finished_at ? Date.parse(task.finished_at) : now);
    }
    this.#part.hidden = from > to;
    if (from > to) return;
    const left = placeOf(scale, from);
    setStyle(this.#part, {
      left: `${left.toFixed(3)}%`,
      width: `${Math.max(THINNEST, placeOf(scale, to) - left).toFixed(3)}%`,
    });
  }
}
