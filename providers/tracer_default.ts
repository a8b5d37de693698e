/**
 * The tracer provider that does nothing.
 *
 * @example
 * ```ts
 * import { Config, TracerDefault } from "@dotflow/dotflow";
 *
 * const config = new Config({ tracer: new TracerDefault() });
 * ```
 *
 * @module
 */

import { Tracer } from "../src/contracts/tracer.ts";
import type { RunInfo } from "../src/run_info.ts";
import type { Task } from "../src/task.ts";

/** Traces nothing. It is never even called. */
export class TracerDefault extends Tracer {
  /** Does nothing. */
  startWorkflow(_run: RunInfo): void {}

  /** Does nothing. */
  endWorkflow(_run: RunInfo): void {}

  /** Does nothing. */
  startTask(_task: Task): void {}

  /** Does nothing. */
  endTask(_task: Task): void {}
}
