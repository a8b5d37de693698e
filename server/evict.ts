/**
 * How much of runs stays in memory.
 *
 * @module
 */

import type { LiveRun } from "./live_run.ts";

/** So many runs stay in memory, */
const MOST_RUNS = 1_000;
/** so many tasks of those that go on, */
const MOST_TASKS = 100_000;
/** and so many of those that have ended. */
const MOST_ENDED_TASKS = 5_000;

/**
 * Forgets the runs that were not used for longest, down to what is allowed;
 * never one that is being used, nor the one that was used last: where that alone
 * is too large, it would be loaded again for each page of it.
 *
 * @param runs The runs, the one used last at the end.
 */
export function evict(runs: Map<string, LiveRun>): void {
  const count = { tasks: 0, ended: 0 };
  for (const live of runs.values()) {
    count[live.hasEnded ? "ended" : "tasks"] += live.rows.size;
  }
  let left = runs.size;
  for (const [path, live] of runs) {
    if (--left === 0) return;
    const isRoom = runs.size <= MOST_RUNS;
    const [kind, most] = live.hasEnded
      ? ["ended", MOST_ENDED_TASKS] as const
      : ["tasks", MOST_TASKS] as const;
    if (live.uses > 0 || (isRoom && count[kind] <= most)) continue;
    count[kind] -= live.rows.size;
    runs.delete(path);
  }
}
