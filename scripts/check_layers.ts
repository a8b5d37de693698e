/**
 * Checks which file imports which. Dependencies point one way: `mod.ts` to
 * `src/`, `providers/` to the contracts and small helpers; only
 * `src/defaults.ts` knows providers; the core loads nothing that is not its
 * own; what ships names no runtime.
 *
 * @module
 */

import { basename, dirname, join, relative } from "node:path/posix";
import { checkExports } from "./check_exports.ts";
import { listFiles, ROOT } from "./process.ts";
import { type Import, readSource, type Source } from "./read_source.ts";

const MAX_LINES = 300;

/** The files of `src/` that providers and contract suites may build on. */
const HELPERS = [
  "brand",
  "cloud_config",
  "codec",
  "context",
  "controls",
  "crc32",
  "describe",
  "duration",
  "errors",
  "http/address",
  "http/cached_credential",
  "http/refusal",
  "http/retry",
  "http/said",
  "key",
  "nonces",
  "object_name",
  "options",
  "pages",
  "place",
  "plain",
  "redact",
  "run/keep_awake",
  "run/notices",
  "run/options",
  "run/probe",
  "run_info",
  "runtime",
  "secret",
  "sha256",
  "status",
  "task",
  "task_error",
  "traceparent",
  "types",
  "wait",
  "wire",
  "within",
].map((name) => `src/${name}.ts`);

/** Private folders that build on another one: Datadog's agent speaks OTLP. */
const BUILDS_ON: Readonly<Record<string, string>> = {
  datadog: "opentelemetry",
};

/** Loads the user's own modules, whichever they are. */
const LOADS_STEPS = "src/run/import_attribute.ts";

/** Finds out what may be done without the user being asked. */
const NAMES_DENO = "src/runtime.ts";

/** What files say, by path. */
export type Sources = ReadonlyMap<string, Source>;

/**
 * Checks all that ships.
 *
 * @returns What is wrong: `file:line: what`, a line each.
 */
export async function checkLayers(): Promise<string[]> {
  return findProblems(await readShipped());
}

/**
 * Checks files.
 *
 * @param sources What they say, by path; `mod.ts` is one of them.
 * @returns What is wrong: `file:line: what`, a line each.
 */
export function findProblems(sources: Sources): string[] {
  const core = closure("mod.ts", sources);
  const problems: string[] = [];
  for (const [path, source] of sources) {
    const report = (line: number, what: string) =>
      problems.push(`${path}:${line}: ${what}`);
    for (const imported of source.imports) {
      const what = layerProblem(path, imported) ??
        packageProblem(imported, core.has(path));
      if (what !== undefined) report(imported.line, what);
    }
    for (const line of path === LOADS_STEPS ? [] : source.opaque) {
      report(line, "write out what is imported, so that it can be checked");
    }
    for (const { name, line } of source.globals) {
      if (path === NAMES_DENO && name === "Deno") continue;
      report(line, `${name} does not exist in the other runtimes`);
    }
    if (path.startsWith("src/") && source.lines > MAX_LINES) {
      report(source.lines, `over ${MAX_LINES} lines: split the file`);
    }
  }
  return problems;
}

async function readShipped(): Promise<Sources> {
  const folders = [
    "src",
    "providers",
    "server",
    "cli",
    "testing",
    "dashboard",
  ];
  const paths = folders.flatMap((folder) =>
    listFiles(join(ROOT, folder), (path) => path.endsWith(".ts"))
  );
  const sources = new Map<string, Source>();
  for (const path of [join(ROOT, "mod.ts"), ...paths]) {
    sources.set(relative(ROOT, path), await readSource(path));
  }
  return sources;
}

/** All that loading a file loads at once; dynamic imports load later. */
function closure(entry: string, sources: Sources): Set<string> {
  const reached = new Set([entry]);
  for (const path of reached) {
    for (const { specifier, typeOnly, dynamic } of sources.get(path)!.imports) {
      const target = resolveImport(path, specifier);
      if (!typeOnly && !dynamic && target && sources.has(target)) {
        reached.add(target);
      }
    }
  }
  return reached;
}

function resolveImport(path: string, specifier: string): string | undefined {
  return specifier.startsWith(".") ? join(dirname(path), specifier) : undefined;
}

function layerProblem(
  path: string,
  { specifier }: Import,
): string | undefined {
  const target = resolveImport(path, specifier);
  if (target === undefined || mayImport(path, target)) return undefined;
  return `${path} may not import ${target}`;
}

function mayImport(path: string, target: string): boolean {
  const [folder] = path.split("/");
  const helper = target.startsWith("src/contracts/") ||
    HELPERS.includes(target);
  switch (folder) {
    case "mod.ts":
      return target.startsWith("src/");
    case "src":
      return target.startsWith("src/") ||
        (path === "src/defaults.ts" && isProvider(target));
    case "testing":
      return target.startsWith("testing/") || target.startsWith("src/");
    case "providers":
      if (path === "providers/mod.ts") return isProvider(target);
      return helper || inOwnFolder(path, target);
    case "server":
      return target.startsWith("server/") || target.startsWith("src/") ||
        isProvider(target);
    case "dashboard":
      return target.startsWith("dashboard/") || target === "src/wire.ts";
    case "cli":
      return target.startsWith("cli/") || target.startsWith("src/") ||
        target === "mod.ts" || target === "server/mod.ts" ||
        isProvider(target);
    default:
      return false;
  }
}

function isProvider(target: string): boolean {
  return /^providers\/\w+\.ts$/.test(target) && target !== "providers/mod.ts";
}

/**
 * A private folder is named by a word of its provider: the files in
 * `providers/file/` are those of `providers/storage_file.ts`.
 */
function inOwnFolder(path: string, target: string): boolean {
  const [, folder, file] = target.split("/");
  if (!target.startsWith("providers/") || file === undefined) return false;
  const [, home, inner] = path.split("/");
  const words = inner ? [home] : basename(home, ".ts").split("_");
  return words.some((word) => word === folder || BUILDS_ON[word] === folder);
}

function packageProblem(
  { specifier, typeOnly, dynamic }: Import,
  core: boolean,
): string | undefined {
  if (specifier.startsWith(".")) return undefined;
  if (/^(jsr|https?):/.test(specifier)) {
    return `"${specifier}" cannot be loaded everywhere: use an npm package`;
  }
  if (!core) return undefined;
  if (!specifier.startsWith("node:")) {
    return `"${specifier}" in the core, which has no dependencies`;
  }
  if (typeOnly || dynamic) return undefined;
  return `"${specifier}" in the core: use await import("${specifier}")`;
}

if (import.meta.main) {
  const problems = [...await checkLayers(), ...checkExports()];
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) Deno.exit(1);
}
