/**
 * What is measured in memory.
 *
 * @module
 */

import pLimit from "p-limit";
import { action } from "../../mod.ts";
import type { Benchmark } from "./measure.ts";
import {
  build,
  buildingAndStarting,
  mustComplete,
  plainly,
  starting,
} from "./workflows.ts";

const addOne = (previous: number) => previous + 1;

const failTwice = (attempt: number) => {
  if (attempt < 3) throw new Error("Not yet");
  return attempt;
};

const add = action(
  "add",
  ({ previousContext }) => addOne(previousContext.storage ?? 0),
);
const one = action("one", () => addOne(0));
const flaky = action(
  "flaky",
  { retry: 3, retryDelay: 0 },
  ({ attempt }) => failTwice(attempt),
);

const chain = (tasks: number) => ({ tasks, step: add });
const fanOut = (tasks: number, concurrency?: number) => ({
  tasks,
  step: one,
  start: { mode: "parallel", concurrency } as const,
});

const awaitLoop = (tasks: number) => async () => {
  let value = 0;
  for (let task = 0; task < tasks; task++) value = await addOne(value);
};

const promiseAll = async () => {
  await Promise.all(
    Array.from({ length: 10_000 }, async () => await addOne(0)),
  );
};

const limited = async () => {
  const limit = pLimit(100);
  await Promise.all(Array.from({ length: 10_000 }, () => limit(addOne, 0)));
};

const retryLoop = async () => {
  for (let task = 0; task < 1_000; task++) {
    for (let attempt = 1;; attempt++) {
      try {
        await failTwice(attempt);
        break;
      } catch (error) {
        if (attempt === 3) throw error;
      }
    }
  }
};

const manyLoops = async () => {
  for (let workflow = 0; workflow < 1_000; workflow++) await awaitLoop(10)();
};

/** The benchmarks in memory. */
export const IN_MEMORY: readonly Benchmark[] = [
  {
    name: "chain of 1,000 vs await loop",
    floor: plainly(1_000, awaitLoop(1_000)),
    ours: starting(chain(1_000)),
    target: { kind: "ratio", most: 40 },
  },
  {
    name: "chain of 1,000, built and started, vs await loop",
    floor: plainly(1_000, awaitLoop(1_000)),
    ours: buildingAndStarting(chain(1_000)),
  },
  {
    name: "chain of 10,000 vs await loop",
    floor: plainly(10_000, awaitLoop(10_000)),
    ours: starting(chain(10_000)),
  },
  {
    name: "chain of 10,000 vs chain of 1,000",
    floor: starting(chain(1_000)),
    ours: starting(chain(10_000)),
    target: { kind: "ratio", most: 1.3 },
  },
  {
    name: "heap of a chain of 10,000 vs of 1,000",
    unit: "B",
    floor: starting(chain(1_000)),
    ours: starting(chain(10_000)),
    target: { kind: "ratio", most: 1.3 },
  },
  {
    name: "fan-out of 10,000 vs Promise.all",
    floor: plainly(10_000, promiseAll),
    ours: starting(fanOut(10_000)),
    target: { kind: "ratio", most: 40 },
  },
  {
    name: "fan-out of 10,000, built and started, vs Promise.all",
    floor: plainly(10_000, promiseAll),
    ours: buildingAndStarting(fanOut(10_000)),
  },
  {
    name: "fan-out of 10,000 vs fan-out of 1,000",
    floor: starting(fanOut(1_000)),
    ours: starting(fanOut(10_000)),
    target: { kind: "ratio", most: 1.3 },
  },
  {
    name: "fan-out of 10,000, 100 at once, vs p-limit",
    floor: plainly(10_000, limited),
    ours: starting(fanOut(10_000, 100)),
    target: { kind: "ratio", most: 2 },
  },
  {
    name: "1,000 workflows of 10 vs await loops",
    floor: plainly(10_000, manyLoops),
    ours: {
      tasks: 10_000,
      prepare: () => {
        const all = Array.from({ length: 1_000 }, () => build(chain(10)));
        return {
          run: async () => {
            for (const workflow of all) mustComplete(await workflow.start());
          },
        };
      },
    },
  },
  {
    name: "1,000 that fail twice vs retry loop",
    floor: plainly(1_000, retryLoop),
    ours: starting({ tasks: 1_000, step: flaky }),
    target: { kind: "ratio", most: 4 },
  },
];
