/**
 * Runs what takes too long for every commit, in Deno, Node and Bun: the tests
 * that kill processes and disks, and the properties, ten times as long and from
 * another seed; workflows that wander from runtime to runtime; and the simulation
 * of ownership.
 *
 * ```sh
 * deno task proof
 * deno task proof --runtime deno --effort 3 --seed 42
 * ```
 *
 * The last line is `N passed, N failed`. Exits with 1 when anything failed.
 *
 * @module
 */

import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildNpm } from "./build_npm.ts";
import { BUILD, listFiles, ROOT } from "./process.ts";
import { FigureBook } from "./proof/figures.ts";
import { provePortable } from "./proof/portable.ts";
import { proveSimulation } from "./proof/simulation.ts";
import { buildProject } from "./suite/project.ts";
import { type GroupResult, printResults } from "./suite/result.ts";
import { runBun, runDeno, runNode } from "./suite/runtimes.ts";
import { startServices } from "./suite/services.ts";
import { loadEsbuild } from "./tools.ts";

/** Test files that try as much as they are told to say so by this import. */
const TRIES_MORE = 'from "./effort.ts"';

const RUNTIMES = { deno: runDeno, node: runNode, bun: runBun };

async function main(): Promise<boolean> {
  const { values: { runtime, effort, seed, filter } } = parseArgs({
    args: Deno.args,
    options: {
      runtime: { type: "string", default: "deno,node,bun" },
      effort: { type: "string", default: "10" },
      seed: { type: "string", default: `${Date.now() % 1_000_000}` },
      filter: { type: "string", default: "" },
    },
  });
  Deno.env.set("DOTFLOW_TEST_EFFORT", effort);
  Deno.env.set("DOTFLOW_TEST_SEED", seed);
  console.log(`Proof with effort ${effort} from seed ${seed}`);
  await Deno.mkdir(BUILD, { recursive: true });
  await buildProject(await buildNpm());
  await loadEsbuild().then(({ stop }) => stop());

  const files = listFiles(
    join(ROOT, "tests"),
    (path) =>
      path.endsWith("_test.ts") &&
      Deno.readTextFileSync(path).includes(TRIES_MORE),
  );
  const stopServices = await startServices();
  const book = new FigureBook();
  const groups: GroupResult[] = [];
  const add = async (
    group: string,
    tests: () => Promise<GroupResult["tests"]>,
  ) => {
    const begin = performance.now();
    const results = await book.during(group, tests);
    groups.push({ group, tests: results, duration: performance.now() - begin });
  };
  // One after the other: they measure time, and the disk is one for all.
  for (const name of Object.keys(RUNTIMES) as (keyof typeof RUNTIMES)[]) {
    if (!runtime.split(",").includes(name)) continue;
    await add(name, () => RUNTIMES[name]({ files, filter }));
  }
  if (filter === "") await add("all", provePortable);
  if ("simulation".startsWith(filter)) await add("all", proveSimulation);
  await stopServices();
  book.print();
  return printResults(groups);
}

if (!await main()) Deno.exit(1);
