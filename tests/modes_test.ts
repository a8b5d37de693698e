import {
  action,
  type Context,
  DotFlow,
  type Mode,
  type StartOptions,
} from "@dotflow/dotflow";
import assert from "node:assert/strict";
import { moment, sleep } from "./flow.ts";
import { test } from "./harness.ts";

/** Steps that write down when they begin and end, and what came before. */
function traced() {
  const trace: string[] = [];
  const previous: Record<string, Context> = {};
  const step = (name: string, ms = 1, fails = false) =>
    action(name, async ({ previousContext }) => {
      trace.push(`+${name}`);
      previous[name] = previousContext;
      await sleep(ms);
      trace.push(`-${name}`);
      if (fails) throw new Error(`${name} fails`);
      return `from ${name}`;
    });
  const came = () =>
    Object.fromEntries(
      Object.entries(previous).map(([name, { storage }]) => [name, storage]),
    );
  return { trace, previous, came, step };
}

test("modes: sequential hands each result on to the next task", async () => {
  const { trace, previous, came, step } = traced();
  const workflow = new DotFlow();
  workflow.task.add(step("a", 5)).add(step("b")).add(step("c"));
  const run = await workflow.start();
  assert.equal(run.status, "Completed");
  assert.equal(run.mode, "sequential");
  assert.deepEqual(trace, ["+a", "-a", "+b", "-b", "+c", "-c"]);
  assert.deepEqual(came(), { a: undefined, b: "from a", c: "from b" });
  assert.equal(previous.a.taskId, undefined);
  assert.equal(previous.b.taskId, "a");
});

for (const mode of ["sequential", "sequential_group"] as const) {
  test(`modes: ${mode} runs group by group, by first appearance`, async () => {
    const { trace, came, step } = traced();
    const workflow = new DotFlow();
    workflow.task.add(step("a1", 3), { groupName: "a" })
      .add(step("b1"), { groupName: "b" })
      .add(step("a2"), { groupName: "a" })
      .add(step("b2"), { groupName: "b" });
    await workflow.start({ mode });
    const order = trace.filter((entry) => entry.startsWith("+"));
    assert.deepEqual(order, ["+a1", "+a2", "+b1", "+b2"]);
    assert.deepEqual(came(), {
      a1: undefined,
      a2: "from a1",
      b1: undefined,
      b2: "from b1",
    });
    const results = ["from a1", "from b1", "from a2", "from b2"];
    assert.deepEqual(workflow.resultStorage(), results);
  });
}

test("modes: parallel runs everything at once, without a before", async () => {
  const { trace, previous, step } = traced();
  const workflow = new DotFlow();
  workflow.task.add(step("a", 5)).add(step("b", 5)).add(step("c", 5));
  await workflow.start({ mode: "parallel" });
  assert.deepEqual(trace.slice(0, 3), ["+a", "+b", "+c"]);
  assert.deepEqual(trace.slice(3).sort(), ["-a", "-b", "-c"]);
  for (const context of Object.values(previous)) {
    assert.equal(context.taskId, undefined);
    assert.equal(context.storage, undefined);
  }
  const results = ["from a", "from b", "from c"];
  assert.deepEqual(workflow.resultStorage(), results);
});

test("modes: parallel_group runs groups at once, each in order", async () => {
  const { trace, came, step } = traced();
  const gate = moment();
  const workflow = new DotFlow();
  // The first of one group ends only after the last of the other has begun.
  const waiting = action("a1", async () => {
    await gate.promise;
    trace.push("-a1");
    return "from a1";
  });
  const opening = action("b2", () => gate.resolve());
  workflow.task.add([waiting, step("a2")], { groupName: "a" })
    .add([step("b1"), opening], { groupName: "b" });
  await workflow.start({ mode: "parallel_group" });
  assert.deepEqual(trace.slice(0, 3), ["+b1", "-b1", "-a1"]);
  assert.deepEqual(trace.slice(3), ["+a2", "-a2"]);
  assert.deepEqual(came(), { a2: "from a1", b1: undefined });
});

test("modes: background gives the run before it has ended", async () => {
  const gate = moment();
  const workflow = new DotFlow();
  workflow.task.add(action("wait", () => gate.promise))
    .add(action("after", () => 2));
  const run = await workflow.start({ mode: "background" });
  assert.equal(run.status, "In progress");
  assert.equal(run.tasks[1].status, "Not started");
  const before = run.duration;
  await sleep(5);
  assert.ok(run.duration > before);
  gate.resolve();
  assert.equal(await run.finished, run);
  assert.equal(run.status, "Completed");
  const { duration } = run;
  await sleep(5);
  assert.equal(run.duration, duration);
  assert.deepEqual(workflow.resultStorage(), [undefined, 2]);
});

