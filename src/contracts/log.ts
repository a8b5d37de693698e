/**
 * The log family: structured logging of runs.
 *
 * @module
 */

import { brand } from "../brand.ts";
import type { Task } from "../task.ts";
import type { Awaitable } from "../types.ts";

/** How grave a log line is, least first. */
export type LogLevel = "DEBUG" | "INFO" | "WARNING" | "ERROR";

/** All levels, least first. */
export const LEVELS: readonly LogLevel[] = [
  "DEBUG",
  "INFO",
  "WARNING",
  "ERROR",
];

/** What a log line says beside its message. */
export interface LogFields {
  /** The task that the line is about. */
  readonly task?: Task;
  /** The workflow, where the line is about no task. */
  readonly workflowId?: string;
  /** The run, where the line is about no task. */
  readonly runId?: string;
  /** Where the run stands in a trace, where the line is about no task. */
  readonly traceparent?: string;
  /** Anything else, by name. */
  readonly [name: string]: unknown;
}

/** Writes down what happens in runs. */
export abstract class Log {
  static {
    brand(this, Symbol.for("dotflow.log"));
  }

  /**
   * Whether lines of a level are kept at all, asked once at the start of a
   * run, so that lines that nobody keeps are not even made.
   *
   * @param level The level.
   * @returns Whether lines of this level are kept; without this method: all.
   */
  enabled?(level: LogLevel): boolean;

  /**
   * Writes a line that helps to find faults.
   *
   * @param message What happened.
   * @param fields What it is about.
   */
  abstract debug(message: string, fields?: LogFields): Awaitable<void>;

  /**
   * Writes a line about the ordinary course of things.
   *
   * @param message What happened.
   * @param fields What it is about.
   */
  abstract info(message: string, fields?: LogFields): Awaitable<void>;

  /**
   * Writes a line about something that went wrong and was coped with.
   *
   * @param message What happened.
   * @param fields What it is about.
   */
  abstract warning(message: string, fields?: LogFields): Awaitable<void>;

  /**
   * Writes a line about a failure.
   *
   * @param message What happened.
   * @param fields What it is about.
   */
  abstract error(message: string, fields?: LogFields): Awaitable<void>;

  /**
   * Waits until all that was taken is delivered, as far as it can be soon: what
   * somebody has asked to send much later may be sent by itself. Called at the
   * end of each run, which waits for it no longer than `drainTimeout`; not where
   * an earlier call has not ended by then.
   */
  flush?(): Awaitable<void>;
}
