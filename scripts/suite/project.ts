/**
 * The project in which Node, Bun and workerd run the tests: the same files,
 * with the types removed, beside the unpacked npm tarball.
 *
 * `tests/` and `examples/` keep their places. The few tests of internals, which
 * import them from `src/` by a relative path, carry them with them.
 *
 * @module
 */

import { dirname, join, relative, resolve } from "node:path";

import { BUILD, listFiles, mustRun, ROOT } from "../process.ts";
import { type EsbuildPlugin, loadEsbuild } from "../tools.ts";

/** The folder of the project. */
export const PROJECT = join(BUILD, "project");

const COPIED = ["tests", "examples"].map((name) => join(ROOT, name));
/** An inline specifier of Deno, for what only tests use. */
const NPM = /^npm:(@?[^@]+)@[^/]+/;

const INSTALLED = join(PROJECT, "node_modules/@dotflow/dotflow");

/**
 * Makes the project anew.
 *
 * @param tarball The packed package.
 */
export async function buildProject(tarball: string): Promise<void> {
  await Deno.remove(PROJECT, { recursive: true }).catch(() => {});
  await Deno.mkdir(INSTALLED, { recursive: true });
  await mustRun("tar", [
    "-xzf",
    tarball,
    "--strip-components=1",
    "-C",
    INSTALLED,
  ]);
  await Deno.writeTextFile(
    join(PROJECT, "package.json"),
    JSON.stringify({ private: true, type: "module" }),
  );
  const esbuild = await loadEsbuild();
  await esbuild.build({
    absWorkingDir: ROOT,
    entryPoints: COPIED.flatMap((folder) => listFiles(folder, isSource)),
    outbase: ROOT,
    outdir: PROJECT,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    keepNames: true,
    sourcemap: "inline",
    plugins: [keepImports],
    logLevel: "silent",
  });
  for (const path of COPIED.flatMap((folder) => listFiles(folder, isAsset))) {
    const copy = join(PROJECT, relative(ROOT, path));
    await Deno.mkdir(dirname(copy), { recursive: true });
    await Deno.copyFile(path, copy);
  }
}

function isSource(path: string): boolean {
  return path.endsWith(".ts");
}

function isAsset(path: string): boolean {
  return !isSource(path);
}

/** Leaves every import as it is, but for what its target is called now. */
const keepImports: EsbuildPlugin = {
  name: "keep-imports",
  setup(build) {
    build.onResolve({ filter: /.*/ }, ({ kind, path, resolveDir }) => {
      if (kind === "entry-point") return undefined;
      if (!path.startsWith(".")) {
        return { path: path.replace(NPM, "$1"), external: true };
      }
      const target = resolve(resolveDir, path);
      const copied = COPIED.some((folder) => target.startsWith(`${folder}/`));
      // What is no part of the package's surface goes into the test itself.
      if (!copied) return undefined;
      const moved = relative(resolveDir, target).replace(/\.ts$/, ".js");
      return {
        path: moved.startsWith(".") ? moved : `./${moved}`,
        external: true,
      };
    });
  },
};
