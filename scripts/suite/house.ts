/**
 * The checks of the house, each counted as a test.
 *
 * @module
 */

import { join } from "node:path";
import { checkDashboard } from "../build_dashboard.ts";
import { checkExports, checkVersion, readExports } from "../check_exports.ts";
import { checkGraph } from "../check_graph.ts";
import { checkLayers } from "../check_layers.ts";
import { mustRun, ROOT } from "../process.ts";
import { checkSizes } from "../size.ts";
import { TOOLS_LOCK } from "../tools.ts";
import { checkDocuments } from "./examples.ts";
import { checkPlanted } from "./planted.ts";
import { checkAsTest, type TestResult } from "./result.ts";

const DOCUMENTS = ["README.md", "CONTRIBUTING.md"];

const CHECKS: Record<string, () => unknown> = {
  "format: deno fmt has nothing to change": () =>
    mustRun("deno", ["fmt", "--check"]),
  "lint: deno lint finds nothing": () => mustRun("deno", ["lint"]),
  "types: every file type-checks": () =>
    mustRun("deno", ["check", "--quiet", TOOLS_LOCK, "."]),
  "docs: examples type-check": checkExamples,
  "docs: every export is documented": () =>
    mustRun("deno", ["doc", "--lint", ...Object.values(readExports())]),
  "layers: files import only what they may": async () =>
    failWith(await checkLayers()),
  "exports: the map and the files agree": () => failWith(checkExports()),
  "version: the command line tells that of deno.json": () =>
    failWith(checkVersion()),
  "graph: importing an export loads only its own packages": async () =>
    failWith(await checkGraph()),
  "sizes: the table of the README is right": async () =>
    failWith(await checkSizes()),
  "dashboard: assets are those of the sources": async () =>
    failWith(await checkDashboard()),
  "checks: they find what is planted for them": async () =>
    failWith(await checkPlanted()),
  "locks: no registry is named": () => {
    failWith(read("deno.lock").match(/https?:\/\/.*/g));
    failWith(read("scripts/tools.lock").match(/https?:\/\/.*/g));
  },
  "locks: the tools have their own": () =>
    failWith(read("deno.lock").match(/npm:(esbuild|miniflare|typescript)@.*/g)),
  "publish: JSR would take the package": () =>
    mustRun("deno", ["publish", "--dry-run", "--allow-dirty", "--quiet"]),
};

/** Runs all checks of the house. */
export async function runHouse(filter: string): Promise<TestResult[]> {
  const results: TestResult[] = [];
  for (const [name, check] of Object.entries(CHECKS)) {
    if (name.includes(filter)) results.push(await checkAsTest(name, check));
  }
  return results;
}

async function checkExamples(): Promise<void> {
  const shipped = Object.values(readExports());
  await mustRun("deno", ["check", "--quiet", "--doc", ...shipped]);
  await checkDocuments(DOCUMENTS);
}

function read(path: string): string {
  return Deno.readTextFileSync(join(ROOT, path));
}

function failWith(problems: readonly string[] | null): void {
  if (problems !== null && problems.length > 0) {
    throw new Error(problems.join("\n"));
  }
}
