/**
 * Errors as the command line tells them: one line each.
 *
 * @module
 */

import process from "node:process";
import { CommanderError } from "commander";
import { toLine } from "../src/controls.ts";
import { DotFlowError } from "../src/dotflow_error.ts";
import { TaskError } from "../src/task_error.ts";
import { styleOf } from "./style.ts";
import { BrokenOff, EXIT } from "./usage.ts";

/**
 * Tells an error in one line on standard error.
 *
 * @param error What was thrown.
 * @param verbose Whether its stack is shown too.
 * @returns The exit code.
 */
export function tellError(error: unknown, verbose: boolean): number {
  // It is asked for help or the version, and has answered.
  if (error instanceof CommanderError && error.exitCode === 0) return EXIT.ok;
  const broken = error instanceof BrokenOff;
  const reason = broken ? error.cause : error;
  const style = styleOf(process.stderr);
  process.stderr.write(`${style.red(lineOf(reason))}\n`);
  if (verbose && !(reason instanceof CommanderError)) {
    const { traceback } = new TaskError(1, reason);
    if (traceback !== "") process.stderr.write(`${traceback}\n`);
  }
  return broken ? EXIT.failed : EXIT.usage;
}

function lineOf(error: unknown): string {
  if (error instanceof CommanderError) return usageOf(error);
  const { exception, message } = new TaskError(1, error);
  const known = error instanceof DotFlowError;
  const text = known ? message : `Cannot go on: ${exception}: ${message}`;
  // What a runtime says about a module may end with a full stop.
  return toLine(text).replace(/\.$/, "");
}

/** Commander says "error: unknown option '--x'", with a guess in a new line. */
function usageOf({ message }: CommanderError): string {
  const what = toLine(message.replace(/^error: /, ""));
  return `Cannot read the command line: ${what.replace(/\.$/, "")}; ` +
    `"dotflow help" tells what there is`;
}
