/**
 * What spans, metrics and log records say of runs and tasks. Names that begin
 * with `dotflow.` are those of the reference system; `error.type` and
 * `exception.*` are semantic conventions of OpenTelemetry. Nothing is taken from
 * contexts: inputs and results never leave the program by this way.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/registry/attributes/error/
 * @see https://opentelemetry.io/docs/specs/semconv/exceptions/exceptions-spans/
 * @module
 */

import type { RunInfo } from "../../src/run_info.ts";
import type { Task } from "../../src/task.ts";
import type { TaskErrorRecord } from "../../src/task_error.ts";

/** Who tells of all this: the name of the instrumentation scope. */
export const SCOPE = "@dotflow/dotflow";

/** What stands for a class of errors that is not known. */
export const OTHER_ERROR = "_OTHER";

/** Values by name. */
export type Attributes = Record<string, string | number | boolean>;

/** What has made a run or a task fail. */
export interface Failure {
  /** The class of the error. */
  readonly type: string;
  /** What went wrong. */
  readonly message: string;
}

/**
 * Which run it is.
 *
 * @param run The run.
 * @returns What is known of it when it starts.
 */
export function runAttributes(run: RunInfo): Attributes {
  return {
    "dotflow.workflow_id": run.workflowId,
    "dotflow.run_id": run.runId,
    "dotflow.workflow.mode": run.mode,
    "dotflow.workflow.tasks_count": run.tasks.length,
    "dotflow.workflow.resumed": run.resumed,
  };
}

/**
 * What has become of a run.
 *
 * @param run The run, which has ended.
 * @returns What is known of it besides.
 */
export function runOutcome(run: RunInfo): Attributes {
  return {
    "dotflow.workflow.status": run.status,
    "dotflow.workflow.duration": toSeconds(run.duration),
    ...errorType(runFailure(run)),
  };
}

/**
 * Which task it is.
 *
 * @param task The task.
 * @returns What is known of it when it starts.
 */
export function taskAttributes(task: Task): Attributes {
  return {
    "dotflow.workflow_id": task.workflowId,
    "dotflow.run_id": task.runId,
    "dotflow.task_id": task.taskId,
    "dotflow.task.group_name": task.groupName,
  };
}

/**
 * How a task stands.
 *
 * @param task The task.
 * @returns What is known of it besides.
 */
export function taskOutcome(task: Task): Attributes {
  return {
    "dotflow.task.status": task.status,
    "dotflow.task.duration": toSeconds(task.duration),
    "dotflow.task.retry_count": task.retryCount,
    ...errorType(taskFailure(task)),
  };
}

/**
 * Describes a failed attempt.
 *
 * @param error The attempt.
 * @returns The class, message and stack of what was thrown, and the attempt.
 */
export function exceptionAttributes(error: TaskErrorRecord): Attributes {
  return {
    "exception.type": error.exception,
    "exception.message": error.message,
    "exception.stacktrace": error.traceback,
    "dotflow.task.attempt": error.attempt,
  };
}

/**
 * Finds out why a task has failed. What somebody has asked for, by cancelling
 * the run, is no failure of the program.
 *
 * @param task The task.
 * @returns Why; undefined where it has not failed.
 */
export function taskFailure(task: Task): Failure | undefined {
  const { status, error } = task;
  if (status !== "Failed" || error === undefined) return undefined;
  const { exception: type, message } = error;
  return type === "WorkflowCancelledError" ? undefined : { type, message };
}

/**
 * Finds out why a run has failed.
 *
 * @param run The run.
 * @returns What its first failed task tells; undefined where it has not failed.
 */
export function runFailure(run: RunInfo): Failure | undefined {
  if (run.status !== "Failed") return undefined;
  for (const task of run.tasks) {
    const failure = taskFailure(task);
    if (failure === undefined) continue;
    return { ...failure, message: `${task.taskId}: ${failure.message}` };
  }
  return { type: OTHER_ERROR, message: "Cannot finish workflow" };
}

/**
 * Durations are told in seconds.
 *
 * @param ms The duration, in milliseconds.
 * @returns The same in seconds.
 */
export function toSeconds(ms: number): number {
  return ms / 1_000;
}

function errorType(failure: Failure | undefined): Attributes {
  return failure === undefined ? {} : { "error.type": failure.type };
}
