/**
 * The log that writes to the console, to a file, or to both.
 *
 * @example
 * ```ts
 * import { Config, LogDefault } from "@dotflow/dotflow";
 *
 * const config = new Config({
 *   log: new LogDefault({ level: "INFO", output: "both", format: "json" }),
 * });
 * ```
 *
 * @module
 */

import {
  LEVELS,
  Log,
  type LogFields,
  type LogLevel,
} from "../src/contracts/log.ts";
import {
  expect,
  oneOf,
  optional,
  readOptions,
  toName,
} from "../src/options.ts";
import { LineFile } from "./log/file.ts";
import { formatJson, formatSimple, type LogEntry } from "./log/format.ts";

/** What a `LogDefault` is made of. */
export interface LogDefaultOptions {
  /** The least grave level that is written. @default "INFO" */
  readonly level?: LogLevel;
  /** Where lines go. @default "console" */
  readonly output?: "console" | "file" | "both";
  /**
   * The file that lines are appended to; its folder is made when it is missing.
   *
   * @default ".output/dotflow.log"
   */
  readonly path?: string;
  /** A line for people, or a JSON object a line. @default "simple" */
  readonly format?: "simple" | "json";
}

const CHECKS = {
  level: oneOf(LEVELS, "INFO"),
  output: oneOf(["console", "file", "both"], "console"),
  path: optional(toName),
  format: oneOf(["simple", "json"], "simple"),
};

const CONSOLE = {
  DEBUG: "debug",
  INFO: "info",
  WARNING: "warn",
  ERROR: "error",
} as const;

/**
 * Writes lines to the console, to a file, or to both. What comes from tasks
 * cannot forge a line or move the cursor: line ends, escape sequences and other
 * control characters are written as `\\n`, `\\u001b` and the like.
 *
 * Lines go into the file by and by; each run waits for its own at its end.
 * Writing to a file needs a runtime with files; Deno: `--allow-read` and
 * `--allow-write` for the file's folder.
 */
export class LogDefault extends Log {
  readonly #least: number;
  readonly #output: "console" | "file" | "both";
  readonly #file: LineFile | undefined;
  readonly #format: (entry: LogEntry) => string;

  /**
   * Makes a `LogDefault`.
   *
   * @param options What the log is made of.
   * @throws {InvalidOptionError} If an option is unknown or not allowed.
   */
  constructor(options: LogDefaultOptions = {}) {
    super();
    const { level, output, path, format } = readOptions(
      options,
      "LogDefault",
      CHECKS,
    );
    this.#least = LEVELS.indexOf(level);
    this.#output = output;
    this.#format = format === "json" ? formatJson : formatSimple;
    expect(
      path === undefined || output !== "console",
      path,
      "path",
      'it only with output "file" or "both"',
    );
    this.#file = output === "console"
      ? undefined
      : new LineFile(path ?? ".output/dotflow.log");
  }

  /**
   * Whether lines of a level are written.
   *
   * @param level The level.
   * @returns Whether they are.
   */
  override enabled(level: LogLevel): boolean {
    return LEVELS.indexOf(level) >= this.#least;
  }

  /** Writes a line that helps to find faults. */
  debug(message: string, fields?: LogFields): void {
    this.#write("DEBUG", message, fields);
  }

  /** Writes a line about the ordinary course of things. */
  info(message: string, fields?: LogFields): void {
    this.#write("INFO", message, fields);
  }

  /** Writes a line about something that went wrong and was coped with. */
  warning(message: string, fields?: LogFields): void {
    this.#write("WARNING", message, fields);
  }

  /** Writes a line about a failure. */
  error(message: string, fields?: LogFields): void {
    this.#write("ERROR", message, fields);
  }

  /**
   * Waits until every line is in the file.
   *
   * @throws {DeliveryError} If lines are lost: the file cannot be written, or
   * more wait for the disk than 16 million characters.
   */
  override async flush(): Promise<void> {
    await this.#file?.flush();
  }

  #write(
    level: LogLevel,
    message: string,
    fields: LogFields = {},
  ): void {
    if (!this.enabled(level)) return;
    const line = this.#format({ time: new Date(), level, message, fields });
    if (this.#output !== "file") console[CONSOLE[level]](line);
    this.#file?.append(line);
  }
}
