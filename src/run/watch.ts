/**
 * Waits until a workflow has no owner: one that is alive renews its lease, and
 * one that has died does not.
 *
 * @module
 */

import type { Config } from "../config.ts";
import type { LogFields } from "../contracts/log.ts";
import { WorkflowLockedError } from "../errors.ts";
import { sleep } from "../wait.ts";
import type { Notices } from "./notices.ts";
import { isGone, type Owner } from "./owner.ts";
import type { RecordStore, RunRecord } from "./record.ts";

/** How often the record is looked at within a lease. */
const LOOKS = 10;

const WAITING =
  "Waiting for the owner of the workflow; if it is dead, for its lease";

/** What a record is watched with. */
export interface Watch {
  /** Where the record is kept. */
  readonly store: RecordStore;
  /** The providers. */
  readonly config: Config;
  /** Whether the workflow can have an owner. */
  readonly owned: boolean;
  /**
   * Until when a live owner is waited for, by `performance.now()`; undefined:
   * until it is known to be alive.
   */
  readonly untilMs: number | undefined;
  /** Tells what happens before there is a run. */
  readonly notices: Notices;
  /** Ends the watch. */
  readonly stop: AbortSignal | undefined;
}

/**
 * Reads the record once nobody owns the workflow, or the owner is dead.
 *
 * @param watch What it is watched with.
 * @returns The record; undefined where there is none.
 * @throws {WorkflowLockedError} If the owner is alive.
 * @throws {CorruptCheckpointError} If the record is damaged.
 * @throws {StorageError} If the storage fails.
 */
export async function whenFree(watch: Watch): Promise<RunRecord | undefined> {
  const { store, config, owned, untilMs, notices, stop } = watch;
  let record = await store.read();
  if (!owned) return record;
  let seenMs = performance.now();
  let isTold = false;
  while (record?.owner) {
    const { owner, nonce } = record;
    if (await isGone(config.storage, owner)) break;
    const nowMs = performance.now();
    const restMs = seenMs + owner.leaseMs - nowMs;
    if (restMs <= 0) break;
    const waitMs = untilMs === undefined ? restMs : untilMs - nowMs;
    if (waitMs <= 0) throw lockedBy(store.workflowId, owner);
    if (!isTold) notices.write("INFO", WAITING, noticeOf(store, owner));
    isTold = true;
    await sleep(Math.min(restMs, waitMs, owner.leaseMs / LOOKS), stop);
    record = await store.read();
    if (record?.nonce === nonce) continue;
    // Whoever writes is alive.
    seenMs = performance.now();
    if (record?.owner && untilMs === undefined) {
      throw lockedBy(store.workflowId, record.owner);
    }
  }
  return record;
}

function noticeOf({ workflowId }: RecordStore, owner: Owner): LogFields {
  const { name, leaseMs } = owner;
  const since = new Date(owner.since).toISOString();
  return { workflowId, owner: name, since, leaseMs };
}

function lockedBy(workflowId: string, owner: Owner): WorkflowLockedError {
  return new WorkflowLockedError(
    `Cannot start workflow ${JSON.stringify(workflowId)}: ${owner.name} has ` +
      `owned it since ${new Date(owner.since).toISOString()}; wait for its ` +
      `end, or let start do so by its option wait`,
    owner,
  );
}
