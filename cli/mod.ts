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
  const outputs = [process.stdout, process.stderr].map(watch);
  const code = await main(process.argv.slice(2));
  for (const { flush } of outputs) await flush();
  const isLost = outputs.some(({ isLost }) => isLost());
  process.exit(isLost && code === EXIT.ok ? EXIT.failed : code);
}

/** Knows when all is written. The stream may be shared: it is not ended. */
function watch(stream: NodeJS.WriteStream) {
  const reasons: unknown[] = [];
  let isFull = false;
  let wake = () => {};
  stream.on("error", (error) => {
    reasons.push((error as NodeJS.ErrnoException).code);
    wake();
  });
  stream.on("drain", () => {
    isFull = false;
    wake();
  });
  const write = stream.write;
  stream.write = ((...args: Parameters<typeof write>) => {
    try {
      const isTaken = write.apply(stream, args);
      isFull = !isTaken;
      return isTaken;
    } catch (error) {
      // Deno throws where the others tell of an error.
      reasons.push((error as NodeJS.ErrnoException).code);
      throw error;
    }
  }) as typeof write;
  const flush = async () => {
    // In Bun, only this tells that a pipe has not taken all.
    while (isFull && reasons.length === 0) {
      await new Promise<void>((resolve) => wake = resolve);
    }
    await new Promise<void>((resolve) => {
      wake = resolve;
      if (reasons.length > 0) resolve();
      else stream.write("", () => resolve());
    });
  };
  // A reader that has gone, as in `dotflow runs list | head`, is no failure.
  const isLost = () =>
    reasons.some((code) => code !== "EPIPE" && code !== "ERR_STREAM_DESTROYED");
  return { flush, isLost };
}

if (import.meta.main) await runMain();
