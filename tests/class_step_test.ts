import {
  action,
  type Context,
  DotFlow,
  type StepContext,
  StorageDefault,
} from "@dotflow/dotflow";
import assert from "node:assert/strict";
import { flowOn } from "./flow.ts";
import { test } from "./harness.ts";
import { StorageText } from "./storages.ts";

class Report {
  readonly calls: string[] = [];
  constructor(readonly step?: StepContext) {}

  @action
  zeta({ previousContext }: StepContext) {
    this.calls.push("zeta");
    return previousContext.storage ?? 1;
  }

  helper() {
    throw new Error("no action");
  }

  @action({ retry: 2, retryDelay: 0 })
  alpha({ previousContext, attempt }: StepContext) {
    this.calls.push(`alpha ${attempt}`);
    if (attempt === 1) throw new Error("once");
    return previousContext.storage * 10;
  }

  @action({ name: "named" })
  async beta({ previousContext, idempotencyKey }: StepContext) {
    await null;
    return [previousContext.storage, idempotencyKey];
  }
}

for (const storage of [new StorageDefault(), new StorageText()]) {
  const name = storage.constructor.name;
  test(`class step: its actions run in source order (${name})`, async () => {
    const workflow = flowOn(storage);
    workflow.task.add(action("report", Report))
      .add(action("after", ({ previousContext }) => previousContext.storage));
    const run = await workflow.start();
    assert.equal(run.status, "Completed", run.tasks[0].error?.message);
    const [contexts, after] = workflow.resultStorage() as [Context[], unknown];
    assert.deepEqual(contexts.map((context) => context.storage), [
      1,
      10,
      [10, `wf/${run.runId}/report/named`],
    ]);
    assert.deepEqual(contexts.map((context) => context.taskId), [
      "report",
      "report",
      "report",
    ]);
    assert.deepEqual(after, contexts);
    assert.equal(run.tasks[0].retryCount, 1);
    assert.equal(run.tasks[0].errors.length, 1);

    const resumed = await workflow.start({ resume: true });
    assert.equal(resumed.tasks[0].restored, true);
    const restored = workflow.resultStorage()[0] as Context[];
    assert.deepEqual(restored.map((context) => context.storage), [
      1,
      10,
      [10, `wf/${run.runId}/report/named`],
    ]);
  });
}

test("class step: the first method gets what came before the task", async () => {
  const workflow = new DotFlow();
  workflow.task.add(action("before", () => 7)).add(action("report", Report));
  await workflow.start();
  const contexts = workflow.resultStorage()[1] as Context[];
  assert.deepEqual(contexts.slice(0, 2).map(({ storage }) => storage), [7, 70]);
});

test("class step: a function may return the instance", async () => {
  const workflow = new DotFlow();
  let given: StepContext | undefined;
  workflow.task.add(action("make", (step) => {
    const report = new Report(step);
    given = report.step;
    return report;
  }));
  const run = await workflow.start();
  assert.equal(given?.runId, run.runId);
  assert.equal(workflow.resultStorage()[0].length, 3);
});

test("class step: the constructor is given the step", async () => {
  let given: StepContext | undefined;
  class Probe {
    constructor(step: StepContext) {
      given = step;
    }
    @action
    run() {
      return "ran";
    }
  }
  const workflow = new DotFlow();
  workflow.task.add(action(Probe));
  const run = await workflow.start({ input: 5 });
  assert.equal(given?.input, 5);
  assert.equal(run.tasks[0].taskId, "Probe");
});

test("class step: a failing method fails the task", async () => {
  const calls: string[] = [];
  class Failing {
    @action
    first() {
      calls.push("first");
    }
    @action({ retry: 2, retryDelay: 0 })
    second() {
      calls.push("second");
      throw new Error("no");
    }
    @action
    third() {
      calls.push("third");
    }
  }
  const workflow = new DotFlow();
  workflow.task.add(action(Failing));
  const run = await workflow.start();
  assert.equal(run.status, "Failed");
  assert.deepEqual(calls, ["first", "second", "second"]);
  assert.equal(run.tasks[0].errors.length, 2);
});

test("class step: methods of a base class come first", async () => {
  class Base {
    @action
    last() {
      return "base";
    }
    @action
    shared() {
      return "hidden";
    }
  }
  class Derived extends Base {
    @action
    first() {
      return "derived";
    }
    @action
    override shared() {
      return "shown";
    }
  }
  const workflow = new DotFlow();
  workflow.task.add(action(Derived));
  await workflow.start();
  const contexts = workflow.resultStorage()[0] as Context[];
  assert.deepEqual(contexts.map(({ storage }) => storage), [
    "base",
    "shown",
    "derived",
  ]);
});

test("class step: an instance without actions is the result", async () => {
  class Plain {
    value = 1;
    method() {
      return 2;
    }
  }
  const workflow = new DotFlow();
  workflow.task.add(action(() => new Plain())).add(action("next", Plain));
  await workflow.start();
  const [one, two] = workflow.resultStorage();
  assert.ok(one instanceof Plain);
  assert.ok(two instanceof Plain);
});

test("class step: a decorated method can still be called", () => {
  const report = new Report();
  const { previousContext } = { previousContext: { storage: 4 } };
  assert.equal(report.zeta({ previousContext } as StepContext), 4);
});
