import {
  action,
  Config,
  Context,
  DotFlow,
  StorageDefault,
} from "@dotflow/dotflow";
import assert from "node:assert/strict";
import { failing, flowOn, throwsWith } from "./flow.ts";
import { test } from "./harness.ts";

test("results: every form is in the order of add", async () => {
  const workflow = new DotFlow();
  workflow.task.add(action("b", () => 2), { groupName: "late" })
    .add(action("a", () => 1)).add(action("c", () => [3]), {
      groupName: "late",
    });
  const run = await workflow.start({ mode: "parallel_group" });
  assert.deepEqual(workflow.resultStorage(), [2, 1, [3]]);
  assert.deepEqual(
    workflow.resultContext().map(({ storage, taskId, workflowId, runId }) => ({
      storage,
      taskId,
      workflowId,
      runId,
    })),
    [["b", 2], ["a", 1], ["c", [3]]].map(([taskId, storage]) => ({
      storage,
      taskId,
      workflowId: workflow.workflowId,
      runId: run.runId,
    })),
  );
  assert.deepEqual(workflow.resultTask().map((task) => task.taskId), [
    "b",
    "a",
    "c",
  ]);
  assert.ok(workflow.resultContext().every((one) => one instanceof Context));
});

test("results: result tells all as plain data", async () => {
  const workflow = new DotFlow({ workflowId: "wf", name: "Daily" });
  workflow.task.add(failing(1, { retry: 2 }, { n: 1 }))
    .add(failing(9), { groupName: "other" });
  const run = await workflow.start();
  const { duration, tasks, ...rest } = workflow.result();
  assert.deepEqual(rest, {
    workflowId: "wf",
    name: "Daily",
    runId: run.runId,
    status: "Failed",
  });
  assert.equal(duration, run.duration);
  const [one, two] = tasks.map(({ duration: _, errors, ...task }) => ({
    ...task,
    errors: errors.map(({ attempt, exception, message, traceback }) => {
      assert.match(traceback, /failure \d/);
      return { attempt, exception, message };
    }),
  }));
  assert.deepEqual(one, {
    taskId: "failing",
    groupName: "default",
    status: "Completed",
    retryCount: 1,
    restored: false,
    result: { n: 1 },
    errors: [{ attempt: 1, exception: "Error", message: "failure 1" }],
  });
  assert.deepEqual(two, {
    taskId: "failing-2",
    groupName: "other",
    status: "Failed",
    retryCount: 0,
    restored: false,
    result: undefined,
    errors: [{ attempt: 1, exception: "Error", message: "failure 1" }],
  });
  assert.deepEqual(workflow.task.result(), workflow.result().tasks);
  assert.doesNotThrow(() => JSON.stringify(workflow.result()));
});

test("results: there are none before a run", async () => {
  const workflow = new DotFlow({ workflowId: "wf" });
  workflow.task.add(action(() => 1));
  for (
    const ask of [
      () => workflow.resultTask(),
      () => workflow.resultContext(),
      () => workflow.resultStorage(),
      () => workflow.result(),
      () => workflow.task.result(),
    ]
  ) {
    await throwsWith(ask, "NOT_STARTED", /"wf": await start\(\) first$/);
  }
});

test("results: they are those of the latest run", async () => {
  let count = 0;
  const workflow = new DotFlow();
  workflow.task.add(action(() => ++count));
  const first = await workflow.start();
  const second = await workflow.start();
  assert.deepEqual(workflow.resultStorage(), [2]);
  assert.equal(first.tasks[0].currentContext.storage, 1);
  assert.notEqual(first.runId, second.runId);
});

test("results: ids are names with their occurrence", () => {
  const step = action("step", () => 1);
  const workflow = new DotFlow();
  workflow.task.add(step).add([step, step]).add(action("step-2", () => 1))
    .add(step, { name: "own" }).add(action(() => 1)).add(step);
  const ids = workflow.task.schema().map(({ taskId }) => taskId);
  assert.deepEqual(ids, [
    "step",
    "step-2",
    "step-3",
    "step-2-2",
    "own",
    "task-6",
    "step-4",
  ]);
  assert.equal(new Set(ids).size, ids.length);
});

test("results: an id never depends on the moment or the process", () => {
  const ids = () => {
    const workflow = new DotFlow();
    workflow.task.add([action(function load() {}), action(() => 1)])
      .add(action("a", () => 1), { groupName: "g" });
    return workflow.task.schema().map(({ taskId }) => taskId);
  };
  assert.deepEqual(ids(), ["load", "task-2", "a"]);
  assert.deepEqual(ids(), ids());
});

