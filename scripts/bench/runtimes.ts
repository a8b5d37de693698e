/**
 * The runtimes that benchmarks run in, each with a way to run a module.
 *
 * @module
 */

import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { buildNpm, PACKAGE } from "../build_npm.ts";
import { BUILD, listFiles, mustRun, npmInstall, ROOT } from "../process.ts";
import { type EsbuildPlugin, loadEsbuild, TOOLS_LOCK } from "../tools.ts";

/** The folder for what benchmarks need and leave. */
export const BENCH = join(BUILD, "bench");

/** The npm package with the program of Node 24: no install script has to run. */
const NODE_24 = `node-${process.platform}-${process.arch}`;

const TRANSPILED = join(BENCH, "node");

/** A runtime, ready to run modules of the project. */
export interface Runtime {
  /** Its name and version. */
  name: string;
  /** Runs a module, named by its path in the project, and gives its output. */
  run(module: string, ...args: string[]): Promise<string>;
  /** Where the runtime finds a module of the project. */
  urlOf(module: string): string;
  /** Where its users find the core: in Node, in the npm package. */
  core: string;
}

/** How each runtime is made ready. */
export const RUNTIMES: Record<string, () => Promise<Runtime>> = {
  deno: () =>
    Promise.resolve({
      name: `Deno ${Deno.version.deno}`,
      run: (module, ...args) =>
        mustRun("deno", [
          "run",
          "-A",
          "-q",
          TOOLS_LOCK,
          "--v8-flags=--expose-gc",
          module,
          ...args,
        ]),
      urlOf: (module) => pathToFileURL(join(ROOT, module)).href,
      core: pathToFileURL(join(ROOT, "mod.ts")).href,
    }),
  node24: async () => {
    await prepareNode();
    return await nodeRuntime(join(BENCH, "node_modules", NODE_24, "bin/node"));
  },
  node: async () => {
    await prepareNode();
    return await nodeRuntime("node");
  },
};

async function nodeRuntime(command: string): Promise<Runtime> {
  const version = await mustRun(command, ["--version"]);
  const pathOf = (module: string) =>
    join(TRANSPILED, module.replace(/\.ts$/, ".js"));
  return {
    name: `Node ${version.trim().slice(1)}`,
    run: (module, ...args) =>
      mustRun(command, ["--expose-gc", pathOf(module), ...args]),
    urlOf: (module) => pathToFileURL(pathOf(module)).href,
    core: pathToFileURL(join(PACKAGE, "mod.js")).href,
  };
}

let prepared: Promise<void> | undefined;

function prepareNode(): Promise<void> {
  return prepared ??= install().then(transpile).then(async () => {
    await buildNpm();
  });
}

/** Installs what benchmarks in Node need, with Node 24 itself. */
async function install(): Promise<void> {
  const [, pLimit] = import.meta.resolve("p-limit").split("@");
  const dependencies = { [NODE_24]: "24", "p-limit": pLimit };
  await Deno.writeTextFile(
    join(BENCH, "package.json"),
    JSON.stringify({ private: true, type: "module", dependencies }),
  );
  await npmInstall(BENCH);
}

/** Makes JavaScript of the sources, file by file. */
async function transpile(): Promise<void> {
  const { build } = await loadEsbuild();
  const isSource = (path: string) => path.endsWith(".ts");
  const folders = ["src", "providers", "scripts/bench"];
  await build({
    absWorkingDir: ROOT,
    entryPoints: [
      "mod.ts",
      ...folders.flatMap((folder) => listFiles(join(ROOT, folder), isSource)),
    ],
    outbase: ROOT,
    outdir: TRANSPILED,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    nodePaths: [join(BENCH, "node_modules")],
    plugins: [keepModules],
    logLevel: "silent",
  });
}

/** Leaves modules apart, but for what their files are called now. */
const keepModules: EsbuildPlugin = {
  name: "keep-modules",
  setup(build) {
    build.onResolve({ filter: /^\./ }, ({ kind, path }) => {
      if (kind === "entry-point") return undefined;
      return { path: path.replace(/\.ts$/, ".js"), external: true };
    });
  },
};
