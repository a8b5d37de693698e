/**
 * The server family: execution data for a remote API.
 *
 * @module
 */

import { isInstance, mark } from "../brand.ts";
import type { RunInfo } from "../run_info.ts";
import type { Task } from "../task.ts";
import type { Awaitable } from "../types.ts";

const BRAND = Symbol.for("dotflow.server");

/** Sends execution data to a remote API. */
export abstract class Server {
  static {
    mark(this.prototype, BRAND);
  }

  /**
   * Recognizes providers made against any copy of the package.
   *
   * @param value What is asked about.
   * @returns Whether it is a server provider.
   */
  static [Symbol.hasInstance](value: unknown): boolean {
    return isInstance(this, value, BRAND);
  }

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
   * Called when a task has ended.
   *
   * @param task The task.
   */
  abstract updateTask(task: Task): Awaitable<void>;
}
