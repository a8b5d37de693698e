import {
  action,
  type DotFlow,
  type Mode,
  type Storage,
} from "@dotflow/dotflow";
import assert from "node:assert/strict";
import { type Bucket, BUCKETS, isWrite, objectRequests } from "./buckets.ts";
import { effort, makeRandom, seed, tell } from "./effort.ts";
import { flowOn } from "./flow.ts";
import { test } from "./harness.ts";
import { StorageText } from "./storages.ts";

const NAMES = ["StorageS3", "StorageGCS"] as const;

/** Tasks that each add one to what came before. */
function counting(storage: Storage, tasks: number, workflowId = "wf"): DotFlow {
  const workflow = flowOn(storage, workflowId);
  for (let n = 0; n < tasks; n++) {
    workflow.task.add(
      action(
        `t-${n}`,
        ({ previousContext }) => (previousContext.storage ?? 0) + 1,
      ),
    );
  }
  return workflow;
}

async function countsOf(bucket: Bucket) {
  const requests = await objectRequests(bucket);
  const writes = requests.filter(isWrite).length;
  const lists = requests.filter(({ op }) => /list/i.test(op)).length;
  return { writes, lists, reads: requests.length - writes };
}

for (const name of NAMES) {
  test(`${name}: 100 tasks cost 102 writes and a read`, async () => {
    const bucket = await BUCKETS[name]();
    const run = await counting(bucket.open(), 100).start();
    assert.equal(run.tasks.at(-1)!.currentContext.storage, 100);
    const counts = await countsOf(bucket);
    assert.deepEqual(counts, { writes: 102, lists: 0, reads: 1 });
  });

  test(`${name}: a resume lists by the thousand and reads at once`, async () => {
    const tasks = 1_500;
    const bucket = await BUCKETS[name]();
    await counting(bucket.open(), tasks).start({
      mode: "parallel",
      concurrency: 64,
    });
    await bucket.lab.forget();
    await bucket.lab.setOptions({ latencyMs: 10 });
    const workflow = counting(bucket.open(), tasks);
    const run = await workflow.start({ resume: true, mode: "parallel" });
    assert.ok(run.tasks.every(({ restored }) => restored));
    const counts = await countsOf(bucket);
    // The record, two pages of the list, and each result once.
    assert.deepEqual(counts, { writes: 0, lists: 2, reads: 1 + 2 + tasks });
    const { maxInFlight } = await bucket.lab.figures();
    assert.ok(maxInFlight >= 32, `${maxInFlight} at once`);
  });

  test(`${name}: where 30 % of requests fail, every outcome is the same`, {
    timeout: 240_000,
  }, async () => {
    const bucket = await BUCKETS[name]();
    await bucket.lab.faults({ seed: seed(), rate: 0.3 });
    const count = 20 * effort();
    const left = Array.from({ length: count }, (_, n) => n);
    const lane = async () => {
      for (let n = left.shift(); n !== undefined; n = left.shift()) {
        const storage = bucket.open({ maxAttempts: 10 });
        const under = `${name}, workflow ${n} of seed ${seed()}`;
        const outcome = await outcomeOf(storage, n);
        assert.deepEqual(outcome, await outcomeOf(new StorageText(), n), under);
      }
    };
    await Promise.all(Array.from({ length: 20 }, lane));
    const { requests, faults } = await bucket.lab.figures();
    const failed = Object.values(faults).reduce((sum, n) => sum + n, 0);
    assert.ok(failed > requests / 5, `${failed} of ${requests} failed`);
    await tell(`${name}, 30 % of requests failing`, {
      workflows: count,
      requests,
      failed,
    });
  });
}

/** Starts a random workflow and resumes it; tells what became of it. */
async function outcomeOf(storage: Storage, n: number): Promise<unknown> {
  const random = makeRandom(seed(), n);
  const pick = <T>(...choices: readonly T[]) =>
    choices[Math.floor(random(choices.length))];
  const mode = pick<Mode>("sequential", "parallel", "parallel_group");
  const keepGoing = pick(true, false);
  // In parallel, which task comes after a failed one is not determined.
  const ends = mode === "sequential" || keepGoing;
  const tasks = Array.from({ length: 1 + Math.floor(random(6)) }, () => ({
    groupName: pick("one", "two"),
    failures: pick(0, 0, 0, 1, ends ? 3 : 1),
    value: pick<unknown>(undefined, new Date(0), "text", [1n, NaN], { a: -0 }),
  }));
  let spared = 0;
  const start = async (resume: boolean) => {
    const workflow = flowOn(storage, `wf-${n}`);
    tasks.forEach(({ groupName, failures, value }, index) => {
      const options = { name: `t-${index}`, retry: 2, retryDelay: 0 };
      workflow.task.add(
        action(options, ({ attempt, previousContext }) => {
          if (attempt <= failures - spared) throw new Error(`no ${attempt}`);
          return [value, previousContext.storage];
        }),
        { groupName },
      );
    });
    const { status } = await workflow.start({ mode, keepGoing, resume });
    const results = workflow.resultTask().map((task) => ({
      status: task.status,
      retries: task.retryCount,
      value: task.currentContext.storage,
      errors: task.errors.map(({ message }) => message),
    }));
    return { status, results };
  };
  const first = await start(false);
  spared = 3;
  return { first, second: await start(true) };
}
