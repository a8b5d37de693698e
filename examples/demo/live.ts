/**
 * Shows in the terminal how the tasks stand, by the events of a run.
 *
 * @module
 */

import process from "node:process";
import { type RunEvent, STATUS_SYMBOL, type Task } from "@dotflow/dotflow";

const { stdout } = process;

/** One line for each task, redrawn as it moves; plain lines without a TTY. */
export class Live {
  readonly #tasks: Map<string, Task> = new Map();
  #drawn = 0;
  #clock: ReturnType<typeof setInterval> | undefined;

  /** Takes the events of a run: `start({ onEvent: live.onEvent })`. */
  readonly onEvent = (event: RunEvent): void => {
    switch (event.type) {
      case "taskStatus":
      case "taskRestored":
        return this.#show(event.task, true);
      case "taskProgress":
        // Progress is for terminals: it would make too many plain lines.
        return this.#show(event.task, false);
    }
  };

  /** Leaves the lines as they are; what comes next is drawn below them. */
  stop(): void {
    clearInterval(this.#clock);
    this.#clock = undefined;
    this.#tasks.clear();
    this.#drawn = 0;
  }

  #show(task: Task, plain: boolean): void {
    this.#tasks.set(task.taskId, task);
    if (!stdout.isTTY) {
      if (plain) console.log(line(task));
      return;
    }
    this.#clock ??= setInterval(() => this.#draw(), 80);
    this.#draw();
  }

  /** Goes back up to the first line and writes all of them again, by group. */
  #draw(): void {
    const tasks = [...this.#tasks.values()];
    const groups = [...new Set(tasks.map((task) => task.groupName))];
    const sorted = groups.flatMap((name) =>
      tasks.filter((task) => task.groupName === name)
    );
    const lines = sorted.map((task) => {
      const text = line(task).slice(0, (stdout.columns || 80) - 4);
      return `\x1b[2K${text}\n`;
    });
    const up = this.#drawn > 0 ? `\x1b[${this.#drawn}A` : "";
    stdout.write(up + lines.join(""));
    this.#drawn = lines.length;
  }
}

function line(task: Task): string {
  const { status, restored, groupName, taskId, duration, startedMs } = task;
  const ms = status === "In progress" && stdout.isTTY
    ? Math.max(Date.now() - startedMs, 0)
    : duration;
  return [
    restored ? "⏩" : STATUS_SYMBOL[status],
    (restored ? "Not repeated" : status).padEnd(12),
    groupName.padEnd(8),
    taskId.padEnd(18),
    (ms ? `${(ms / 1_000).toFixed(2)} s` : "").padStart(7),
    noteOf(task),
  ].join("  ").trimEnd();
}

function noteOf({ status, error, retryCount, progress, restored }: Task) {
  if (restored) return "its result was stored by an earlier start";
  if (status === "Retry" || status === "Failed") return error?.message ?? "";
  if (status === "In progress" && progress) {
    const done = Math.round(progress.fraction * 20);
    return "▓".repeat(done) + "░".repeat(20 - done);
  }
  const again = retryCount > 0 ? ` (attempt ${retryCount + 1})` : "";
  return (progress?.message ?? "") + again;
}
