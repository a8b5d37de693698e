/**
 * What is kept in memory, as far as a runtime tells.
 *
 * @module
 */

import process from "node:process";
import { runtime } from "./harness.ts";

/** How often garbage is made where it cannot be asked to be collected. */
const MOST_ROUNDS = 200;

/**
 * Counts the objects that are still kept by somebody.
 *
 * @param refs The objects.
 * @param enough Once no more than so many are left, it looks no further.
 * @returns How many are left.
 */
export async function aliveOf(
  refs: readonly WeakRef<object>[],
  enough: number,
): Promise<number> {
  const collect = await collector();
  let alive = refs.length;
  for (let round = 0; round < MOST_ROUNDS && alive > enough; round++) {
    // An object lives on until the end of the turn that has looked at it.
    await new Promise((resolve) => setTimeout(resolve, 1));
    collect();
    alive = refs.filter((ref) => ref.deref() !== undefined).length;
  }
  return alive;
}

/**
 * The bytes that are in use; 0 where a runtime does not tell.
 *
 * @returns How many.
 */
export function heapBytes(): number {
  return runtime === "workerd" ? 0 : process.memoryUsage().heapUsed;
}

/** Finds what collects garbage; in workerd, only need makes it do so. */
async function collector(): Promise<() => void> {
  if (runtime === "workerd") {
    return () => void Array.from({ length: 20 }, () => new Array(50_000));
  }
  if (runtime === "bun") {
    const { gc } = await import("bun" as string);
    return () => gc(true);
  }
  const { setFlagsFromString } = await import("node:v8");
  const { runInNewContext } = await import("node:vm");
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc");
}
