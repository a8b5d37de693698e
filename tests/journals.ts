/**
 * What the tests of `StorageFile` share: contexts, files, and workers in
 * processes of their own.
 *
 * @module
 */

import { Context } from "@dotflow/dotflow";
import { StorageFile } from "@dotflow/dotflow/providers/storage-file";
import {
  cleanup,
  type Spawned,
  type SpawnOptions,
  spawnRuntime,
} from "./harness.ts";

type Options = ConstructorParameters<typeof StorageFile>[0];

/** Opens a storage that is closed after the test. */
export function open(path: string, options: Options = {}): StorageFile {
  const storage = new StorageFile({ path, fsync: false, ...options });
  cleanup(() => storage.close());
  return storage;
}

/** A stored context. */
export function some(storage: unknown, taskId = "task"): Context {
  return new Context({ storage, taskId });
}

/** The value under a key, or "absent". */
export async function valueOf(
  storage: StorageFile,
  key: string,
): Promise<unknown> {
  const context = await storage.get(key);
  return context.taskId === undefined ? "absent" : context.storage;
}

/** The module `node:fs/promises`, which workerd need not load. */
export function files(): Promise<typeof import("node:fs/promises")> {
  return import("node:fs/promises");
}

/** Where each line of a file begins and ends, without its line break. */
export function linesOf(bytes: Uint8Array): [start: number, end: number][] {
  const lines: [number, number][] = [];
  for (let start = 0; start <= bytes.length;) {
    const next = bytes.indexOf(10, start);
    const end = next < 0 ? bytes.length : next;
    lines.push([start, end]);
    start = end + 1;
  }
  return lines;
}

/** A worker and how to start it. */
export interface Work {
  mode: string;
  path: string;
  go: string;
  name?: string;
  count?: number;
  compactAfter?: number;
}

/** Starts a worker that begins when the file `go` appears. */
export async function startWorker(
  { mode, path, go, name = "a", count = 0, compactAfter = 1e6 }: Work,
  options?: SpawnOptions,
): Promise<Spawned> {
  const args = [mode, path, go, name, count, compactAfter].map(String);
  const worker = await spawnRuntime("workers/journal_worker.ts", args, options);
  await worker.line(/^ready$/);
  return worker;
}

/** What a worker told when it was done. */
export async function resultOf(worker: Spawned): Promise<unknown> {
  const line = await worker.line(/^done /);
  return JSON.parse(line.slice("done ".length));
}
