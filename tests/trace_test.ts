import {
  action,
  type LogFields,
  type RunInfo,
  type Storage,
  StorageDefault,
  type Task,
  type TaskStatus,
} from "@dotflow/dotflow";
import assert from "node:assert/strict";
import { failing, flowOn, moment, rejectsWith, sleep } from "./flow.ts";
import { test } from "./harness.ts";
import { Recorder, TracerRecorder } from "./recorder.ts";
import { StorageFailing, StorageText } from "./storages.ts";

/** A tracer that numbers its spans. */
class TracerPlaces extends TracerRecorder {
  spans = 0;

  constructor(recorder: Recorder, readonly traceId = "a".repeat(32)) {
    super(recorder);
  }

  override traceWorkflow(run: RunInfo): string | undefined {
    this.recorder.run("tracer trace run", run);
    return this.#next();
  }

  override traceTask(task: Task): string | undefined {
    this.recorder.task("tracer trace", task);
    return this.#next();
  }

  #next(): string {
    return `00-${this.traceId}-${String(++this.spans).padStart(16, "0")}-01`;
  }
}

/** How many tasks have run. */
function ran({ calls }: Recorder): number {
  return calls.filter((call) => call.startsWith("tracer end ")).length - 1;
}

/** The number of the span in a `traceparent`. */
function spanIn(traceparent: unknown): number {
  return Number(String(traceparent).split("-")[2]);
}

function setUp(storage: Storage = new StorageDefault()) {
  const recorder = new Recorder();
  const tracer = new TracerPlaces(recorder);
  const workflow = flowOn(storage, "wf", {
    tracer,
    notify: recorder.config().notify,
    metrics: recorder.config().metrics,
    log: recorder.config().log,
  });
  return { recorder, tracer, workflow };
}

test("trace: everybody is told where the run and its tasks stand", async () => {
  const { recorder, workflow } = setUp();
  let inStep: string | undefined;
  workflow.task.add(action("a", ({ task, log }) => {
    inStep = task.traceparent;
    log.info("here");
  }));
  await workflow.start();
  assert.deepEqual(recorder.calls, [
    "tracer trace run",
    "metrics started",
    "tracer start run",
    "tracer start a",
    "tracer trace a",
    "notify In progress a",
    "notify Completed a",
    "metrics completed a",
    "tracer end a",
    "metrics completed",
    "tracer end run",
  ]);
  assert.equal(spanIn(inStep), 2);
  for (const { call, run } of recorder.runs.slice(1)) {
    assert.equal(spanIn(run.traceparent), 1, call);
  }
  for (const { call, task } of recorder.tasks.slice(2)) {
    assert.equal(spanIn(task.traceparent), 2, call);
  }
  const placeOf = ({ task, traceparent }: LogFields) =>
    spanIn(task ? task.traceparent : traceparent);
  assert.deepEqual(
    recorder.lines.map(({ message, fields }) => [message, placeOf(fields)]),
    [
      ["Workflow started", 1],
      ["In progress", 2],
      ["here", 2],
      ["Completed", 2],
      ["Workflow ended", 1],
    ],
  );
});

test("trace: later starts of a run are told where the first one stood", async () => {
  const storage = new StorageText();
  const links: (number | undefined)[] = [];
  const step = failing(2, { name: "b" });
  const start = async (resume: boolean) => {
    const { recorder, workflow, tracer } = setUp(storage);
    tracer.spans = links.length * 10;
    workflow.task.add(action("a", () => 1)).add(step);
    await workflow.start({ resume });
    const { run } = recorder.runs[0];
    links.push(run.resumedFrom === undefined ? 0 : spanIn(run.resumedFrom));
    const ended = recorder.runs.at(-1)!.run;
    assert.equal(spanIn(ended.traceparent), tracer.spans - ran(recorder));
    for (const { run } of recorder.runs) {
      assert.equal(run.resumedFrom, recorder.runs[0].run.resumedFrom);
    }
  };
  await start(false);
  await start(true);
  await start(true);
  // It has completed: nothing runs, and all the same it is known where it began.
  await start(true);
  await start(false);
  await start(true);
  assert.deepEqual(links, [0, 1, 1, 1, 0, 41]);
});

test("trace: a run that began without one is linked to its first", async () => {
  const storage = new StorageText();
  const step = failing(3, { name: "a" });
  const plain = flowOn(storage);
  plain.task.add(step);
  await plain.start();
  const first = setUp(storage);
  first.workflow.task.add(step);
  await first.workflow.start({ resume: true });
  assert.equal(first.recorder.runs[0].run.resumedFrom, undefined);
  const second = setUp(storage);
  second.workflow.task.add(step);
  await second.workflow.start({ resume: true });
  assert.equal(spanIn(second.recorder.runs[0].run.resumedFrom), 1);
});

test("trace: without a tracer, nothing of it is stored", async () => {
  const storage = new StorageText();
  const workflow = flowOn(storage);
  workflow.task.add(action("a", () => 1));
  await workflow.start();
  assert.doesNotMatch([...storage.texts.values()].join(), /traceparent/);
});

test("trace: it costs no write more", async () => {
  const storage = new StorageText();
  let writes = 0;
  const { atomicSwap } = storage;
  storage.atomicSwap = (...args) => {
    writes++;
    return atomicSwap.apply(storage, args);
  };
  const { workflow } = setUp(storage);
  workflow.task.add(action("a", () => 1)).add(action("b", () => 2));
  await workflow.start();
  assert.equal(writes, 4);
});

