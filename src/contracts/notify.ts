/**
 * The notify family: alerts on status changes.
 *
 * @module
 */

import { isInstance, mark } from "../brand.ts";
import type { Task } from "../task.ts";
import type { Awaitable } from "../types.ts";

const BRAND = Symbol.for("dotflow.notify");

/** Sends alerts when the status of a task changes. */
export abstract class Notify {
  static {
    mark(this.prototype, BRAND);
  }

  /**
   * Recognizes providers made against any copy of the package.
   *
   * @param value What is asked about.
   * @returns Whether it is a notify provider.
   */
  static [Symbol.hasInstance](value: unknown): boolean {
    return isInstance(this, value, BRAND);
  }

  /**
   * Called at every change of a task's status.
   *
   * @param task The task as it was when its status changed.
   */
  abstract hookStatusTask(task: Task): Awaitable<void>;
}
