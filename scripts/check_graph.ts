/**
 * Checks which packages each export loads: importing one provider must load what
 * that one needs and nothing else, and importing the core no package at all.
 *
 * It follows the imports of the files themselves. What is only loaded when it is
 * needed (`await import("redis")`) is told apart from what importing loads. An
 * import that does not name its package is refused by `check_layers.ts`.
 *
 * @module
 */

import { join, relative } from "node:path";
import { readExports } from "./check_exports.ts";
import { ROOT } from "./process.ts";
import { loadEsbuild } from "./tools.ts";

/** The packages of one export. */
export interface Packages {
  /** What importing it loads. */
  readonly now: readonly string[];
  /** What it loads later, when it is needed. */
  readonly later: readonly string[];
  /**
   * Whether it is the operating system's: modules of `node:` are not counted.
   */
  readonly system?: true;
}

const NONE: Packages = { now: [], later: [] };
const OPENTELEMETRY: Packages = { now: ["@opentelemetry/api"], later: [] };
const SENTRY: Packages = { now: [], later: ["toucan-js"] };

/**
 * The packages that each export may load, and has to. A new provider needs its
 * line here. What is built into Node counts as well: it is loaded later only.
 */
export const PACKAGES: Readonly<Record<string, Packages>> = {
  ".": NONE,
  "./cli": {
    now: ["commander"],
    later: ["@hono/node-server", "aws4fetch", "croner", "hono"],
    system: true,
  },
  "./testing": NONE,
  "./server": { now: ["hono"], later: [] },
  "./providers": {
    now: ["@opentelemetry/api", "aws4fetch", "croner"],
    later: ["redis", "toucan-js"],
  },
  "./providers/log-default": NONE,
  "./providers/log-opentelemetry": OPENTELEMETRY,
  "./providers/log-sentry": SENTRY,
  "./providers/metrics-default": NONE,
  "./providers/metrics-opentelemetry": OPENTELEMETRY,
  "./providers/metrics-statsd": NONE,
  "./providers/notify-default": NONE,
  "./providers/notify-discord": NONE,
  "./providers/notify-slack": NONE,
  "./providers/notify-telegram": NONE,
  "./providers/notify-webhook": NONE,
  "./providers/scheduler-cron": { now: ["croner"], later: [] },
  "./providers/scheduler-default": NONE,
  "./providers/scheduler-interval": NONE,
  "./providers/scheduler-trigger": NONE,
  "./providers/server-default": NONE,
  "./providers/storage-default": NONE,
  "./providers/storage-file": NONE,
  "./providers/storage-gcs": NONE,
  "./providers/storage-r2": NONE,
  "./providers/storage-redis": { now: [], later: ["redis"] },
  "./providers/storage-s3": { now: ["aws4fetch"], later: [] },
  "./providers/storage-unstorage": NONE,
  "./providers/tracer-datadog": OPENTELEMETRY,
  "./providers/tracer-default": NONE,
  "./providers/tracer-opentelemetry": OPENTELEMETRY,
  "./providers/tracer-sentry": SENTRY,
};

/**
 * Checks the exports of a package.
 *
 * @param folder The folder of the package.
 * @param files The files of its exports, by subpath.
 * @param packages What each of them may load, and has to.
 * @returns What is wrong, a line each.
 */
export async function checkGraph(
  folder: string = ROOT,
  files: Readonly<Record<string, string>> = readExports(),
  packages: Readonly<Record<string, Packages>> = PACKAGES,
): Promise<string[]> {
  const subpaths = new Set([...Object.keys(files), ...Object.keys(packages)]);
  const problems: string[] = [];
  for (const subpath of subpaths) {
    const expected = packages[subpath];
    if (files[subpath] === undefined) {
      problems.push(`scripts/check_graph.ts: no export "${subpath}"`);
    } else if (expected === undefined) {
      problems.push(`scripts/check_graph.ts: "${subpath}" has no packages yet`);
    } else {
      const found = countedOf(
        await readPackages(folder, files[subpath]),
        expected,
      );
      for (const when of ["now", "later"] as const) {
        const [wanted, actual] = [expected, found].map((one) =>
          nameOf(one[when])
        );
        if (wanted === actual) continue;
        problems.push(`${subpath}: loads ${actual} ${when}, not ${wanted}`);
      }
    }
  }
  return problems;
}

/**
 * What counts of what an export loads.
 *
 * @param found What it loads.
 * @param expected What it may load.
 * @returns The same, without modules of `node:` where they are allowed.
 */
export function countedOf(found: Packages, { system }: Packages): Packages {
  return system ? { ...found, now: found.now.filter(isPackage) } : found;
}

function isPackage(name: string): boolean {
  return !name.startsWith("node:");
}

function nameOf(packages: readonly string[]): string {
  return packages.length === 0 ? "no package" : packages.join(", ");
}

/** Follows the imports of a file. */
async function readPackages(folder: string, file: string): Promise<Packages> {
  const { build } = await loadEsbuild();
  const { metafile: { inputs } } = await build({
    absWorkingDir: folder,
    entryPoints: [file],
    bundle: true,
    write: false,
    metafile: true,
    format: "esm",
    platform: "neutral",
    packages: "external",
    logLevel: "silent",
  });
  const entry = relative(folder, join(folder, file));
  const [now, later] = [new Set<string>(), new Set<string>()];
  // What is loaded at once comes first, and what only later loads after it.
  const [atOnce, delayed] = [new Set([entry]), new Set<string>()];
  const follow = (path: string, all: Set<string>, into: Set<string>) => {
    for (const imported of inputs[path].imports) {
      const lazy = imported.kind === "dynamic-import";
      if (imported.external) (lazy ? later : into).add(imported.path);
      else (lazy ? delayed : all).add(imported.path);
    }
  };
  for (const path of atOnce) follow(path, atOnce, now);
  for (const path of delayed) follow(path, delayed, later);
  return {
    now: [...now].sort(),
    later: [...later].filter(isPackage).sort(),
  };
}