test("results: count, clear and reverse", async () => {
  const workflow = new DotFlow();
  workflow.task.add(action("a", () => "a")).add(action("a", () => "A"))
    .add(action("b", () => "b"));
  assert.equal(workflow.task.count(), 3);
  workflow.task.reverse();
  await workflow.start();
  assert.deepEqual(workflow.resultStorage(), ["b", "A", "a"]);
  assert.deepEqual(workflow.resultTask().map((task) => task.taskId), [
    "b",
    "a-2",
    "a",
  ]);
  workflow.task.clear();
  assert.equal(workflow.task.count(), 0);
  workflow.task.add(action("a", () => 1));
  assert.deepEqual(workflow.task.schema().map(({ taskId }) => taskId), ["a"]);
});

test("results: schema describes the tasks", () => {
  const workflow = new DotFlow();
  workflow.task.add(
    action("a", { retry: 3, timeout: "2s" }, () => 1),
    { name: "own", groupName: "g" },
  );
  assert.deepEqual(workflow.task.schema(), [{
    taskId: "own",
    name: "own",
    groupName: "g",
    step: undefined,
    retry: 3,
    timeout: 2_000,
  }]);
});

test("results: a step is given all that it may need", async () => {
  const workflow = new DotFlow({ workflowId: "wf" });
  const input = { date: "2024-01-01" };
  let task;
  workflow.task.add(
    action("one", (step) => {
      task = step.task.taskId;
      const { workflowId, runId, attempt, epoch, signal } = step;
      assert.ok(signal instanceof AbortSignal);
      assert.equal(signal.aborted, false);
      return [workflowId, runId, attempt, epoch];
    }),
    { initialContext: { rows: 1 } },
  ).add(
    action("two", ({ previousContext, initialContext, input }) => {
      assert.equal(previousContext.workflowId, "wf");
      assert.ok(initialContext instanceof Context);
      assert.equal(initialContext.storage, undefined);
      return input;
    }),
  ).add(action("three", ({ initialContext }) => initialContext.storage), {
    initialContext: new Context({ storage: { rows: 3 } }),
  });
  const run = await workflow.start({ input });
  assert.equal(task, "one");
  assert.deepEqual(workflow.resultStorage(), [
    ["wf", run.runId, 1, 0],
    input,
    { rows: 3 },
  ]);
  assert.equal(workflow.resultStorage()[1], input);
});

test("results: a task knows its times", async () => {
  const before = Date.now();
  const workflow = new DotFlow();
  workflow.task.add(action("a", () => 1)).add(failing(9))
    .add(action("c", () => 1));
  const run = await workflow.start();
  const [a, b, c] = run.tasks;
  for (const task of [a, b]) {
    assert.ok(task.createdAt.getTime() >= before - 2_000);
    assert.ok(task.startedAt!.getTime() >= task.createdAt.getTime());
    assert.ok(task.finishedAt!.getTime() >= task.startedAt!.getTime());
    assert.ok(task.duration >= 0);
  }
  assert.equal(c.startedAt, undefined);
  assert.equal(c.finishedAt, undefined);
});

test("results: a Context that a step returns is unwrapped", async () => {
  const workflow = new DotFlow();
  workflow.task.add(
    action("a", () => new Context({ storage: new Context({ storage: 5 }) })),
  ).add(action("b", ({ previousContext }) => previousContext.storage));
  await workflow.start();
  assert.deepEqual(workflow.resultStorage(), [5, 5]);
  assert.equal(workflow.resultContext()[0].taskId, "a");
});

test("results: memory hands on the very same objects", async () => {
  const rows = { socket: () => {} };
  const workflow = flowOn(new StorageDefault());
  workflow.task.add(action("a", () => rows))
    .add(action("b", ({ previousContext }) => previousContext.storage));
  await workflow.start();
  assert.equal(workflow.resultStorage()[0], rows);
  assert.equal(workflow.resultStorage()[1], rows);
});

test("results: ids and names are made where none are given", () => {
  const one = new DotFlow();
  const two = new DotFlow({ config: new Config() });
  assert.match(one.workflowId, /^[0-9a-f-]{36}$/);
  assert.notEqual(one.workflowId, two.workflowId);
  assert.equal(one.name, one.workflowId);
  assert.equal(new DotFlow({ name: "n" }).name, "n");
});

test("results: WORKFLOW_ID in the environment is the id", () => {
  const { env } = process;
  const before = env.WORKFLOW_ID;
  env.WORKFLOW_ID = "from the environment";
  try {
    assert.equal(new DotFlow().workflowId, "from the environment");
    assert.equal(new DotFlow({ workflowId: "own" }).workflowId, "own");
    env.WORKFLOW_ID = "";
    assert.match(new DotFlow().workflowId, /^[0-9a-f-]{36}$/);
  } finally {
    if (before === undefined) delete env.WORKFLOW_ID;
    else env.WORKFLOW_ID = before;
  }
});
