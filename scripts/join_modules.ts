/**
 * Joins the modules of the npm package: all that loading the main export loads
 * becomes one file, which the other files share; what only some of those need
 * goes into each of them.
 *
 * @module
 */

import { dirname, join, relative, resolve } from "node:path";
import { listFiles } from "./process.ts";
import { type EsbuildPlugin, loadEsbuild } from "./tools.ts";

/**
 * Joins the modules of an unpacked package, in place.
 *
 * @param folder The folder of the package.
 */
export async function joinModules(folder: string): Promise<void> {
  const { build } = await loadEsbuild();
  const files = listFiles(folder, (path) => path.endsWith(".js"));
  const manifest = await Deno.readTextFile(join(folder, "package.json"));
  const { exports: subpaths, dependencies, peerDependencies } = JSON.parse(
    manifest,
  );
  const entries = Object.values<{ default: string }>(subpaths).map((entry) =>
    join(folder, entry.default)
  );
  const packages = Object.keys({ ...dependencies, ...peerDependencies });
  const options = {
    absWorkingDir: folder,
    outdir: folder,
    outbase: folder,
    bundle: true,
    write: false,
    metafile: true,
    format: "esm",
    platform: "neutral",
    target: "es2022",
    external: ["node:*", ...packages] as string[],
  } as const;

  const main = await build({
    ...options,
    entryPoints: [join(folder, subpaths["."].default)],
  });
  const core = Object.keys(main.metafile.inputs);
  const isCore = (path: string) => core.includes(relative(folder, path));

  // What the other files need of the core is what they import from it.
  const exports = core.map((path) => `export * from "./${path}";`);
  const shared = await build({
    ...options,
    outdir: undefined,
    outfile: join(folder, "core.js"),
    stdin: { contents: exports.join("\n"), resolveDir: folder },
  });
  const rest = await build({
    ...options,
    entryPoints: entries.filter((path) => !isCore(path)),
    plugins: [keepShared(folder, entries, isCore)],
  });
  const stubs = await build({
    ...options,
    bundle: false,
    external: undefined,
    entryPoints: entries.filter(isCore),
  });

  for (const path of files) await Deno.remove(path);
  for (const { path, text } of [...shared.outputFiles, ...rest.outputFiles]) {
    await Deno.writeTextFile(path, text);
  }
  for (const [path, { exports }] of Object.entries(stubs.metafile.outputs)) {
    const names = exports.join(", ");
    const from = specifierOf(dirname(path), "core.js");
    await Deno.writeTextFile(
      join(folder, path),
      `export { ${names} } from "${from}";\n`,
    );
  }
}

/** How a file in a folder imports another. */
function specifierOf(folder: string, path: string): string {
  const from = relative(folder, path);
  return from.startsWith(".") ? from : `./${from}`;
}

/** Leaves imports of the core, and of other exports, as imports. */
function keepShared(
  folder: string,
  entries: readonly string[],
  isCore: (path: string) => boolean,
): EsbuildPlugin {
  return {
    name: "keep-shared",
    setup(build) {
      build.onResolve({ filter: /^\./ }, (imported) => {
        const { resolveDir, importer } = imported;
        const target = resolve(resolveDir, imported.path);
        const shared = isCore(target) ? join(folder, "core.js") : target;
        if (shared === target && !entries.includes(target)) return undefined;
        // Files of a private folder end up in that of the export they serve.
        const [home] = relative(folder, importer).split("/").slice(0, -1);
        const path = specifierOf(join(folder, home ?? ""), shared);
        return { path, external: true };
      });
    },
  };
}
