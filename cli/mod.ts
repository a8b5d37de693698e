/**
 * The command line `dotflow`: starts workflows and schedules, shows logs and
 * runs, serves the remote API, and makes small projects.
 *
 * It is the `dotflow` of the npm package, and runs by itself:
 * `deno run -A npm:@dotflow/dotflow/cli start --step ./steps.ts#extract`.
 *
 * Exit codes: 0 all went well; 1 a run has begun and did not complete; 2 wrong
 * use, or nothing could be run; 130 ended by Ctrl-C, 143 by SIGTERM. `server`,
 * `schedule` and `logs --follow` are meant to be ended so: they give 0.
 *
 * @example
 * ```ts
 * import { main } from "@dotflow/dotflow/cli";
 * import assert from "node:assert/strict";
 *
 * assert.equal(await main(["--version"]), 0);
 * ```
 *
 * @module
 */

import process from "node:process";
import { tellError } from "./errors.ts";
import { runProgram } from "./program.ts";
import { EXIT } from "./usage.ts";
import { watchWrites } from "./written.ts";

/**
 * Runs a command.
 *
 * @param args The command and its flags, without the name of the program.
 * @returns The exit code. It is not set: that is for whoever calls.
 */
export async function main(args: readonly string[]): Promise<number> {
  try {
    return await runProgram(args);
  } catch (error) {
    return tellError(error, args);
  }
}

/**
 * Runs the command of this process, and ends it: also where a step has left
 * something open.
 *
 * @returns Never comes back.
 */
export async function runMain(): Promise<void> {
  const outputs = [process.stdout, process.stderr].map(watchWrites);
  const code = await main(process.argv.slice(2));
  for (const { flush } of outputs) await flush();
  const isLost = outputs.some(({ isLost }) => isLost());
  process.exit(isLost && code === EXIT.ok ? EXIT.failed : code);
}

if (import.meta.main) await runMain();
