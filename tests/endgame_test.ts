import {
  action,
  type Context,
  DotFlow,
  StorageDefault,
} from "@dotflow/dotflow";
import assert from "node:assert/strict";
import { flowOn, moment, rejectsWith, sleep } from "./flow.ts";
import { test } from "./harness.ts";
import { Recorder } from "./recorder.ts";
import { StorageBare, StorageFailing, StorageText } from "./storages.ts";

/** Throws at once for a task named "now", and rejects later for "later". */
class StorageTwoFaults extends StorageBare {
  constructor(readonly delayMs: number) {
    super();
  }

  override post(key: string, context: Context): Promise<void> {
    if (key.endsWith("/now")) throw new Error("at once");
    if (!key.endsWith("/later")) return super.post(key, context);
    return sleep(this.delayMs).then(() => {
      throw new Error("later");
    });
  }
}

for (const mode of ["parallel", "parallel_group"] as const) {
  for (const drainTimeout of [5, 1_000]) {
    test(`endgame: a write that throws at once leaves no other failure over (${mode}, ${drainTimeout} ms)`, async () => {
      const storage = new StorageTwoFaults(20);
      const recorder = new Recorder();
      const config = recorder.config({ storage, drainTimeout });
      const workflow = new DotFlow({ workflowId: "wf", config });
      for (const name of ["later", "now", "never"]) {
        workflow.task.add(action(name, () => 1), { groupName: name });
      }
      const started = workflow.start({ mode, concurrency: 2 });
      await rejectsWith(started, "STORAGE", /"wf\/.*\/now": at once$/);
      await sleep(40);
      assert.equal(workflow.result().status, "Failed");
      const [later, now] = workflow.resultTask();
      assert.deepEqual([later.status, now.status], ["Failed", "Failed"]);
    });
  }
}

test("endgame: of two writes that fail one by one, all tasks end once", async () => {
  const storage = new class extends StorageText {
    override async atomicSwap(
      key: string,
      expected: Context | null,
      next: Context,
    ): Promise<boolean> {
      const delayMs = key.endsWith("/a") ? 5 : key.endsWith("/b") ? 25 : 0;
      if (delayMs === 0) return await super.atomicSwap(key, expected, next);
      await sleep(delayMs);
      throw new Error(`after ${delayMs} ms`);
    }
  }();
  const recorder = new Recorder();
  const config = recorder.config({ storage });
  const workflow = new DotFlow({ workflowId: "wf", config });
  const hanging = action("c", () => new Promise(() => {}));
  workflow.task.add([action("a", () => 1), action("b", () => 2), hanging]);
  const started = workflow.start({ mode: "parallel" });
  await rejectsWith(started, "STORAGE", /\/a": after 5 ms$/);
  const ended = workflow.result().duration;
  const statuses = workflow.resultTask().map((task) => task.status);
  assert.deepEqual(statuses, ["Failed", "Failed", "Failed"]);
  for (const { taskId, errors } of workflow.resultTask()) {
    assert.deepEqual(errors.map((e) => e.exception), ["StorageError"], taskId);
  }
  const tracerEnds = recorder.calls
    .filter((call) => call.startsWith("tracer end"));
  assert.deepEqual(tracerEnds.sort(), [
    "tracer end a",
    "tracer end b",
    "tracer end c",
    "tracer end run",
  ]);
  await sleep(30);
  assert.equal(workflow.result().duration, ended, "the run goes on no more");
  assert.ok(ended >= 20, `it ended after ${ended} ms, with a write under way`);
});

test("endgame: a run whose last record cannot be written has failed", async () => {
  for (const mode of ["background", "sequential"] as const) {
    const storage = new StorageFailing();
    let records = 0;
    let ended = 0;
    storage.fails = (method, key) => {
      if (method !== "swap" || !key.endsWith("_run")) return false;
      if (++records !== 2) return false;
      ended = workflow.result().duration;
      return true;
    };
    const recorder = new Recorder();
    const config = recorder.config({ storage });
    const workflow = new DotFlow({ workflowId: "wf", config });
    workflow.task.add(action("a", () => 1));
    const called: string[] = [];
    const starting = workflow.start({
      mode,
      onSuccess: () => void called.push("onSuccess"),
      onFailure: () => void called.push("onFailure"),
    });
    const finished = mode === "background"
      ? starting.then((run) => run.finished)
      : starting;
    await rejectsWith(
      finished,
      "STORAGE",
      /^Cannot write run record .* was cut$/,
    );
    if (mode === "background") {
      assert.equal((await starting).status, "Failed");
    }
    assert.equal(workflow.result().status, "Failed", mode);
    assert.equal(workflow.result().duration, ended, "a write is no part of it");
    assert.deepEqual(called, ["onFailure"], mode);
    const runs = recorder.calls.filter((call) =>
      ["metrics completed", "metrics failed"].includes(call)
    );
    assert.deepEqual(runs, ["metrics failed"], mode);
    assert.equal(workflow.resultTask()[0].status, "Completed", mode);
  }
});

test("endgame: a write without an answer ends a cancelled run in time", async () => {
  const storing = moment();
  const storage = new class extends StorageText {
    override atomicSwap(
      key: string,
      expected: Context | null,
      next: Context,
    ): Promise<boolean> {
      if (!key.endsWith("/a")) return super.atomicSwap(key, expected, next);
      storing.resolve();
      return new Promise(() => {});
    }
  }();
  const config = new Recorder().config({ storage, drainTimeout: 30 });
  const workflow = new DotFlow({ workflowId: "wf", config });
  workflow.task.add([action("a", () => 1), action("b", () => 2)]);
  const run = await workflow.start({ mode: "background" });
  await storing.promise;
  const before = performance.now();
  run.cancel();
  await rejectsWith(
    run.finished,
    "STORAGE",
    /^Cannot tell whether .* within 30 ms; resume the run to find out$/,
  );
  const took = performance.now() - before;
  assert.ok(took >= 25 && took < 2_000, `it took ${took} ms`);
  assert.deepEqual(run.tasks.map((task) => task.status), [
    "Failed",
    "Not started",
  ]);
  const { duration } = run;
  await sleep(5);
  assert.equal(run.duration, duration);
});

for (const storage of [new StorageDefault(), new StorageText()]) {
  const { name } = storage.constructor;
  test(`endgame: a callback that hangs ends a cancelled run in time (${name})`, async () => {
    const calling = moment();
    const config = new Recorder().config({ storage, drainTimeout: 30 });
    const workflow = new DotFlow({ workflowId: "wf", config });
    workflow.task.add(action("a", () => 1), {
      callback: () => {
        calling.resolve();
        return new Promise(() => {});
      },
    }).add(action("b", () => 2));
    const run = await workflow.start({ mode: "background" });
    await calling.promise;
    const before = performance.now();
    run.cancel();
    await run.finished;
    const took = performance.now() - before;
    assert.ok(took >= 25 && took < 2_000, `it took ${took} ms`);
    assert.equal(run.status, "Cancelled");
    assert.deepEqual(run.tasks.map((task) => task.status), [
      "Completed",
      "Not started",
    ]);
  });

  test(`endgame: a cancelled run waits for a slow callback (${name})`, async () => {
    const calling = moment();
    let done = false;
    const workflow = flowOn(storage, "wf-slow");
    workflow.task.add(action("a", () => 1), {
      callback: async () => {
        calling.resolve();
        await sleep(10);
        done = true;
      },
    });
    const run = await workflow.start({ mode: "background" });
    await calling.promise;
    run.cancel();
    await run.finished;
    assert.equal(done, true);
  });
}
