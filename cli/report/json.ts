/**
 * One JSON object a line, for machines.
 *
 * @module
 */

import { toPlain } from "../../src/plain.ts";
import type { LogLine, RunEvent } from "../../src/run/events.ts";
import type { RunInfo } from "../../src/run_info.ts";
import type { Task } from "../../src/task.ts";
import type { TaskErrorRecord } from "../../src/task_error.ts";
import type { WireError } from "../../src/wire.ts";
import { escapeControls } from "../../src/controls.ts";
import type { Output } from "../style.ts";
import type { Ended, Reporter } from "./reporter.ts";

/**
 * Writes JSON objects to standard output, each with `event` and `time`:
 *
 * - `run_started`: workflow_id, run_id, mode, tasks (how many), resumed;
 * - `task_started`, `task_retry`, `task_progress` (fraction, message),
 *   `task_restored`, `task_ended`: workflow_id, run_id, task_id, group_name,
 *   status, duration (seconds), retry_count, error (the last failed attempt:
 *   attempt, exception, message; or null);
 * - `log`: level, message, and the fields of the line;
 * - `run_ended`: workflow_id, run_id, status, duration (seconds), and tasks, each
 *   as above with restored, errors (every failed attempt, with traceback and
 *   failed_at) and result.
 *
 * What JSON does not know, such as a bigint or a RegExp, is text in it.
 * A storm of events may drop the oldest; `run_ended` always has everything.
 */
export class JsonReporter implements Reporter {
  readonly #out: Output;
  readonly #note: (text: string) => void;

  /**
   * Makes a `JsonReporter`.
   *
   * @param out Where the objects go.
   * @param err Where notes for people go.
   */
  constructor(out: Output, err: Output) {
    this.#out = out;
    this.#note = (text) => err.write(`${text}\n`);
  }

  /** Writes an event. */
  take(event: RunEvent): void {
    switch (event.type) {
      case "runStarted":
        return this.#write("run_started", startOf(event.run));
      case "runEnded":
        return;
      case "logged":
        return this.#write("log", logOf(event.line));
      case "taskStatus":
        if (event.task.status !== "Retry") return;
        return this.#write("task_retry", stateOf(event.task));
      case "taskProgress":
        return this.#write("task_progress", {
          ...stateOf(event.task),
          ...event.task.progress,
        });
      default: {
        const name = event.type.replace("task", "task_").toLowerCase();
        return this.#write(name, stateOf(event.task));
      }
    }
  }

  /** Writes a note for people. */
  note(text: string): void {
    this.#note(text);
  }

  /** Writes how a run has ended. */
  end(run: Ended): void {
    const { workflowId, runId, status, duration } = run;
    this.#write("run_ended", {
      workflow_id: workflowId,
      run_id: runId,
      status,
      duration: seconds(duration),
      tasks: run.tasks.map((task) => ({
        ...stateOf(task),
        restored: task.restored,
        errors: task.errors.map(errorOf),
        result: task.currentContext.storage,
      })),
    });
  }

  /** Leaves everything as it is. */
  close(): void {}

  #write(event: string, fields: object): void {
    const line = { event, time: new Date().toISOString(), ...fields };
    this.#out.write(`${jsonLine(line)}\n`);
  }
}

/** How deep values are written: no reader of JSON is at its end there. */
const DEEPEST = 500;

/**
 * Writes a value as JSON in one line. What JSON does not know becomes text, and
 * so does what is deeper than 500 objects.
 *
 * @param value Any value.
 * @returns JSON without control characters.
 */
export function jsonLine(value: unknown): string {
  const limits = { longest: Infinity, deepest: DEEPEST };
  return escapeControls(JSON.stringify(toPlain(value, limits)));
}

function startOf(run: RunInfo): object {
  const { workflowId, runId, mode, resumed, tasks } = run;
  return {
    workflow_id: workflowId,
    run_id: runId,
    mode,
    tasks: tasks.length,
    resumed,
  };
}

function stateOf(task: Task): object {
  const { error } = task;
  return {
    workflow_id: task.workflowId,
    run_id: task.runId,
    task_id: task.taskId,
    group_name: task.groupName,
    status: task.status,
    duration: seconds(task.duration),
    retry_count: task.retryCount,
    error: error === undefined ? null : {
      attempt: error.attempt,
      exception: error.exception,
      message: error.message,
    },
  };
}

/**
 * A failed attempt, named as on the wire of the remote API.
 *
 * @param error The attempt.
 * @returns What is written of it.
 */
export function errorOf(error: TaskErrorRecord): WireError {
  const { attempt, exception, message, traceback, failedMs } = error;
  const failed_at = new Date(failedMs).toISOString();
  return { attempt, exception, message, traceback, failed_at };
}

function logOf({ level, message, fields }: LogLine): object {
  const { task, workflowId, runId, traceparent: _, ...rest } = fields;
  return {
    ...rest,
    workflow_id: task?.workflowId ?? workflowId,
    run_id: task?.runId ?? runId,
    task_id: task?.taskId,
    level,
    message,
  };
}

function seconds(ms: number): number {
  return Math.round(ms) / 1_000;
}
