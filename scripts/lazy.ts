/**
 * What the core loads only when it is needed, and so is no part of it.
 *
 * @module
 */

import { resolve } from "node:path";
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
