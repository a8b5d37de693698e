/**
 * The list of runs: newest first, live, with filters.
 *
 * @module
 */

import type { Page as ListPage, RunSummary } from "../src/wire.ts";
import { el, replace, setAttribute, setText } from "./dom.ts";
import { count } from "./format.ts";
import { oncePerFrame, onTick, whenQuiet } from "./frame.ts";
import { listen, loadUntilDone } from "./live.ts";
import { messageOf, type Page, problemLine, type View } from "./page.ts";
import { type Filters, type Route, toRuns } from "./route.ts";
import { RUN_COLUMNS, RunRow } from "./run_row.ts";
import { runKey, RunsModel, TIMES } from "./runs_model.ts";
import { goesOn, RUN_STATUSES } from "./status.ts";
import { headsOf, VirtualRows } from "./virtual_rows.ts";

const PAGE_SIZE = 200;
const TYPING_MS = 250;
const NARROW = matchMedia("(max-width: 760px)");
/** As the style sheet has it. */
const rowHeight = () => NARROW.matches ? 76 : 44;

/** The list of runs. */
export class RunsView implements View {
  /** What is shown. */
  readonly element: HTMLElement;
  /** What the tab is called. */
  readonly title = "Runs";
  #page: Page;
  #filters: Filters;
  #model: RunsModel;
  #rows: VirtualRows<RunSummary>;
  #cursor: string | null = null;
  #loading = new AbortController();
  #busy = false;
  #heard = new Map<string, RunSummary>();
  /** What was told while the list is loaded anew: the answer may be older. */
  #meanwhile: Map<string, RunSummary> | undefined;
  #stop: (() => void)[] = [];
  #top = 0;
  #heading = el("h1", { tabindex: "-1" }, "Runs");
  #summary = el("p", { class: "summary" });
  #problem = problemLine();
  #status = el("select", { name: "status" });
  #text = el("input", {
    name: "text",
    type: "search",
    placeholder: "Workflow or run",
    autocomplete: "off",
    spellcheck: "false",
  });
  #time = el("select", { name: "time" });
  #body = el("div", { role: "rowgroup", class: "rows" });
  #scroller = el("div", { class: "scroller runs", role: "grid" });
  #empty = el("div", { class: "empty" });
  #takeHeard = oncePerFrame(() => this.#show());

  constructor(page: Page, filters: Filters) {
    this.#page = page;
    this.#filters = filters;
    this.#model = new RunsModel(filters);
    this.#empty.hidden = true;
    setAttribute(this.#scroller, "aria-label", "Runs, newest first");
    const heads = RUN_COLUMNS.map((name) =>
      el("div", { role: "columnheader", class: "cell" }, name)
    );
    this.#scroller.append(headsOf("run-row", ...heads), this.#body);
    this.element = el(
      "div",
      { class: "view" },
      el("div", { class: "view-head" }, this.#heading, this.#summary),
      this.#form(),
      this.#problem.element,
      el("div", { class: "panel grow" }, this.#scroller, this.#empty),
    );
    this.#rows = new VirtualRows({
      scroller: this.#scroller,
      body: this.#body,
      height: rowHeight,
      items: () => this.#model.runs,
      key: runKey,
      make: () => new RunRow(() => page.api.now()),
      nearEnd: () => void this.#more(),
    });
    this.#scroller.addEventListener("scroll", () => {
      if (this.element.isConnected) this.#top = this.#scroller.scrollTop;
    }, { passive: true });
    this.#stop = [
      onTick(() => {
        if (this.element.isConnected) this.#rows.render();
      }),
      listen(page.api, {
        params: {},
        load: () => void this.#reload(),
        hear: (name, data) => this.#hear(name, data),
        state: (state) => page.state(state),
      }),
    ];
  }

  /** The place of the list, with its filters. */
  get place(): string {
    return toRuns(this.#filters);
  }

  /** Shows the list with other filters. */
  show(route: Route): boolean {
    if (route.view !== "runs") return false;
    if (toRuns(route.filters) === toRuns(this.#filters)) {
      // What leaves the page forgets where it was.
      this.#scroller.scrollTop = this.#top;
      this.#rows.draw();
      return true;
    }
    this.#filters = route.filters;
    this.#fillForm();
    this.#scroller.scrollTop = 0;
    void this.#reload();
    return true;
  }

  /** Puts the focus on the heading. */
  focus(): void {
    this.#heading.focus({ preventScroll: true });
  }

  /**
   * Puts the focus on a run.
   *
   * @param run The run.
   */
  focusRun(run: Pick<RunSummary, "workflow_id" | "run_id">): void {
    if (!this.#rows.focus(runKey(run))) this.focus();
  }

  /** Ends it. */
  close(): void {
    this.#loading.abort();
    this.#rows.close();
    for (const stop of this.#stop) stop();
  }

  #form(): HTMLElement {
    const option = (value: string, label: string) =>
      el("option", { value }, label);
    this.#status.append(
      option("", "Every status"),
      ...RUN_STATUSES.map((status) => option(status, status)),
    );
    this.#time.append(
      option("", "Any time"),
      ...Object.entries(TIMES).map(([key, { label }]) => option(key, label)),
    );
    this.#fillForm();
    const change = () => this.#filter();
    this.#text.addEventListener("input", whenQuiet(change, TYPING_MS));
    this.#status.addEventListener("change", change);
    this.#time.addEventListener("change", change);
    const field = (label: string, control: HTMLElement) =>
      el("label", { class: "field" }, el("span", {}, label), control);
    return el(
      "form",
      {
        class: "filters",
        role: "search",
        "aria-label": "Filter runs",
        onsubmit: (event) => event.preventDefault(),
      },
      field("Search", this.#text),
      field("Status", this.#status),
      field("Started", this.#time),
    );
  }

  #fillForm(): void {
    const { status, text, time } = this.#filters;
    if (document.activeElement !== this.#text) this.#text.value = text;
    this.#status.value = status;
    this.#time.value = time;
  }

  #filter(): void {
    const text = this.#text.value.trim();
    const [status, time] = [this.#status.value, this.#time.value];
    // Going back leaves the list, and does not undo letter by letter.
    history.replaceState(null, "", toRuns({ status, text, time }));
    this.show({ view: "runs", filters: { status, text, time } });
  }

  async #reload(): Promise<void> {
    this.#loading.abort();
    this.#loading = new AbortController();
    this.#busy = false;
    this.#meanwhile = new Map();
    await this.#load(new RunsModel(this.#filters), null);
  }

  async #more(): Promise<void> {
    if (this.#cursor === null || this.#busy) return;
    await this.#load(this.#model, this.#cursor);
  }

  async #load(model: RunsModel, cursor: string | null): Promise<void> {
    const { signal } = this.#loading;
    const { status, text, time } = this.#filters;
    const ms = TIMES[time]?.ms;
    this.#busy = true;
    await loadUntilDone(
      async () => {
        const since = ms && new Date(this.#page.api.now() - ms).toISOString();
        const page = await this.#page.api.get<ListPage<RunSummary>>(
          "api/runs",
          {
            status,
            text,
            since,
            limit: PAGE_SIZE,
            cursor: cursor ?? undefined,
          },
          signal,
        );
        if (signal.aborted) return;
        model.addPage(page.items, page.next_cursor !== null);
        const now = this.#page.api.now();
        for (const run of this.#meanwhile?.values() ?? []) model.hear(run, now);
        this.#model = model;
        this.#cursor = page.next_cursor;
        this.#problem.say("");
        this.#show();
      },
      (error) => this.#problem.say(messageOf(error)),
      signal,
    );
    if (signal.aborted) return;
    // Where it was refused, nothing is kept for an answer that does not come.
    this.#meanwhile = undefined;
    this.#busy = false;
  }

  #hear(name: string, data: string): void {
    if (name !== "run") return;
    const run: RunSummary = JSON.parse(data);
    this.#heard.set(runKey(run), run);
    this.#meanwhile?.set(runKey(run), run);
    this.#takeHeard();
  }

  #show(): void {
    const before = this.#model.runs;
    const now = this.#page.api.now();
    const anchor = this.#anchor(before);
    for (const run of this.#heard.values()) this.#model.hear(run, now);
    if (this.#heard.size > 0) this.#announce(before);
    this.#heard.clear();
    this.#rows.reindex();
    if (anchor !== undefined) this.#hold(anchor);
    const { runs, more } = this.#model;
    setAttribute(
      this.#scroller,
      "aria-rowcount",
      more ? "-1" : `${runs.length + 1}`,
    );
    const active = runs.filter(({ status }) => goesOn(status)).length;
    const all = `${count(runs.length, "run")}${more ? " loaded" : ""}`;
    setText(this.#summary, active > 0 ? `${all}, ${active} in progress` : all);
    this.#showEmpty(runs.length === 0);
  }

  /** The run at the top of what is in sight, where the list is scrolled. */
  #anchor(runs: readonly RunSummary[]): [RunSummary, number] | undefined {
    const height = rowHeight();
    const at = Math.floor(this.#scroller.scrollTop / height);
    return at > 0 && runs[at] ? [runs[at], at * height] : undefined;
  }

  /** New runs above do not push away what is being read. */
  #hold([run, top]: [RunSummary, number]): void {
    const key = runKey(run);
    const at = this.#model.runs.findIndex((other) => runKey(other) === key);
    if (at < 0) return;
    const height = rowHeight();
    if (at * height === top) return;
    this.#rows.draw();
    this.#scroller.scrollTop += at * height - top;
  }

  #showEmpty(empty: boolean): void {
    this.#empty.hidden = !empty;
    this.#scroller.hidden = empty;
    if (!empty) return;
    const filtered = toRuns(this.#filters) !== toRuns();
    replace(
      this.#empty,
      el("p", {}, filtered ? "No run matches." : "No runs yet."),
      filtered
        ? el("a", { href: toRuns() }, "Show all runs")
        : el("p", { class: "hint" }, "A run appears here when it starts."),
    );
  }

  #announce(before: readonly RunSummary[]): void {
    // While a run is looked at, that is what is told of.
    if (!this.element.isConnected) return;
    const told = [...this.#heard.values()].at(-1)!;
    const known = before.find((run) => runKey(run) === runKey(told));
    if (known?.status === told.status) return;
    this.#page.announce(
      `${told.workflow_name || told.workflow_id}: ${told.status}`,
    );
  }
}
