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
  type StartOptions,
  type StepContext,
  type Task,
} from "@dotflow/dotflow";
import { StorageFile } from "@dotflow/dotflow/providers/storage-file";
import { createHash } from "node:crypto";

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
  return { task, token, sum, after, bytes: new Uint8Array(200).fill(place) };
}

/** A digest of everything that a task's result consists of. */
export function digestOf({ currentContext }: Task): string {
  const text = currentContext.toText();
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

/**
 * Makes a workflow that writes down what it does.
 *
 * @param course Its course.
 * @param folder The folder of its storage.
 * @param say Writes a line.
 */
export function crashFlow(
  course: Course,
  folder: string,
  say: (...words: unknown[]) => void,
): DotFlow {
  const storage = new StorageFile({ path: folder, compactAfterBytes: 4_000 });
  const workflow = new DotFlow({
    workflowId: "crash",
    config: new Config({ storage, keepRuns: 2, log: [] }),
  });
  for (let place = 1; place <= course.tasks; place++) {
    const options: AddOptions = {
      name: `task-${place}`,
      groupName: `group-${place % course.groups}`,
      callback: (task) => {
        const { runId, taskId, status, currentContext } = task;
        if (status !== "Completed") return say("failed", runId, taskId);
        say(
          "done",
          runId,
          taskId,
          currentContext.storage.token,
          digestOf(task),
        );
      },
    };
    const step = makeStep(place, course, say);
    // Every third task fails at first.
    const retry = place % 3 === 0 || options.name === course.doomed ? 2 : 1;
    workflow.task.add(action({ retry, retryDelay: 1 }, step), options);
  }
  return workflow;
}

function makeStep(
  place: number,
  { doomed }: Course,
  say: (...words: unknown[]) => void,
) {
  return async (
    { runId, task: { taskId }, attempt, previousContext }: StepContext,
  ) => {
    const previous: Made | undefined = previousContext.storage;
    const { task = "-", token = "-" } = previous ?? {};
    say("start", runId, taskId, attempt, task, token);
    if (place % 2 === 0) await new Promise((done) => setTimeout(done, 1));
    if (taskId === doomed) throw new Error("doomed");
    if (place % 3 === 0 && attempt === 1) throw new Error("once");
    const result = made(taskId, previous, crypto.randomUUID());
    say("effect", runId, taskId, result.token);
    return result;
  };
}
