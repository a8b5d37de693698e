/**
 * A workflow that many run at the same time, and what it writes down: lines in
 * one file, to which all processes append, so that their order is the one in
 * which things happened.
 *
 * - `begin ID WHO EPOCH TASK TOKEN`: a step begins, and was given the result
 *   TOKEN of the task before (`-`: there was none)
 * - `effect ID WHO EPOCH TASK TOKEN`: it has done its work
 * - `ended ID WHO STATUS TOKENS`: the start has ended, with these results
 * - `rejected ID WHO CODE`: the start has ended by an error
 *
 * @module
 */

import {
  action,
  Config,
  DotFlow,
  type StartOptions,
  type StepContext,
  type Storage,
} from "@dotflow/dotflow";
import { appendFileSync } from "node:fs";

/** How many tasks the workflow has. */
export const TASKS = 6;

/** One who starts the workflow. */
export interface Starter {
  /** The id of the workflow. */
  id: string;
  /** The name of who starts it. */
  who: string;
  /** Where it is kept. */
  storage: Storage;
  /** The lease, in milliseconds. */
  leaseMs: number;
  /** The file of the lines. */
  ledger: string;
  /** Called when a step is about to do its work, and when it has. */
  during?(
    moment: "begin" | "effect",
    place: number,
    step: StepContext,
  ): unknown;
  /** Called when a task has ended. */
  callback?(place: number): void;
}

/**
 * Starts the workflow, and writes down what comes of it.
 *
 * @param starter Who starts it.
 * @param options The options of `start`.
 */
export async function startOwned(
  { id, who, storage, leaseMs, ledger, during, callback }: Starter,
  options: StartOptions,
): Promise<void> {
  // Once it returns, the line outlives the process.
  const say = (...words: unknown[]) =>
    appendFileSync(ledger, `${words.join(" ")}\n`);
  const workflow = new DotFlow({
    workflowId: id,
    config: new Config({ storage, lease: leaseMs, owner: who, log: [] }),
  });
  for (let place = 1; place <= TASKS; place++) {
    const step = action(async (given) => {
      const { epoch, task: { taskId }, previousContext, signal } = given;
      const previous = previousContext.storage?.token ?? "-";
      say("begin", id, who, epoch, taskId, previous);
      await during?.("begin", place, given);
      signal.throwIfAborted();
      const token = crypto.randomUUID();
      say("effect", id, who, epoch, taskId, token);
      await during?.("effect", place, given);
      return { token };
    });
    workflow.task.add(step, {
      name: `task-${place}`,
      callback: () => callback?.(place),
    });
  }
  try {
    const { status, tasks } = await workflow.start(options);
    const tokens = tasks.map((task) => task.currentContext.storage?.token);
    say("ended", id, who, status, tokens.join());
  } catch (error) {
    say("rejected", id, who, (error as { code?: string }).code ?? error);
  }
}
