/**
 * Checks what importing an export of the installed package really loads, by
 * having Node tell of each package that it is asked for.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { countedOf, PACKAGES } from "../check_graph.ts";
import { mustRun } from "../process.ts";

/** Tells of what modules of the package itself ask for, when they do. */
const HOOKS = `
import { writeSync } from "node:fs";
import { register } from "node:module";
import { isMainThread } from "node:worker_threads";
if (isMainThread) register(import.meta.url);
export function resolve(specifier, context, next) {
  const own = context.parentURL?.includes("/@dotflow/dotflow/");
  if (own && !specifier.startsWith(".")) writeSync(1, specifier + "\\n");
  return next(specifier, context);
}
`;

/**
 * Imports each export in a process of its own.
 *
 * @param folder Where the package is installed, without its optional peers.
 */
export async function checkLoads(folder: string): Promise<void> {
  await Deno.writeTextFile(join(folder, "hooks.mjs"), HOOKS);
  await Deno.writeTextFile(
    join(folder, "load.mjs"),
    `await import(process.argv[2]);\n`,
  );
  for (const [subpath, expected] of Object.entries(PACKAGES)) {
    const specifier = `@dotflow/dotflow${subpath.slice(1)}`;
    const args = ["--import", "./hooks.mjs", "load.mjs", specifier];
    const asked = await mustRun("node", args, { cwd: folder });
    const loaded = new Set(asked.split("\n").filter(Boolean));
    const found = { now: [...loaded].sort(), later: [] };
    const { now } = countedOf(found, expected);
    assert.deepEqual(now, expected.now, `what ${specifier} loads`);
  }
}
