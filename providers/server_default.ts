/**
 * The server provider that does nothing.
 *
 * @example
 * ```ts
 * import { Config, ServerDefault } from "@dotflow/dotflow";
 *
 * const config = new Config({ server: new ServerDefault() });
 * ```
 *
 * @module
 */

import { Server } from "../src/contracts/server.ts";
import type { RunInfo } from "../src/run_info.ts";
import type { Task } from "../src/task.ts";

/** Sends nothing. It is never even called. */
export class ServerDefault extends Server {
  /** Does nothing. */
  createWorkflow(_run: RunInfo): void {}

  /** Does nothing. */
  updateWorkflow(_run: RunInfo): void {}

  /** Does nothing. */
  createTask(_task: Task): void {}

  /** Does nothing. */
  updateTask(_task: Task): void {}
}
