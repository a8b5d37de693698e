import {
  action,
  Config,
  Context,
  DotFlow,
  type Storage,
  StorageDefault,
  StorageError,
  type Task,
  UnstorableValueError,
} from "@dotflow/dotflow";
import assert from "node:assert/strict";
import { flowOn, moment, rejectsWith, sleep } from "./flow.ts";
import { test } from "./harness.ts";
import {
  StorageBare,
  StorageCounting,
  StorageFailing,
  StorageText,
} from "./storages.ts";

/** Adds tasks t-0, t-1 … that give their number. */
function addTasks(workflow: DotFlow, count: number, ran: number[] = []) {
  for (let n = 0; n < count; n++) {
    workflow.task.add(action(`t-${n}`, () => {
      ran.push(n);
      return { n };
    }));
  }
  return workflow;
}

test("durability: N tasks cost N + 2 writes and at most 2 reads", async () => {
  for (const mode of ["sequential", "parallel", "parallel_group"] as const) {
    const storage = new StorageCounting();
    await addTasks(flowOn(storage), 20).start({ mode });
    const { swap, get, ...rest } = storage.take();
    assert.equal(swap, 22, mode);
    assert.ok(get <= 2, `${mode}: ${get} reads`);
    assert.deepEqual(rest, {}, mode);
  }
});

test("durability: a resume lists once, and writes nothing if all is done", async () => {
  const storage = new StorageCounting();
  await addTasks(flowOn(storage), 20).start();
  storage.take();
  const run = await addTasks(flowOn(storage), 20).start({ resume: true });
  assert.ok(run.tasks.every((task) => task.restored));
  const { list, get, ...rest } = storage.take();
  assert.equal(list, 1);
  assert.ok(get <= 22, `${get} reads`);
  assert.deepEqual(rest, {});
});

test("durability: a resume reads in parallel", async () => {
  let reading = 0;
  let most = 0;
  const storage = new class extends StorageText {
    override async get(key: string): Promise<Context> {
      most = Math.max(most, ++reading);
      await new Promise((resolve) => setTimeout(resolve, 1));
      reading--;
      return await super.get(key);
    }
  }();
  await addTasks(flowOn(storage), 20).start();
  most = 0;
  await addTasks(flowOn(storage), 20).start({ resume: true });
  assert.ok(most >= 10, `${most} at once`);
});

test("durability: keepRuns bounds what old runs leave behind", async () => {
  for (const keepRuns of [1, 3]) {
    const storage = new StorageText();
    const config = new Config({ storage, keepRuns });
    const runIds: string[] = [];
    for (let n = 0; n < 5; n++) {
      const workflow = new DotFlow({ workflowId: "wf", config });
      const run = await addTasks(workflow, 2).start();
      runIds.push(run.runId);
    }
    const left = new Set(
      storage.listKeysNow().filter((key) => !key.endsWith("/_run"))
        .map((key) => key.split("/")[1]),
    );
    assert.deepEqual([...left].sort(), runIds.slice(-keepRuns).sort());
  }
});

test("durability: runs of other workflows stay", async () => {
  const storage = new StorageText();
  await addTasks(flowOn(storage, "wf-1-2"), 2).start();
  await addTasks(flowOn(storage, "wf-1/2"), 2).start();
  const before = storage.listKeysNow();
  for (let n = 0; n < 3; n++) {
    const workflow = addTasks(flowOn(storage, "wf-1"), 2);
    await workflow.start();
    await workflow.clear();
  }
  const after = storage.listKeysNow();
  assert.deepEqual(before.filter((key) => !after.includes(key)), []);
});

/** A storage whose keys do not tell runs apart, as a user may want it. */
class StorageOwnKeys extends StorageText {
  override key({ workflowId, taskId }: Task): string {
    return `${workflowId}:${taskId}`;
  }
}

test("durability: a user's own key decides the place", async () => {
  const storage = new StorageOwnKeys();
  const ran: number[] = [];
  const first = await addTasks(flowOn(storage), 3, ran).start();
  assert.deepEqual(
    storage.listKeysNow().filter((key) => key.includes(":")),
    ["wf:t-0", "wf:t-1", "wf:t-2"],
  );
  await addTasks(flowOn(storage), 3, ran).start({ resume: true });
  assert.equal(ran.length, 3);

  const next = await addTasks(flowOn(storage), 3, ran).start();
  assert.equal(ran.length, 6, "another run's results count as absent");
  assert.notEqual(next.runId, first.runId);
  const stored = await storage.get("wf:t-0");
  assert.equal(stored.runId, next.runId, "and are overwritten");
  await addTasks(flowOn(storage), 3, ran).start({ resume: true });
  assert.equal(ran.length, 6);
});

