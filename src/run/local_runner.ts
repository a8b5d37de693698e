/**
 * Runs a task durably on this machine: attempts, then the checkpoint. Another
 * engine that can run a task durably takes the place of this one function.
 *
 * @module
 */

import type { StepSpec } from "../action.ts";
import { Context } from "../context.ts";
import type { Task } from "../task.ts";
import { type Awaitable, isThenable } from "../types.ts";
import type { ActiveRun, PlannedTask } from "./active_run.ts";
import { Attempt } from "./attempt.ts";
import { describeError } from "./callback.ts";
import { actionsOf, NONE } from "./class_step.ts";
import { nextDelay } from "./retry.ts";
import { FAILED, insideSpan } from "./span.ts";

/** Runs one task, so that its result outlives the process. */
export type Runner = (run: ActiveRun, planned: PlannedTask) => Awaitable<void>;

/**
 * Runs one task on this machine. What a step gives at once is committed at
 * once: of a small step, promises would be most of the cost.
 *
 * @param run The run.
 * @param planned The task.
 * @returns Resolves when the task has ended, or never if the run is stopped
 * and its step does not settle.
 */
export const runLocally: Runner = (run, planned) => {
  if (!run.isOwner) {
    return run.ownership!.confirm()
      .then(() => run.stopped ? undefined : runLocally(run, planned));
  }
  const { task, spec } = planned;
  run.begin(task);
  const tracer = run.trace.spanning;
  const step = () => makeAttempts(run, task, spec, task.previousContext);
  const value = tracer ? insideSpan(run, tracer, task, step) : step();
  return value instanceof Promise
    ? value.then((value) => end(run, planned, value))
    : end(run, planned, value);
};

function end(
  run: ActiveRun,
  planned: PlannedTask,
  value: unknown,
): Awaitable<void> {
  if (run.stopped) return;
  return value === FAILED ? run.fail(planned) : run.commit(planned, value);
}

/**
 * Calls a step, or a method of a class step, until it succeeds or gives up. It
 * never throws.
 */
function makeAttempts(
  run: ActiveRun,
  task: Task,
  spec: StepSpec,
  previous: Context,
  instance?: object,
): unknown {
  const method = instance && spec.settings.name;
  const attempt = new Attempt(run, task, 1, previous, method);
  let outcome: PromiseLike<unknown>;
  try {
    const value = callStep(spec, attempt, instance);
    if (!isThenable(value)) return succeed(run, attempt, value, instance);
    outcome = value;
  } catch (error) {
    outcome = Promise.reject(error);
  }
  return keepTrying(run, spec, attempt, outcome, instance);
}

/** Waits for an attempt, and makes the next ones. */
async function keepTrying(
  run: ActiveRun,
  spec: StepSpec,
  attempt: Attempt,
  outcome: unknown,
  instance: object | undefined,
): Promise<unknown> {
  const { task } = attempt;
  for (;;) {
    try {
      return await succeed(run, attempt, await outcome, instance);
    } catch (error) {
      attempt.end();
      if (run.stopped) return FAILED;
      const delayMs = delayAfter(run, attempt, spec.settings, error);
      if (delayMs === undefined) return FAILED;
      run.setStatus(task, "Retry");
      if (delayMs > 0) await run.sleep(delayMs);
    }
    if (!run.isOwner) await run.ownership!.confirm();
    if (run.stopped) return FAILED;
    task.retryCount++;
    run.setStatus(task, "In progress");
    attempt = attempt.next();
    try {
      outcome = callStep(spec, attempt, instance);
    } catch (error) {
      outcome = Promise.reject(error);
    }
  }
}

function callStep(
  { run: step, settings: { timeoutMs } }: StepSpec,
  attempt: Attempt,
  instance: object | undefined,
): unknown {
  return timeoutMs === undefined
    ? step.call(instance, attempt)
    : attempt.within(() => step.call(instance, attempt), timeoutMs);
}

/** The value of a step; of a class step that of its methods. */
function succeed(
  run: ActiveRun,
  attempt: Attempt,
  value: unknown,
  instance: object | undefined,
): unknown {
  attempt.end();
  const methods = instance ? NONE : actionsOf(value);
  return methods.length === 0
    ? value
    : runMethods(run, attempt.task, methods, value as object);
}

/** Runs the methods of a class step, each with what the one before gave. */
async function runMethods(
  run: ActiveRun,
  task: Task,
  methods: readonly StepSpec[],
  instance: object,
): Promise<unknown> {
  const { taskId, workflowId, runId } = task;
  const contexts: Context[] = [];
  let previous = task.previousContext;
  for (const method of methods) {
    if (!run.isOwner) await run.ownership!.confirm();
    if (run.stopped) return FAILED;
    const value = await makeAttempts(run, task, method, previous, instance);
    if (value === FAILED) return FAILED;
    previous = new Context({ storage: value, taskId, workflowId, runId });
    contexts.push(previous);
  }
  return contexts;
}

/** Keeps the error; a `retryIf` that throws counts as a no, and is logged. */
function delayAfter(
  run: ActiveRun,
  { task, attempt }: Attempt,
  settings: StepSpec["settings"],
  error: unknown,
): number | undefined {
  run.recordError(task, attempt, error);
  try {
    return nextDelay(settings, attempt, error);
  } catch (thrown) {
    const fields = { task: task.snapshot(), ...describeError(run, thrown) };
    run.log("ERROR", "Cannot finish retryIf", fields);
    return undefined;
  }
}
