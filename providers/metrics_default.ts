/**
 * The metrics provider that does nothing.
 *
 * @example
 * ```ts
 * import { Config, MetricsDefault } from "@dotflow/dotflow";
 *
 * const config = new Config({ metrics: new MetricsDefault() });
 * ```
 *
 * @module
 */

import { Metrics } from "../src/contracts/metrics.ts";
import type { RunInfo } from "../src/run_info.ts";
import type { Task } from "../src/task.ts";

/** Counts nothing. It is never even called. */
export class MetricsDefault extends Metrics {
  /** Does nothing. */
  workflowStarted(_run: RunInfo): void {}

  /** Does nothing. */
  workflowCompleted(_run: RunInfo): void {}

  /** Does nothing. */
  workflowFailed(_run: RunInfo): void {}

  /** Does nothing. */
  taskCompleted(_task: Task): void {}

  /** Does nothing. */
  taskFailed(_task: Task): void {}

  /** Does nothing. */
  taskRetried(_task: Task): void {}
}
