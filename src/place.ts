/**
 * Where things lie in a storage: `<workflow>/<run>/<task>` for checkpoints,
 * `<workflow>/_run` for the run record, `<workflow>/<run>/_run` for that of a run
 * which does not own the workflow, and `<workflow>/_tick/<slot>` for the ticks of
 * a schedule. No encoded id begins with `_r` or `_t`, so that none of them can be
 * taken for another.
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
 * The prefix that everything of a workflow shares.
 *
 * @param workflowId The workflow.
 * @returns The prefix, with its closing slash.
 */
export function workflowPrefix(workflowId: string): string {
  return `${keyPart(workflowId)}/`;
}

/**
 * The key of a run record.
 *
 * @param workflowId The workflow.
 * @param runId The run that has a record of its own; undefined: all share one.
 * @returns The key.
 */
export function recordKey(workflowId: string, runId?: string): string {
  return runId === undefined
    ? `${workflowPrefix(workflowId)}_run`
    : `${runPrefix(workflowId, runId)}_run`;
}

/**
 * The prefix that the ticks of a workflow's schedule share.
 *
 * @param workflowId The workflow.
 * @returns The prefix, with its closing slash.
 */
export function tickPrefix(workflowId: string): string {
  return `${workflowPrefix(workflowId)}_tick/`;
}

/**
 * Tells the library's own entries from checkpoints: records and ticks.
 *
 * @param key A key.
 * @returns Whether a part of it is a name that no encoded id has.
 */
export function isOwnKey(key: string): boolean {
  return key.split("/").some((part) => part === "_run" || part === "_tick");
}
