// deno-lint-ignore-file no-import-prefix
/**
 * The development tools, pinned here and nowhere else. They are not in the
 * import map, and have a lock of their own (`scripts/tools.lock`), because Deno
 * downloads all of the map and all of the lock before any task: a first
 * `deno task demo` would wait for compilers and runtimes that it does not use.
 *
 * A literal import is what makes Deno install a package into `node_modules`
 * (with `--node-modules-dir=auto`), also one that is only started as a process.
 *
 * @module
 */

import { realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import process from "node:process";
import { ROOT } from "./process.ts";

/** What makes Deno use the lock of the tools. */
export const TOOLS_LOCK = "--lock=scripts/tools.lock";

/** A plugin of the bundler. */
export type { Plugin as EsbuildPlugin } from "npm:esbuild@0.28.2";

/** The bundler. */
export const loadEsbuild = () => import("npm:esbuild@0.28.2");

/** The host of workerd. */
export const loadMiniflare = () => import("npm:miniflare@4.20260426.0");

/** The driver of browsers. */
export const loadPlaywright = () => import("npm:playwright-core@1.65.1");

/** The TypeScript compiler. */
export const loadTypescript = () => import("npm:typescript@5.9.3");

/**
 * What is started as a process only, read by the compiler, or imported by
 * tests in every runtime.
 */
export const installed = [
  () => import("npm:@arethetypeswrong/cli@0.18.5"),
  () => import("npm:@opentelemetry/api-logs@0.223.0"),
  () => import("npm:@opentelemetry/context-async-hooks@2.12.0"),
  () => import("npm:@opentelemetry/core@2.12.0"),
  () => import("npm:@opentelemetry/exporter-logs-otlp-http@0.223.0"),
  () => import("npm:@opentelemetry/exporter-metrics-otlp-http@0.223.0"),
  () => import("npm:@opentelemetry/exporter-trace-otlp-http@0.223.0"),
  () => import("npm:@opentelemetry/otlp-transformer@0.223.0"),
  () => import("npm:@opentelemetry/resources@2.12.0"),
  () => import("npm:@opentelemetry/sdk-logs@0.223.0"),
  () => import("npm:@opentelemetry/sdk-metrics@2.12.0"),
  () => import("npm:@opentelemetry/sdk-trace-base@2.12.0"),
  () => import("npm:@types/node@20.19.43"),
  () => import("npm:axe-core@4.14.1"),
  () => import("npm:bun@1.4.5"),
  () => import("npm:ioredis@5.11.1"),
  loadPlaywright,
  () => import("npm:publint@0.3.25"),
  () => import("npm:unstorage@1.17.6"),
];

/**
 * Finds the program of a tool.
 *
 * @param name Its name, such as `"tsc"`.
 * @returns Its path.
 */
export function toolPath(name: string): string {
  return join(ROOT, "node_modules/.bin", name);
}

/**
 * Finds the Bun of this machine. Its npm package puts it in place by an
 * install script, which Deno does not run.
 *
 * @returns Its path.
 */
export function bunPath(): string {
  const folder = realpathSync(join(ROOT, "node_modules/bun"));
  const require = createRequire(join(folder, "package.json"));
  const arch = process.arch === "arm64" ? "aarch64" : process.arch;
  const name = `@oven/bun-${process.platform}-${arch}/package.json`;
  return join(dirname(require.resolve(name)), "bin/bun");
}
