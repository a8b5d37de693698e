/**
 * What somebody meets who installs the npm tarball, each counted as a test:
 * `publint`, `attw`, and a consumer project that type-checks and runs.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { PACKAGE } from "../build_npm.ts";
import { checkGraph } from "../check_graph.ts";
import { BUILD, mustRun, npmInstall, ROOT } from "../process.ts";
import { bunPath, loadEsbuild, toolPath } from "../tools.ts";
import { checkLoads } from "./loads.ts";
import { checkAsTest, type TestResult } from "./result.ts";
import { checkStarter, STARTERS } from "./starters.ts";
import { withWorker } from "./workerd.ts";

const CONSUMER = join(BUILD, "consumer");
const EXPECTED = "Completed: 1,2,3 6";

const COMPILER_OPTIONS = {
  strict: true,
  module: "nodenext",
  target: "es2022",
  skipLibCheck: false,
  noEmitOnError: true,
  outDir: "dist",
};

/** Runs all checks of the tarball. */
export async function runPackage(
  tarball: string,
  filter: string,
): Promise<TestResult[]> {
  const checks: Record<string, () => unknown> = {
    "publint finds nothing": () =>
      mustRun(toolPath("publint"), [PACKAGE, "--strict", "--pack=false"]),
    "attw finds nothing (esm-only)": () =>
      mustRun(toolPath("attw"), [tarball, "--profile", "esm-only"]),
    "its exports know only their own packages": async () =>
      assert.deepEqual(
        await checkGraph(PACKAGE, await readPackedExports()),
        [],
      ),
    "a consumer installs it": () => installConsumer(tarball),
    "an import loads only its own packages": () => checkLoads(CONSUMER),
    "a consumer type-checks against it, with Node's types": () =>
      compile(["node"], "es2022"),
    "a consumer type-checks against it, with a browser's types": () =>
      compile([], "es2022", "dom", "dom.iterable"),
    "a consumer runs in Node": () => runConsumer("node"),
    "a consumer runs in Bun": () => runConsumer(bunPath()),
    "a consumer runs in workerd": runConsumerInWorkerd,
    ...Object.fromEntries(
      Object.keys(STARTERS).map((target) => [
        `a project of dotflow init for ${target} installs and runs`,
        () => checkStarter(target, tarball),
      ]),
    ),
  };
  const results: TestResult[] = [];
  for (const [name, check] of Object.entries(checks)) {
    const setup = check === checks["a consumer installs it"];
    if (!setup && !name.includes(filter)) continue;
    results.push(await checkAsTest(name, check));
  }
  return results;
}

async function readPackedExports(): Promise<Record<string, string>> {
  const manifest = await Deno.readTextFile(join(PACKAGE, "package.json"));
  const { exports } = JSON.parse(manifest);
  return Object.fromEntries(
    Object.entries<{ default: string }>(exports).map(([subpath, entry]) => [
      subpath,
      entry.default,
    ]),
  );
}

async function installConsumer(tarball: string): Promise<void> {
  await Deno.remove(CONSUMER, { recursive: true }).catch(() => {});
  await Deno.mkdir(CONSUMER, { recursive: true });
  await Deno.copyFile(
    join(ROOT, "tests/consumer/main.ts"),
    join(CONSUMER, "main.ts"),
  );
  await Deno.writeTextFile(
    join(CONSUMER, "package.json"),
    JSON.stringify({ private: true, type: "module" }),
  );
  await npmInstall(CONSUMER, tarball);
}

async function compile(types: string[], ...lib: string[]): Promise<void> {
  await Deno.writeTextFile(
    join(CONSUMER, "tsconfig.json"),
    JSON.stringify({
      compilerOptions: { ...COMPILER_OPTIONS, types, lib },
      files: ["main.ts"],
    }),
  );
  await mustRun(toolPath("tsc"), ["--project", "."], { cwd: CONSUMER });
}

async function runConsumer(command: string): Promise<void> {
  await Deno.writeTextFile(
    join(CONSUMER, "run.js"),
    `import { main } from "./dist/main.js";\nconsole.log(await main());\n`,
  );
  const output = await mustRun(command, ["run.js"], { cwd: CONSUMER });
  assert.equal(output.trim(), EXPECTED);
}

async function runConsumerInWorkerd(): Promise<void> {
  const { build } = await loadEsbuild();
  const worker = join(CONSUMER, "worker");
  await Deno.writeTextFile(
    join(CONSUMER, "main.js"),
    `import { main } from "./dist/main.js";
export default {
  fetch: async () => Response.json({ ok: true, value: await main() }),
};
`,
  );
  await build({
    absWorkingDir: CONSUMER,
    entryPoints: ["main.js"],
    outdir: worker,
    bundle: true,
    format: "esm",
    target: "es2022",
    keepNames: true,
    platform: "neutral",
    mainFields: ["module", "main"],
    // Optional peers are not installed; this folder has them above it.
    external: ["node:*", "redis", "toucan-js"],
    logLevel: "silent",
  });
  await withWorker(worker, async (ask) => {
    assert.deepEqual(await ask("/"), { ok: true, value: EXPECTED });
  });
}
