/**
 * The tracer family: distributed traces of runs and tasks.
 *
 * @module
 */

import { brand } from "../brand.ts";
import type { RunInfo } from "../run_info.ts";
import type { Task } from "../task.ts";
import type { Awaitable } from "../types.ts";

/** Opens and closes spans for runs and tasks. */
export abstract class Tracer {
  static {
    brand(this, Symbol.for("dotflow.tracer"));
  }

  /**
   * Called when a run starts.
   *
   * @param run The run; its `runId` tells concurrent runs apart.
   */
  abstract startWorkflow(run: RunInfo): Awaitable<void>;

  /**
   * Called when a run has ended, with its final status and duration.
   *
   * @param run The run.
   */
  abstract endWorkflow(run: RunInfo): Awaitable<void>;

  /**
   * Called before the first attempt of a task.
   *
   * @param task The task.
   */
  abstract startTask(task: Task): Awaitable<void>;

  /**
   * Called when a task has ended, with its final status and duration.
   *
   * @param task The task.
   */
  abstract endTask(task: Task): Awaitable<void>;

  /**
   * Runs a task's step, so that it may run inside its span. It calls `next`
   * exactly once, and at once: before it waits for anything, else the step runs
   * without it. It gives back what `next` gives. Whatever else it does, the step
   * runs once and its outcome counts.
   *
   * @param task The task.
   * @param next Runs the step with all its attempts: resolves to its value, and
   * rejects with the error of the last attempt. `endTask` may come before what
   * is done after it.
   * @returns What `next` gave.
   */
  runTask?(task: Task, next: () => Promise<unknown>): Promise<unknown>;

  /**
   * Opens the trace of a run, before anything of the run is stored, and tells
   * where in it the run stands: a new run keeps that in its record, so that
   * later starts can link to it (`RunInfo.resumedFrom`). `startWorkflow` comes
   * next; where the run does not come about, such as after a lost race,
   * `endWorkflow` comes at once, with status `Cancelled`. It must not wait.
   *
   * Of several tracers, the first that has this method is asked.
   *
   * @param run The run.
   * @returns The `traceparent` of W3C; undefined where there is no trace.
   */
  traceWorkflow?(run: RunInfo): string | undefined;

  /**
   * Tells where a task stands in the trace, asked right after `startTask`, of a
   * tracer that has `traceWorkflow`. It must not wait, and neither may the
   * `start…` methods of such a tracer: a call that gives a promise has the next
   * ones wait, but not this one.
   *
   * @param task The task.
   * @returns The `traceparent` of W3C; undefined where there is no trace.
   */
  traceTask?(task: Task): string | undefined;

  /**
   * Waits until all that was taken is delivered, as far as it can be soon: what
   * somebody has asked to send much later may be sent by itself. Called at the
   * end of each run, which waits for it no longer than `drainTimeout`; not where
   * an earlier call has not ended by then.
   */
  flush?(): Awaitable<void>;
}
