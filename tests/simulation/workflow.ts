/**
 * The workflow that the nodes of a virtual world start, and what it gives where
 * nothing goes wrong.
 *
 * @module
 */

import type { Action, DotFlow, Run, StepContext } from "@dotflow/dotflow";
import type { Bucket } from "./bucket.ts";
import { type Actor, valueOf } from "./actor.ts";
import { type Judge, WORKFLOW } from "./judge.ts";
import type { Plan } from "./plan.ts";
import { type Engine, makeStorage } from "./storage.ts";
import type { World } from "./world.ts";

/** What a start is given as `input`. Only its number counts as such. */
export interface Given {
  /** The input. */
  readonly number: number;
  /** Which variant of the workflow it is: each has another first task. */
  readonly variant: number;
  /** Who starts it. */
  readonly actor: Actor;
}

/** Makes the workflow for one actor after another. */
export class Workflows {
  /** How often a first attempt fails. */
  badLuck: number;
  readonly #engine: Engine;
  readonly #bucket: Bucket;
  readonly #judge: Judge;
  readonly #plan: Plan;
  readonly #world: World;
  readonly #actions = new Map<number, readonly Action[]>();
  #executions = 0;

  constructor(
    engine: Engine,
    world: World,
    plan: Plan,
    bucket: Bucket,
    judge: Judge,
  ) {
    this.#engine = engine;
    this.#world = world;
    this.#plan = plan;
    this.#bucket = bucket;
    this.#judge = judge;
    this.badLuck = plan.badLuck;
  }

  /** Makes the workflow of an actor. */
  make(actor: Actor, variant: number): DotFlow {
    const { Config, DotFlow } = this.#engine;
    const storage = makeStorage(this.#engine, this.#bucket, actor, this.#plan);
    const lease = this.#plan.leaseMs;
    const config = new Config({ storage, log: [], lease });
    const workflow = new DotFlow({ workflowId: WORKFLOW, config });
    let actions = this.#actions.get(variant);
    if (actions === undefined) {
      actions = this.#plan.steps.map((_, at) => this.#action(at, variant));
      this.#actions.set(variant, actions);
    }
    for (const action of actions) workflow.task.add(action);
    return workflow;
  }

  /** The results of a run are those of a world without faults. */
  check(run: Run, given: Given): void {
    const judge = this.#judge;
    const { name } = given.actor;
    const inChain = this.#plan.mode === "sequential";
    /** What the task before gave; undefined where that is not known. */
    let previous: number | undefined = 0;
    for (const [index, task] of run.tasks.entries()) {
      if (task.status !== "Completed") {
        if (run.status === "Completed") {
          judge.breach(`${name} ends without ${task.taskId}`);
        }
        if (inChain) previous = undefined;
        continue;
      }
      const value = valueOf(task.currentContext)!;
      if (previous !== undefined) {
        let expected = previous;
        for (let n = 0; n < this.#plan.steps[index].methods; n++) {
          expected = outcome(given, index, expected);
        }
        if (value.out !== expected) judge.breach(`${task.taskId} is wrong`);
      }
      if (value.run !== run.runId) {
        judge.breach(`${name} reports ${task.taskId} of another run`);
      }
      judge.reported(given.actor, task.taskId, value);
      if (inChain) previous = value.out;
    }
  }

  #action(index: number, variant: number): Action {
    const { action } = this.#engine;
    const { methods, retryDelay } = this.#plan.steps[index];
    const name = index === 0 ? `first-${variant}` : `task-${index}`;
    const make = (name: string) =>
      action(
        { name, retry: 2, retryDelay },
        (step) => this.#run(step, index, name),
      );
    if (methods === 1) return make(name);
    const Steps = class {};
    for (let n = 1; n <= methods; n++) {
      const value = make(`${name}/${n}`);
      Object.defineProperty(Steps.prototype, `method${n}`, { value });
    }
    return action({ name }, () => new Steps());
  }

  /** Runs a step, or a method of one. */
  async #run(step: StepContext, index: number, name: string) {
    const { input, runId, epoch, attempt, signal, task } = step;
    const { actor } = input as Given;
    const { taskId } = task;
    this.#judge.stepStarts(actor, { name, runId, taskId, epoch, attempt });
    const { ms } = this.#plan.steps[index];
    // Some steps listen to their signal, and some do not.
    const listens = this.#world.chance(0.5);
    if (ms > 0) await sleep(ms, listens ? signal : undefined);
    if (attempt === 1 && this.#world.chance(this.badLuck)) {
      throw new Error("bad luck");
    }
    const previous = valueOf(step.previousContext)?.out ?? 0;
    const out = outcome(input, index, previous);
    return { run: runId, out, execution: ++this.#executions };
  }
}

/** What a step gives, whoever runs it. */
function outcome(given: Given, index: number, previous: number): number {
  const variant = index === 0 ? given.variant : 0;
  return (previous * 31 + given.number * 7 + variant * 3 + index + 1) % 1e6;
}

function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    setTimeout(resolve, ms);
    signal?.addEventListener("abort", () => reject(signal.reason));
  });
}
