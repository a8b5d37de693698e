/**
 * What the core loads only when it is needed, and so is no part of it.
 *
 * @module
 */

import { basename, resolve } from "node:path";
import type { EsbuildPlugin } from "./tools.ts";

/**
 * Leaves dynamic imports of own files as they are, in a bundle of the core.
 *
 * @param rename Says where a file will be, as the bundle has to import it.
 * @returns The plugin.
 */
export function leaveLazy(
  rename: (path: string) => string = (path) => path,
): EsbuildPlugin {
  return {
    name: "leave-lazy",
    setup(build) {
      build.onResolve({ filter: /^\./ }, ({ kind, path, resolveDir }) => {
        if (kind !== "dynamic-import") return undefined;
        return { path: rename(resolve(resolveDir, path)), external: true };
      });
    },
  };
}

/**
 * Sees to it that files of different folders can be in one.
 *
 * @param paths The files.
 * @throws {Error} If two of them have the same name.
 */
export function refuseTwins(paths: Iterable<string>): void {
  const known = new Map<string, string>();
  for (const path of paths) {
    const name = basename(path);
    const other = known.get(name);
    if (other !== undefined && other !== path) {
      throw new Error(
        `Cannot put ${other} and ${path} into one folder: rename one of them`,
      );
    }
    known.set(name, path);
  }
}
