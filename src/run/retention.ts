/**
 * Removes what old runs have left behind.
 *
 * @module
 */

import { Storage } from "../contracts/storage.ts";
import { recordKey, runPrefix, workflowPrefix } from "../place.ts";
import { guarded } from "./guarded.ts";
import { type RecordDraft, RecordStore } from "./record.ts";
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
 * Removes all runs of a workflow, also those that own only themselves, where the
 * storage can list and remove them.
 *
 * @param watch What the record of the workflow is watched with.
 * @param records Where the records of runs that have their own are kept.
 * @throws {WorkflowLockedError} If one of them is alive.
 * @throws {StorageError} If the storage fails.
 */
export async function clearAll(watch: Watch, records: Storage): Promise<void> {
  const { workflowId } = watch.store;
  await clearRuns(watch);
  if (!records.listKeys || !records.deletePrefix) return;
  const prefix = workflowPrefix(workflowId);
  const list = () => records.listKeys!(prefix);
  for (const key of await guarded("list runs", prefix, list)) {
    if (!key.endsWith("/_run") || key === recordKey(workflowId)) continue;
    const store = new RecordStore(records, workflowId, key);
    // Its record is taken first: whoever is late finds it gone.
    await clearRuns({ ...watch, store });
    const remove = () => records.deletePrefix!(key.slice(0, -"_run".length));
    await guarded("remove run", key, remove);
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
