/**
 * The metrics family: counters and histograms.
 *
 * @module
 */

import { brand } from "../brand.ts";
import type { RunInfo } from "../run_info.ts";
import type { Task } from "../task.ts";
import type { Awaitable } from "../types.ts";

/** Counts runs, tasks and retries, and how long they took. */
export abstract class Metrics {
  static {
    brand(this, Symbol.for("dotflow.metrics"));
  }

  /**
   * Called when a run starts.
   *
   * @param run The run.
   */
  abstract workflowStarted(run: RunInfo): Awaitable<void>;

  /**
   * Called when a run has completed.
   *
   * @param run The run, with its duration in milliseconds.
   */
  abstract workflowCompleted(run: RunInfo): Awaitable<void>;

  /**
   * Called when a run has failed or was cancelled.
   *
   * @param run The run, with its duration in milliseconds.
   */
  abstract workflowFailed(run: RunInfo): Awaitable<void>;

  /**
   * Called when a task has completed.
   *
   * @param task The task, with its duration in milliseconds.
   */
  abstract taskCompleted(task: Task): Awaitable<void>;

  /**
   * Called when a task has failed for good.
   *
   * @param task The task, with its duration in milliseconds.
   */
  abstract taskFailed(task: Task): Awaitable<void>;

  /**
   * Called when an attempt has failed and another one will be made.
   *
   * @param task The task.
   */
  abstract taskRetried(task: Task): Awaitable<void>;

  /**
   * Waits until all that was taken is delivered, as far as it can be soon: what
   * somebody has asked to send much later may be sent by itself. Called at the
   * end of each run, which waits for it no longer than `drainTimeout`; not where
   * an earlier call has not ended by then.
   */
  flush?(): Awaitable<void>;
}
