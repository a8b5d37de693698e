/**
 * What a step is given.
 *
 * @module
 */

import type { Context } from "./context.ts";
import type { LogFields } from "./contracts/log.ts";
import type { Task } from "./task.ts";

/** Writes lines about a task to every log of the run. */
export interface StepLog {
  /** Writes a line that helps to find faults. */
  debug(message: string, fields?: LogFields): void;
  /** Writes a line about the ordinary course of things. */
  info(message: string, fields?: LogFields): void;
  /** Writes a line about something that went wrong and was coped with. */
  warning(message: string, fields?: LogFields): void;
  /** Writes a line about a failure. */
  error(message: string, fields?: LogFields): void;
}

/**
 * The one object that a step is given. It may be taken apart in the
 * parameter list; every part goes on working on its own.
 */
// deno-lint-ignore no-explicit-any
export interface StepContext<Previous = any, Initial = any, Input = any> {
  /** What the task before gave; empty where nothing came before. */
  readonly previousContext: Context<Previous>;
  /** What was given to `add` as `initialContext`; empty where nothing was. */
  readonly initialContext: Context<Initial>;
  /** What was given to this `start` as `input`. */
  readonly input: Input;
  /** The task as it stands. */
  readonly task: Task;
  /** The workflow. */
  readonly workflowId: string;
  /** The run, the same over all its resumes. */
  readonly runId: string;
  /** Which attempt this is, from 1. */
  readonly attempt: number;
  /** Aborts when the attempt times out or the run is stopped. */
  readonly signal: AbortSignal;
  /**
   * A text for outside systems to know repetitions by: the same for every
   * attempt and every resume of this task in this run, different for every
   * other; in a class step it names the method.
   */
  readonly idempotencyKey: string;
  /**
   * Which owner of the workflow this run is, higher with every one, for outside
   * systems that can refuse an older one; 0 where the storage has no owners.
   */
  readonly epoch: number;
  /** Writes lines about this task. */
  readonly log: StepLog;
  /**
   * Tells how far the step is.
   *
   * @param fraction From 0 to 1; anything else is brought into that range.
   * @param message What is being done.
   */
  progress(fraction: number, message?: string): void;
}
