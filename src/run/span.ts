/**
 * Lets a tracer wrap a step.
 *
 * @module
 */

import type { Tracer } from "../contracts/tracer.ts";
import type { Task } from "../task.ts";
import type { ActiveRun } from "./active_run.ts";

/** Stands for the value of a step whose last attempt has failed. */
export const FAILED = Symbol("failed");

/**
 * Runs a step inside of a tracer's span. Whatever the tracer does, the step
 * runs once and its outcome counts.
 *
 * @param run The run.
 * @param tracer The tracer, which has a `runTask`.
 * @param task The task.
 * @param step Runs the step; it gives a value in any case.
 * @returns What the step gave.
 */
export async function insideSpan(
  run: ActiveRun,
  tracer: Tracer,
  task: Task,
  step: () => unknown,
): Promise<unknown> {
  let outcome: Promise<unknown> | undefined;
  const runStep = () => outcome ??= Promise.resolve(step());
  let failure: { error: unknown } | undefined;
  const next = async () => {
    const value = await runStep();
    if (value !== FAILED) return value;
    // What a step throws after the end of the run is kept nowhere.
    failure ??= { error: run.stopped ? run.stopReason : task.error?.thrown };
    throw failure.error;
  };
  const wrap = async () => await tracer.runTask!(task.snapshot(), next);
  wrap().catch((error) => {
    if (failure !== undefined && error === failure.error) return;
    run.watchers.blame(tracer, error);
  });
  // A wrapper that has not called `next` by now is gone around: there is no time
  // that a run could wait for it and not be longer.
  return await runStep();
}
