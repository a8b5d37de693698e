/**
 * Who owns a workflow: what the run record says of the process that runs it.
 *
 * @module
 */

import type { Config } from "../config.ts";
import type { Storage } from "../contracts/storage.ts";
import { guarded } from "./guarded.ts";

/** The owner of a workflow, as the run record has it. */
export interface Owner {
  /** Tells this start from every other. */
  readonly id: string;
  /** The name for people. */
  readonly name: string;
  /** Since when, in milliseconds since the epoch, by the owner's clock. */
  readonly since: number;
  /** How long the owner counts as alive after a renewal, in milliseconds. */
  readonly leaseMs: number;
  /** What the storage can tell by whether the process still lives. */
  readonly process: string | undefined;
}

/** The owners that start here and have not ended. */
const live = new Set<string>();

/** Tells them from those of every other process. */
let prefix: string | undefined;
let count = 0;

/**
 * Makes the owner that a start would be; it is alive until it retires.
 *
 * @param config The providers.
 * @returns The owner.
 * @throws {StorageError} If the storage fails.
 */
export async function makeOwner(
  { storage, owner, leaseMs }: Config,
): Promise<Owner> {
  const holder = async () => await storage.holder?.();
  const process = await guarded("name this process", "owner", holder);
  const name = owner ?? processName();
  // Not sooner: in Workers, nothing is random while modules load.
  prefix ??= `${crypto.randomUUID()}.`;
  const id = `${prefix}${++count}`;
  live.add(id);
  return { id, name, since: Date.now(), leaseMs, process };
}

/**
 * Says that an owner has ended, so that nobody here waits for it.
 *
 * @param owner The owner.
 */
export function retire({ id }: Owner): void {
  live.delete(id);
}

/**
 * Tells whether an owner has ended for certain: one of this process that
 * retired without a word in the record, or one whose process is gone.
 *
 * @param storage The storage.
 * @param owner The owner.
 * @returns Whether it has; false where that is not certain.
 * @throws {StorageError} If the storage fails.
 */
export async function isGone(
  storage: Storage,
  { id, process }: Owner,
): Promise<boolean> {
  if (prefix && id.startsWith(prefix)) return !live.has(id);
  if (!process || !storage.isGone) return false;
  const ask = () => storage.isGone!(process);
  return await guarded("look for the process of", "owner", ask);
}

/** The runtime and the number of the process, where they are known. */
function processName(): string {
  const { process, navigator } = globalThis as {
    process?: { pid?: number; version?: string };
    navigator?: { userAgent?: string };
  };
  const runtime = navigator?.userAgent ?? `Node.js ${process?.version}`;
  return process?.pid ? `${runtime}, process ${process.pid}` : runtime;
}
