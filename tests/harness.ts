/**
 * The harness of the tests: one `test` for four runtimes, over `node:test`.
 *
 * ```ts ignore
 * import assert from "node:assert/strict";
 * import { spawnRuntime, tempDir, test } from "./harness.ts";
 *
 * test("adds", () => assert.equal(1 + 1, 2));
 *
 * test("survives kill -9", { needs: ["processes"] }, async () => {
 *   const worker = await spawnRuntime("workers/crash.ts", [await tempDir()]);
 *   await worker.line(/^committed 3$/);
 *   await worker.kill();
 * });
 * ```
 *
 * Tests of one file run one after the other, in every runtime.
 *
 * @module
 */

import type { ChildProcess } from "node:child_process";
import nodeTest from "node:test";
import { effort } from "./effort.ts";

/** The runtimes that the suite runs in. */
export type Runtime = "deno" | "node" | "bun" | "workerd";

/** What a test may need and a runtime may lack. */
export type Need = keyof typeof LACKING;

/** Options of {@linkcode test}. */
export interface TestOptions {
  /** What the test needs; a runtime that lacks one skips the test. */
  needs?: readonly Need[];
  /** Why the test cannot run on this machine; skips it when not empty. */
  skip?: string | false;
  /** Milliseconds until the test counts as failed. @default {30_000} */
  timeout?: number;
}

/** Which runtimes lack what, and why. */
const LACKING = {
  /** Files that outlive a request. */
  files: { workerd: "workerd has no files that stay" },
  /** Starting and killing processes. */
  processes: { workerd: "workerd cannot start a process" },
  /** Sockets of UDP. */
  udp: { workerd: "workerd has no UDP" },
  /** Loading a module by its path while running. */
  sources: { workerd: "workerd loads only what was bundled" },
} satisfies Record<string, Partial<Record<Runtime, string>>>;

/** The runtime that the tests run in now. */
export const runtime: Runtime = detectRuntime();

const cleanups: (() => unknown)[] = [];

/**
 * Registers a test.
 *
 * @param name Its name: one sentence that says what holds.
 * @param options What it needs, or the test itself.
 * @param fn The test; what it throws is why it failed.
 */
export function test(
  name: string,
  options: TestOptions | (() => unknown),
  fn?: () => unknown,
): void {
  if (typeof options === "function") return test(name, {}, options);
  if (fn === undefined) throw new TypeError(`Cannot test "${name}": no body`);
  const reason = skipReason(options);
  if (reason) {
    nodeTest(`${name} [skipped: ${reason}]`, { skip: true }, () => {});
  } else {
    nodeTest(name, () => runTest(fn, options.timeout ?? 30_000 * effort()));
  }
}

/**
 * Has something done after the present test, whatever its outcome; the last
 * one registered comes first.
 *
 * @param fn What is to be done.
 */
export function cleanup(fn: () => unknown): void {
  cleanups.push(fn);
}

/** Fails the present test when a rejection is handled by nobody until its end. */
export function refuseUnhandled(): void {
  // In workerd, the worker that runs the tests does so for each of them.
  if (runtime === "workerd") return;
  const reasons: unknown[] = [];
  const listener = (reason: unknown) => void reasons.push(reason);
  process.on("unhandledRejection", listener);
  cleanup(async () => {
    await new Promise((resolve) => setTimeout(resolve, 10));
    process.off("unhandledRejection", listener);
    if (reasons.length > 0) throw reasons[0];
  });
}

/**
 * Makes a folder that is gone after the present test.
 *
 * @returns Its absolute path.
 */
export async function tempDir(): Promise<string> {
  const { mkdtemp, rm } = await import("node:fs/promises");
  const { tmpdir } = await import("node:os");
  const { join } = await import("node:path");
  const path = await mkdtemp(join(tmpdir(), `dotflow-${runtime}-`));
  cleanup(() => rm(path, { recursive: true, force: true }));
  return path;
}

/**
 * Finds a module of the tests as the present runtime has it: the source in
 * Deno, its transpiled twin in Node and Bun.
 *
 * @param path Its path relative to `tests/`, with the extension `.ts`.
 * @returns Its absolute path.
 */
export function modulePath(path: string): string {
  const extension = import.meta.url.endsWith(".ts") ? ".ts" : ".js";
  const url = new URL(path.replace(/\.ts$/, extension), import.meta.url);
  return decodeURIComponent(url.pathname);
}

