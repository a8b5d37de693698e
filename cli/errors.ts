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
import { BrokenOff, EXIT, Interrupted } from "./usage.ts";
import { flagOf } from "./value.ts";

/**
 * Tells an error in one line on standard error.
 *
 * @param error What was thrown.
 * @param args The command line, for `--verbose` and `--no-color`, which hold
 * also where it could not be read.
 * @returns The exit code.
 */
export function tellError(error: unknown, args: readonly string[]): number {
  // It is asked for help or the version, and has answered.
  if (error instanceof CommanderError && error.exitCode === 0) return EXIT.ok;
  if (error instanceof Interrupted) return error.code;
  const broken = error instanceof BrokenOff;
  const reason = broken ? error.cause : error;
  const style = styleOf(process.stderr, !args.includes("--no-color"));
  process.stderr.write(`${style.red(lineOf(reason, args))}\n`);
  if (args.includes("--verbose") && !(reason instanceof CommanderError)) {
    const { traceback } = new TaskError(1, reason);
    if (traceback !== "") process.stderr.write(`${traceback}\n`);
  }
  return broken ? EXIT.failed : EXIT.usage;
}

function lineOf(error: unknown, args: readonly string[]): string {
  if (error instanceof CommanderError) return usageOf(error);
  const { exception, message } = new TaskError(1, error);
  const known = error instanceof DotFlowError;
  const text = known ? message : `Cannot go on: ${exception}: ${message}`;
  // What a runtime says about a module may end with a full stop.
  return toLine(asTyped(text, error, args)).replace(/\.$/, "");
}

/** Options are called by another name where they are flags. */
function asTyped(
  text: string,
  error: unknown,
  args: readonly string[],
): string {
  if (!(error instanceof DotFlowError)) return text;
  return text.replace(/ as ([a-z]+(?:[A-Z][a-z]*)*): /, (part, name) => {
    const flag = flagOf(name);
    const isGiven = args.some((arg) => arg.split("=")[0] === flag);
    return isGiven ? ` as ${flag}: ` : part;
  });
}

/** Commander says "error: unknown option '--x'", with a guess in a new line. */
function usageOf({ message }: CommanderError): string {
  const what = toLine(message.replace(/^error: /, ""));
  return `Cannot read the command line: ${what.replace(/\.$/, "")}; ` +
    `"dotflow help" tells what there is`;
}
