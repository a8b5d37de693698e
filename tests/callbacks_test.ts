import { action, Config, DotFlow, type Task } from "@dotflow/dotflow";
import assert from "node:assert/strict";
import { failing, sleep } from "./flow.ts";
import { modulePath, test } from "./harness.ts";
import { type Line, LogRecorder } from "./recorder.ts";

test("callbacks: a task's callback gets the task as it has ended", async () => {
  const tasks: Task[] = [];
  const callback = (task: Task) => {
    tasks.push(task);
  };
  const workflow = new DotFlow();
  workflow.task.add(action("a", () => sleep(5)), { callback })
    .add(failing(9, { retry: 2, retryDelay: 5 }), { callback });
  await workflow.start();
  assert.deepEqual(
    tasks.map(({ taskId, status, retryCount, currentContext, errors }) => [
      taskId,
      status,
      retryCount,
      currentContext.storage,
      errors.length,
    ]),
    [["a", "Completed", 0, undefined, 0], [
      "failing",
      "Failed",
      1,
      undefined,
      2,
    ]],
  );
  assert.ok(tasks.every((task) => task.duration >= 4));
});

test("callbacks: each is waited for before anything else happens", async () => {
  const order: string[] = [];
  const slowly = (name: string) => async () => {
    await sleep(5);
    order.push(name);
  };
  const workflow = new DotFlow();
  workflow.task
    .add(action(() => order.push("a")), { callback: slowly("callback a") })
    .add(action(() => order.push("b")), { callback: slowly("callback b") });
  await workflow.start({
    onSuccess: slowly("onSuccess"),
    onFailure: slowly("onFailure"),
  });
  order.push("started");
  assert.deepEqual(order, [
    "a",
    "callback a",
    "b",
    "callback b",
    "onSuccess",
    "started",
  ]);
});

test("callbacks: onFailure gets all tasks of a failed run", async () => {
  const calls: [string, string[]][] = [];
  const note = (name: string) => (tasks: readonly Task[]) => {
    calls.push([name, tasks.map((task) => task.status)]);
  };
  const workflow = new DotFlow();
  workflow.task.add(failing(9)).add(action("after", () => 1));
  await workflow.start({
    onSuccess: note("onSuccess"),
    onFailure: note("onFailure"),
  });
  assert.deepEqual(calls, [["onFailure", ["Failed", "Not started"]]]);
});

test("callbacks: what they throw is logged and changes nothing", async () => {
  const throwing = (name: string) => () => {
    throw new Error(`${name} is broken`);
  };
  const rejecting = (name: string) => () =>
    Promise.reject(new Error(`${name} is broken`));
  for (const broken of [throwing, rejecting]) {
    const lines: Line[] = [];
    const workflow = new DotFlow({
      workflowId: "wf",
      config: new Config({ log: new LogRecorder(lines) }),
    });
    workflow.task.add(action("a", () => 1), { callback: broken("callback") })
      .add(action("b", ({ previousContext }) => previousContext.storage + 1));
    const run = await workflow.start({ onSuccess: broken("onSuccess") });
    assert.equal(run.status, "Completed");
    assert.deepEqual(workflow.resultStorage(), [1, 2]);
    const errors = lines.filter(({ level }) => level === "ERROR");
    assert.deepEqual(
      errors.map(({ message, fields }) => [message, fields.reason]),
      [
        ["Cannot finish task callback", "callback is broken"],
        ["Cannot finish onSuccess", "onSuccess is broken"],
      ],
    );
    assert.deepEqual(errors.map(({ fields }) => fields.workflowId), [
      "wf",
      "wf",
    ]);
  }
});

test("callbacks: a string names a function to import", {
  needs: ["sources"],
}, async () => {
  const { seen } = await import(`file://${modulePath("steps/steps.ts")}`);
  seen.length = 0;
  const workflow = new DotFlow();
  workflow.task.add(action("a", () => 1), {
    callback: `${modulePath("steps/steps.ts")}#note`,
  });
  const run = await workflow.start();
  assert.equal(run.status, "Completed");
  assert.deepEqual(seen, ["a Completed"]);
});

test("callbacks: none is called for what a resume restores", async () => {
  const seen: string[] = [];
  const workflow = new DotFlow({ workflowId: "wf" });
  workflow.task.add(action("a", () => 1), {
    callback: (task) => {
      seen.push(task.taskId);
    },
  });
  await workflow.start();
  await workflow.start({ resume: true });
  assert.deepEqual(seen, ["a"]);
});
