/**
 * One run from its first task to its last word.
 *
 * @module
 */

import { WorkflowTimeoutError } from "../errors.ts";
import type { Task } from "../task.ts";
import type { TaskErrorRecord } from "../task_error.ts";
import { endsWithin } from "../wait.ts";
import type { ActiveRun } from "./active_run.ts";
import { callBack, describeError } from "./callback.ts";
import { runLocally } from "./local_runner.ts";
import { runInOrder } from "./order.ts";
import type { RecordStore, RunRecord } from "./record.ts";

/** How many failed attempts of a task go into the record. */
const MOST_ERRORS = 10;

/**
 * Runs what is left of a run.
 *
 * @param run The run, with what was restored.
 * @param store Where its record is kept.
 * @returns Resolves when everything is done, also when tasks have failed.
 * @throws {StorageError} If the storage fails.
 */
export async function execute(
  run: ActiveRun,
  store: RecordStore,
): Promise<void> {
  run.events.emit("runStarted", () => run.info());
  for (const { task } of run.planned) {
    if (task.restored) run.events.emitTask("taskRestored", task);
  }
  const release = listen(run);
  try {
    await Promise.race([runInOrder(run, runLocally), run.whenStopped]);
    await run.settle();
    await writeEnd(run, store);
  } catch (thrown) {
    // Whatever the storage says after that is no news either.
    const error = run.ownership?.lost ?? thrown;
    run.stop("Failed", error);
    // What the storage says now is no news.
    await run.settle().catch(() => {});
    if (run.ownership) {
      await endsWithin(run.ownership.release(), run.config.drainTimeoutMs);
    }
    run.outcome = "Failed";
    run.log("ERROR", "Cannot finish workflow", describeError(run, error));
    throw error;
  } finally {
    run.status = run.outcome!;
    run.ownership?.retire();
    release();
    const name = run.status === "Completed" ? "onSuccess" : "onFailure";
    const onEnd = run.settings[name];
    if (onEnd) await callBack(run, name, () => onEnd(run.tasks));
    run.events.emit("runEnded", () => run.info());
    run.drained = run.watchers.drain(run.config.drainTimeoutMs);
    if (run.settings.waitUntil === undefined) await run.drained;
  }
}

/** Lets the caller's signal and the run's timeout stop the run. */
function listen(run: ActiveRun): () => void {
  const { signal, timeoutMs, deadlineMs } = run.settings;
  const onAbort = () => run.cancel(signal?.reason);
  if (signal?.aborted) onAbort();
  else signal?.addEventListener("abort", onAbort, { once: true });
  if (deadlineMs !== undefined) {
    const { workflowId } = run.identity;
    const onTimeout = () =>
      run.stop("Failed", new WorkflowTimeoutError(workflowId, timeoutMs!));
    const restMs = deadlineMs - performance.now();
    if (restMs > 0) run.timers.start(restMs, onTimeout);
    else onTimeout();
  }
  return () => {
    signal?.removeEventListener("abort", onAbort);
    run.timers.stop();
  };
}

/**
 * Writes the outcome, unless it stands there or a later run has begun; with it,
 * the workflow is given back.
 */
async function writeEnd(run: ActiveRun, store: RecordStore): Promise<void> {
  const { identity: { runId }, ownership } = run;
  if (run.wasFinished) return;
  await ownership?.stopRenewals();
  if (ownership?.lost) throw ownership.lost;
  const isOurs = (record: RunRecord) =>
    ownership ? ownership.owns(record) : record.runId === runId;
  const written = await store.update((record) => {
    if (!isOurs(record) || isWritten(record, run)) return undefined;
    return {
      ...record,
      owner: null,
      runs: record.runs.filter((id) => !run.removed.includes(id)),
      status: run.outcome!,
      errors: run.tasks
        .filter((task) => task.status === "Failed")
        .map((task) => [task.taskId, latestOf(task)]),
    };
  });
  if (ownership && !written) throw ownership.lose();
}

function isWritten(record: RunRecord, run: ActiveRun): boolean {
  return record.owner === null && record.status === run.outcome &&
    run.tasks.every((task) => task.restored);
}

/** The record must not grow with the number of attempts. */
function latestOf({ errors }: Task): TaskErrorRecord[] {
  return errors.slice(-MOST_ERRORS).map((error) => error.toJSON());
}
