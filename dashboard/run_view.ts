/**
 * One run: how far it is, its timeline, its graph, and one of its tasks.
 *
 * @module
 */

import type {
  Page as ListPage,
  RunSummary,
  ServerEvent,
  TaskSummary,
} from "../src/wire.ts";
import { Badge } from "./badge.ts";
import { el, replace, setAttribute, setText } from "./dom.ts";
import { formatDuration, formatTime, formatWholeTime } from "./format.ts";
import { oncePerFrame, onTick } from "./frame.ts";
import { Graph } from "./graph.ts";
import { HISTORY, HistoryChart } from "./history_chart.ts";
import { listen, loadUntilDone } from "./live.ts";
import { Meter } from "./meter.ts";
import { messageOf, type Page, problemLine, type View } from "./page.ts";
import { apiRun, type Route, type RunName } from "./route.ts";
import { secondsOf } from "./run_row.ts";
import { goesOn } from "./status.ts";
import { Tabs } from "./tabs.ts";
import { TaskPanel } from "./task_panel.ts";
import { TasksModel } from "./tasks_model.ts";
import { Timeline } from "./timeline.ts";

/** Tasks of one answer: so many are read without a pause that is felt. */
const PAGE_SIZE = 1_000;

/** One run. */
export class RunView implements View {
  /** What is shown. */
  readonly element: HTMLElement;
  /** The run. */
  readonly name: RunName;
  #page: Page;
  #run: RunSummary | undefined;
  #task: string | undefined;
  #tasks = new TasksModel();
  #loading = new AbortController();
  #stop: (() => void)[];
  #heading = el("h1", { tabindex: "-1" });
  #badge = new Badge();
  #meter = new Meter();
  #duration = el("span", { class: "big" });
  #facts = el("dl", { class: "facts" });
  #problem = problemLine();
  #aside = el("div", { class: "aside" });
  #main = el("div", { class: "panel grow" });
  #split = el("div", { class: "split" }, this.#main, this.#aside);
  #timeline: Timeline | undefined;
  #graph: Graph | undefined;
  #history: HistoryChart | undefined;
  #tabs: Tabs | undefined;
  #panel: TaskPanel | undefined;
  #top = el("div", { class: "run-top" });
  #draw = oncePerFrame(() => this.#show());

