import { action, DotFlow, StorageDefault, type Task } from "@dotflow/dotflow";
import assert from "node:assert/strict";
import { flowOn, moment, sleep } from "./flow.ts";
import { spawnRuntime, test } from "./harness.ts";
import { StorageText } from "./storages.ts";

/** A step that tells when it runs, and waits for its signal. */
function waiting(name = "waiting") {
  const begun = moment();
  const seen: unknown[] = [];
  const step = action(name, { retry: 3, retryDelay: 0 }, ({ signal }) => {
    begun.resolve();
    return new Promise((_, reject) => {
      signal.addEventListener("abort", () => {
        seen.push(signal.reason);
        reject(signal.reason);
      });
    });
  });
  return { begun, seen, step };
}

test("cancel: run.cancel aborts the step and ends the run", async () => {
  const { begun, seen, step } = waiting();
  const workflow = new DotFlow({ workflowId: "wf-cancel" });
  let failed: readonly Task[] = [];
  workflow.task.add(action("before", () => 1)).add(step)
    .add(action("after", () => 3));
  const run = await workflow.start({
    mode: "background",
    onFailure: (tasks) => {
      failed = tasks;
    },
  });
  await begun.promise;
  run.cancel("enough");
  await run.finished;
  assert.equal(run.status, "Cancelled");
  assert.deepEqual(run.tasks.map((task) => task.status), [
    "Completed",
    "Failed",
    "Not started",
  ]);
  const [reason] = seen as (Error & { code: string })[];
  assert.equal(seen.length, 1, "a cancelled attempt is not retried");
  assert.equal(reason.code, "WORKFLOW_CANCELLED");
  assert.equal(reason.cause, "enough");
  const [error] = run.tasks[1].errors;
  assert.equal(run.tasks[1].errors.length, 1);
  assert.equal(error.thrown, reason);
  assert.deepEqual(failed.map((task) => task.taskId), [
    "before",
    "waiting",
    "after",
  ]);
});

test("cancel: a step that pays no heed does not hold up the run", async () => {
  const begun = moment();
  const late = moment<string>();
  const workflow = new DotFlow();
  workflow.task.add(action("deaf", () => {
    begun.resolve();
    return late.promise;
  }));
  const run = await workflow.start({ mode: "background" });
  await begun.promise;
  run.cancel();
  await run.finished;
  late.resolve("late");
  await sleep(1);
  assert.equal(run.status, "Cancelled");
  assert.equal(run.tasks[0].status, "Failed");
  assert.equal(run.tasks[0].currentContext.storage, undefined);
});

test("cancel: the caller's signal cancels", async () => {
  const { begun, seen, step } = waiting();
  const controller = new AbortController();
  const workflow = new DotFlow();
  workflow.task.add(step);
  const started = workflow.start({ signal: controller.signal });
  await begun.promise;
  const reason = new Error("user left");
  controller.abort(reason);
  const run = await started;
  assert.equal(run.status, "Cancelled");
  assert.equal((seen[0] as Error).cause, reason);
});

test("cancel: with an aborted signal nothing runs", async () => {
  let count = 0;
  const workflow = new DotFlow();
  workflow.task.add(action(() => ++count));
  for (const mode of ["sequential", "parallel", "parallel_group"] as const) {
    const run = await workflow.start({ mode, signal: AbortSignal.abort() });
    assert.equal(run.status, "Cancelled", mode);
    assert.equal(run.tasks[0].status, "Not started", mode);
  }
  assert.equal(count, 0);
});

test("cancel: a run that has ended cannot be cancelled", async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const listeners: string[] = [];
  for (const method of ["addEventListener", "removeEventListener"] as const) {
    const original = signal[method] as (...args: never) => void;
    signal[method] = function (...args: unknown[]) {
      listeners.push(method);
      Reflect.apply(original, signal, args);
    };
  }
  const workflow = new DotFlow();
  workflow.task.add(action(() => 1));
  const run = await workflow.start({ signal });
  const added = listeners.filter((name) => name === "addEventListener");
  assert.equal(listeners.length, 2 * added.length, "each was removed");
  controller.abort();
  run.cancel();
  assert.equal(run.status, "Completed");
});

