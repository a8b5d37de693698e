/**
 * A run in the list.
 *
 * @module
 */

import type { RunSummary } from "../src/wire.ts";
import { Badge } from "./badge.ts";
import { el, setAttribute, setText } from "./dom.ts";
import { formatDuration, formatTime, formatWholeTime } from "./format.ts";
import { Meter } from "./meter.ts";
import { toRun } from "./route.ts";
import { goesOn } from "./status.ts";
import type { Row } from "./virtual_rows.ts";

/** The heads of the columns. */
export const RUN_COLUMNS: readonly string[] = [
  "Workflow",
  "Status",
  "Tasks",
  "Started",
  "Duration",
];

/**
 * Tells how long a run takes so far, or took.
 *
 * @param run The run.
 * @param now The time, in milliseconds since 1970.
 * @returns In seconds.
 */
export function secondsOf(run: RunSummary, now: number): number {
  if (!goesOn(run.status) && run.duration !== null) return run.duration;
  const end = run.finished_at === null ? now : Date.parse(run.finished_at);
  return Math.max(0, end - Date.parse(run.started_at)) / 1_000;
}

/** A row of the list. */
export class RunRow implements Row<RunSummary> {
  /** What is shown. */
  readonly element: HTMLElement;
  #link = el("a", { class: "row-link" });
  #id = el("span", { class: "id" });
  #badge = new Badge();
  #meter = new Meter();
  #started = el("time");
  #duration = el("span");
  #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
    const cell = (kind: string, ...children: Node[]) =>
      el("div", { role: "gridcell", class: `cell ${kind}` }, ...children);
    this.element = el(
      "div",
      { role: "row", class: "row run-row" },
      cell("main", this.#link, this.#id),
      cell("status", this.#badge.element),
      cell("tasks", this.#meter.element),
      cell("time", this.#started),
      cell("duration", this.#duration),
    );
  }

  /** Shows a run. */
  show(run: RunSummary): void {
    setAttribute(this.#link, "href", toRun(run));
    setText(this.#link, run.workflow_name || run.workflow_id);
    setText(this.#id, run.run_id);
    setAttribute(this.#id, "title", `${run.workflow_id} · ${run.run_id}`);
    this.#badge.show(run.status);
    this.#meter.show(run.tasks);
    const at = Date.parse(run.started_at);
    setText(this.#started, formatTime(at));
    setAttribute(this.#started, "datetime", run.started_at);
    setAttribute(this.#started, "title", formatWholeTime(at));
    setText(this.#duration, formatDuration(secondsOf(run, this.#now())));
  }
}