test("durability: own keys work with post and get alone", async () => {
  const storage = new class extends StorageBare {
    override key({ taskId }: Task): string {
      return `flat-${taskId}`;
    }
  }();
  const ran: number[] = [];
  await addTasks(flowOn(storage), 2, ran).start();
  await addTasks(flowOn(storage), 2, ran).start();
  await addTasks(flowOn(storage), 2, ran).start({ resume: true });
  assert.equal(ran.length, 4);
  assert.ok(storage.texts.has("flat-t-1"));
});

test("durability: what is first committed counts for both", async () => {
  const storage = new StorageText();
  const failing = flowOn(storage);
  failing.task.add(action("a", () => {
    throw new Error("not yet");
  }));
  await failing.start();

  const gates = [moment(), moment()];
  const start = (n: number) => {
    const workflow = flowOn(storage, "wf", { ownership: false });
    workflow.task.add(action("a", async () => {
      await gates[n].promise;
      return `from ${n}`;
    }));
    return workflow.start({ resume: true }).then((run) => ({ run, workflow }));
  };
  const [one, two] = [start(0), start(1)];
  gates[1].resolve();
  const winner = await two;
  gates[0].resolve();
  const loser = await one;
  assert.deepEqual(winner.workflow.resultStorage(), ["from 1"]);
  assert.deepEqual(loser.workflow.resultStorage(), ["from 1"]);
  assert.equal(loser.run.status, "Completed");
  assert.equal(loser.run.runId, winner.run.runId);
});

test("durability: two first starts at once make two runs", async () => {
  const storage = new StorageText();
  const ran: number[] = [];
  const runs = await Promise.all([
    addTasks(flowOn(storage), 3, ran).start(),
    addTasks(flowOn(storage), 3, ran).start(),
  ]);
  assert.deepEqual(runs.map((run) => run.status), ["Completed", "Completed"]);
  assert.notEqual(runs[0].runId, runs[1].runId);
  assert.equal(ran.length, 6);
});

test("durability: runs of one object at once stay apart", async () => {
  for (const storage of [new StorageDefault(), new StorageText()]) {
    const workflow = flowOn(storage);
    workflow.task.add(action("a", ({ input }) => input))
      .add(action("b", ({ previousContext }) => previousContext.storage));
    const runs = await Promise.all(
      [1, 2, 3].map((input) => workflow.start({ input })),
    );
    assert.deepEqual(
      runs.map((run) => run.tasks.map((task) => task.currentContext.storage)),
      [[1, 1], [2, 2], [3, 3]],
    );
  }
});

test("durability: a storage that fails amid a run rejects with one error", async () => {
  for (const mode of ["sequential", "parallel", "parallel_group"] as const) {
    const storage = new StorageFailing();
    storage.fails = (method, key) => method === "swap" && key.endsWith("t-2");
    const workflow = addTasks(flowOn(storage), 5);
    const error = await rejectsWith(
      workflow.start({ mode }),
      "STORAGE",
      /^Cannot store checkpoint ".*\/t-2": the wire was cut$/,
    );
    assert.ok(error instanceof StorageError);
    assert.equal((error.cause as Error).message, "the wire was cut");
    const statuses = workflow.resultTask().map((task) => task.status);
    assert.equal(statuses.includes("In progress"), false, statuses.join());
    assert.equal(workflow.result().status, "Failed");

    storage.fails = () => false;
    const ran: number[] = [];
    const again = addTasks(flowOn(storage), 5, ran);
    const run = await again.start({ mode, resume: true });
    assert.equal(run.status, "Completed");
    assert.ok(!ran.includes(0) && !ran.includes(1), `${mode}: ran ${ran}`);
    assert.ok(ran.includes(2));
  }
});

test("durability: a storage that fails at the start runs nothing", async () => {
  for (const call of ["get", "swap"]) {
    const storage = new StorageFailing();
    storage.fails = (method, key) => method === call && key.endsWith("_run");
    const ran: number[] = [];
    const started = addTasks(flowOn(storage), 2, ran).start();
    await rejectsWith(started, "STORAGE", /run record .*: the wire was cut$/);
    assert.deepEqual(ran, []);
  }
});

