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
   * exactly once and gives back what `next` gives; whatever else it does, the
   * step runs once and its outcome counts.
   *
   * @param task The task.
   * @param next Runs the step with all its attempts: resolves to its value, and
   * rejects with the error of the last attempt.
   * @returns What `next` gave.
   */
  runTask?(task: Task, next: () => Promise<unknown>): Promise<unknown>;
}
