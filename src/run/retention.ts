/**
 * Removes what old runs have left behind.
 *
 * @module
 */

import { Storage } from "../contracts/storage.ts";
import { runPrefix } from "../place.ts";
import { guarded } from "./guarded.ts";
import type { RecordDraft } from "./record.ts";
import { type Watch, whenFree } from "./watch.ts";

/**
 * Removes the checkpoints of runs, where the storage can.
 *
 * @param storage The storage.
 * @param workflowId The workflow.
 * @param runIds The runs.
 * @throws {StorageError} If the storage fails.
 */
export async function removeRuns(
  storage: Storage,
  workflowId: string,
  runIds: readonly string[],
): Promise<void> {
  if (!storage.deletePrefix || storage.key !== Storage.prototype.key) return;
  for (const runId of runIds) {
    const prefix = runPrefix(workflowId, runId);
    const remove = () => storage.deletePrefix!(prefix);
    await guarded("remove run", prefix, remove);
  }
}

/**
 * Removes all runs of a workflow. Its record stays as a tombstone, so that what
 * was cleared cannot be taken for what was never there.
 *
 * @param watch What the record is watched with.
 * @throws {WorkflowLockedError} If a run owns the workflow.
 * @throws {StorageError} If the storage fails.
 */
export async function clearRuns(watch: Watch): Promise<void> {
  const { store, config: { storage } } = watch;
  for (;;) {
    const record = await whenFree(watch);
    if (record === undefined) return;
    const tombstone: RecordDraft = {
      epoch: record.epoch + 1,
      owner: null,
      renewals: 0,
      mode: record.mode,
      groups: [],
      runId: "",
      // Until they are removed, whoever comes next knows what is left; but
      // where nobody could tell who came, nothing is written twice.
      runs: storage.atomicSwap ? record.runs : [],
      fingerprint: undefined,
      status: "New",
      errors: [],
    };
    if (!await store.write(tombstone)) continue;
    await removeRuns(storage, store.workflowId, record.runs);
    if (tombstone.runs.length > 0) {
      await store.write({ ...tombstone, runs: [] });
    }
    return;
  }
}
