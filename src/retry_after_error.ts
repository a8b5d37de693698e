/**
 * An error that says when to try again.
 *
 * @module
 */

import { type Duration, toMilliseconds } from "./duration.ts";
import { DotFlowError } from "./errors.ts";

/** Thrown by a step: the next attempt waits for the given time. */
export class RetryAfterError extends DotFlowError {
  /** How long to wait, in milliseconds. */
  readonly retryAfterMs: number;

  /**
   * Makes a `RetryAfterError`.
   *
   * @param message What went wrong.
   * @param retryAfter How long to wait.
   * @param options The `cause`, where there is one.
   * @throws {InvalidOptionError} If the time cannot be read.
   */
  constructor(message: string, retryAfter: Duration, options?: ErrorOptions) {
    super("RetryAfterError", message, options);
    this.retryAfterMs = toMilliseconds(retryAfter, "retryAfter");
  }
}
