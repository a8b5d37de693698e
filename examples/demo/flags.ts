/**
 * What can be written behind `deno task demo`.
 *
 * @module
 */

import process from "node:process";
import { setTimeout } from "node:timers/promises";
import { parseArgs } from "node:util";

/**
 * `--crash`: die halfway. `--dashboard`: show it in a browser. `--fast`: do not
 * wait. `--fresh`: forget it all.
 */
export const { values: flags } = parseArgs({
  args: process.argv.slice(2),
  options: {
    crash: { type: "boolean", default: false },
    dashboard: { type: "boolean", default: false },
    fast: { type: "boolean", default: false },
    fresh: { type: "boolean", default: false },
  },
});

/**
 * Waits, only so that there is something to watch: the work itself takes a
 * fraction of a second.
 *
 * @param ms How long, in milliseconds; with `--fast`, not at all.
 * @param signal Ends the wait when it aborts.
 */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(flags.fast ? 0 : ms, undefined, { signal });
}
