/**
 * The log that hands its lines to the application's own OpenTelemetry SDK.
 *
 * @example
 * ```ts
 * import { Config } from "@dotflow/dotflow";
 * import { LogOpenTelemetry } from "@dotflow/dotflow/providers/log-opentelemetry";
 *
 * // The SDK is set up by the application, such as by NodeSDK.
 * const config = new Config({ log: new LogOpenTelemetry({ level: "DEBUG" }) });
 * ```
 *
 * @see https://opentelemetry.io/docs/specs/otel/logs/data-model/
 * @module
 */

import {
  LEVELS,
  Log,
  type LogFields,
  type LogLevel,
} from "../src/contracts/log.ts";
import { oneOf, readOptions } from "../src/options.ts";
import { toPlain } from "../src/plain.ts";
import {
  exceptionAttributes,
  SCOPE,
  taskAttributes,
  taskOutcome,
} from "./opentelemetry/attributes.ts";
import { forceFlush } from "./opentelemetry/flush.ts";
import { contextOf, SEVERITIES } from "./opentelemetry/lines.ts";
import {
  globalLoggerProvider,
  type Logger,
  type LoggerProvider,
} from "./opentelemetry/loggers.ts";
import { toFlush, toProvider } from "./opentelemetry/options.ts";

/**
 * A `LoggerProvider` of OpenTelemetry: of the SDK, or any other, of
 * `@opentelemetry/api-logs` or of `@opentelemetry/api` 1.10.
 */
export interface OpenTelemetryLoggerProvider {
  /** Gives a logger by its name. */
  getLogger(name: string): object;
}

/** Options of {@linkcode LogOpenTelemetry}. */
export interface LogOpenTelemetryOptions {
  /**
   * What makes the logger. It is used as it is: never registered, never shut
   * down.
   *
   * @default The global one, of `@opentelemetry/api` 1.10 or of
   * `@opentelemetry/api-logs`, looked up for each line
   */
  readonly loggerProvider?: OpenTelemetryLoggerProvider;
  /** The least grave level that is handed on. @default "INFO" */
  readonly level?: LogLevel;
  /**
   * Whether the end of a run has the SDK send what it keeps back
   * (`forceFlush`), and waits for it, within `drainTimeout`. In Workers it has
   * to; a server with many short runs may leave it to the SDK.
   *
   * @default {true}
   */
  readonly flush?: boolean;
}

const CHECKS = {
  loggerProvider: toProvider<LoggerProvider>("getLogger", "LoggerProvider"),
  level: oneOf(LEVELS, "INFO"),
  flush: toFlush,
};

/**
 * Makes each line a log record. No SDK is brought along and nothing global is
 * registered: where the application has none, lines are not even made.
 *
 * - The body is the message; severity is 5 (`DEBUG`), 9 (`INFO`), 13 (`WARN`) or
 *   17 (`ERROR`).
 * - Trace and span id are those of the line's task or run, where a tracer tells
 *   them; else those of the active span.
 * - Attributes are `dotflow.workflow_id`, `dotflow.run_id`; for a task
 *   `dotflow.task_id` and `dotflow.task.` with `group_name`, `status`, `duration`
 *   (seconds), `retry_count`; for a run `dotflow.workflow.` with `mode`,
 *   `resumed`, `status`, `duration` (seconds). A failed attempt has
 *   `exception.type`, `exception.message`, `exception.stacktrace` and
 *   `dotflow.task.attempt`. Other fields keep their names; texts in them are cut
 *   at 16,384 characters. No inputs, no results.
 *
 * It needs no permission of its own. Tried with the SDK 2.12 (logs 0.223) and its
 * OTLP exporter in Deno, Node, Bun and workerd, and by hand with the SDK 3.1. With
 * Deno's `OTEL_DENO=true` alone, nobody takes log records: Deno exports what is
 * written to the console. What could not be sent, the SDK tells to its own `diag`
 * only.
 */
export class LogOpenTelemetry extends Log {
  readonly #provider: LoggerProvider | undefined;
  readonly #least: number;
  readonly #flushes: boolean;

  /**
   * Makes a `LogOpenTelemetry`.
   *
   * @param options What makes the logger.
   * @throws {InvalidOptionError} If an option is unknown or not allowed.
   */
  constructor(options: LogOpenTelemetryOptions = {}) {
    super();
    const given = readOptions(options, "LogOpenTelemetry", CHECKS);
    this.#provider = given.loggerProvider;
    this.#least = LEVELS.indexOf(given.level);
    this.#flushes = given.flush;
  }

  /**
   * Whether lines of a level are handed on: not where there is no SDK, or it does
   * not want them.
   *
   * @param level The level.
   * @returns Whether they are.
   */
  override enabled(level: LogLevel): boolean {
    if (LEVELS.indexOf(level) < this.#least) return false;
    const logger = this.#logger();
    const severityNumber = SEVERITIES[level].number;
    return logger?.enabled?.({ severityNumber }) ?? logger !== undefined;
  }

  /** Hands on a line that helps to find faults. */
  debug(message: string, fields?: LogFields): void {
    this.#emit("DEBUG", message, fields);
  }

  /** Hands on a line about the ordinary course of things. */
  info(message: string, fields?: LogFields): void {
    this.#emit("INFO", message, fields);
  }

  /** Hands on a line about something that went wrong and was coped with. */
  warning(message: string, fields?: LogFields): void {
    this.#emit("WARNING", message, fields);
  }

  /** Hands on a line about a failure. */
  error(message: string, fields?: LogFields): void {
    this.#emit("ERROR", message, fields);
  }

  /**
   * Has the SDK send what it keeps back, unless `flush` is off.
   *
   * @throws {DeliveryError} If the SDK says that it could not.
   */
  override async flush(): Promise<void> {
    const provider = this.#provider ?? globalLoggerProvider();
    if (this.#flushes && provider) await forceFlush(provider);
  }

  #logger(): Logger | undefined {
    return (this.#provider ?? globalLoggerProvider())?.getLogger(SCOPE);
  }

  #emit(level: LogLevel, message: string, fields: LogFields = {}): void {
    if (LEVELS.indexOf(level) < this.#least) return;
    const logger = this.#logger();
    if (logger === undefined) return;
    const { number, text } = SEVERITIES[level];
    logger.emit({
      timestamp: Date.now(),
      severityNumber: number,
      severityText: text,
      body: message,
      attributes: attributesOf(fields),
      context: contextOf(fields),
    });
  }
}

/** What the engine tells of a run, and what that is called here. */
const NAMES: ReadonlyMap<string, string> = new Map([
  ["workflowId", "dotflow.workflow_id"],
  ["runId", "dotflow.run_id"],
  ["mode", "dotflow.workflow.mode"],
  ["resumed", "dotflow.workflow.resumed"],
  ["status", "dotflow.workflow.status"],
  ["duration", "dotflow.workflow.duration"],
  ["exception", "exception.type"],
  ["reason", "exception.message"],
  ["traceback", "exception.stacktrace"],
]);

function attributesOf(
  { task, traceparent: _place, ...rest }: LogFields,
): Record<string, unknown> {
  const entries = Object.entries(rest).map(([name, value]) => {
    const own = task === undefined ? NAMES.get(name) : undefined;
    return [own ?? name, toPlain(value)];
  });
  const attributes = Object.fromEntries(entries);
  if (task === undefined) return attributes;
  const failed = task.status === "Failed" || task.status === "Retry";
  return {
    ...attributes,
    ...taskAttributes(task),
    ...taskOutcome(task),
    ...failed && task.error && exceptionAttributes(task.error),
  };
}
