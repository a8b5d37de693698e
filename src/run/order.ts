/**
 * The order of tasks: which one is run when.
 *
 * @module
 */

import type { Context } from "../context.ts";
import type { Awaitable } from "../types.ts";
import type { ActiveRun, PlannedTask } from "./active_run.ts";
import type { Runner } from "./local_runner.ts";
import { groupBy } from "./plan.ts";

/**
 * Runs all tasks in the order of the run's mode.
 *
 * @param run The run.
 * @param runTask Runs one task durably.
 */
export async function runInOrder(
  run: ActiveRun,
  runTask: Runner,
): Promise<void> {
  const { mode } = run.settings;
  if (mode === "parallel") {
    const left = run.planned.filter(({ task }) => !task.restored);
    await inLanes(run, left, (planned) => runTask(run, planned));
    return;
  }
  const groups = [
    ...groupBy(run.planned, ({ task }) => task.groupName).values(),
  ];
  const runGroup = (group: readonly PlannedTask[]) =>
    runChain(run, group, runTask);
  if (mode === "parallel_group") {
    await inLanes(run, groups, runGroup);
    return;
  }
  for (const group of groups) await runGroup(group);
}

/** One after another, each with what the one before gave. */
async function runChain(
  run: ActiveRun,
  chain: readonly PlannedTask[],
  runTask: Runner,
): Promise<void> {
  let previous: Context | undefined;
  for (const planned of chain) {
    const { task } = planned;
    if (previous !== undefined) task.previousContext = previous;
    if (!task.restored) {
      if (run.halted) return;
      await runTask(run, planned);
    }
    // What a failed task hands on is its empty context.
    previous = task.currentContext;
  }
}

/** Several at once, but no more than the run allows. */
async function inLanes<T>(
  run: ActiveRun,
  items: readonly T[],
  runItem: (item: T) => Awaitable<void>,
): Promise<void> {
  const { concurrency } = run.settings;
  let next = 0;
  const lane = async () => {
    while (next < items.length && !run.halted) {
      const pending = runItem(items[next++]);
      // What has ended at once leaves nothing to wait for.
      if (pending !== undefined) await pending;
    }
  };
  const lanes = Math.min(concurrency, items.length);
  await Promise.all(Array.from({ length: lanes }, lane));
}