/** Options of {@linkcode spawnRuntime}. */
export interface SpawnOptions {
  /** The working directory. @default the one of the tests */
  cwd?: string;
  /** Environment variables, added to those of the tests. */
  env?: Record<string, string>;
  /** Flags of Deno. @default those that allow everything */
  flags?: readonly string[];
  /** A command to run it under, such as `["setpriv", "--reuid=65534"]`. */
  under?: readonly string[];
}

/** A script that runs in a process of its own. */
export interface Spawned {
  /** What it wrote to its standard output so far, line by line. */
  readonly lines: readonly string[];
  /** What it wrote to its standard error so far. */
  readonly stderr: string;
  /** Its end: an exit code or the signal that killed it. */
  readonly exit: Promise<{ code: number | null; signal: string | null }>;
  /**
   * Waits for the next line that matches, counted from the one found last.
   * Rejects with its standard error when it ends without such a line.
   */
  line(pattern: RegExp): Promise<string>;
  /** Sends a signal (`SIGKILL` by default) and waits for its end. */
  kill(signal?: "SIGKILL" | "SIGTERM" | "SIGINT"): Promise<void>;
}

/**
 * Runs a script in a process of its own, in the runtime of the tests. It is
 * killed after the present test when it still runs then.
 *
 * @param script Its path relative to `tests/`, with the extension `.ts`.
 * @param args Its arguments.
 * @param options Where and how it runs.
 * @returns A handle on the process.
 * @throws {Error} When the process cannot be started.
 */
export async function spawnRuntime(
  script: string,
  args: readonly string[] = [],
  options: SpawnOptions = {},
): Promise<Spawned> {
  const { spawn } = await import("node:child_process");
  const { once } = (await import("node:events")).default;
  const { under = [], flags = ["-A", "-q", "--no-check"] } = options;
  const [command, ...rest] = [
    ...under,
    process.execPath,
    ...runtime === "deno" ? ["run", toolsLock(), ...flags] : [],
    modulePath(script),
    ...args,
  ];
  const child = spawn(command, rest, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const spawned = new SpawnedProcess(child);
  await once(child, "spawn");
  cleanup(() => spawned.kill());
  return spawned;
}

/** What tests load besides the package is in the lock of the tools. */
function toolsLock(): string {
  const { pathname } = new URL("../scripts/tools.lock", import.meta.url);
  return `--lock=${pathname}`;
}

class SpawnedProcess implements Spawned {
  readonly lines: string[] = [];
  readonly exit: Promise<{ code: number | null; signal: string | null }>;
  stderr = "";
  #child: ChildProcess;
  #rest = "";
  #read = 0;
  #ended = false;
  #wake: () => void = () => {};

  constructor(child: ChildProcess) {
    this.#child = child;
    this.exit = new Promise((resolve) => {
      child.on("close", (code, signal) => {
        this.#ended = true;
        this.#wake();
        resolve({ code, signal });
      });
    });
    child.stdout?.setEncoding("utf8").on("data", (text) => this.#take(text));
    child.stderr?.setEncoding("utf8").on("data", (text) => {
      this.stderr += text;
    });
  }

  async line(pattern: RegExp): Promise<string> {
    while (true) {
      while (this.#read < this.lines.length) {
        const line = this.lines[this.#read++];
        if (pattern.test(line)) return line;
      }
      if (this.#ended) {
        throw new Error(
          `Cannot find a line like ${pattern}: the process ended\n` +
            [...this.lines.slice(-20), this.stderr].join("\n"),
        );
      }
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  async kill(signal: "SIGKILL" | "SIGTERM" | "SIGINT" = "SIGKILL") {
    if (!this.#ended) this.#child.kill(signal);
    await this.exit;
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    this.lines.push(...lines);
    this.#wake();
  }
}

function detectRuntime(): Runtime {
  if (globalThis.navigator?.userAgent === "Cloudflare-Workers") {
    return "workerd";
  }
  if (process.versions.deno) return "deno";
  return process.versions.bun ? "bun" : "node";
}

function skipReason({ needs = [], skip }: TestOptions): string {
  const reasons: Partial<Record<Runtime, string>>[] = needs.map((need) =>
    LACKING[need]
  );
  return reasons.map((reason) => reason[runtime]).find(Boolean) || skip || "";
}

async function runTest(fn: () => unknown, timeout: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new Error(`Cannot wait longer: over ${timeout} ms`);
    timer = setTimeout(() => reject(error), timeout);
  });
  try {
    await Promise.race([fn(), late]);
  } finally {
    clearTimeout(timer);
    for (const undo of cleanups.splice(0).reverse()) await undo();
  }
}
