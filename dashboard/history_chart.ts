/**
 * How long the last runs of a workflow took: a bar each, the newest on the
 * right.
 *
 * @module
 */

import type { RunSummary } from "../src/wire.ts";
import { el, setAttribute, setStyle, setText } from "./dom.ts";
import { formatDuration, formatTime } from "./format.ts";
import { rove } from "./roving.ts";
import { toRun } from "./route.ts";
import { secondsOf } from "./run_row.ts";
import { runKey } from "./runs_model.ts";
import { goesOn, lookOf } from "./status.ts";

/** How many runs are shown. */
export const HISTORY = 40;

/** The last runs of a workflow. */
export class HistoryChart {
  /** What is shown. */
  readonly element: HTMLElement;
  #current: string;
  #now: () => number;
  #runs = new Map<string, RunSummary>();
  #bars = new Map<string, { item: HTMLElement; link: HTMLAnchorElement }>();
  #list = el("ol", { class: "history-bars" });
  #text = el("p", { class: "hint" });
  #reset: () => void;

  constructor(current: RunSummary, now: () => number) {
    this.#current = runKey(current);
    this.#now = now;
    this.#reset = rove(this.#list);
    this.element = el(
      "section",
      { class: "history", "aria-label": "Durations of the last runs" },
      el("h2", {}, "Last runs"),
      this.#list,
      this.#text,
    );
    this.element.hidden = true;
  }

  /**
   * Takes runs of the workflow.
   *
   * @param runs The runs, in any order.
   */
  add(runs: readonly RunSummary[]): void {
    for (const run of runs) this.#runs.set(runKey(run), run);
    const newest = [...this.#runs.values()]
      .sort((a, b) => Date.parse(b.started_at) - Date.parse(a.started_at));
    for (const run of newest.slice(HISTORY)) this.#runs.delete(runKey(run));
    this.show();
  }

  /** Shows what is new. */
  show(): void {
    const now = this.#now();
    const runs = [...this.#runs.values()]
      .sort((a, b) => Date.parse(a.started_at) - Date.parse(b.started_at));
    this.element.hidden = runs.length < 2;
    if (runs.length < 2) return;
    const durations = runs.map((run) => secondsOf(run, now));
    const longest = Math.max(...durations, 0.001);
    const keys = new Set(runs.map(runKey));
    let changed = false;
    for (const [key, { item }] of this.#bars) {
      if (keys.has(key)) continue;
      item.remove();
      this.#bars.delete(key);
      changed = true;
    }
    for (const [n, run] of runs.entries()) {
      const { item, link } = this.#bar(run);
      if (this.#list.children[n] !== item) {
        this.#list.insertBefore(item, this.#list.children[n] ?? null);
        changed = true;
      }
      const long = formatDuration(durations[n]);
      const at = formatTime(Date.parse(run.started_at));
      const label = `${at}, ${run.status}, ${long}`;
      setAttribute(link, "aria-label", label);
      setAttribute(link, "title", label);
      setAttribute(link, "data-kind", lookOf(run.status).kind);
      const height = Math.max(6, 100 * durations[n] / longest);
      setStyle(link, { "--tall": `${height.toFixed(1)}%` });
    }
    if (changed) this.#reset();
    setText(this.#text, summary(runs, durations));
  }

  #bar(run: RunSummary): { item: HTMLElement; link: HTMLAnchorElement } {
    const key = runKey(run);
    const known = this.#bars.get(key);
    if (known) return known;
    const link = el("a", {
      href: toRun(run),
      "aria-current": key === this.#current ? "true" : undefined,
    });
    const bar = { item: el("li", {}, link), link };
    this.#bars.set(key, bar);
    return bar;
  }
}

function summary(runs: readonly RunSummary[], durations: number[]): string {
  const ended = durations
    .filter((_, n) => !goesOn(runs[n].status))
    .sort((a, b) => a - b);
  if (ended.length === 0) return "";
  const median = formatDuration(ended[Math.floor((ended.length - 1) / 2)]);
  const failed = runs.filter(({ status }) => status === "Failed").length;
  const longest = formatDuration(ended[ended.length - 1]);
  const rest = failed === 0 ? "none failed" : `${failed} failed`;
  return `median ${median} · longest ${longest} · ${rest}`;
}
