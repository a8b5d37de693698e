/**
 * The notify family: alerts on status changes.
 *
 * @module
 */

import { brand } from "../brand.ts";
import type { Task } from "../task.ts";
import type { Awaitable } from "../types.ts";

/** Sends alerts when the status of a task changes. */
export abstract class Notify {
  static {
    brand(this, Symbol.for("dotflow.notify"));
  }

  /**
   * Called at every change of a task's status.
   *
   * @param task The task as it was when its status changed.
   */
  abstract hookStatusTask(task: Task): Awaitable<void>;

  /**
   * Waits until all that was taken is delivered, as far as it can be soon: what
   * somebody has asked to send much later may be sent by itself. Called at the
   * end of each run, which waits for it no longer than `drainTimeout`; not where
   * an earlier call has not ended by then.
   */
  flush?(): Awaitable<void>;
}
