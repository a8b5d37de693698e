/**
 * Runs one of the workflows of `crash_flow.ts` to its end, and writes down what
 * it does, unless it is told to kill itself: `crash_worker.ts <Life as JSON>`.
 * It exits with 3 when it has lost its workflow to another process.
 *
 * @module
 */

import type { Context, Storage } from "@dotflow/dotflow";
import { writeSync } from "node:fs";
import process from "node:process";
import {
  COURSES,
  crashFlow,
  runCrashFlow,
  type Setting,
} from "./crash_flow.ts";
import { openStorage } from "./open_storage.ts";

/** What a process asks of its storage. */
export type Call =
  /** Anything that tries it out. */
  | "probe"
  /** Reads the run record. */
  | "look"
  /** Writes it to own the workflow, or to renew that, or when all is done. */
  | "claim"
  | "renew"
  | "end"
  /** Lists or reads checkpoints. */
  | "load"
  /** Writes one. */
  | "commit"
  /** Removes old ones. */
  | "prune";

/** When a process kills itself. */
export type OwnKill =
  /** At once after it has written so many lines. */
  | { kind: "self"; lines: number }
  /** So many milliseconds after the nth call of a kind, which takes a while. */
  | { kind: "call"; call: Call; nth: number; ms: number };

/** What a process is told. */
export interface Life extends Setting {
  /** The name of its course. */
  course: string;
  /** How often the workflow is run anew after it has ended. */
  again?: number;
  /** When it kills itself; other kinds of kills come from outside. */
  kill?: OwnKill | { kind: "lines" | "time" | "file" };
}

const life: Life = JSON.parse(process.argv[2]);
const { course, spec, again = 0, kill } = life;
let lines = 0;
let calls = 0;

/** Once it returns, the line outlives the process. */
function say(...words: unknown[]): void {
  writeSync(1, `${words.join(" ")}\n`);
  if (kill?.kind === "self" && ++lines === kill.lines) die();
}

function die(): void {
  process.kill(process.pid, "SIGKILL");
}

/** Counts the calls of a storage. */
function watch(storage: Storage): Storage {
  const count = (call: Call) => {
    if (kill?.kind !== "call") return;
    if (kill.call !== call || ++calls !== kill.nth) return;
    // At once is when the storage has not even begun.
    if (kill.ms === 0) die();
    else setTimeout(die, kill.ms);
  };
  const wrap = (name: "get" | "atomicSwap" | "listKeys" | "deletePrefix") => {
    // deno-lint-ignore no-explicit-any
    const call: any = storage[name]!.bind(storage);
    storage[name] = (key: string, ...rest: unknown[]) => {
      count(callOf(name, key, rest[1] as Context));
      return call(key, ...rest);
    };
  };
  for (const name of ["get", "atomicSwap", "listKeys"] as const) wrap(name);
  wrap("deletePrefix");
  return storage;
}

function callOf(name: string, key: string, next?: Context): Call {
  if (key.startsWith("_probe/")) return "probe";
  if (name === "deletePrefix") return "prune";
  if (!key.endsWith("/_run")) return name === "atomicSwap" ? "commit" : "load";
  if (next === undefined) return "look";
  const { owner, renewals } = next.storage;
  if (owner === null) return "end";
  return renewals > 0 ? "renew" : "claim";
}

const storage = watch(await openStorage(spec));
const workflow = crashFlow(COURSES[course], storage, life, say);
say("ready");
try {
  await runCrashFlow(COURSES[course], workflow, again, say);
  await storage.close?.();
} catch (error) {
  if ((error as { code?: string }).code !== "WORKFLOW_LOCKED") throw error;
  process.exitCode = 3;
}
