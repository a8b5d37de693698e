/**
 * Builds the npm tarball: `deno pack` makes the modules and their types, and
 * this script adds to package.json what pack leaves out, and joins the modules:
 * Node takes half a millisecond to load each of the many small files.
 *
 * Prints the path of the tarball, which is in `.build/`.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { joinModules } from "./join_modules.ts";
import { BUILD, mustRun } from "./process.ts";
import { loadEsbuild } from "./tools.ts";

/** The folder with the unpacked package. */
export const PACKAGE = join(BUILD, "package");

const METADATA = {
  description:
    "Durable workflows with nothing but a bucket, on any JavaScript runtime",
  keywords: [
    "workflow",
    "durable",
    "pipeline",
    "retry",
    "checkpoint",
    "resume",
    "deno",
    "bun",
    "cloudflare-workers",
  ],
  repository: {
    type: "git",
    url: "git+https://github.com/dotflow-io/dotflow-js.git",
  },
  engines: { node: ">=20" },
  sideEffects: false,
};

/** The program of the package, inside of it. */
const BIN = "bin/dotflow.js";

/** What only one provider needs, and only where it is not handed over. */
const OPTIONAL = new Set(["redis", "toucan-js"]);

/**
 * Builds the tarball.
 *
 * @returns Its absolute path.
 */
export async function buildNpm(): Promise<string> {
  await Deno.mkdir(BUILD, { recursive: true });
  await removeFolder(PACKAGE);
  const raw = join(BUILD, "pack.tgz");
  // Source maps of pack name the folder of the build machine.
  await mustRun("deno", [
    "pack",
    "--allow-dirty",
    "--no-source-maps",
    "--output",
    raw,
  ]);
  await mustRun("tar", ["-xzf", raw, "-C", BUILD]);
  await Deno.remove(raw);
  await completePackageJson(join(PACKAGE, "package.json"));
  await joinModules(PACKAGE);
  await addBin(PACKAGE);
  const packed = await mustRun("npm", [
    "pack",
    "--silent",
    "--ignore-scripts",
    "--pack-destination",
    BUILD,
  ], { cwd: PACKAGE });
  return join(BUILD, packed.trim().split("\n").at(-1)!);
}

async function removeFolder(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

async function completePackageJson(path: string): Promise<void> {
  const packed = JSON.parse(await Deno.readTextFile(path));
  const { name, version, dependencies, ...rest } = packed;
  const { description, ...metadata } = METADATA;
  const complete = {
    name,
    version,
    description,
    bin: { dotflow: BIN },
    ...rest,
    ...splitDependencies(dependencies),
    ...metadata,
  };
  await Deno.writeTextFile(path, JSON.stringify(complete, null, 2) + "\n");
}

/** Adds what `npx dotflow` starts: Node 20 cannot tell which module is main. */
async function addBin(folder: string): Promise<void> {
  const path = join(folder, BIN);
  await Deno.mkdir(dirname(path), { recursive: true });
  await Deno.writeTextFile(
    path,
    `#!/usr/bin/env node
import { runMain } from "../cli/mod.js";

await runMain();
`,
    { mode: 0o755 },
  );
}

/** Pack knows dependencies of one kind only. */
function splitDependencies(all: Record<string, string>) {
  const entries = Object.entries(all);
  const peers = entries.filter(([name]) => OPTIONAL.has(name));
  const optional = peers.map(([name]) => [name, { optional: true }]);
  return {
    dependencies: Object.fromEntries(
      entries.filter(([name]) => !OPTIONAL.has(name)),
    ),
    peerDependencies: Object.fromEntries(peers),
    peerDependenciesMeta: Object.fromEntries(optional),
  };
}

if (import.meta.main) {
  console.log(await buildNpm());
  await loadEsbuild().then(({ stop }) => stop());
}