  constructor(page: Page, name: RunName, task: string | undefined) {
    this.#page = page;
    this.name = name;
    setText(this.#heading, name.workflow_id);
    this.#aside.hidden = true;
    const back = el("a", { class: "back", href: page.home() }, "← Runs");
    this.#top.append(el(
      "div",
      { class: "run-head" },
      back,
      el(
        "div",
        { class: "run-title" },
        this.#heading,
        this.#badge.element,
        this.#duration,
        this.#meter.element,
      ),
      this.#facts,
    ));
    this.element = el(
      "div",
      { class: "view" },
      this.#top,
      this.#problem.element,
      this.#split,
    );
    this.#select(task);
    this.#stop = [
      onTick(() => this.#tick()),
      listen(page.api, {
        params: { workflow_id: name.workflow_id },
        load: () => void this.#load(),
        hear: (event, data) => this.#hear(event, data),
        state: (state) => page.state(state),
      }),
    ];
  }

  /** What the tab is called. */
  get title(): string {
    return this.#run?.workflow_name || this.name.workflow_id;
  }

  /** Shows another task of the run. */
  show(route: Route): boolean {
    if (route.view !== "run") return false;
    if (route.workflow !== this.name.workflow_id) return false;
    if (route.run !== this.name.run_id) return false;
    const before = this.#task;
    this.#select(route.task);
    this.#draw();
    if (this.#panel) this.#panel.focus();
    else if (before && !this.#timeline?.focus(before)) this.focus();
    return true;
  }

  /** Puts the focus on the heading, or on that of the open task. */
  focus(): void {
    if (this.#panel) this.#panel.focus();
    else this.#heading.focus({ preventScroll: true });
  }

  /** Ends it. */
  close(): void {
    this.#loading.abort();
    this.#timeline?.close();
    this.#graph?.close();
    this.#panel?.close();
    for (const stop of this.#stop) stop();
  }

  #select(task: string | undefined): void {
    if (task === this.#task) return;
    this.#task = task;
    this.#panel?.close();
    this.#panel = task === undefined
      ? undefined
      : new TaskPanel(this.#page, this.name, task);
    this.#aside.hidden = task === undefined;
    setAttribute(this.#split, "data-open", String(task !== undefined));
    replace(this.#aside, this.#panel?.element);
    this.#panel?.show(this.#tasks.get(task!));
  }

  async #load(): Promise<void> {
    this.#loading.abort();
    this.#loading = new AbortController();
    const { signal } = this.#loading;
    const { api } = this.#page;
    const path = apiRun(this.name);
    const { workflow_id } = this.name;
    const load = async () => {
      this.#tasks.beginLoad();
      const run = await api.get<RunSummary>(path, {}, signal);
      if (signal.aborted) return;
      this.#takeRun(run);
      const limits = { workflow_id, limit: HISTORY };
      const last = api.get<ListPage<RunSummary>>("api/runs", limits, signal);
      last.then(({ items }) => this.#history?.add(items), () => {});
      let cursor: string | null | undefined;
      do {
        const page: ListPage<TaskSummary> = await api.get(
          `${path}/tasks`,
          { limit: PAGE_SIZE, cursor: cursor ?? undefined },
          signal,
        );
        if (signal.aborted) return;
        this.#tasks.addPage(page.items);
        this.#draw();
        cursor = page.next_cursor;
      } while (cursor !== null);
      this.#problem.say("");
    };
    const failed = (error: unknown) => this.#problem.say(messageOf(error));
    await loadUntilDone(load, failed, signal);
  }

  #hear(event: string, data: string): void {
    if (event !== "run" && event !== "task") return;
    const told = { event, data: JSON.parse(data) } as ServerEvent;
    const own = told.data.run_id === this.name.run_id;
    if (told.event === "run") {
      if (own) this.#takeRun(told.data);
      this.#history?.add([told.data]);
    } else if (own) {
      const before = this.#tasks.get(told.data.task_id)?.status;
      this.#tasks.hear(told.data);
      this.#tell(told.data, before);
      this.#draw();
    }
  }

  #tell(task: TaskSummary, before: TaskSummary["status"] | undefined): void {
    const ended = task.status === "Failed" || task.status === "Completed";
    if (!ended || task.status === before) return;
    this.#page.announce(`Task ${task.name || task.task_id}: ${task.status}`);
  }

  #takeRun(run: RunSummary): void {
    const before = this.#run;
    // What an event told may be newer than an answer under way.
    if (before && before.updated_at > run.updated_at) return;
    this.#run = run;
    if (before === undefined) this.#open(run);
    else if (before.status !== run.status) {
      this.#page.announce(`Run ${this.title}: ${run.status}`);
    }
    this.#draw();
  }

  /** The parts that need to know the run. */
  #open(run: RunSummary): void {
    const now = () => this.#page.api.now();
    const timeline = new Timeline(run, this.#tasks, now);
    const graph = new Graph(run, this.#tasks);
    this.#timeline = timeline;
    this.#graph = graph;
    this.#history = new HistoryChart(run, now);
    this.#tabs = new Tabs("Tasks", [
      ["Timeline", timeline.element],
      ["Graph", graph.element],
    ], this.#draw);
    this.#main.append(this.#tabs.element);
    this.#top.append(this.#history.element);
    document.title = `${this.title} · dotflow`;
  }

  #tick(): void {
    if (this.#run && goesOn(this.#run.status)) this.#draw();
  }

  #show(): void {
    const run = this.#run;
    if (run === undefined) return;
    setText(this.#heading, this.title);
    this.#badge.show(run.status);
    this.#meter.show(run.tasks);
    const seconds = secondsOf(run, this.#page.api.now());
    setText(this.#duration, formatDuration(seconds));
    this.#showFacts(run);
    this.#history?.show();
    if (this.#tabs?.selected === "Timeline") {
      this.#timeline?.show(run, this.#task);
    } else {
      this.#graph?.show();
    }
    if (this.#task !== undefined) {
      this.#panel?.show(this.#tasks.get(this.#task));
    }
  }

  #showFacts(run: RunSummary): void {
    const facts: [string, string, string?][] = [
      ["Run", run.run_id],
      ["Workflow", run.workflow_id],
      ["Mode", (run.mode ?? "unknown").replaceAll("_", " ")],
      ["Started", ...times(run.started_at)],
    ];
    if (run.finished_at !== null) {
      facts.push(["Ended", ...times(run.finished_at)]);
    }
    if (run.resumed) facts.push(["Resumed", "yes"]);
    const shown = JSON.stringify(facts);
    if (this.#facts.dataset.shown === shown) return;
    this.#facts.dataset.shown = shown;
    replace(
      this.#facts,
      ...facts.map(([name, value, title]) =>
        el("div", { title }, el("dt", {}, name), el("dd", {}, value))
      ),
    );
  }
}

function times(iso: string): [string, string] {
  const at = Date.parse(iso);
  return [formatTime(at), formatWholeTime(at)];
}
