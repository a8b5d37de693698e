/**
 * What the package costs before it does anything: to import, to download.
 *
 * @module
 */

import { bundle } from "../bundle.ts";
import { type Figures, median } from "./measure.ts";
import type { Runtime } from "./runtimes.ts";

/**
 * Measures how long it takes to import the core and a module with nothing in
 * it, in turns, in a fresh process each.
 *
 * @param runtime Where.
 * @param repeat How many times.
 * @returns The medians in milliseconds.
 */
export async function measureImport(
  runtime: Runtime,
  repeat: number,
): Promise<Figures> {
  const sample = async (url: string) =>
    Number(await runtime.run("scripts/bench/import_probe.ts", url));
  const empty = runtime.urlOf("scripts/bench/empty.ts");
  const floors: number[] = [];
  const own: number[] = [];
  // The first round warms the caches of disk and compiler.
  for (let round = 0; round <= repeat; round++) {
    floors.push(await sample(empty));
    own.push(await sample(runtime.core));
  }
  return { floor: median(floors.slice(1)), ours: median(own.slice(1)) };
}

/**
 * Measures the bundle of the core, minified and compressed.
 *
 * @returns Its size in KB of 1,024 bytes.
 */
export async function measureBundle(): Promise<number> {
  const { size } = await bundle(["mod.ts"]);
  return size;
}
