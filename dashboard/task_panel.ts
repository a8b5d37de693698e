/**
 * One task: what was given to it, what came of it, and each attempt that
 * failed.
 *
 * @module
 */

import type { TaskSummary, WireError, WireTask } from "../src/wire.ts";
import { Badge } from "./badge.ts";
import { el, replace, setText } from "./dom.ts";
import { foldedText, formatSize, toPretty } from "./folded_text.ts";
import { formatDuration, formatTime } from "./format.ts";
import { messageOf, type Page, problemLine } from "./page.ts";
import { apiTask, type RunName, toRun } from "./route.ts";

/** A result of fewer letters is open at first. */
const SMALL = 4_000;
/** Letters of a message in the line of an attempt. */
const SHORT = 160;

/** A task beside the timeline. */
export class TaskPanel {
  /** What is shown. */
  readonly element: HTMLElement;
  /** The task. */
  readonly id: string;
  #page: Page;
  #name: RunName;
  #heading = el("h2", { tabindex: "-1" });
  #badge = new Badge();
  #facts = el("dl", { class: "facts" });
  #details = el("div", { class: "details" });
  #problem = problemLine();
  #loading = new AbortController();
  #loaded = "";

  constructor(page: Page, name: RunName, id: string) {
    this.#page = page;
    this.#name = name;
    this.id = id;
    setText(this.#heading, id);
    this.element = el(
      "aside",
      { class: "panel task", "aria-label": `Task ${id}` },
      el(
        "header",
        { class: "task-head" },
        this.#heading,
        this.#badge.element,
        el("a", { class: "button", href: toRun(name) }, "Close"),
      ),
      el(
        "div",
        {
          class: "task-body",
          tabindex: "0",
          role: "group",
          "aria-label": "Details",
        },
        this.#problem.element,
        this.#facts,
        this.#details,
      ),
    );
  }

  /** Puts the focus on the heading. */
  focus(): void {
    this.#heading.focus({ preventScroll: true });
  }

  /**
   * Shows where the task stands; its details are loaded when that has changed.
   *
   * @param task The task; absent until it is known.
   */
  show(task: TaskSummary | undefined): void {
    if (task !== undefined) {
      setText(this.#heading, task.name || task.task_id);
      this.#badge.show(task.status);
    }
    const state = JSON.stringify([
      task?.status,
      task?.retry_count,
      task?.failed_at.length,
      task?.finished_at,
    ]);
    if (state === this.#loaded) return;
    this.#loaded = state;
    void this.#load();
  }

  /** Ends it. */
  close(): void {
    this.#loading.abort();
  }

  async #load(): Promise<void> {
    this.#loading.abort();
    this.#loading = new AbortController();
    const { signal } = this.#loading;
    const path = apiTask(this.#name, this.id);
    try {
      const task = await this.#page.api.get<WireTask>(path, {}, signal);
      if (signal.aborted) return;
      this.#problem.say("");
      this.#fill(task);
    } catch (error) {
      if (!signal.aborted) this.#problem.say(messageOf(error));
    }
  }

  #fill(task: WireTask): void {
    setText(this.#heading, task.name || task.task_id);
    this.#badge.show(task.status);
    const facts: [string, string][] = [
      ["Group", task.group_name],
      ["Attempts", String(task.retry_count + 1)],
      ["Duration", formatDuration(task.duration)],
      ["Started", time(task.started_at)],
      ["Ended", time(task.finished_at)],
    ];
    if (task.name && task.name !== task.task_id) {
      facts.unshift(["Task id", task.task_id]);
    }
    if (task.restored) facts.push(["Result", "read from its checkpoint"]);
    replace(
      this.#facts,
      ...facts.map(([name, value]) =>
        el("div", {}, el("dt", {}, name), el("dd", {}, value))
      ),
    );
    const { errors } = task;
    const last = errors.length - 1;
    replace(
      this.#details,
      errors.length > 0 && el("h3", {}, "Failed attempts"),
      ...errors.map((error, n) => attempt(error, n === last)),
      el("h3", {}, "Values"),
      value("Result", task.current_context, true),
      value("Previous context", task.previous_context, false),
      value("Initial context", task.initial_context, false),
    );
  }
}

function time(iso: string | null): string {
  return iso === null ? "–" : formatTime(Date.parse(iso));
}

function attempt(error: WireError, open: boolean): HTMLElement {
  const { attempt, exception, message, traceback, failed_at } = error;
  const short = message.length > SHORT
    ? `${message.slice(0, SHORT)}…`
    : message;
  const head = `${exception}: ${message}`;
  return foldedText(
    [
      el("span", { class: "symbol", "aria-hidden": "true" }, "✕"),
      el("span", { class: "attempt" }, `Attempt ${attempt}`),
      el("span", { class: "exception" }, `${exception}: ${short}`),
      el("span", { class: "when" }, failed_at ? time(failed_at) : ""),
    ],
    // A stack begins with the message, in most runtimes.
    () =>
      traceback.includes(message.slice(0, SHORT))
        ? traceback
        : `${head}\n${traceback}`,
    open,
  );
}

function value(name: string, text: string | null, open: boolean): HTMLElement {
  if (text === null) {
    return el(
      "p",
      { class: "no-value" },
      el("span", {}, name),
      el("span", { class: "when" }, "empty"),
    );
  }
  return foldedText(
    [
      el("span", { class: "attempt" }, name),
      el("span", { class: "when" }, formatSize(text.length)),
    ],
    () => toPretty(text),
    open && text.length < SMALL,
  );
}
