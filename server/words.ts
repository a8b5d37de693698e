/**
 * What clients say of runs and tasks, read from bodies. Fields that mean nothing
 * here are passed over, as the reference does.
 *
 * @module
 */

import { STATUS_SYMBOL, type TaskStatus } from "../src/status.ts";
import type { WireError, WireTask } from "../src/wire.ts";
import type { Fields } from "./fields.ts";
import { Problem } from "./problem.ts";
import type { RunWord } from "./run_state.ts";

const TASK_STATUSES = Object.keys(STATUS_SYMBOL) as TaskStatus[];

const RUN_STATUSES = ["New", "In progress", "Completed", "Failed"] as const;

/** So many failed attempts of a task are taken. */
const MOST_ERRORS = 5_000;

/** What the path of a request names. */
export interface Named {
  /** The workflow. */
  readonly workflowId: string;
  /** The task; undefined where the body names it. */
  readonly taskId?: string;
}

/** A word on a run. */
export interface RunMessage {
  /** The run; undefined where the client names none. */
  readonly runId: string | undefined;
  /** What is said. */
  readonly word: RunWord;
}

/**
 * Reads the body of `PATCH …/workflows/{workflow_id}`.
 *
 * @param fields The body.
 * @returns What it says.
 * @throws {Problem} 400 where it cannot be read.
 */
export function readUpdate(fields: Fields): RunMessage {
  const status = fields.word("status", RUN_STATUSES);
  const cancelled = fields.optionalFlag("cancelled") === true;
  return {
    runId: fields.optionalId("run_id"),
    word: {
      ...readRun(fields),
      status: status === "Failed" && cancelled ? "Cancelled" : status,
    },
  };
}

/**
 * Reads the body of `POST …/workflows`.
 *
 * @param fields The body.
 * @returns What it says, and of which workflow and tasks.
 * @throws {Problem} 400 where it cannot be read.
 */
export function readWorkflow(
  fields: Fields,
): RunMessage & { workflowId: string; tasks: WireTask[] } {
  const workflowId = fields.id("workflow_id");
  const word: RunWord = { ...readRun(fields), status: "New" };
  const tasks = fields.list("tasks", (task) => readTask(task, { workflowId }));
  return { workflowId, runId: fields.optionalId("run_id"), word, tasks };
}

function readRun(fields: Fields): Omit<RunWord, "status"> {
  return {
    workflow_name: fields.optionalName("workflow_name"),
    mode: fields.optionalName("mode"),
    resumed: fields.optionalFlag("resumed"),
    tasks_count: fields.optionalCount("tasks_count"),
    started_at: fields.time("started_at") ?? undefined,
    duration: fields.optionalNumber("duration"),
  };
}

/**
 * Reads a task.
 *
 * @param fields The body, or a part of it.
 * @param named What the path says.
 * @returns The task.
 * @throws {Problem} 400 where it cannot be read, or says another id.
 */
export function readTask(fields: Fields, named: Named): WireTask {
  const { workflowId, taskId = fields.id("task_id") } = named;
  refuseOther(fields.optionalId("workflow_id"), workflowId, "workflow_id");
  refuseOther(fields.optionalId("task_id"), taskId, "task_id");
  const errors = fields.list("errors", readError, MOST_ERRORS);
  return {
    task_id: taskId,
    id: taskId,
    workflow_id: workflowId,
    run_id: fields.optionalId("run_id"),
    name: fields.optionalName("name"),
    status: fields.word("status", TASK_STATUSES),
    duration: fields.number("duration", 0),
    initial_context: fields.textOrNull("initial_context"),
    current_context: fields.textOrNull("current_context"),
    previous_context: fields.textOrNull("previous_context"),
    group_name: fields.optionalName("group_name") ?? "default",
    retry_count: fields.number("retry_count", 0),
    created_at: fields.time("created_at"),
    started_at: fields.time("started_at"),
    finished_at: fields.time("finished_at"),
    errors,
    error: fields.object("error", readError) ?? errors.at(-1) ?? null,
    restored: fields.optionalFlag("restored") ?? false,
    progress: fields.optionalNumber("progress", 1) ?? null,
    position: fields.optionalCount("position"),
  };
}

function readError(fields: Fields): WireError {
  return {
    attempt: fields.number("attempt", 1),
    exception: fields.text("exception", ""),
    message: fields.text("message", ""),
    traceback: fields.text("traceback", ""),
    failed_at: fields.time("failed_at") ?? undefined,
  };
}

function refuseOther(
  said: string | undefined,
  named: string,
  field: string,
): void {
  if (said === undefined || said === named) return;
  throw new Problem(
    400,
    `Cannot read the body: ${field} is not that of the path`,
  );
}
