/**
 * The workflows that are killed, and what must come out of them.
 *
 * @module
 */

import {
  action,
  type AddOptions,
  Config,
  DotFlow,
  type Run,
  type StartOptions,
  type StepContext,
  type Storage,
  type Task,
} from "@dotflow/dotflow";
import { createHash } from "node:crypto";
import { specialValues } from "../../testing/values.ts";
import { assertSame } from "../same.ts";
import type { StorageSpec } from "./open_storage.ts";

/** How a workflow is run. */
export interface Course {
  /** Its options of `start`. */
  start: StartOptions;
  /** How many tasks it has. */
  tasks: number;
  /** Into how many groups they are dealt. */
  groups: number;
  /** How many tasks can be under way at once. */
  concurrency: number;
  /** A task that always fails. */
  doomed?: string;
}

/** The courses, by name. */
export const COURSES: Record<string, Course> = {
  sequential: { start: {}, tasks: 20, groups: 1, concurrency: 1 },
  parallel: {
    start: { mode: "parallel", concurrency: 4 },
    tasks: 20,
    groups: 1,
    concurrency: 4,
  },
  parallel_group: {
    start: { mode: "parallel_group", keepGoing: true },
    tasks: 20,
    groups: 4,
    concurrency: 4,
    doomed: "task-7",
  },
  again: { start: {}, tasks: 5, groups: 1, concurrency: 1 },
};

/** The tasks of a course that have results in the end. */
export function tasksOf({ tasks, doomed }: Course): string[] {
  return Array.from({ length: tasks }, (_, at) => `task-${at + 1}`)
    .filter((task) => task !== doomed);
}

/** Where a workflow is run, and how long that takes: plain JSON. */
export interface Setting {
  /** Its storage. */
  spec: StorageSpec;
  /** Its lease, in milliseconds. */
  leaseMs: number;
  /** How long its longest task takes, in milliseconds. */
  longMs: number;
}

/** The task that takes long. */
const LONG = 11;

/** What a step gives: of many types, and different whenever it is made. */
export interface Made {
  /** The task. */
  task: string;
  /** Differs whenever it is made. */
  token: string;
  /** Depends on all tasks before. */
  sum: bigint;
  /** The task before. */
  after: Map<string, Date>;
  /** Some bytes. */
  bytes: Uint8Array;
  /** What JSON loses. */
  special: unknown[];
}

/**
 * What a step has to give.
 *
 * @param task The task.
 * @param previous What the task before gave.
 * @param token What makes it differ from every other.
 */
export function made(
  task: string,
  previous: Made | undefined,
  token: string,
): Made {
  const place = Number(task.split("-")[1]);
  const sum = (previous?.sum ?? 0n) * 31n + BigInt(place);
  const after = new Map(previous ? [[previous.task, new Date(place)]] : []);
  const bytes = new Uint8Array(200).fill(place);
  const special = specialValues().filter((_, at) => at % 20 === place - 1)
    .map(([, value]) => withoutStack(value));
  return { task, token, sum, after, bytes, special };
}

/** Stacks differ from runtime to runtime, and from place to place. */
function withoutStack(value: unknown): unknown {
  if (!(value instanceof Error)) return value;
  const stack = `${value.name}: ${value.message}`;
  Object.defineProperty(value, "stack", { value: stack });
  withoutStack(value.cause);
  return value;
}

/**
 * Compares all results of an ended run with what its steps had to give.
 *
 * @param course Its course.
 * @param run The run.
 * @throws {AssertionError} When one is another.
 */
export function checkMade({ start, doomed }: Course, { tasks }: Run): void {
  const previous = new Map<string, Made | undefined>();
  for (const { taskId, groupName, status, currentContext } of tasks) {
    const { storage } = currentContext;
    const before = start.mode === "parallel"
      ? undefined
      : previous.get(groupName);
    if (taskId === doomed) {
      assertSame([status, storage], ["Failed", undefined]);
    } else {
      assertSame(storage, made(taskId, before, storage.token));
    }
    previous.set(groupName, storage);
  }
}

/** A digest of everything that a task's result consists of. */
export function digestOf({ currentContext }: Task): string {
  const text = currentContext.toText();
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

/** Writes a line; a step goes on when it is written. */
export type Say = (...words: unknown[]) => void | Promise<void>;

/**
 * Makes a workflow that writes down what it does.
 *
 * @param course Its course.
 * @param storage Its storage.
 * @param setting How long it takes.
 * @param say Writes a line.
 */
export function crashFlow(
  course: Course,
  storage: Storage,
  { leaseMs, longMs }: Setting,
  say: Say,
): DotFlow {
  const workflow = new DotFlow({
    workflowId: "crash",
    config: new Config({ storage, lease: leaseMs, keepRuns: 2, log: [] }),
  });
  for (let place = 1; place <= course.tasks; place++) {
    const options: AddOptions = {
      name: `task-${place}`,
      groupName: `group-${place % course.groups}`,
      callback: (task) => {
        const { runId, taskId, status, currentContext } = task;
        if (status !== "Completed") return say("failed", runId, taskId);
        const { token } = currentContext.storage;
        return say("done", runId, taskId, token, digestOf(task));
      },
    };
    const step = makeStep(place, course, longMs, say);
    // Every third task fails at first.
    const retry = place % 3 === 0 || options.name === course.doomed ? 2 : 1;
    workflow.task.add(action({ retry, retryDelay: 1 }, step), options);
  }
  return workflow;
}

function makeStep(
  place: number,
  { doomed }: Course,
  longMs: number,
  say: Say,
) {
  return async (step: StepContext) => {
    const { runId, task: { taskId }, attempt, epoch, signal } = step;
    const { previousContext } = step;
    const previous: Made | undefined = previousContext.storage;
    const { task = "-", token = "-" } = previous ?? {};
    await say("start", runId, taskId, attempt, epoch, task, token);
    if (place % 2 === 0) await sleep(1);
    if (place === LONG) await sleep(longMs);
    if (taskId === doomed) throw new Error("doomed");
    if (place % 3 === 0 && attempt === 1) throw new Error("once");
    signal.throwIfAborted();
    const result = made(taskId, previous, crypto.randomUUID());
    await say("effect", runId, taskId, result.token);
    return result;
  };
}

/**
 * Starts a workflow, once or several times, and writes down its results.
 *
 * @param course Its course.
 * @param workflow The workflow.
 * @param again How often it is run anew after it has ended.
 * @param say Writes a line.
 */
export async function runCrashFlow(
  course: Course,
  workflow: DotFlow,
  again: number,
  say: Say,
): Promise<void> {
  for (let round = 0; round <= again; round++) {
    const resume = round === 0;
    const run = await workflow.start({ ...course.start, resume, wait: "5m" });
    checkMade(course, run);
    for (const task of run.tasks) {
      if (task.status !== "Completed") continue;
      const { token } = task.currentContext.storage;
      await say("result", run.runId, task.taskId, token, digestOf(task));
    }
    await say("end", run.runId, run.status);
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((wake) => setTimeout(wake, ms));
}
