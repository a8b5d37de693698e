/**
 * The projects of `dotflow init`, with the packed tarball in place of the
 * package of npm: each is installed and started as its README says.
 *
 * @module
 */

import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { PACKAGE } from "../build_npm.ts";
import { mustRun, npmInstall } from "../process.ts";
import { bunPath, loadEsbuild } from "../tools.ts";
import { withWorker } from "./workerd.ts";

/** What `dotflow start` writes to standard output. */
const RESULTS = "extract: [ 3, 1, 2 ]\ntotal: 6\n";

/** What the program of a project writes; each runtime breaks lines elsewhere. */
const TOLD = "Completed[[3,1,2],6]";

/** What is done with a project. */
type Check = (cwd: string) => Promise<void>;

/** The checks of the projects, by what they are made for. */
export const STARTERS: Readonly<Record<string, Check>> = {
  node: checkNode,
  bun: checkBun,
  deno: checkDeno,
  workers: checkWorkers,
};

/**
 * Makes a project, and checks it. It is outside of this one: what it needs, it
 * has to install.
 *
 * @param target What it is made for.
 * @param tarball The packed package.
 */
export async function checkStarter(
  target: string,
  tarball: string,
): Promise<void> {
  const cwd = await Deno.makeTempDir({ prefix: "dotflow-init-" });
  try {
    const bin = join(PACKAGE, "bin/dotflow.js");
    await mustRun("node", [bin, "init", cwd, "--runtime", target]);
    await useTarball(cwd, tarball);
    await STARTERS[target](cwd);
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
}

async function useTarball(cwd: string, tarball: string): Promise<void> {
  const path = join(cwd, "package.json");
  // A project of Deno has none.
  const text = await Deno.readTextFile(path).catch(() => "{}");
  const manifest = JSON.parse(text);
  manifest.dependencies = { "@dotflow/dotflow": `file:${tarball}` };
  await Deno.writeTextFile(path, JSON.stringify(manifest));
}

/** Also with the command that is put in place. */
async function checkNode(cwd: string): Promise<void> {
  await npmInstall(cwd);
  await mustTell("npm", ["start", "--silent"], cwd);
  await mustStart("npx", ["--no-install", "dotflow"], "./flow.js", cwd);
}

/** Also with Bun's own way to run a command of a package. */
async function checkBun(cwd: string): Promise<void> {
  const bun = bunPath();
  await mustRun(bun, ["install"], { cwd });
  // Scripts of the project find it by name.
  const env = { PATH: `${dirname(bun)}:${Deno.env.get("PATH")}` };
  await mustTell(bun, ["run", "--silent", "start"], cwd, env);
  const dotflow = ["x", "--no-install", "--bun", "dotflow"];
  await mustStart(bun, dotflow, "./flow.ts", cwd, env);
}

/** With its own import map, and its own task for the command line. */
async function checkDeno(cwd: string): Promise<void> {
  await npmInstall(cwd);
  const path = join(cwd, "deno.json");
  const config = JSON.parse(await Deno.readTextFile(path));
  const manual = { ...config, nodeModulesDir: "manual" };
  await Deno.writeTextFile(path, JSON.stringify(manual));
  await mustTell("deno", ["task", "--quiet", "start"], cwd);
  await mustStart("deno", ["task", "--quiet", "dotflow"], "./flow.ts", cwd);
}

/** Bundled as wrangler does, and asked twice in workerd, with a bucket. */
async function checkWorkers(cwd: string): Promise<void> {
  // Wrangler itself is large, and bundles with the same tools.
  await npmInstall(cwd, "--omit=dev");
  const read = (path: string) => Deno.readTextFile(join(cwd, path));
  const config = JSON.parse(await read("wrangler.jsonc"));
  const folder = join(cwd, "bundle");
  const { build } = await loadEsbuild();
  await build({
    absWorkingDir: cwd,
    entryPoints: { main: config.main },
    outdir: folder,
    bundle: true,
    format: "esm",
    target: "es2024",
    platform: "browser",
    conditions: ["workerd", "worker", "browser"],
    external: ["node:*", "cloudflare:*"],
    logLevel: "silent",
  });
  const bound = {
    compatibilityDate: config.compatibility_date,
    compatibilityFlags: config.compatibility_flags,
    r2Buckets: config.r2_buckets.map(({ binding }: { binding: string }) =>
      binding
    ),
  };
  const wanted = { status: "Completed", results: [[3, 1, 2], 6] };
  await withWorker(folder, async (ask) => {
    assert.deepEqual(await ask("/"), wanted);
    assert.deepEqual(await ask("/"), wanted);
  }, bound);
}

async function mustTell(
  command: string,
  args: readonly string[],
  cwd: string,
  env?: Record<string, string>,
): Promise<void> {
  const output = await mustRun(command, args, { cwd, env });
  assert.equal(output.replace(/\s/g, ""), TOLD);
}

async function mustStart(
  command: string,
  args: readonly string[],
  flow: string,
  cwd: string,
  env?: Record<string, string>,
): Promise<void> {
  const start = ["start", "--workflow", `${flow}#workflow`];
  const output = await mustRun(command, [...args, ...start], { cwd, env });
  const results = output.split("\n").filter((line) =>
    /^(extract: \[|total: \d)/.test(line)
  );
  assert.equal(results.join("\n") + "\n", RESULTS);
}