test("cancel: a wait between attempts ends at once", async () => {
  const workflow = new DotFlow();
  const failed = moment();
  workflow.task.add(action({ retry: 2, retryDelay: "1h" }, () => {
    failed.resolve();
    throw new Error("no");
  }));
  const run = await workflow.start({ mode: "background" });
  await failed.promise;
  await sleep(1);
  assert.equal(run.tasks[0].status, "Retry");
  run.cancel();
  await run.finished;
  assert.equal(run.status, "Cancelled");
  assert.equal(run.tasks[0].status, "Failed");
  assert.deepEqual(run.tasks[0].errors.map(({ message }) => message), ["no"]);
});

test("cancel: all parallel tasks are stopped", async () => {
  const steps = ["a", "b", "c"].map((name) => waiting(name));
  const workflow = new DotFlow();
  workflow.task.add(steps.map(({ step }) => step));
  const run = await workflow.start({ mode: "background" });
  run.cancel();
  await run.finished;
  const parallel = workflow.start({ mode: "parallel", timeout: 15 });
  assert.equal((await parallel).status, "Failed");
  for (const { seen } of steps) {
    assert.equal((seen.at(-1) as Error).name, "WorkflowTimeoutError");
  }
});

test("cancel: the timeout of a run fails it", async () => {
  const { seen, step } = waiting();
  const workflow = new DotFlow({ workflowId: "wf-slow" });
  workflow.task.add(step).add(action("after", () => 1));
  const run = await workflow.start({ timeout: "15ms" });
  assert.equal(run.status, "Failed");
  assert.equal(run.tasks[0].error?.exception, "WorkflowTimeoutError");
  assert.match(run.tasks[0].error!.message, /"wf-slow" within 15 ms$/);
  assert.equal(seen.length, 1);
  assert.equal(run.tasks[1].status, "Not started");
});

test("cancel: a run that is fast enough does not time out", async () => {
  const workflow = new DotFlow();
  workflow.task.add(action(() => 1));
  const run = await workflow.start({ timeout: "1h" });
  assert.equal(run.status, "Completed");
});

for (const storage of [new StorageDefault(), new StorageText()]) {
  const name = storage.constructor.name;
  test(`cancel: a resume goes on after what was committed (${name})`, async () => {
    const runs: string[] = [];
    const { begun, step } = waiting("second");
    const first = action("first", () => {
      runs.push("first");
      return 1;
    });
    const workflow = flowOn(storage);
    workflow.task.add(first).add(step);
    const cancelled = await workflow.start({ mode: "background" });
    await begun.promise;
    cancelled.cancel();
    await cancelled.finished;

    const again = flowOn(storage);
    again.task.add(first).add(
      action("second", ({ previousContext }) => {
        runs.push("second");
        return previousContext.storage + 1;
      }),
    );
    const run = await again.start({ resume: true });
    assert.equal(run.status, "Completed");
    assert.equal(run.resumed, true);
    assert.equal(run.runId, cancelled.runId);
    assert.deepEqual(runs, ["first", "second"]);
    assert.deepEqual(again.resultStorage(), [1, 2]);
  });
}

test("cancel: a commit that is on its way still counts", async () => {
  const gate = moment();
  const storing = moment();
  const storage = new class extends StorageText {
    override async atomicSwap(
      ...args: Parameters<StorageText["atomicSwap"]>
    ): Promise<boolean> {
      if (args[0].endsWith("/task")) {
        storing.resolve();
        await gate.promise;
      }
      return await super.atomicSwap(...args);
    }
  }();
  const workflow = flowOn(storage);
  workflow.task.add(action("task", () => "kept")).add(action("after", () => 1));
  const run = await workflow.start({ mode: "background" });
  await storing.promise;
  run.cancel();
  await sleep(10);
  assert.equal(run.tasks[0].status, "In progress");
  gate.resolve();
  await run.finished;
  assert.equal(run.status, "Cancelled");
  assert.equal(run.tasks[0].status, "Completed");
  assert.equal(run.tasks[0].currentContext.storage, "kept");
  assert.equal(run.tasks[1].status, "Not started");
});

test("cancel: timers of a run that has ended keep no process alive", {
  needs: ["processes"],
}, async () => {
  const worker = await spawnRuntime("workers/timers.ts");
  await worker.line(/^ended Completed$/);
  await worker.line(/^ended Failed$/);
  await worker.line(/^ended Cancelled$/);
  const slow = sleep(5_000).then(() => "it still runs");
  const exit = await Promise.race([worker.exit, slow]);
  assert.deepEqual(exit, { code: 0, signal: null });
});
