/**
 * Functions that a user gave to be called by a run: their failures are logged
 * and change nothing.
 *
 * @module
 */

import type { LogFields } from "../contracts/log.ts";
import { TaskError } from "../task_error.ts";
import type { ActiveRun } from "./active_run.ts";

/**
 * Calls a function that a user gave.
 *
 * @param run The run.
 * @param name What it is called in the log.
 * @param call Calls it.
 * @returns Resolves when it has ended, however.
 */
export async function callBack(
  run: ActiveRun,
  name: string,
  call: () => unknown,
): Promise<void> {
  try {
    await call();
  } catch (error) {
    run.log("ERROR", `Cannot finish ${name}`, describeError(run, error));
  }
}

/**
 * Describes an error of a run as fields of a log line.
 *
 * @param run The run.
 * @param thrown What was thrown.
 * @returns The fields.
 */
export function describeError(run: ActiveRun, thrown: unknown): LogFields {
  const { identity: { workflowId, runId }, trace: { traceparent } } = run;
  const { exception, message, traceback } = new TaskError(1, thrown);
  return {
    workflowId,
    runId,
    traceparent,
    exception,
    reason: message,
    traceback,
  };
}
