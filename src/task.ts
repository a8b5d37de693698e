/**
 * One action placed in a run, with everything that becomes of it.
 *
 * @module
 */

import type { Context } from "./context.ts";
import type { TaskError, TaskErrorRecord } from "./task_error.ts";
import type { TaskStatus } from "./status.ts";

/** How far a step said it is. */
export interface TaskProgress {
  /** From 0 to 1. */
  readonly fraction: number;
  /** What is being done. */
  readonly message: string | undefined;
}

/** What is known of a task before any run. */
export interface TaskInit {
  /** The id, stable over processes and machines. */
  readonly taskId: string;
  /** The name that the id was made from. */
  readonly name: string;
  /** The group. */
  readonly groupName: string;
  /** What was given to `add`. */
  readonly initialContext: Context;
}

/** The run that a task is placed in. */
export interface TaskRun {
  /** The workflow. */
  readonly workflowId: string;
  /** The run. */
  readonly runId: string;
  /** When the run began, in milliseconds since the epoch. */
  readonly createdMs: number;
  /** What stands for "nothing came before" and "no result". */
  readonly empty: Context;
}

/** What became of a task, as plain data. */
export interface TaskResult {
  /** The id, stable over processes and machines. */
  readonly taskId: string;
  /** The group. */
  readonly groupName: string;
  /** Where the task stands. */
  readonly status: TaskStatus;
  /** How long it took, in milliseconds. */
  readonly duration: number;
  /** How many attempts were made after the first. */
  readonly retryCount: number;
  /** Whether the result was read from a checkpoint. */
  readonly restored: boolean;
  /** Every failed attempt, in order. */
  readonly errors: readonly TaskErrorRecord[];
  /** The result; undefined where there is none. */
  readonly result: unknown;
}

const NO_ERRORS: readonly TaskError[] = Object.freeze([]);

/**
 * One action placed in a run. The run writes it; everybody else reads it.
 * Watchers and callbacks are given a copy of how it stood.
 */
export class Task {
  /** The workflow that the task belongs to. */
  readonly workflowId: string;
  /** The run that the task belongs to. */
  readonly runId: string;
  /** The id, stable over processes and machines. */
  readonly taskId: string;
  /** The name that the id was made from. */
  readonly name: string;
  /** The group that the task is in. */
  readonly groupName: string;
  /** What was given to `add`; empty where nothing was. */
  readonly initialContext: Context;
  /** What the task before gave; empty where nothing came before. */
  previousContext: Context;
  /** The result; empty until the task has completed. */
  currentContext: Context;
  /** Where the task stands. */
  status: TaskStatus = "Not started";
  /** How long it took, all attempts and waits together, in milliseconds. */
  duration = 0;
  /** Every failed attempt, in order. */
  errors: readonly TaskError[] = NO_ERRORS;
  /** How many attempts were made after the first. */
  retryCount = 0;
  /** Whether the result was read from a checkpoint instead of made. */
  restored = false;
  /** How far the step said it is. */
  progress: TaskProgress | undefined;
  /**
   * Where the task stands in a distributed trace, as the `traceparent` of W3C,
   * to be handed on to what the step calls; undefined where no tracer tells.
   */
  traceparent: string | undefined;
  /** When the task was made, in milliseconds since the epoch. */
  readonly createdMs: number;
  /** When the task started, in milliseconds since the epoch; 0: not yet. */
  startedMs = 0;

  /**
   * Makes a `Task`.
   *
   * @param init What is known of the task.
   * @param run The run that it is placed in.
   */
  constructor(init: TaskInit, run: TaskRun) {
    this.workflowId = run.workflowId;
    this.runId = run.runId;
    this.taskId = init.taskId;
    this.name = init.name;
    this.groupName = init.groupName;
    this.initialContext = init.initialContext;
    this.previousContext = run.empty;
    this.currentContext = run.empty;
    this.createdMs = run.createdMs;
  }

  /** The last failed attempt. */
  get error(): TaskError | undefined {
    return this.errors[this.errors.length - 1];
  }

  /** When the task was made: at the start of its run. */
  get createdAt(): Date {
    return new Date(this.createdMs);
  }

  /** When the task started. */
  get startedAt(): Date | undefined {
    return this.startedMs ? new Date(this.startedMs) : undefined;
  }

  /** When the task ended. */
  get finishedAt(): Date | undefined {
    return this.startedMs &&
        (this.status === "Completed" || this.status === "Failed")
      ? new Date(this.startedMs + this.duration)
      : undefined;
  }

  /**
   * What became of the task.
   *
   * @returns Plain data, but for the result, which is handed on as it is.
   */
  toResult(): TaskResult {
    const { taskId, groupName, status, duration, retryCount, restored } = this;
    const errors = this.errors.map((error) => error.toJSON());
    const result = this.currentContext.storage;
    return {
      taskId,
      groupName,
      status,
      duration,
      retryCount,
      restored,
      errors,
      result,
    };
  }

  /**
   * The task as it stands, for those who look at it later.
   *
   * @returns A copy; contexts and errors are shared with the original.
   */
  snapshot(): Task {
    // One is made for each event: written out, it costs a tenth.
    const { workflowId, runId, createdMs, previousContext: empty } = this;
    const copy = new Task(this, { workflowId, runId, createdMs, empty });
    copy.currentContext = this.currentContext;
    copy.status = this.status;
    copy.duration = this.duration;
    copy.errors = this.errors;
    copy.retryCount = this.retryCount;
    copy.restored = this.restored;
    copy.progress = this.progress;
    copy.traceparent = this.traceparent;
    copy.startedMs = this.startedMs;
    return copy;
  }
}
