/**
 * Runs that the caller has named: which of them begin, which go on, and which
 * do neither. All of it is decided on the record that the start then replaces,
 * so that of many starts with the same names each name begins once.
 *
 * @module
 */

import {
  RunEndedError,
  RunUnfinishedError,
  WorkflowLockedError,
} from "../errors.ts";
import type { Opening } from "./open.ts";
import type { RunRecord } from "./record.ts";

/** How many names a record remembers. */
const MOST_NAMES = 100;

/**
 * Tells whether the latest run is the one that a start asks for.
 *
 * @param opening What the start is opened with.
 * @param record The record as it stands.
 * @returns Whether it is; false: a new run is asked for.
 * @throws {RunEndedError} If the run has a name that was used before, and does
 * not go on.
 */
export function asksForLatest(
  { settings: { runId, resume }, identity: { workflowId } }: Opening,
  record: RunRecord | undefined,
): record is RunRecord {
  if (!record?.runId) return false;
  if (runId === undefined) return resume;
  if (runId !== record.runId) {
    if (!record.named?.includes(runId) && !record.runs.includes(runId)) {
      return false;
    }
    const reason = "it has begun before, and others since; give another runId";
    throw new RunEndedError(workflowId, runId, reason);
  }
  const { status } = record;
  if (resume || (status !== "Failed" && status !== "Cancelled")) return true;
  throw new RunEndedError(
    workflowId,
    runId,
    `it has ended as ${status}; set resume to go on with it, or give another ` +
      "runId",
  );
}

/**
 * Makes sure that a new run may take the place of the latest one.
 *
 * @param opening What the start is opened with.
 * @param record The record as it stands.
 * @param isDropped Whether the caller lets go of a run that has changed.
 * @throws {RunEndedError} If it would take its own place.
 * @throws {WorkflowLockedError} If that one goes on in this process.
 * @throws {RunUnfinishedError} If both are named, and the latest one is not
 * finished.
 */
export function refuseToDrop(
  opening: Opening,
  record: RunRecord | undefined,
  isDropped: (record: RunRecord) => boolean,
): void {
  const { settings: { runId }, identity: { workflowId }, owned } = opening;
  if (!record?.runId || runId === undefined) return;
  if (record.runId === runId) {
    const reason = "it cannot begin anew under its name; give another runId";
    throw new RunEndedError(workflowId, runId, reason);
  }
  const isUnfinished = record.status === "In progress" &&
    record.named?.[0] === record.runId;
  if (isUnfinished && !owned) refuseActive(opening, record.runId);
  if (isUnfinished && !isDropped(record)) {
    throw new RunUnfinishedError(workflowId, record.runId, runId);
  }
}

/**
 * What the record of a new run says of names.
 *
 * @param runId The name of the run; undefined where it has none.
 * @param record The record that it replaces.
 * @returns The names, the latest first.
 */
export function namesAfter(
  runId: string | undefined,
  record: RunRecord | undefined,
): Pick<RunRecord, "named"> {
  const before = record?.named;
  if (runId === undefined) return before ? { named: before } : {};
  return { named: [runId, ...before ?? []].slice(0, MOST_NAMES) };
}

/**
 * Keeps a named run from going on twice in this process, where no owner in the
 * record does so.
 *
 * @param opening What the start is opened with.
 * @param open Opens the run.
 * @returns What it gives.
 * @throws {WorkflowLockedError} If the run goes on here already.
 */
export async function openOnce<T>(
  opening: Opening,
  open: () => Promise<T>,
): Promise<T> {
  const { settings: { runId }, owned, active } = opening;
  if (runId === undefined || owned) return await open();
  refuseActive(opening, runId);
  active.add(runId);
  try {
    return await open();
  } catch (error) {
    active.delete(runId);
    throw error;
  }
}

/** Where no owner in the record says so, this process knows its own runs. */
function refuseActive(
  { active, identity: { workflowId } }: Opening,
  runId: string,
): void {
  if (!active.has(runId)) return;
  throw new WorkflowLockedError(
    `Cannot start workflow ${JSON.stringify(workflowId)}: run ` +
      `${JSON.stringify(runId)} goes on in this process; wait for its end`,
  );
}
