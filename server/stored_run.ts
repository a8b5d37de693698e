/**
 * A run as it is stored: read into memory, and sealed when it has ended. What its
 * tasks amount to is then one object, trusted only with the seal that the run's
 * state names.
 *
 * @module
 */

import type { LiveRun } from "./live_run.ts";
import { stateKey, tableKey, taskPrefix } from "./places.ts";
import type { Records } from "./records.ts";
import { isEnd, type RunState } from "./run_state.ts";
import { type TaskRow, type TaskState, toRow } from "./task_state.ts";

/** For so long other servers may still write to a run that has ended, in ms. */
export const SETTLING_MS: number = 60_000;

/** The short forms of all tasks of a run that has ended, as they are stored. */
interface Table {
  readonly seal: string;
  readonly rows: readonly TaskRow[];
}

/**
 * Reads a run into memory.
 *
 * @param records The storage.
 * @param live The run; it stays without a state where nothing is stored of it.
 */
export async function loadRun(records: Records, live: LiveRun): Promise<void> {
  const { place } = live;
  live.knownAt = Date.now();
  const state = await records.get<RunState>(stateKey(place));
  if (state === undefined) return;
  const table = state.seal === null
    ? undefined
    : await records.get<Table>(tableKey(place));
  if (table !== undefined && table.seal === state.seal) {
    for (const row of table.rows) live.apply(row);
    live.seal = table.seal;
  } else {
    const keys = await records.list(taskPrefix(place));
    const tasks = await records.getAll<TaskState>(keys);
    for (const task of tasks) if (task) live.apply(toRow(task));
  }
  live.take(state);
  live.changedAt = Date.parse(state.updated_at);
  live.askedAt = Date.now();
}

/**
 * Seals a run that has ended, unless others may still write to it.
 *
 * @param records The storage.
 * @param live The run.
 * @param isAlone Tells by a stored state whether nobody else writes to the run.
 */
export async function sealRun(
  records: Records,
  live: LiveRun,
  isAlone: (state: RunState) => boolean,
): Promise<void> {
  const { state } = live;
  if (state === undefined || !isEnd(state.status) || state.counts !== null) {
    return;
  }
  const age = Date.now() - Date.parse(state.updated_at);
  if (!live.alone && age < SETTLING_MS) return;
  const { counts, place } = live;
  const seal = crypto.randomUUID();
  const rows = [...live.rows.values()];
  await records.put(tableKey(place), { seal, rows } satisfies Table);
  const { now, changed } = await records.change<RunState>(
    stateKey(place),
    (stored) =>
      stored?.late === state.late && stored.starts === state.starts &&
        stored.counts === null && isEnd(stored.status) &&
        (!live.alone || isAlone(stored))
        ? { ...stored, counts, seal }
        : undefined,
  );
  if (!changed) return;
  live.seal = seal;
  live.take(now!);
}
