/**
 * Which runs go on in this process, where no owner in a record says so.
 *
 * @module
 */

import type { Storage } from "../contracts/storage.ts";

/** By storage and workflow: several objects may stand for one workflow. */
const active: WeakMap<Storage, Map<string, Set<string>>> = new WeakMap();

/**
 * Gives the runs of a workflow that go on in this process.
 *
 * @param storage Where its record is kept.
 * @param workflowId The workflow.
 * @returns Their ids; whoever adds one removes it.
 */
export function activeRuns(storage: Storage, workflowId: string): Set<string> {
  const workflows = active.get(storage) ?? new Map<string, Set<string>>();
  active.set(storage, workflows);
  const runs = workflows.get(workflowId) ?? new Set();
  workflows.set(workflowId, runs);
  return runs;
}
