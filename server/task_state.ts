/**
 * Where a task stands, and which of two words on it is the later one.
 *
 * @module
 */

import type { TaskStatus } from "../src/status.ts";
import type { TaskSummary, WireTask } from "../src/wire.ts";

/** So much of an error's message is listed. */
const MESSAGE_LENGTH = 200;

/** So many failed attempts are listed: the last ones. */
const MOST_FAILED_AT = 100;

/** A task as it is stored. */
export interface TaskState {
  /** In which start of the run it was said. */
  readonly start: number;
  /** What was said, whole. */
  readonly task: StoredTask;
}

/** A task whose run and place are known. */
export type StoredTask =
  & WireTask
  & Required<Pick<WireTask, "run_id" | "position">>;

/** A task as it is kept in memory, and in the table of a run that has ended. */
export interface TaskRow {
  /** In which start of the run it was said. */
  readonly start: number;
  /** When it was made, in ISO 8601; null where unknown. */
  readonly created_at: string | null;
  /** How many attempts have failed. */
  readonly failures: number;
  /** How it is listed. */
  readonly summary: TaskSummary;
}

/** How far a task has come. */
const RANK: Readonly<Record<TaskStatus, number>> = {
  "Not started": 0,
  "Paused": 1,
  "In progress": 2,
  "Retry": 2,
  "Completed": 3,
  "Failed": 3,
};

/**
 * Tells whether what is said of a task comes after what is known, so that words
 * that come late or twice change nothing.
 *
 * When a run is resumed, its tasks are made anew: then the one that was made
 * last counts. Of one and the same task, it is the one that has come farther.
 *
 * @param next What is said.
 * @param before What is known.
 * @returns Whether it counts.
 */
export function comesAfter(next: TaskRow, before: TaskRow): boolean {
  const [made, known] = [next.created_at, before.created_at];
  if (made === null || known === null) {
    if (next.start !== before.start) return next.start > before.start;
  } else if (made !== known) {
    // Clocks of machines differ, and what this server has seen does not.
    return next.start > before.start || made > known;
  }
  return hasComeFarther(next, before);
}

function hasComeFarther(row: TaskRow, other: TaskRow): boolean {
  const [next, before] = [row.summary, other.summary];
  const [rank, known] = [RANK[next.status], RANK[before.status]];
  if (rank !== known || rank === RANK.Completed) return rank > known;
  if (next.retry_count !== before.retry_count) {
    return next.retry_count > before.retry_count;
  }
  if (row.failures !== other.failures) return row.failures > other.failures;
  return (next.progress ?? 0) > (before.progress ?? 0);
}

/**
 * The short form of a task.
 *
 * @param state The task.
 * @returns The short form, which holds on to nothing of the long one.
 */
export function toRow({ start, task }: TaskState): TaskRow {
  return {
    start,
    created_at: task.created_at,
    failures: task.errors.length,
    summary: {
      task_id: task.task_id,
      name: task.name ?? task.task_id,
      group_name: task.group_name,
      position: task.position,
      status: task.status,
      started_at: task.started_at,
      finished_at: task.finished_at,
      duration: task.duration,
      retry_count: task.retry_count,
      restored: task.restored ?? false,
      progress: task.progress ?? null,
      failed_at: task.errors.slice(-MOST_FAILED_AT).map(({ failed_at }) =>
        failed_at ?? null
      ),
      error: task.error && {
        exception: shorten(task.error.exception),
        message: shorten(task.error.message),
      },
    },
  };
}

/** A slice of a long text would keep the whole of it in memory. */
function shorten(text: string): string {
  if (text.length <= MESSAGE_LENGTH) return text;
  const cut = text.slice(0, MESSAGE_LENGTH - 1).toWellFormed();
  return JSON.parse(JSON.stringify(`${cut}…`));
}
