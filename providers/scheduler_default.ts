/**
 * The scheduler that starts nothing.
 *
 * @example
 * ```ts
 * import { Config, SchedulerDefault } from "@dotflow/dotflow";
 *
 * const config = new Config({ scheduler: new SchedulerDefault() });
 * ```
 *
 * @module
 */

import { type Schedulable, Scheduler } from "../src/contracts/scheduler.ts";
import type { StartOptions } from "../src/run/options.ts";

/** Starts nothing. */
export class SchedulerDefault extends Scheduler {
  /** Does nothing. */
  start(_workflow: Schedulable, _options?: StartOptions): void {}

  /** Does nothing. */
  stop(): void {}
}
