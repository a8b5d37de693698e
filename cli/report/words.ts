/**
 * What happens in a run, in words.
 *
 * @module
 */

import { inspect } from "node:util";
import { escapeControls, toLine } from "../../src/controls.ts";
import type { LogLine, RunEvent } from "../../src/run/events.ts";
import type { Task } from "../../src/task.ts";
import type { Ended } from "./reporter.ts";
import { formatDuration, type Style } from "../style.ts";

/** What a line for people does without. */
const UNSHOWN = new Set(["workflowId", "runId", "traceparent", "traceback"]);

/** The most that is shown of a result on a terminal, in UTF-16 code units. */
const LONGEST_RESULT = 2_000;

/**
 * A line about an event.
 *
 * @param event The event.
 * @param style The colours.
 * @returns The line; undefined where the event needs none.
 */
export function lineOf(event: RunEvent, style: Style): string | undefined {
  switch (event.type) {
    case "runStarted": {
      const { workflowId, mode, tasks, resumed } = event.run;
      const verb = resumed ? "goes on" : "starts";
      return style.dim(
        escapeControls(
          `${workflowId}: ${verb}, ${count(tasks.length, "task")}, ${mode}`,
        ),
      );
    }
    case "logged":
      return logLine(event.line, style);
    case "runEnded":
      return undefined;
    default:
      return taskLine(event.type, event.task, style);
  }
}

function taskLine(
  type: string,
  task: Task,
  style: Style,
): string | undefined {
  const id = escapeControls(task.taskId);
  switch (type) {
    case "taskStarted":
      return `${id}: ${style.cyan("started")}`;
    case "taskRestored":
      return `${id}: ${style.green("restored")}`;
    case "taskProgress":
      return `${id}: ${progressOf(task)}`;
    case "taskEnded":
      return `${id}: ${endOf(task, style)}`;
    default:
      return task.status === "Retry"
        ? `${id}: ${style.yellow("failed, tried again")}: ${errorOf(task)}`
        : undefined;
  }
}

/**
 * How far a step said it is.
 *
 * @param task The task.
 * @returns A few words; empty where it said nothing.
 */
export function progressOf({ progress }: Task): string {
  if (progress === undefined) return "";
  const percent = `${Math.round(progress.fraction * 100)} %`;
  const message = toLine(progress.message ?? "");
  return message === "" ? percent : `${percent} ${message}`;
}

/**
 * How a task has ended.
 *
 * @param task The task.
 * @param style The colours.
 * @returns A few words.
 */
export function endOf(task: Task, style: Style): string {
  if (task.status === "Completed" && task.restored) {
    return style.green("restored");
  }
  const time = formatDuration(task.duration);
  if (task.status === "Completed") {
    const tries = task.retryCount > 0 ? `, ${attempts(task)}` : "";
    return `${style.green("completed")} in ${time}${tries}`;
  }
  if (task.status !== "Failed") return task.status.toLowerCase();
  return `${style.red("failed")} after ${time}, ${attempts(task)}: ` +
    errorOf(task);
}

/**
 * The last error of a task in one line.
 *
 * @param task The task.
 * @returns Class and message.
 */
export function errorOf({ error }: Task): string {
  if (error === undefined) return "";
  return toLine(`${error.exception}: ${error.message}`);
}

function attempts({ errors, status }: Task): string {
  return count(errors.length + (status === "Completed" ? 1 : 0), "attempt");
}

/**
 * A number of things.
 *
 * @param number How many.
 * @param word What they are.
 * @returns Both, in the singular or the plural.
 */
export function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? "" : "s"}`;
}

function logLine({ level, message, fields }: LogLine, style: Style): string {
  const { task, ...rest } = fields;
  const paint = { DEBUG: style.dim, INFO: style.cyan, WARNING: style.yellow }[
    level as "INFO"
  ] ?? style.red;
  const named = Object.entries(rest)
    .filter(([name, value]) => value !== undefined && !UNSHOWN.has(name))
    .map(([name, value]) => `${name}=${valueOf(value)}`);
  const who = task === undefined ? "" : `${task.taskId}: `;
  const text = toLine([`${who}${message}`, ...named].join(" "));
  return `${paint(level.toLowerCase())} ${text}`;
}

/**
 * How a run has ended.
 *
 * @param run The run.
 * @param style The colours.
 * @returns One line.
 */
export function summaryOf(run: Ended, style: Style): string {
  const tally = new Map<string, number>();
  for (const { status } of run.tasks) {
    tally.set(status, (tally.get(status) ?? 0) + 1);
  }
  const parts = Array.from(
    tally,
    ([status, number]) => `${number} ${status.toLowerCase()}`,
  );
  const paint = run.status === "Completed" ? style.green : style.red;
  return `${escapeControls(run.workflowId)}: ` +
    `${paint(run.status.toLowerCase())} in ${formatDuration(run.duration)}` +
    (parts.length > 0 ? ` (${parts.join(", ")})` : "");
}

/**
 * The results of a run, a line each.
 *
 * @param run The run.
 * @param fold Whether long ones are folded.
 * @returns The lines.
 */
export function resultsOf(run: Ended, fold: boolean): string[] {
  return run.tasks
    .filter(({ currentContext }) => currentContext.storage !== undefined)
    .map(({ taskId, currentContext }) => {
      const text = valueOf(currentContext.storage, fold);
      return `${escapeControls(taskId)}: ${fold ? folded(text) : text}`;
    });
}

/**
 * A value in one line, for people.
 *
 * @param value Any value.
 * @param fold Whether long lists and texts are shortened.
 * @returns Text without control characters.
 */
export function valueOf(value: unknown, fold: boolean = true): string {
  if (typeof value === "string") return escapeControls(value);
  const most = fold ? 100 : Infinity;
  const text = inspect(value, {
    depth: fold ? 4 : 20,
    breakLength: Infinity,
    compact: true,
    customInspect: false,
    maxArrayLength: most,
    maxStringLength: fold ? LONGEST_RESULT : Infinity,
  });
  return escapeControls(text);
}

function folded(text: string): string {
  return text.length <= LONGEST_RESULT
    ? text
    : `${text.slice(0, LONGEST_RESULT)}… (${text.length} characters)`;
}
