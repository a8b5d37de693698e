/**
 * Measures speed beside its floor: the least that the same work can cost, in
 * the same process and in turns with it. Figures are medians per task.
 *
 * ```sh
 * deno task bench
 * deno task bench --runtime deno,node24,node --only chain --repeat 15
 * ```
 *
 * `node24` is Node 24 from npm, `node` the one on the path. Exits with 1 when
 * anything is over its target or could not be measured.
 *
 * @module
 */

import { join } from "node:path";
import { parseArgs } from "node:util";
import { BENCHMARKS } from "./bench/benchmarks.ts";
import type { Target } from "./bench/measure.ts";
import { measureBundle, measureImport } from "./bench/package.ts";
import { BENCH, type Runtime, RUNTIMES } from "./bench/runtimes.ts";
import { printHeads, printRow, type Row } from "./bench/table.ts";
import { startServices } from "./suite/services.ts";
import { loadEsbuild } from "./tools.ts";

/** What is measured in a runtime. */
interface Job {
  name: string;
  unit: string;
  target: Target | undefined;
  measure(runtime: Runtime, repeat: number): Promise<Row["figures"]>;
}

const IN_RUNTIMES: readonly Job[] = [
  ...BENCHMARKS.map(({ name, unit = "µs", target }) => ({
    name,
    unit,
    target,
    measure: async (runtime: Runtime, repeat: number) =>
      JSON.parse(
        await runtime.run("scripts/bench/worker.ts", name, `${repeat}`),
      ),
  })),
  {
    name: "import of the core vs an empty module",
    unit: "ms",
    target: { kind: "more", most: 15 },
    measure: measureImport,
  },
];

const BUNDLE = {
  name: "bundle of the core, minified and gzipped",
  unit: "KB",
  target: { kind: "ours", most: 12 },
} as const;

async function main(): Promise<boolean> {
  const { runtimes, only, repeat } = readOptions();
  const files = join(BENCH, "files");
  await Deno.mkdir(files, { recursive: true });
  const jobs = IN_RUNTIMES.filter(({ name }) => name.includes(only));
  const stopServices = await startServices();
  let ok = true;
  for (const prepare of runtimes) {
    if (jobs.length === 0) break;
    const runtime = await prepare();
    printHeads(runtime.name);
    for (const job of jobs) {
      try {
        const figures = await job.measure(runtime, repeat);
        ok = printRow({ ...job, figures }) && ok;
      } catch (error) {
        console.log(`${job.name}: ${(error as Error).message}`);
        ok = false;
      }
    }
    console.log();
  }
  if (BUNDLE.name.includes(only)) {
    printHeads("Package");
    const figures = { ours: await measureBundle() };
    ok = printRow({ ...BUNDLE, figures }) && ok;
  }
  await stopServices();
  await Deno.remove(files, { recursive: true });
  await loadEsbuild().then(({ stop }) => stop());
  return ok;
}

function readOptions() {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      runtime: { type: "string", default: "deno,node24" },
      only: { type: "string", default: "" },
      repeat: { type: "string", default: "21" },
    },
  });
  const names = values.runtime.split(",");
  const unknown = names.find((name) => !Object.hasOwn(RUNTIMES, name));
  if (unknown !== undefined) {
    const known = Object.keys(RUNTIMES).join();
    throw new RangeError(
      `Cannot measure in "${unknown}": use some of ${known}`,
    );
  }
  const repeat = Number(values.repeat);
  if (!Number.isInteger(repeat) || repeat < 1) {
    throw new RangeError(`Cannot repeat ${values.repeat} times: use 1 or more`);
  }
  const runtimes = names.map((name) => RUNTIMES[name]);
  return { runtimes, only: values.only, repeat };
}

if (import.meta.main) {
  try {
    if (!await main()) Deno.exit(1);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    Deno.exit(1);
  }
}
