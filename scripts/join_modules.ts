/**
 * Joins the modules of the npm package: everything in `src/`, and the providers
 * that a `Config` falls back to, become one file, which the other files share.
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
  // What only providers need is no part of what everybody loads.
  const isCore = (path: string) =>
    (path.startsWith(join(folder, "src/")) &&
      !path.startsWith(join(folder, "src/http/"))) ||
    /_default\.js$/.test(path) ||
    path.startsWith(join(folder, "providers/log/"));
  const files = listFiles(folder, (path) => path.endsWith(".js"));
  const core = files.filter(isCore);
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

  // What the other files need of the core is what they import from it.
  const exports = core.map((path) =>
    `export * from "./${relative(folder, path)}";`
  );
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
    const from = relative(dirname(path), "core.js");
    await Deno.writeTextFile(
      join(folder, path),
      `export { ${names} } from "${from}";\n`,
    );
  }
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
      build.onResolve({ filter: /^\./ }, ({ path, resolveDir, importer }) => {
        const target = resolve(resolveDir, path);
        const shared = isCore(target) ? join(folder, "core.js") : target;
        if (shared === target && !entries.includes(target)) return undefined;
        // Files of a private folder end up in that of the export they serve.
        const [home] = relative(folder, importer).split("/").slice(0, -1);
        const from = relative(join(folder, home ?? ""), shared);
        return {
          path: from.startsWith(".") ? from : `./${from}`,
          external: true,
        };
      });
    },
  };
}