test("trace: a run that does not come about is closed at once", async () => {
  const storage = new StorageFailing();
  storage.fails = (method, key) => method === "swap" && key.endsWith("_run");
  const { recorder, workflow } = setUp(storage);
  workflow.task.add(action("a", () => 1));
  await rejectsWith(workflow.start(), "STORAGE");
  assert.deepEqual(recorder.calls, ["tracer trace run", "tracer end run"]);
  const [opened, closed] = recorder.runs.map(({ run }) => run);
  assert.equal(closed.runId, opened.runId);
  assert.equal(closed.status, "Cancelled");
});

/** A tracer that takes its time, and keeps all back until it is flushed. */
class TracerLate extends TracerPlaces {
  readonly delivered: string[] = [];
  readonly #waiting: string[] = [];

  override async endWorkflow(run: RunInfo): Promise<void> {
    await sleep(5);
    this.#waiting.push(run.status);
  }

  override async flush(): Promise<void> {
    await sleep(5);
    this.delivered.push(...this.#waiting.splice(0));
  }
}

test("trace: that of a run that does not come about is delivered", async () => {
  const storage = new StorageFailing();
  storage.fails = (method, key) => method === "swap" && key.endsWith("_run");
  const tracer = new TracerLate(new Recorder());
  const workflow = flowOn(storage, "wf", { tracer });
  workflow.task.add(action("a", () => 1));
  await rejectsWith(workflow.start(), "STORAGE");
  assert.deepEqual(tracer.delivered, ["Cancelled"]);
  const work: Promise<unknown>[] = [];
  const waitUntil = (each: Promise<unknown>) => void work.push(each);
  await rejectsWith(workflow.start({ waitUntil }), "STORAGE");
  assert.equal(tracer.delivered.length, 1, "start does not wait");
  await Promise.all(work);
  assert.equal(tracer.delivered.length, 2, "the Worker does");
});

test("trace: a tracer that fails then is told of", async () => {
  const storage = new StorageFailing();
  storage.fails = (method, key) => method === "swap" && key.endsWith("_run");
  const { recorder, workflow, tracer } = setUp(storage);
  tracer.endWorkflow = () => {
    throw new Error("no room");
  };
  workflow.task.add(action("a", () => 1));
  await rejectsWith(workflow.start(), "STORAGE");
  const [{ message, fields }] = recorder.lines;
  assert.equal(message, "Cannot deliver events to TracerPlaces");
  assert.equal(fields.reason, "no room");
  assert.equal(fields.workflowId, "wf");
});

test("trace: a run that is opened too late is closed", async () => {
  const storage = new StorageText();
  const gate = moment();
  const { atomicSwap } = storage;
  storage.atomicSwap = async (...args) => {
    await gate.promise;
    return await atomicSwap.apply(storage, args);
  };
  const recorder = new Recorder();
  const tracer = new TracerPlaces(recorder);
  const workflow = flowOn(storage, "wf", { tracer, drainTimeout: 10 });
  workflow.task.add(action("a", () => 1));
  await rejectsWith(workflow.start({ timeout: 10 }), "WORKFLOW_TIMEOUT");
  assert.deepEqual(recorder.calls, ["tracer trace run"]);
  gate.resolve();
  while (recorder.calls.length < 2) await sleep(1);
  assert.deepEqual(recorder.calls, ["tracer trace run", "tracer end run"]);
});

test("trace: of many starts at once, each that is opened is closed", async () => {
  const storage = new StorageText();
  const recorder = new Recorder();
  const tracer = new TracerPlaces(recorder);
  const starts = Array.from({ length: 20 }, async () => {
    const workflow = flowOn(storage, "wf", { tracer, lease: 300 });
    workflow.task.add(action("a", () => sleep(5)));
    return await workflow.start().catch(() => {});
  });
  await Promise.all(starts);
  const countOf = (call: string) => {
    const runs = recorder.runs.filter((each) => each.call === call);
    return runs.map(({ run }) => run.runId).sort();
  };
  const opened = countOf("tracer trace run");
  assert.ok(opened.length > 1);
  assert.deepEqual(countOf("tracer end run"), opened);
  assert.equal(new Set(opened).size, opened.length);
});

for (
  const [what, fault] of Object.entries({
    "throws": () => {
      throw new Error("no place");
    },
    "never answers": () => new Promise(() => {}) as never,
    "answers with nonsense": () => 42 as never,
  })
) {
  test(`trace: a tracer that ${what} changes nothing`, async () => {
    const { recorder, tracer, workflow } = setUp(new StorageText());
    tracer.traceWorkflow = fault;
    tracer.traceTask = fault;
    let seen: string | undefined = "none";
    workflow.task.add(action("a", ({ task }) => seen = task.traceparent));
    const run = await workflow.start();
    assert.equal(run.status, "Completed");
    assert.equal(seen, undefined);
    const ended: TaskStatus[] = recorder.tasks
      .filter(({ call }) => call === "tracer end")
      .map(({ task }) => task.status);
    assert.deepEqual(ended, ["Completed"]);
    const reports = recorder.lines.filter(({ message }) =>
      message === "Cannot deliver events to TracerPlaces"
    );
    assert.equal(reports.length > 0, what === "throws");
  });
}
