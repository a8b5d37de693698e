/**
 * What a webhook is told.
 *
 * @module
 */

import type { TaskStatus } from "../../src/status.ts";
import type { Batch, Change } from "./batch.ts";
import { summaryOf } from "./message.ts";

/** What is posted, as JSON. */
export interface WebhookMessage {
  /** The message; the same when it comes again, so that it can be told. */
  readonly id: string;
  /** Such as `3 tasks failed, 12 completed`. */
  readonly summary: string;
  /** How many tasks have come to each status. */
  readonly counts: Readonly<Partial<Record<TaskStatus, number>>>;
  /** The first changes of status, up to 20, in their order. */
  readonly tasks: readonly WebhookTask[];
  /** How many changes are counted, but not in `tasks`. */
  readonly omitted: number;
}

/** A change of a task's status. */
export interface WebhookTask {
  /** The workflow. */
  readonly workflow_id: string;
  /** The run. */
  readonly run_id: string;
  /** The task. */
  readonly task_id: string;
  /** Its group. */
  readonly group_name: string;
  /** Its new status. */
  readonly status: TaskStatus;
  /** How long it took so far, in seconds. */
  readonly duration: number;
  /** How many attempts were made after the first. */
  readonly retry_count: number;
  /**
   * Its last failed attempt, with a message of up to 4,096 characters; null for
   * a task that has completed, or has not failed yet.
   */
  readonly error:
    | { readonly exception: string; readonly message: string }
    | null;
  /** When it started, as in ISO 8601; null: not yet. */
  readonly started_at: string | null;
  /** When it ended, as in ISO 8601; null: not yet. */
  readonly finished_at: string | null;
  /** The `traceparent` of W3C, where there is a trace. */
  readonly traceparent?: string;
  /**
   * The result as text, JSON where that can hold it, up to 4,096 characters; with
   * `showResult`, for a completed task that gave one.
   */
  readonly result?: string;
}

/**
 * Makes what is posted.
 *
 * @param batch What it tells of.
 * @returns The message; it has the same id each time.
 */
export function webhookMessageOf(batch: Batch): WebhookMessage {
  return {
    id: batch.id ??= crypto.randomUUID(),
    summary: summaryOf(batch),
    counts: batch.counts,
    tasks: batch.named.map(taskOf),
    omitted: batch.total - batch.named.length,
  };
}

function taskOf(change: Change): WebhookTask {
  return {
    workflow_id: change.workflowId,
    run_id: change.runId,
    task_id: change.taskId,
    group_name: change.groupName,
    status: change.status,
    duration: Math.round(change.duration) / 1_000,
    retry_count: change.retryCount,
    error: change.error ?? null,
    started_at: change.startedAt?.toISOString() ?? null,
    finished_at: change.finishedAt?.toISOString() ?? null,
    traceparent: change.traceparent,
    result: change.result,
  };
}
