/**
 * How much longer a run is with watchers of every family than with none.
 *
 * @module
 */

import { action, DotFlow } from "@dotflow/dotflow";
import assert from "node:assert/strict";
import process from "node:process";
import { setImmediate } from "node:timers";
import { runtime } from "./harness.ts";
import {
  ANSWERS,
  nobody,
  watchersThat,
  type Watching,
} from "./sick_watchers.ts";
import { compare, type Comparison, type Time } from "./twins.ts";

/** How many times as long a run with watchers may be; by the clock alone. */
const [MOST, MOST_BY_CLOCK] = [1.05, 1.25];

/**
 * How long a task takes, and how many there are in a run whose time is taken. In
 * workerd, nobody tells the time of the processor: what is measured while others
 * want it must be a millisecond when they do not. And the clock goes by whole
 * milliseconds, so that a run must be longer to tell anything.
 */
const [TASK_MS, TASKS] = runtime === "workerd" ? [2, 50] : [1, 40];

/**
 * Events that the step of each makes, beside the four of every task: ten in all,
 * so that 10,000 tasks have 100,000.
 */
const OWN_EVENTS = 6;

/**
 * What a task works with: sorting is native code, which takes as long the first
 * time as later, when what is written in JavaScript has been optimized.
 */
let numbers = new Float64Array(1_000);

/**
 * Compares runs that nobody watches to such that all families watch.
 *
 * @param what What the watchers do.
 * @returns What was found.
 */
export async function timeWatchers(what: string): Promise<Comparison> {
  while (await fastestTask() < TASK_MS) {
    numbers = new Float64Array(numbers.length * 1.1);
  }
  return await compare(
    () => time(nobody()),
    () => time(watchersThat(ANSWERS[what], { drainTimeout: 1 })),
    runtime === "workerd" ? MOST_BY_CLOCK : MOST,
  );
}

/** Runs tasks; gives how long it took, without the draining. */
async function time({ config, onEvent }: Watching): Promise<Time> {
  const workflow = new DotFlow({ workflowId: "wf", config });
  const step = action("works", async ({ log, progress }) => {
    for (let n = 0; n < OWN_EVENTS; n += 2) {
      progress(n / OWN_EVENTS, "so far");
      log.info("line", { n });
    }
    work();
    // Watchers that answer later have their turn between two tasks. In workerd,
    // each turn of the event loop would last until a millisecond is full.
    if (runtime === "workerd") await undefined;
    else await new Promise<void>((resolve) => setImmediate(resolve));
  });
  for (let n = 0; n < TASKS; n++) workflow.task.add(step);
  const drained: Promise<unknown>[] = [];
  const waitUntil = (rest: Promise<unknown>) => void drained.push(rest);
  const start = await now();
  const run = await workflow.start({ onEvent, waitUntil });
  const end = await now();
  assert.equal(run.status, "Completed");
  await Promise.all(drained);
  const took = between(start, end);
  const ms = took.processor ?? took.wall;
  assert.ok(ms >= TASKS * 0.95, `${TASKS} tasks of 1 ms took ${ms} ms`);
  return took;
}

/** Computes; by no clock, which would stand still meanwhile in workerd. */
function work(): void {
  numbers.sort();
}

/** The milliseconds of a task at its best. */
async function fastestTask(): Promise<number> {
  let fastest = Infinity;
  for (let tries = 0; tries < 5; tries++) {
    const start = await now();
    for (let n = 0; n < 20; n++) work();
    const { wall, processor } = between(start, await now());
    fastest = Math.min(fastest, processor ?? wall);
  }
  return fastest / 20;
}

/** The times so far. */
async function now(): Promise<Time> {
  if (runtime === "workerd") {
    // Only here, the clock is brought up to date.
    await new Promise((done) => setTimeout(done, 1));
    return { wall: performance.now(), processor: undefined };
  }
  const { user, system } = process.cpuUsage();
  return { wall: performance.now(), processor: (user + system) / 1_000 };
}

function between(start: Time, end: Time): Time {
  const wall = end.wall - start.wall;
  return start.processor === undefined
    ? { wall, processor: undefined }
    : { wall, processor: end.processor! - start.processor };
}
