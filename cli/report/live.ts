/**
 * The live display on a terminal: a line for each task, and a bar for the run.
 *
 * @module
 */

import type { RunEvent } from "../../src/run/events.ts";
import type { Task } from "../../src/task.ts";
import { type Output, type Style, widthOf } from "../style.ts";
import { compose, type Row, type RowState } from "./frame.ts";
import type { Ended, Reporter } from "./reporter.ts";
import { errorOf, lineOf, resultsOf, summaryOf } from "./words.ts";

/** How often the display is drawn. */
const FRAME_MS = 100;

const HIDE_CURSOR = "\x1b[?25l";
const SHOW_CURSOR = "\x1b[?25h";
const CLEAR_BELOW = "\x1b[J";
const CLEAR_LINE = "\x1b[K";

/** Draws how a run goes on, over and over at the same place. */
export class LiveReporter implements Reporter {
  readonly #out: Output;
  readonly #screen: Output;
  readonly #style: Style;
  readonly #rows = new Map<string, Row>();
  #startedMs = 0;
  /** The widths of the lines that are on the screen. */
  #drawn: readonly number[] = [];
  #timer: ReturnType<typeof setInterval> | undefined;

  /**
   * Makes a `LiveReporter`.
   *
   * @param out Where results go.
   * @param screen The terminal.
   * @param style The colours.
   */
  constructor(out: Output, screen: Output, style: Style) {
    this.#out = out;
    this.#screen = screen;
    this.#style = style;
  }

  /** Takes what happens in a run. */
  take(event: RunEvent): void {
    switch (event.type) {
      case "runStarted":
        this.#rows.clear();
        for (const task of event.run.tasks) this.#set(task);
        return this.#open();
      case "runEnded":
        return;
      case "logged":
        return this.note(lineOf(event, this.#style)!);
      default:
        return this.#set(event.task);
    }
  }

  /** Writes a line above the display. */
  note(text: string): void {
    this.print(`${text}\n`);
  }

  /**
   * Writes whole lines above the display.
   *
   * @param text What is written.
   */
  print(text: string): void {
    const isOpen = this.#timer !== undefined;
    if (isOpen) this.#clear();
    this.#screen.write(text);
    if (isOpen) this.#draw();
  }

  /** Draws the tasks as they have ended, and writes the results. */
  end(run: Ended): void {
    for (const task of run.tasks) this.#set(task);
    if (this.#timer !== undefined) this.#draw();
    this.close();
    this.#screen.write(`${summaryOf(run, this.#style)}\n`);
    for (const line of resultsOf(run, this.#out.isTTY === true)) {
      this.#out.write(`${line}\n`);
    }
  }

  /** Stops drawing, and shows the cursor again. */
  close(): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#drawn = [];
    this.#screen.write(SHOW_CURSOR);
  }

  #open(): void {
    if (this.#timer !== undefined) return;
    this.#startedMs = performance.now();
    this.#screen.write(HIDE_CURSOR);
    this.#timer = setInterval(() => this.#draw(), FRAME_MS);
    this.#draw();
  }

  #set(task: Task): void {
    const before = this.#rows.get(task.taskId);
    const state = stateOf(task);
    const now = performance.now();
    const isOver = state === "completed" || state === "failed";
    this.#rows.set(task.taskId, {
      id: task.taskId,
      state,
      attempt: isOver && state === "completed"
        ? task.retryCount + 1
        : task.errors.length + (state === "failed" ? 0 : 1),
      startedMs: before?.startedMs || (state === "waiting" ? 0 : now),
      durationMs: task.duration,
      fraction: task.progress?.fraction,
      detail: state === "failed" || state === "retry"
        ? errorOf(task)
        : isOver
        ? ""
        : task.progress?.message ?? "",
    });
  }

  #draw(): void {
    const { columns = 80, rows = 24 } = this.#screen;
    const view = {
      rows: [...this.#rows.values()],
      startedMs: this.#startedMs,
      nowMs: performance.now(),
    };
    const lines = compose(view, { columns, rows }, this.#style);
    const text = lines.map((line) => `${line}${CLEAR_LINE}\n`).join("");
    this.#screen.write(`${this.#toTop()}${text}${CLEAR_BELOW}`);
    this.#drawn = lines.map((line) => visibleLength(line));
  }

  #clear(): void {
    this.#screen.write(`${this.#toTop()}${CLEAR_BELOW}`);
    this.#drawn = [];
  }

  /** Lines that have become too wide take more than one row by now. */
  #toTop(): string {
    const columns = this.#screen.columns ?? 80;
    const up = this.#drawn.reduce(
      (sum, width) => sum + Math.max(1, Math.ceil(width / columns)),
      0,
    );
    return up > 0 ? `\r\x1b[${up}A` : "\r";
  }
}

function stateOf(task: Task): RowState {
  switch (task.status) {
    case "Completed":
      return task.restored ? "restored" : "completed";
    case "Failed":
      return "failed";
    case "Retry":
      return "retry";
    case "In progress":
      return "running";
    default:
      return "waiting";
  }
}

function visibleLength(line: string): number {
  // deno-lint-ignore no-control-regex
  return widthOf(line.replace(/\x1b\[[0-9;]*m/g, ""));
}
