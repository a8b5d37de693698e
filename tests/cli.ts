/**
 * The command line as a process: from the sources in Deno, from the packed
 * package in Node and Bun.
 *
 * @module
 */

import type { ChildProcess } from "node:child_process";
import { cleanup, modulePath, runtime } from "./harness.ts";

/** How a command has ended. */
export interface Ended {
  /** The exit code; null where a signal has killed it. */
  readonly code: number | null;
  /** What it wrote to standard output. */
  readonly out: string;
  /** What it wrote to standard error. */
  readonly err: string;
}

/** Where and how a command runs. */
export interface Place {
  /** The working directory. */
  readonly cwd?: string;
  /** Environment variables, added to those of the tests. */
  readonly env?: Record<string, string>;
}

/** A command that runs. */
export interface Running {
  /** Its end. */
  readonly ended: Promise<Ended>;
  /** What it wrote so far. */
  readonly written: { out: string; err: string };
  /** Sends it a signal. */
  signal(name: "SIGINT" | "SIGTERM" | "SIGKILL"): void;
  /** Waits until what it wrote matches. */
  until(pattern: RegExp): Promise<RegExpExecArray>;
}

/** The program, and what stands before its own arguments. */
export function commandOf(args: readonly string[]): string[] {
  const url = (path: string) =>
    decodeURIComponent(new URL(path, import.meta.url).pathname);
  if (runtime !== "deno") {
    const bin = url("../node_modules/@dotflow/dotflow/bin/dotflow.js");
    return [process.execPath, bin, ...args];
  }
  return [
    process.execPath,
    "run",
    "-A",
    "-q",
    "--no-check",
    `--lock=${url("../scripts/tools.lock")}`,
    `--config=${url("../deno.json")}`,
    url("../cli/mod.ts"),
    ...args,
  ];
}

/** Where a step of `steps/cli_steps.ts` is imported from. */
export function step(name: string): string {
  return `${modulePath("steps/cli_steps.ts")}#${name}`;
}

/**
 * The environment of commands: no colours of the terminal of the tests; and in
 * another home, Deno would load all packages anew.
 */
export function environmentOf({ env }: Place): Record<string, string> {
  const { NO_COLOR: _, FORCE_COLOR: __, ...rest } = process.env;
  const { HOME = "", XDG_CACHE_HOME = `${HOME}/.cache` } = rest;
  const cache = { DENO_DIR: `${XDG_CACHE_HOME}/deno` };
  return { ...cache, ...rest as Record<string, string>, ...env };
}

/** Starts a command; it is killed after the present test. */
export async function begin(
  args: readonly string[],
  place: Place = {},
): Promise<Running> {
  const { spawn } = await import("node:child_process");
  const [command, ...rest] = commandOf(args);
  const child: ChildProcess = spawn(command, rest, {
    cwd: place.cwd,
    env: environmentOf(place),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const written = { out: "", err: "" };
  let wake = () => {};
  let isOver = false;
  child.stdout!.setEncoding("utf8").on("data", (text) => {
    written.out += text;
    wake();
  });
  child.stderr!.setEncoding("utf8").on("data", (text) => {
    written.err += text;
    wake();
  });
  const ended = new Promise<Ended>((resolve) => {
    child.on("close", (code) => {
      isOver = true;
      wake();
      resolve({ code, ...written });
    });
  });
  cleanup(async () => {
    if (!isOver) child.kill("SIGKILL");
    await ended;
  });
  const until = async (pattern: RegExp) => {
    for (;;) {
      const found = pattern.exec(written.out + written.err);
      if (found) return found;
      if (isOver) {
        throw new Error(`No ${pattern} in:\n${written.out}${written.err}`);
      }
      await new Promise<void>((resolve) => wake = resolve);
    }
  };
  // Deno takes whatever child.kill() was called for as killed by that signal.
  const signal = (name: "SIGINT" | "SIGTERM" | "SIGKILL") =>
    void process.kill(child.pid!, name);
  return { ended, written, signal, until };
}

/** Runs a command to its end. */
export async function cli(
  args: readonly string[],
  place?: Place,
): Promise<Ended> {
  return await (await begin(args, place)).ended;
}

/** Runs a command in this process, which is quicker. */
export async function cliHere(args: readonly string[]): Promise<Ended> {
  // Not written out: what is for processes is not bundled for workerd.
  const { main } = await import(["@dotflow/dotflow", "cli"].join("/"));
  const written = { out: "", err: "" };
  const { stdout, stderr } = process;
  const originals = [stdout.write, stderr.write] as const;
  stdout.write = ((text: string) => {
    written.out += text;
    return true;
  }) as typeof stdout.write;
  stderr.write = ((text: string) => {
    written.err += text;
    return true;
  }) as typeof stderr.write;
  try {
    return { code: await main(args), ...written };
  } finally {
    [stdout.write, stderr.write] = originals;
  }
}

/** What listens to the abort of signals of this process, until its test ends. */
export interface OpenListeners {
  /** The most that listened to one signal at a time. */
  readonly most: number;
  /** Waits until so many were added in all. */
  added(number: number): Promise<void>;
}

/** Watches what listens to the abort of signals. */
export function openListeners(): OpenListeners {
  const { addEventListener, removeEventListener } = EventTarget.prototype;
  const open = new Map<EventTarget, Set<unknown>>();
  let most = 0;
  let added = 0;
  let wake = () => {};
  const listenersOf = (signal: EventTarget) => {
    const listeners = open.get(signal) ?? new Set();
    open.set(signal, listeners);
    return listeners;
  };
  const patched = AbortSignal.prototype;
  patched.addEventListener = function (...args: unknown[]) {
    addEventListener.apply(this, args as never);
    const size = listenersOf(this).add(args[1]).size;
    most = Math.max(most, size);
    added++;
    wake();
  };
  patched.removeEventListener = function (...args: unknown[]) {
    removeEventListener.apply(this, args as never);
    listenersOf(this).delete(args[1]);
  };
  cleanup(() => {
    const own = patched as Partial<AbortSignal>;
    delete own.addEventListener;
    delete own.removeEventListener;
  });
  return {
    get most() {
      return most;
    },
    async added(number) {
      while (added < number) {
        await new Promise<void>((resolve) => wake = resolve);
      }
    },
  };
}

/** The JSON objects in what a command wrote, a line each. */
// deno-lint-ignore no-explicit-any
export function jsonLines(text: string): any[] {
  return text.trimEnd().split("\n").map((line) => JSON.parse(line));
}
