/**
 * Joins the modules of the npm package: all that loading the main export loads
 * becomes one file, which the other files share; what only some of those need
 * goes into each of them. What the core loads only when it is needed becomes
 * files of their own.
 *
 * @module
 */

import { basename, dirname, join, relative, resolve } from "node:path";
import { leaveLazy, refuseTwins } from "./lazy.ts";
import { listFiles } from "./process.ts";
import { type EsbuildPlugin, loadEsbuild } from "./tools.ts";

/** The folder of what the core loads only when it is needed. */
const LAZY = "lazy";

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

  const lazy = new Set<string>();
  const plugins = [
    leaveLazy((path) => {
      lazy.add(path);
      refuseTwins(lazy);
      return `./${LAZY}/${basename(path)}`;
    }),
  ];
  const main = await build({
    ...options,
    plugins,
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
    plugins,
    stdin: { contents: exports.join("\n"), resolveDir: folder },
  });
  const rest = await build({
    ...options,
    entryPoints: entries.filter((path) => !isCore(path)),
    plugins: [keepShared(folder, entries, isCore)],
  });
  const late = await build({
    ...options,
    outdir: join(folder, LAZY),
    entryNames: "[name]",
    entryPoints: [...lazy],
    plugins: [takeFromCore(isCore)],
  });
  const stubs = await build({
    ...options,
    bundle: false,
    external: undefined,
    entryPoints: entries.filter(isCore),
  });

  for (const path of files) await Deno.remove(path);
  await Deno.mkdir(join(folder, LAZY));
  const joined = [shared, rest, late].flatMap(({ outputFiles }) => outputFiles);
  for (const { path, text } of joined) await Deno.writeTextFile(path, text);
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

/** Has files of the lazy folder take what the core has from there. */
function takeFromCore(isCore: (path: string) => boolean): EsbuildPlugin {
  return {
    name: "take-from-core",
    setup(build) {
      build.onResolve(
        { filter: /^\./ },
        ({ path, resolveDir }) =>
          isCore(resolve(resolveDir, path))
            ? { path: "../core.js", external: true }
            : undefined,
      );
    },
  };
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
