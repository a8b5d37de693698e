/**
 * Wrong use, and how a process says how it ended.
 *
 * @module
 */

import { DotFlowError } from "../src/dotflow_error.ts";

/** The command line was used wrongly. */
export class UsageError extends DotFlowError {
  /**
   * Makes a `UsageError`.
   *
   * @param message What is wrong, and what to do.
   * @param options The `cause`, where there is one.
   */
  constructor(message: string, options?: ErrorOptions) {
    super("UsageError", message, options);
  }
}

/** The exit codes. */
export const EXIT = {
  /** All went well; a run has completed. */
  ok: 0,
  /** A run has begun, and did not complete: a task failed, or it broke off. */
  failed: 1,
  /** Nothing was run: the command, a module, or the place does not allow it. */
  usage: 2,
  /** Ended by Ctrl-C, as shells expect it. */
  interrupted: 130,
  /** Ended by SIGTERM, likewise. */
  terminated: 143,
} as const;

/** A run that had begun cannot go on. */
export class BrokenOff extends Error {
  /**
   * Makes a `BrokenOff`.
   *
   * @param cause Why.
   */
  constructor(cause: unknown) {
    super("the run broke off", { cause });
  }
}

/** Whoever was asked has ended the command: there is nothing to tell. */
export class Interrupted extends Error {
  /** The exit code. */
  readonly code: number;

  /**
   * Makes an `Interrupted`.
   *
   * @param code The exit code.
   */
  constructor(code: number) {
    super("the command was ended");
    this.code = code;
  }
}
