/**
 * The server family: execution data for a remote API.
 *
 * @module
 */

import { brand } from "../brand.ts";
import type { RunInfo } from "../run_info.ts";
import type { Task } from "../task.ts";
import type { Awaitable } from "../types.ts";

/** Sends execution data to a remote API. */
export abstract class Server {
  static {
    brand(this, Symbol.for("dotflow.server"));
  }

  /**
   * Tells whether anything is to be told at all, asked when a run starts: of a run
   * for which it says no, nothing is told.
   *
   * @returns Whether to tell; without this method: yes.
   */
  enabled?(): boolean;

  /**
   * Called when a run of a workflow whose id was generated is about to start.
   *
   * @param run The run.
   */
  abstract createWorkflow(run: RunInfo): Awaitable<void>;

  /**
   * Called when a run starts and when it ends.
   *
   * @param run The run, with its status.
   */
  abstract updateWorkflow(run: RunInfo): Awaitable<void>;

  /**
   * Called for each task when a run starts.
   *
   * @param task The task.
   */
  abstract createTask(task: Task): Awaitable<void>;

  /**
   * Called when the state of a task has changed: when it starts, when an attempt
   * has failed and is made again, when its step tells how far it is, when its
   * result was read from a checkpoint, and when it has ended.
   *
   * @param task The task as it stands.
   */
  abstract updateTask(task: Task): Awaitable<void>;

  /**
   * Waits until all that was taken is delivered, as far as it can be soon: what
   * somebody has asked to send much later may be sent by itself. Called at the
   * end of each run, which waits for it no longer than `drainTimeout`; not where
   * an earlier call has not ended by then.
   */
  flush?(): Awaitable<void>;
}
