/**
 * The scheduler family: recurring execution.
 *
 * @module
 */

import { brand } from "../brand.ts";
import type { Run } from "../run/run.ts";
import type { StartOptions } from "../run/options.ts";
import type { Awaitable } from "../types.ts";

/** What a scheduler starts: a `DotFlow`. */
export interface Schedulable {
  /**
   * Starts one run.
   *
   * @param options As for `DotFlow.start`.
   * @returns The run.
   */
  start(options?: StartOptions): Promise<Run>;
}

/** Starts a workflow again and again. */
export abstract class Scheduler {
  static {
    brand(this, Symbol.for("dotflow.scheduler"));
  }

  /**
   * Starts the schedule.
   *
   * @param workflow What to start at each tick.
   * @param options How to start it.
   * @returns Resolves when the schedule has stopped.
   */
  abstract start(
    workflow: Schedulable,
    options?: StartOptions,
  ): Awaitable<void>;

  /** Stops the schedule. */
  abstract stop(): Awaitable<void>;
}
