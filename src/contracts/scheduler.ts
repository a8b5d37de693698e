/**
 * The scheduler family: recurring execution.
 *
 * @module
 */

import { brand } from "../brand.ts";
import type { Config } from "../config.ts";
import type { Run } from "../run/run.ts";
import type { StartOptions } from "../run/options.ts";
import type { Awaitable } from "../types.ts";

/**
 * What a scheduler starts: a `DotFlow`. `start` is all that a scheduler of one's
 * own has to use.
 */
export interface Schedulable {
  /** What the workflow is known by in its storage. */
  readonly workflowId: string;
  /** Whether that was generated, not given: no other process can know it then. */
  readonly generatedId: boolean;
  /** The providers, such as the logs for what goes wrong between runs. */
  readonly config: Config;
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
