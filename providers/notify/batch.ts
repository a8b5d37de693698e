/**
 * Changes of status that wait for a message: all of them are counted, and the
 * first few are kept, so that a flood costs nothing.
 *
 * @module
 */

import type { TaskStatus } from "../../src/status.ts";
import type { Task } from "../../src/task.ts";
import { shortForm } from "./short_form.ts";
import { cut } from "./text.ts";

/** How many changes a message names. */
const MOST_NAMED = 20;
/** The most that is kept of an id, in UTF-16 code units. */
const LONGEST_ID = 1_024;
/** The most that is kept of an error or a result, in UTF-16 code units. */
const LONGEST_TEXT = 4_096;

/** A change of a task's status: as much of the task as a message may show. */
export interface Change {
  /** The workflow. */
  readonly workflowId: string;
  /** The run. */
  readonly runId: string;
  /** The task. */
  readonly taskId: string;
  /** Its group. */
  readonly groupName: string;
  /** Its new status. */
  readonly status: TaskStatus;
  /** How long it took so far, in milliseconds. */
  readonly duration: number;
  /** How many attempts were made after the first. */
  readonly retryCount: number;
  /** Its last failed attempt; a task that has completed has none. */
  readonly error:
    | { readonly exception: string; readonly message: string }
    | undefined;
  /** Its result in short form, where results are to be shown. */
  readonly result: string | undefined;
  /** When it started. */
  readonly startedAt: Date | undefined;
  /** When it ended. */
  readonly finishedAt: Date | undefined;
  /** Where it stands in a trace. */
  readonly traceparent: string | undefined;
}

/** Changes that one message tells of. */
export class Batch {
  /** How many there are. */
  total = 0;
  /** How many there are of each status. */
  readonly counts: Partial<Record<TaskStatus, number>> = {};
  /** Those that are named, in their order. */
  readonly named: Change[] = [];
  /** What they are told by, where messages have an id. */
  id: string | undefined;
  /** When they were first sent, in milliseconds since the epoch. */
  triedMs: number | undefined;
  /** How often they were sent. */
  attempts = 0;
  /** Whether they may have been told already. */
  unclear = false;

  /**
   * Adds a change.
   *
   * @param task The task as it stands.
   * @param showResult Whether its result is kept, too.
   * @param hidden What may not be shown.
   */
  add(task: Task, showResult: boolean, hidden: readonly string[]): void {
    this.#name(task.status, () => changeOf(task, showResult, hidden));
    this.#count(task.status, 1);
  }

  /**
   * Adds what has come after all that is here.
   *
   * @param later The later changes.
   */
  append(later: Batch): void {
    // Nobody may take the whole for the part that he knows.
    this.id = undefined;
    for (const [status, count] of Object.entries(later.counts)) {
      this.#count(status as TaskStatus, count);
    }
    for (const change of later.named) this.#name(change.status, () => change);
  }

  #count(status: TaskStatus, count: number): void {
    this.total += count;
    this.counts[status] = (this.counts[status] ?? 0) + count;
  }

  /** Where there is no room, a failure takes that of something less grave. */
  #name(status: TaskStatus, make: () => Change): void {
    const { named } = this;
    if (named.length >= MOST_NAMED) {
      if (status !== "Failed") return;
      const at = named.findLastIndex((change) => change.status !== "Failed");
      if (at < 0) return;
      named.splice(at, 1);
    }
    named.push(make());
  }
}

/** The task itself would keep all contexts in memory. */
function changeOf(
  task: Task,
  showResult: boolean,
  hidden: readonly string[],
): Change {
  // Before they are cut: half of a secret is too much.
  const show = (text: string, limit: number) =>
    cut(
      hidden.reduce((rest, part) => rest.replaceAll(part, "…"), text),
      limit,
    );
  const { status, duration, retryCount, startedAt, finishedAt } = task;
  const { traceparent, currentContext } = task;
  const error = status === "Completed" ? undefined : task.error;
  const shown = showResult && status === "Completed" &&
    currentContext.storage !== undefined;
  return {
    workflowId: show(task.workflowId, LONGEST_ID),
    runId: show(task.runId, LONGEST_ID),
    taskId: show(task.taskId, LONGEST_ID),
    groupName: show(task.groupName, LONGEST_ID),
    status,
    duration,
    retryCount,
    error: error && {
      exception: show(error.exception, LONGEST_ID),
      message: show(error.message, LONGEST_TEXT),
    },
    result: shown
      ? show(shortForm(currentContext.storage, 2 * LONGEST_TEXT), LONGEST_TEXT)
      : undefined,
    startedAt,
    finishedAt,
    traceparent,
  };
}
