/**
 * StorageGCS on buckets of the lab.
 *
 * @module
 */

import { Context, type Storage } from "@dotflow/dotflow";
import {
  StorageGCS,
  type StorageGCSOptions,
} from "@dotflow/dotflow/providers/storage-gcs";
import process from "node:process";
import { cleanup } from "./harness.ts";
import { type GcsOptions, type LabGcs, openGcs } from "./lab.ts";

/** Options to have otherwise than the lab says. */
export type Options = Partial<StorageGCSOptions>;

const labs = new WeakMap<Storage, LabGcs>();

/** Opens a storage on an empty bucket of its own. */
export async function openStorage(
  options: Options = {},
  behaviour: GcsOptions = {},
): Promise<{ storage: StorageGCS; lab: LabGcs }> {
  const lab = await openGcs(behaviour);
  return { storage: storageOn(lab, options), lab };
}

/** Opens a further storage on a bucket. */
export function storageOn(lab: LabGcs, options: Options = {}): StorageGCS {
  const storage = new StorageGCS({ ...lab.storage, ...options });
  labs.set(storage, lab);
  return storage;
}

/** Opens a further storage on the bucket of another. */
export function reopen(storage: Storage, options: Options = {}): StorageGCS {
  return storageOn(labs.get(storage)!, options);
}

/** A Context as a run makes it. */
export function contextOf(value: unknown): Context {
  return new Context({ storage: value, taskId: "task", time: 1 });
}

/** The value under a key. */
export async function valueAt(storage: Storage, key: string): Promise<unknown> {
  return (await storage.get(key)).storage;
}

/** How often the lab was asked for what. */
export async function counts(lab: LabGcs): Promise<Record<string, number>> {
  return (await lab.figures()).ops;
}

/** Sets the environment until the end of the present test. */
export function setEnvironment(
  values: Record<string, string | undefined>,
): void {
  for (const [name, value] of Object.entries(values)) {
    const before = process.env[name];
    cleanup(() => set(name, before));
    set(name, value);
  }
}

function set(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}