/** Finds out how many steps ran at once, at most and all told. */
async function atOnce(
  tasks: number,
  options: StartOptions,
  groups = tasks,
): Promise<{ most: number; count: number }> {
  let running = 0;
  let most = 0;
  let count = 0;
  const step = action("step", async () => {
    most = Math.max(most, ++running);
    count++;
    await sleep(1 + count % 3);
    running--;
  });
  const workflow = new DotFlow();
  for (let n = 0; n < tasks; n++) {
    workflow.task.add(step, { groupName: `group ${n % groups}` });
  }
  await workflow.start(options);
  return { most, count };
}

test("modes: concurrency bounds how many tasks run at once", async () => {
  for (const concurrency of [1, 2, 7]) {
    const found = await atOnce(30, { mode: "parallel", concurrency });
    assert.deepEqual(found, { most: concurrency, count: 30 });
  }
  const all = await atOnce(30, { mode: "parallel" });
  assert.deepEqual(all, { most: 30, count: 30 });
  const few = await atOnce(3, { mode: "parallel", concurrency: 100 });
  assert.deepEqual(few, { most: 3, count: 3 });
});

test("modes: concurrency bounds how many groups run at once", async () => {
  const options = { mode: "parallel_group", concurrency: 2 } as const;
  const found = await atOnce(20, options, 5);
  assert.deepEqual(found, { most: 2, count: 20 });
});

test("modes: without keepGoing nothing starts after a failure", async () => {
  const { trace, step } = traced();
  const workflow = new DotFlow();
  workflow.task.add(step("a")).add(step("b", 1, true)).add(step("c"))
    .add(step("d"), { groupName: "other" });
  const run = await workflow.start();
  assert.equal(run.status, "Failed");
  assert.deepEqual(trace, ["+a", "-a", "+b", "-b"]);
  assert.deepEqual(run.tasks.map((task) => task.status), [
    "Completed",
    "Failed",
    "Not started",
    "Not started",
  ]);
});

test("modes: with keepGoing all run, and the run still fails", async () => {
  const { trace, previous, came, step } = traced();
  const workflow = new DotFlow();
  workflow.task.add(step("a")).add(step("b", 1, true)).add(step("c"))
    .add(step("d"));
  const run = await workflow.start({ keepGoing: true });
  assert.equal(run.status, "Failed");
  assert.equal(trace.length, 8);
  assert.deepEqual(came(), {
    a: undefined,
    b: "from a",
    c: undefined,
    d: "from c",
  });
  assert.equal(previous.c.taskId, undefined, "nothing came before");
});

test("modes: a failure stops lanes from taking further tasks", async () => {
  for (const mode of ["parallel", "parallel_group"] as const) {
    for (const keepGoing of [false, true]) {
      const { trace, step } = traced();
      const workflow = new DotFlow();
      const add = (name: string, fails: boolean) =>
        workflow.task.add(step(name, 2, fails), { groupName: name });
      ["a", "b", "c", "d"].forEach((name) => add(name, name === "a"));
      await workflow.start({ mode, keepGoing, concurrency: 1 });
      const started = trace.filter((entry) => entry.startsWith("+"));
      assert.equal(started.length, keepGoing ? 4 : 1, `${mode} ${keepGoing}`);
    }
  }
});

test("modes: tasks that run already end after another failed", async () => {
  const { step } = traced();
  const workflow = new DotFlow();
  workflow.task.add(step("fails", 1, true)).add(step("slow", 15));
  const run = await workflow.start({ mode: "parallel" });
  assert.deepEqual(run.tasks.map((task) => task.status), [
    "Failed",
    "Completed",
  ]);
});

test("modes: context never crosses groups", async () => {
  const modes: Mode[] = ["sequential", "sequential_group", "parallel_group"];
  for (const mode of modes) {
    const { previous, step } = traced();
    const workflow = new DotFlow();
    workflow.task.add(step("a")).add(step("b"), { groupName: "b" })
      .add(step("c"), { groupName: "c" });
    await workflow.start({ mode });
    assert.equal(previous.b.taskId, undefined, mode);
    assert.equal(previous.c.taskId, undefined, mode);
  }
});

test("modes: a workflow without tasks is completed", async () => {
  for (const mode of ["sequential", "parallel", "parallel_group"] as const) {
    const workflow = new DotFlow();
    const run = await workflow.start({ mode });
    assert.equal(run.status, "Completed");
    assert.deepEqual(workflow.resultTask(), []);
  }
});

test("modes: steps that answer at once run in the same order", async () => {
  const order: number[] = [];
  const workflow = new DotFlow();
  for (let n = 0; n < 100; n++) {
    workflow.task.add(action("step", () => order.push(n)));
  }
  await workflow.start();
  assert.deepEqual(order, Array.from({ length: 100 }, (_, n) => n));
});
