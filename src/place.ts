/**
 * Where things lie in a storage: `<workflow>/<run>/<task>` for checkpoints and
 * `<workflow>/_run` for the run record. No encoded id begins with `_r`, so that
 * no run can be taken for the record.
 *
 * @module
 */

import { keyPart } from "./key.ts";

/** What `Storage.key` needs to know of a task. */
export interface TaskPlace {
  /** The workflow that the task belongs to. */
  readonly workflowId: string;
  /** The run that the task belongs to. */
  readonly runId: string;
  /** The task, stable over processes and machines. */
  readonly taskId: string;
}

/**
 * The prefix that all checkpoints of a run share.
 *
 * @param workflowId The workflow.
 * @param runId The run.
 * @returns The prefix, with its closing slash.
 */
export function runPrefix(workflowId: string, runId: string): string {
  return `${keyPart(workflowId)}/${keyPart(runId)}/`;
}

/**
 * The key of a task's checkpoint.
 *
 * @param task The three ids.
 * @returns The key.
 */
export function taskKey(task: TaskPlace): string {
  return runPrefix(task.workflowId, task.runId) + keyPart(task.taskId);
}

/**
 * The key of a workflow's run record.
 *
 * @param workflowId The workflow.
 * @returns The key.
 */
export function recordKey(workflowId: string): string {
  return `${keyPart(workflowId)}/_run`;
}
