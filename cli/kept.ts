/**
 * What a storage keeps of runs.
 *
 * @module
 */

import type { Context } from "../src/context.ts";
import type { Storage } from "../src/contracts/storage.ts";
import { describe } from "../src/describe.ts";
import { CorruptCheckpointError, DotFlowError } from "../src/errors.ts";
import { isOwnKey, recordKey, runPrefix } from "../src/place.ts";
import { guarded } from "../src/run/guarded.ts";
import { isGone } from "../src/run/owner.ts";
import type { RunRecord } from "../src/run/record.ts";
import type { TaskErrorRecord } from "../src/task_error.ts";
import { UsageError } from "./usage.ts";

/** How many records are read at once. */
const READS_AT_ONCE = 16;

/** A record, with when it was last written, and how far the run is. */
export interface Found {
  /** The record. */
  readonly record: RunRecord;
  /** When it was last written. */
  readonly time: Date;
  /** How many tasks have completed. */
  readonly done: number;
  /** How many tasks there are. */
  readonly total: number;
  /** Who runs it; undefined: nobody. */
  readonly owner: string | undefined;
}

/** A task as it is kept. */
export interface KeptTask {
  /** The task. */
  readonly task_id: string;
  /** Its group. */
  readonly group_name: string;
  /** Completed, Failed, or Not completed. */
  readonly status: string;
  /** Its result; undefined where there is none. */
  readonly result: unknown;
  /** Its failed attempts. */
  readonly errors: readonly TaskErrorRecord[];
}

/**
 * Finds all runs of a storage, those written last first.
 *
 * @param storage The storage.
 * @param onDamage Is told of what cannot be read; the others are found.
 * @returns The runs.
 * @throws {StorageError} If the storage fails.
 */
export async function findAll(
  storage: Storage,
  onDamage: (error: Error) => void,
): Promise<Found[]> {
  const keys = (await listKeys(storage, ""))
    .filter((key) => key.endsWith("/_run"));
  const found: Found[] = [];
  const lane = async () => {
    for (let key = keys.pop(); key !== undefined; key = keys.pop()) {
      try {
        const one = await find(storage, key);
        if (one !== undefined) found.push(one);
      } catch (error) {
        if (!(error instanceof DotFlowError)) throw error;
        onDamage(error);
      }
    }
  };
  await Promise.all(Array.from({ length: READS_AT_ONCE }, lane));
  return found.sort((a, b) => b.time.getTime() - a.time.getTime());
}

/**
 * Finds the latest run of a workflow.
 *
 * @param storage The storage.
 * @param workflowId The workflow.
 * @returns The run.
 * @throws {UsageError} If there is none.
 * @throws {CorruptCheckpointError} If its record is damaged.
 * @throws {StorageError} If the storage fails.
 */
export async function mustFind(
  storage: Storage,
  workflowId: string,
): Promise<Found> {
  const found = await find(storage, recordKey(workflowId));
  if (found !== undefined) return found;
  throw new UsageError(
    `Cannot find a run of ${describe(workflowId)} in this storage`,
  );
}

async function find(storage: Storage, key: string): Promise<Found | undefined> {
  const context = await read(storage, key);
  if (context.taskId === undefined) return undefined;
  const record: RunRecord = context.storage;
  if (record?.version !== 1 || !Array.isArray(record.groups)) {
    throw new CorruptCheckpointError(key, "it is no run record of version 1");
  }
  // What was cleared leaves a record without a run.
  if (record.runId === "") return undefined;
  const total = record.groups.reduce((sum, [, ids]) => sum + ids.length, 0);
  const done = record.status === "Completed"
    ? total
    : await countCheckpoints(storage, record);
  const owner = await ownerOf(storage, record);
  return { record, time: context.time, done, total, owner };
}

async function countCheckpoints(
  storage: Storage,
  { workflowId, runId }: RunRecord,
): Promise<number> {
  const keys = await listKeys(storage, runPrefix(workflowId, runId));
  return keys.filter((key) => !isOwnKey(key)).length;
}

async function ownerOf(
  storage: Storage,
  { owner }: RunRecord,
): Promise<string | undefined> {
  if (owner === null) return undefined;
  return await isGone(storage, owner) ? `${owner.name} (gone)` : owner.name;
}

/**
 * Reads the tasks of a run.
 *
 * @param storage The storage.
 * @param record The record of the run.
 * @returns The tasks, group by group.
 * @throws {CorruptCheckpointError} If a checkpoint is damaged.
 * @throws {StorageError} If the storage fails.
 */
export async function readTasks(
  storage: Storage,
  { workflowId, runId, groups, errors }: RunRecord,
): Promise<KeptTask[]> {
  const failed = new Map(errors);
  const tasks: KeptTask[] = [];
  for (const [group_name, taskIds] of groups) {
    for (const task_id of taskIds) {
      const key = storage.key({ workflowId, runId, taskId: task_id });
      const { taskId, storage: result } = await read(storage, key);
      const errors = failed.get(task_id) ?? [];
      const ended = errors.length > 0 ? "Failed" : "Not completed";
      const status = taskId === undefined ? ended : "Completed";
      tasks.push({ task_id, group_name, status, result, errors });
    }
  }
  return tasks;
}

async function read(storage: Storage, key: string): Promise<Context> {
  return await guarded("read", key, async () => await storage.get(key));
}

async function listKeys(storage: Storage, prefix: string): Promise<string[]> {
  const list = () => storage.listKeys!(prefix);
  return await guarded("list runs", prefix, list);
}
