/**
 * Runs the test files in workerd: bundled from the project with the tarball,
 * with a small `node:test` of our own, one request for each test.
 *
 * @module
 */

import { join, relative } from "node:path";
import { listFiles, ROOT } from "../process.ts";
import { type EsbuildPlugin, loadEsbuild, loadMiniflare } from "../tools.ts";
import { PROJECT } from "./project.ts";
import { crashed, readSkipReason, type TestResult } from "./result.ts";
import type { Plan } from "./runtimes.ts";

const BUNDLE = join(PROJECT, "workerd");
const COMPATIBILITY_DATE = "2026-04-20";
/** What only tests load that workerd skips. */
const SKIPPED = [
  "axe-core",
  "bun",
  "ioredis",
  "playwright-core",
  "redis",
  "unstorage/drivers/fs",
];
const TEST_TIMEOUT = 120_000;

type Answer<T> = { ok: true; value: T } | { ok: false; error: string };
type Ask = <T>(query: string) => Promise<Answer<T>>;

/** Runs the tests in workerd. */
export async function runWorkerd(plan: Plan): Promise<TestResult[]> {
  const files = plan.files.map((path) =>
    relative(ROOT, path).replace(/\.ts$/, ".js")
  );
  await bundleWorker(files);
  const results: TestResult[] = [];
  const { kCurrentWorker } = await loadMiniflare();
  const bound = {
    bindings: suiteVariables(),
    r2Buckets: ["BUCKET"],
    serviceBindings: { SELF: kCurrentWorker },
  };
  await withWorker(BUNDLE, async (ask) => {
    for (const file of files) {
      results.push(...await runFile(ask, file, plan.filter));
    }
  }, bound);
  return results;
}

/** What a worker is bound to. */
interface Bound {
  /** From when the rules of workerd are. */
  compatibilityDate?: string;
  /** What else it has. */
  compatibilityFlags?: string[];
  /** Texts, which `process.env` has too. */
  bindings?: Record<string, string>;
  /** Names of R2 buckets, which are empty at first. */
  r2Buckets?: string[];
  /** Workers, by the name that they are bound to. */
  serviceBindings?: Record<string, symbol>;
}

/**
 * Starts a worker, hands over a way to ask it, and stops it.
 *
 * @param folder Its modules; `main.js` is the one that answers.
 * @param use What to do with it.
 * @param bound What it is bound to.
 */
export async function withWorker(
  folder: string,
  use: (ask: Ask) => Promise<void>,
  bound: Bound = {},
): Promise<void> {
  const { Miniflare } = await loadMiniflare();
  const main = join(folder, "main.js");
  const rest = listFiles(folder, (path) => path !== main);
  const worker = new Miniflare({
    modulesRoot: folder,
    modules: [main, ...rest].map((path) => ({ type: "ESModule", path })),
    compatibilityDate: COMPATIBILITY_DATE,
    // With the second one, a worker can give itself a tick.
    compatibilityFlags: ["nodejs_compat", "service_binding_extra_handlers"],
    ...bound,
  });
  try {
    await worker.ready;
    await use(async (query) => {
      const signal = AbortSignal.timeout(TEST_TIMEOUT);
      const url = `http://localhost${query}`;
      const response = await worker.dispatchFetch(url, { signal });
      return await response.json() as never;
    });
  } finally {
    await worker.dispose();
  }
}

/** What the suite tells tests, such as where its servers are. */
function suiteVariables(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(Deno.env.toObject()).filter(([name]) =>
      name.startsWith("DOTFLOW_")
    ),
  );
}

async function runFile(
  ask: Ask,
  file: string,
  filter: string,
): Promise<TestResult[]> {
  const query = `file=${encodeURIComponent(file)}`;
  const loaded = await ask<{ name: string; skip: boolean }[]>(`/load?${query}`);
  if (!loaded.ok) {
    return [crashed("workerd", `${file}: ${loaded.error}`)];
  }
  const results: TestResult[] = [];
  for (const [index, { name, skip }] of loaded.value.entries()) {
    if (!name.includes(filter)) continue;
    if (skip) {
      const message = "no reason given";
      results.push(readSkipReason({ name, status: "skipped", message }));
      continue;
    }
    const ran = await ask(`/run?${query}&index=${index}`);
    results.push({
      name,
      status: ran.ok ? "passed" : "failed",
      message: ran.ok ? "" : ran.error,
    });
  }
  return results;
}

async function bundleWorker(files: readonly string[]): Promise<void> {
  const esbuild = await loadEsbuild();
  const entries = files.map((file) => {
    const path = JSON.stringify(`./${file}`);
    return `${JSON.stringify(file)}: () => import(${path}),`;
  });
  await Deno.writeTextFile(
    join(PROJECT, "main.js"),
    `import { handleScheduled } from "./tests/workerd/requests.js";
import { handle } from "./tests/workerd/worker.js";
const files = {
${entries.join("\n")}
};
export default {
  fetch: (request, env, context) => handle(files, request, env, context),
  scheduled: (tick, env, context) => handleScheduled(tick, context),
};
`,
  );
  await esbuild.build({
    absWorkingDir: PROJECT,
    entryPoints: ["main.js"],
    outdir: BUNDLE,
    bundle: true,
    splitting: true,
    format: "esm",
    target: "es2022",
    keepNames: true,
    // As wrangler does: where a package has a file for browsers, it is that one.
    platform: "browser",
    conditions: ["workerd", "worker", "browser"],
    external: ["node:*", "cloudflare:*", ...SKIPPED],
    alias: { "node:test": join(PROJECT, "tests/workerd/shim.js") },
    plugins: [requireFromNode],
    logLevel: "silent",
  });
}

/** Lets CommonJS packages require what workerd has of Node, by an import. */
const requireFromNode: EsbuildPlugin = {
  name: "require-from-node",
  setup(build) {
    const namespace = "node";
    build.onResolve({ filter: /^(async_hooks|events)$/ }, ({ path }) => ({
      path,
      namespace,
    }));
    build.onLoad({ filter: /.*/, namespace }, ({ path }) => ({
      contents: `export * from "node:${path}";`,
    }));
  },
};
