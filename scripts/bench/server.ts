/**
 * Measures the remote API on files, which waits for the disk, beside a bare Hono
 * app that parses the same bodies: both in one process, over HTTP, at the same
 * time.
 *
 * ```sh
 * deno run -A --lock=scripts/tools.lock scripts/bench/server.ts
 * deno run -A --lock=scripts/tools.lock scripts/bench/server.ts --seconds 5 --rate 500 --runtime node
 * ```
 *
 * Exits with 1 where an update fails, or its p99 is over ten times the bare one.
 *
 * @module
 */

import { join } from "node:path";
import { parseArgs } from "node:util";
import type { LoadFigures } from "../../tests/server_load.ts";
import { buildNpm } from "../build_npm.ts";
import { BUILD, mustRun, ROOT } from "../process.ts";
import { buildProject, PROJECT } from "../suite/project.ts";
import { bunPath, loadEsbuild, TOOLS_LOCK } from "../tools.ts";

const WORKER = "tests/workers/server_load";
const MOST_RATIO = 10;

/** The command that runs the worker in each runtime. */
const COMMANDS: Record<string, () => [command: string, args: string[]]> = {
  deno: () => ["deno", [
    "run",
    "-A",
    "-q",
    "--no-check",
    "--node-modules-dir=auto",
    TOOLS_LOCK,
    "--v8-flags=--expose-gc",
    join(ROOT, `${WORKER}.ts`),
  ]],
  node: () => ["node", ["--expose-gc", join(PROJECT, `${WORKER}.js`)]],
  bun: () => [bunPath(), ["--expose-gc", join(PROJECT, `${WORKER}.js`)]],
};

async function main(): Promise<boolean> {
  const { values: { seconds, rate, runtime } } = parseArgs({
    args: Deno.args,
    options: {
      seconds: { type: "string", default: "60" },
      rate: { type: "string", default: "500" },
      runtime: { type: "string", default: "deno,node" },
    },
  });
  const names = runtime.split(",");
  if (names.some((name) => name !== "deno")) {
    await buildProject(await buildNpm());
    await loadEsbuild().then(({ stop }) => stop());
  }
  let ok = true;
  for (const name of names) {
    const path = await Deno.makeTempDir({ dir: BUILD, prefix: "load-" });
    const [command, args] = COMMANDS[name]();
    const output = await mustRun(command, [...args, seconds, rate, path]);
    await Deno.remove(path, { recursive: true });
    const figures: LoadFigures = JSON.parse(output.trim().split("\n").at(-1)!);
    print(name, figures);
    ok = ok && figures.errors === 0 && figures.ratio <= MOST_RATIO;
  }
  return ok;
}

function print(name: string, figures: LoadFigures): void {
  const { updates, errors, ours, bare, ratio } = figures;
  const ms = (value: number) => `${value.toFixed(2)} ms`;
  const mb = (value: number) => `${(value / 1e6).toFixed(1)} MB`;
  console.log(
    `${name}: ${updates} updates, ${errors} errors; ` +
      `p50 ${ms(ours.p50)} (bare ${ms(bare.p50)}), ` +
      `p99 ${ms(ours.p99)} (bare ${ms(bare.p99)}), ratio ${
        ratio.toFixed(1)
      }; ` +
      `heap ${mb(figures.heapAtTenth)}, at the end ${mb(figures.heapAtEnd)}`,
  );
}

if (import.meta.main && !await main()) Deno.exit(1);
