/**
 * Plays virtual worlds from the command line; `deno task proof` does so.
 *
 * ```sh
 * deno run -A tests/simulation/main.ts --seed 42
 * deno run -A tests/simulation/main.ts --first 1 --count 1000
 * ```
 *
 * @module
 */

import * as engine from "@dotflow/dotflow";
import process from "node:process";
import { parseArgs } from "node:util";
import { playSeeds, replay } from "./simulate.ts";

const { values: { seed, first, count } } = parseArgs({
  options: {
    seed: { type: "string" },
    first: { type: "string", default: "1" },
    count: { type: "string", default: "1000" },
  },
});

if (seed !== undefined) {
  console.log((await replay(engine, Number(seed))).join("\n"));
} else {
  const played = await playSeeds(engine, Number(first), Number(count));
  console.log(JSON.stringify(played));
  process.exitCode = played.failed === undefined ? 0 : 1;
}