test("durability: a storage that fails at the end loses no result", async () => {
  const storage = new StorageFailing();
  let records = 0;
  storage.fails = (method, key) =>
    method === "swap" && key.endsWith("_run") && ++records === 2;
  const ran: number[] = [];
  const workflow = addTasks(flowOn(storage), 2, ran);
  await rejectsWith(workflow.start(), "STORAGE");
  await addTasks(flowOn(storage), 2, ran).start({ resume: true });
  assert.deepEqual(ran, [0, 1]);
});

test("durability: in the background, the failure is that of finished", async () => {
  const storage = new StorageFailing();
  storage.fails = (method, key) => method === "swap" && key.endsWith("t-0");
  const run = await addTasks(flowOn(storage), 2)
    .start({ mode: "background" });
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(run.status, "Failed");
  await rejectsWith(run.finished, "STORAGE");
});

test("durability: what a storage throws is told whatever it is", async () => {
  for (const thrown of ["text", null, { code: 1 }]) {
    const storage = new class extends StorageBare {
      override get(): Promise<Context> {
        throw thrown;
      }
    }();
    const started = addTasks(flowOn(storage), 1).start();
    const error = await rejectsWith(started, "STORAGE");
    assert.equal(error.cause, thrown);
  }
});

test("durability: of many reads that fail, no failure is left over", async () => {
  let reads = 0;
  const storage = new class extends StorageText {
    broken = false;
    override get(key: string): Promise<Context> {
      if (!this.broken || key.endsWith("_run")) return super.get(key);
      if (reads++ === 2) throw new Error("at once");
      return sleep(1).then(() => Promise.reject(new Error("later")));
    }
  }();
  await addTasks(flowOn(storage), 5).start();
  storage.broken = true;
  const started = addTasks(flowOn(storage), 5).start({ resume: true });
  await rejectsWith(started, "STORAGE", /: (at once|later)$/);
  await sleep(10);
});

test("durability: a result that cannot be stored fails its task", async () => {
  const storage = new StorageText();
  const workflow = flowOn(storage);
  workflow.task.add(action("a", () => 1)).add(
    action("b", () => ({ users: [{}, { socket: () => {} }] })),
  ).add(action("c", () => 3));
  const run = await workflow.start();
  assert.equal(run.status, "Failed");
  const { error } = run.tasks[1];
  assert.ok(error!.thrown instanceof UnstorableValueError);
  assert.match(error!.message, /^Cannot store result\.users\[1\]\.socket: /);
  assert.deepEqual(run.tasks.map((task) => task.status), [
    "Completed",
    "Failed",
    "Not started",
  ]);
  const kept = await storage.get(storage.key(run.tasks[0]));
  assert.equal(kept.storage, 1, "earlier results stay");
});

test("durability: fresh and resumed runs see the same copy", async () => {
  const storage = new StorageText();
  const rows = [{ n: 1 }];
  const start = async () => {
    const workflow = flowOn(storage);
    workflow.task.add(action("a", () => rows)).add(
      action("b", ({ previousContext }) => {
        rows[0].n = 99;
        return previousContext.storage[0].n;
      }),
    );
    await workflow.start({ resume: true });
    return workflow.resultStorage();
  };
  assert.deepEqual(await start(), [[{ n: 1 }], 1]);
  assert.deepEqual(await start(), [[{ n: 1 }], 1]);
});

test("durability: the commit comes before the final status", async () => {
  const storage = new StorageCounting();
  const workflow = flowOn(storage);
  let stored: Context | undefined;
  workflow.task.add(action("a", () => 1), {
    callback: async (task) => {
      stored = await storage.get(storage.key(task));
    },
  });
  await workflow.start();
  assert.equal(stored?.storage, 1);
  assert.equal(stored?.taskId, "a");
});

test("durability: a store of bare values does as well as it can", async () => {
  const values = new Map<string, string>();
  const storage = new class extends StorageBare {
    override post(key: string, { storage }: Context): Promise<void> {
      values.set(key, JSON.stringify(storage));
      return Promise.resolve();
    }
    override get(key: string): Promise<Context> {
      const text = values.get(key);
      const value = text === undefined ? undefined : JSON.parse(text);
      return Promise.resolve(new Context({ storage: value }));
    }
  }();
  const ran: number[] = [];
  await addTasks(flowOn(storage), 2, ran).start();
  const again = addTasks(flowOn(storage), 2, ran);
  await again.start({ resume: true });
  assert.deepEqual(ran, [0, 1]);
  assert.deepEqual(again.resultStorage(), [{ n: 0 }, { n: 1 }]);
});

