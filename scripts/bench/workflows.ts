/**
 * The workflows that are measured.
 *
 * @module
 */

import assert from "node:assert/strict";
import {
  type Action,
  Config,
  DotFlow,
  type DotFlowOptions,
  LogDefault,
  Run,
  type StartOptions,
  type Storage,
} from "../../mod.ts";
import type { Prepared, Side } from "./measure.ts";

/** What a measured workflow is made of. */
export interface Workload {
  /** How many tasks it has. */
  tasks: number;
  /** The step of every task. */
  step: Action;
  /** How it is started. */
  start?: StartOptions;
}

/** Makes the default providers, with a log that is silent. */
export function silentConfig(storage?: Storage): Config {
  const log = new LogDefault({ level: "ERROR" });
  return new Config(storage === undefined ? { log } : { log, storage });
}

/** Makes a workflow with all its tasks. */
export function build(
  { tasks, step }: Workload,
  options?: DotFlowOptions,
): DotFlow {
  const workflow = new DotFlow({ config: silentConfig(), ...options });
  for (let task = 0; task < tasks; task++) workflow.task.add(step);
  return workflow;
}

/** Starts a workflow that was built before. */
export function starting(workload: Workload): Side {
  return {
    tasks: workload.tasks,
    prepare: () => {
      const workflow = build(workload);
      return { run: () => workflow.start(workload.start), end: mustComplete };
    },
  };
}

/** Builds a workflow and starts it. */
export function buildingAndStarting(workload: Workload): Side {
  return {
    tasks: workload.tasks,
    prepare: () => ({
      run: () => build(workload).start(workload.start),
      end: mustComplete,
    }),
  };
}

/** Does something that needs no preparation. */
export function plainly(tasks: number, run: Prepared["run"]): Side {
  return { tasks, prepare: () => ({ run }) };
}

/** Makes sure that the work was done. */
export function mustComplete(run: unknown): void {
  assert.ok(run instanceof Run);
  assert.equal(run.status, "Completed");
  assert.ok(run.tasks.every((task) => task.status === "Completed"));
}
