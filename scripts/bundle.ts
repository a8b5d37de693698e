/**
 * How big something is that is downloaded: bundled, minified and compressed.
 *
 * @module
 */

import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { leaveLazy } from "./lazy.ts";
import { ROOT } from "./process.ts";
import { loadEsbuild } from "./tools.ts";

/** A bundle, as far as it was asked about. */
export interface Bundle {
  /** Its size in KB of 1,024 bytes. */
  readonly size: number;
  /** The files in it, relative to the project. */
  readonly files: readonly string[];
}

/**
 * Bundles files of the project, without what they load only when it is needed.
 *
 * @param files The files, relative to the project; all of their exports count.
 * @param external Packages that are left out. @default None
 * @returns The bundle.
 */
export async function bundle(
  files: readonly string[],
  external: readonly string[] = [],
): Promise<Bundle> {
  const { build } = await loadEsbuild();
  const contents = files.map((file) => `export * from "./${join(file)}";`);
  const { outputFiles, metafile } = await build({
    absWorkingDir: ROOT,
    stdin: { contents: contents.join("\n"), resolveDir: ROOT },
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: "esm",
    platform: "neutral",
    mainFields: ["module", "main"],
    target: "es2022",
    external: ["node:*", ...external],
    plugins: [leaveLazy()],
    logLevel: "silent",
  });
  // Level 9, and no name or time in the head: the same bytes everywhere.
  const { length } = gzipSync(outputFiles[0].contents, { level: 9 });
  return { size: length / 1_024, files: Object.keys(metafile.inputs) };
}
