/**
 * Tests everything: the house, the npm package, and the same test files in
 * Deno (from the sources), Node, Bun and workerd (from the packed tarball); and
 * workflows that go from one runtime to the next.
 *
 * ```sh
 * deno task test
 * deno task test --runtime deno,node --filter resume
 * ```
 *
 * The last line is `N passed, N failed`, with `, N skipped` where there are
 * any. Exits with 1 when anything failed, crashed or ran nothing.
 *
 * @module
 */

import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildNpm } from "./build_npm.ts";
import { BUILD, listFiles, mustRun, ROOT } from "./process.ts";
import { runHouse } from "./suite/house.ts";
import { runJourneys } from "./suite/journey.ts";
import { runPackage } from "./suite/package.ts";
import { buildProject } from "./suite/project.ts";
import {
  addLostTests,
  crashed,
  type GroupResult,
  printResults,
  type TestResult,
} from "./suite/result.ts";
import { runBun, runDeno, runNode } from "./suite/runtimes.ts";
import { startServices } from "./suite/services.ts";
import { runWorkerd } from "./suite/workerd.ts";
import { loadEsbuild } from "./tools.ts";

const RUNTIMES = ["deno", "node", "bun", "workerd"];
const GROUPS = [...RUNTIMES, "house", "package", "journey"];

/** The machines of CI have two cores. */
const AT_ONCE = 2;

async function main(): Promise<boolean> {
  const { groups, filter } = readOptions();
  const files = listFiles(
    join(ROOT, "tests"),
    (path) => path.endsWith("_test.ts"),
  );
  const plan = { files, filter };
  await Deno.mkdir(BUILD, { recursive: true });
  await requireNode();

  let built: Promise<string> | undefined;
  const tarball = () => built ??= buildAll();
  const jobs: Record<string, () => Promise<TestResult[]>> = {
    deno: () => runDeno(plan),
    node: () => tarball().then(() => runNode(plan)),
    bun: () => tarball().then(() => runBun(plan)),
    workerd: () => tarball().then(() => runWorkerd(plan)),
    house: () => runHouse(filter),
    package: () => tarball().then((path) => runPackage(path, filter)),
    journey: () => tarball().then(() => runJourneys(filter)),
  };
  const needsServers = [...RUNTIMES, "journey"].some((name) =>
    groups.includes(name)
  );
  const stopServices = needsServers ? await startServices() : undefined;
  const results = await runJobs(
    GROUPS.filter((group) => groups.includes(group)),
    (group) => jobs[group](),
    filter !== "",
  );
  await stopServices?.();
  await loadEsbuild().then(({ stop }) => stop());
  addLostTests(results.filter(({ group }) => RUNTIMES.includes(group)));
  return printResults(results);
}

function readOptions(): { groups: string[]; filter: string } {
  const { values: { runtime, filter = "" } } = parseArgs({
    args: Deno.args,
    options: { runtime: { type: "string" }, filter: { type: "string" } },
  });
  const groups = runtime?.split(",") ?? GROUPS;
  const unknown = groups.find((group) => !GROUPS.includes(group));
  if (unknown !== undefined) {
    throw new RangeError(
      `Cannot test in "${unknown}": use some of ${GROUPS.join()}`,
    );
  }
  return { groups, filter };
}

async function requireNode(): Promise<void> {
  try {
    await mustRun("node", ["--version"]);
  } catch {
    throw new Error("Cannot find node: install Node 20 or later with npm");
  }
}

async function buildAll(): Promise<string> {
  const tarball = await buildNpm();
  await buildProject(tarball);
  return tarball;
}

async function runJobs(
  groups: readonly string[],
  job: (group: string) => Promise<TestResult[]>,
  filtered: boolean,
): Promise<GroupResult[]> {
  const results: GroupResult[] = [];
  const waiting = [...groups.entries()];
  const lane = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [index, group] = next;
      const start = performance.now();
      const tests = await job(group).catch((error) => [
        crashed(group, error.stack ?? String(error)),
      ]);
      const duration = performance.now() - start;
      // A filter may well leave the house and the package without a test.
      if (tests.length === 0 && (!filtered || RUNTIMES.includes(group))) {
        tests.push(crashed(group, "It ran no test"));
      }
      results[index] = { group, tests, duration };
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return results;
}

if (import.meta.main) {
  try {
    if (!await main()) Deno.exit(1);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    console.log("0 passed, 1 failed");
    Deno.exit(1);
  }
}