test("durability: a damaged checkpoint is an error, and stays", async () => {
  const damages: [string, (text: string) => string][] = [
    ["foreign", () => "<html>404</html>"],
    ["torn", (text) => text.slice(0, -10)],
    ["altered", (text) => text.replace('"n":1', '"n":2')],
    ["of the future", (text) => text.replace('"dotflow":1', '"dotflow":9')],
    ["empty", () => ""],
  ];
  for (const [name, damage] of damages) {
    const storage = new StorageText();
    const ran: number[] = [];
    const run = await addTasks(flowOn(storage), 3, ran).start();
    const key = storage.key(run.tasks[1]);
    const text = damage(storage.texts.get(key)!);
    storage.texts.set(key, text);
    ran.length = 0;
    const error = await rejectsWith(
      addTasks(flowOn(storage), 3, ran).start({ resume: true }),
      "CORRUPT_CHECKPOINT",
    );
    assert.ok(error.message.includes(key), `${name}: ${error.message}`);
    assert.equal(storage.texts.get(key), text, name);
    assert.deepEqual(ran, [], name);
  }
});

test("durability: a run record of the future is an error", async () => {
  const storage = new StorageText();
  await addTasks(flowOn(storage), 1).start();
  const key = storage.listKeysNow().find((key) => key.endsWith("_run"))!;
  const context = await storage.get(key);
  await storage.post(
    key,
    new Context({ ...context, storage: { ...context.storage, version: 9 } }),
  );
  for (const resume of [true, false]) {
    await rejectsWith(
      addTasks(flowOn(storage), 1).start({ resume }),
      "CORRUPT_CHECKPOINT",
    );
  }
});

const HOSTILE = [
  "x".repeat(10_000),
  "../../../etc/passwd",
  "a/b\\c",
  ".",
  "..",
  "\0",
  "😀\ud800",
  "_run",
  "con",
  " ",
  "A",
  "a",
];

test("durability: every id works, and meets no other's data", async () => {
  const storage: Storage = new StorageText();
  const ran: string[] = [];
  const start = async () => {
    for (const id of HOSTILE) {
      const workflow = flowOn(storage, id);
      for (const name of HOSTILE) {
        workflow.task.add(action(name, () => {
          ran.push(name);
          return [id, name];
        }));
      }
      await workflow.start({ resume: true });
      const expected = HOSTILE.map((name) => [id, name]);
      assert.deepEqual(workflow.resultStorage(), expected);
    }
  };
  await start();
  assert.equal(ran.length, HOSTILE.length ** 2);
  await start();
  assert.equal(ran.length, HOSTILE.length ** 2);
});

test("durability: resumes have the same idempotency key", async () => {
  const keys: string[] = [];
  let fails = true;
  const start = async () => {
    const workflow = flowOn(storage);
    workflow.task.add(action("a", ({ idempotencyKey }) => {
      keys.push(idempotencyKey);
      if (fails) throw new Error("no");
    }));
    return await workflow.start({ resume: true });
  };
  const storage = new StorageText();
  await start();
  fails = false;
  await start();
  assert.equal(keys.length, 2);
  assert.equal(keys[0], keys[1]);
});

test("durability: the record tells how the run stands", async () => {
  const storage = new StorageText();
  const record = async () => {
    const key = storage.listKeysNow().find((key) => key.endsWith("_run"))!;
    return (await storage.get(key)).storage;
  };
  let during;
  const workflow = flowOn(storage);
  workflow.task.add(action("a", async () => {
    during = await record();
  }));
  workflow.task.add(
    action("b", () => {
      throw new Error("broken");
    }),
    { groupName: "g" },
  );
  const run = await workflow.start({ input: 1 });
  const { nonce: one, ...before } = during!;
  const { nonce: two, ...after } = await record();
  assert.notEqual(one, two);
  const common = {
    version: 1,
    workflowId: "wf",
    mode: "sequential",
    groups: [["default", ["a"]], ["g", ["b"]]],
    runId: run.runId,
    runs: [run.runId],
    fingerprint: before.fingerprint,
    epoch: 1,
    renewals: 0,
  };
  assert.match(before.fingerprint, /^[0-9a-f]{64}$/);
  const { owner, ...open } = before;
  assert.deepEqual(open, { ...common, status: "In progress", errors: [] });
  assert.equal(owner.leaseMs, 30_000);
  const { errors, ...rest } = after;
  assert.deepEqual(rest, { ...common, owner: null, status: "Failed" });
  assert.equal(errors[0][0], "b");
  assert.equal(errors[0][1][0].message, "broken");
});
