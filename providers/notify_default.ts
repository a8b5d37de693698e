/**
 * The notify provider that does nothing.
 *
 * @example
 * ```ts
 * import { Config, NotifyDefault } from "@dotflow/dotflow";
 *
 * const config = new Config({ notify: new NotifyDefault() });
 * ```
 *
 * @module
 */

import { Notify } from "../src/contracts/notify.ts";
import type { Task } from "../src/task.ts";

/** Tells nobody. It is never even called. */
export class NotifyDefault extends Notify {
  /** Does nothing. */
  hookStatusTask(_task: Task): void {}
}
