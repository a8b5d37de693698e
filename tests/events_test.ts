import {
  action,
  Config,
  DotFlow,
  Metrics,
  Notify,
  type RunEvent,
  type Task,
} from "@dotflow/dotflow";
import assert from "node:assert/strict";
import { failing, flowOn, moment, sleep, throwsWith } from "./flow.ts";
import { test } from "./harness.ts";
import { type Line, LogRecorder, Recorder } from "./recorder.ts";
import { StorageText } from "./storages.ts";

/** An event in a few words. */
function brief(event: RunEvent): string {
  switch (event.type) {
    case "runStarted":
    case "runEnded":
      return `${event.type} ${event.run.status}`;
    case "logged":
      return `${event.type} ${event.line.message}`;
    default:
      return `${event.type} ${event.task.taskId} ${event.task.status}`;
  }
}

test("events: one function is told everything, in order", async () => {
  const storage = new StorageText();
  const told: string[] = [];
  const onEvent = (event: RunEvent) => void told.push(brief(event));
  const workflow = flowOn(storage);
  workflow.task.add(action("a", ({ progress, log }) => {
    progress(0.5);
    log.info("half");
  }));
  workflow.task.add(failing(1, { name: "b", retry: 2 }));
  const run = await workflow.start({ onEvent });
  assert.equal(run.status, "Completed");
  assert.deepEqual(told, [
    "runStarted In progress",
    "taskStarted a Not started",
    "taskStatus a In progress",
    "taskProgress a In progress",
    "logged half",
    "taskStatus a Completed",
    "taskEnded a Completed",
    "taskStarted b Not started",
    "taskStatus b In progress",
    "taskStatus b Retry",
    "taskStatus b In progress",
    "taskStatus b Completed",
    "taskEnded b Completed",
    "runEnded Completed",
  ]);
  told.length = 0;
  await workflow.start({ onEvent, resume: true });
  assert.deepEqual(told, [
    "runStarted In progress",
    "taskRestored a Completed",
    "taskRestored b Completed",
    "runEnded Completed",
  ]);
});

test("events: a slow function is waited for, a failing one reported", async () => {
  const recorder = new Recorder();
  const workflow = new DotFlow({ config: recorder.config() });
  workflow.task.add(action("a", () => 1));
  let told = 0;
  await workflow.start({
    onEvent: async () => {
      await sleep(2);
      told++;
    },
  });
  assert.equal(told, 6);
  const run = await workflow.start({
    onEvent: () => {
      throw new Error("no ears");
    },
  });
  assert.equal(run.status, "Completed");
  const [report] = recorder.lines.filter(({ level }) => level === "ERROR");
  assert.equal(report.message, "Cannot deliver events to onEvent");
  assert.equal(report.fields.reason, "no ears");
  assert.equal(report.fields.runId, run.runId);
  assert.equal(report.fields.workflowId, workflow.workflowId);
});

test("events: runs that go on at once are told apart", async () => {
  const workflow = new DotFlow({ workflowId: "wf" });
  workflow.task.add(action("a", () => sleep(2)), {}).add(action("b", () => 1));
  const byListener = await Promise.all(Array.from({ length: 5 }, async () => {
    const ids = new Set<string>();
    const run = await workflow.start({
      onEvent(event) {
        if ("task" in event) ids.add(event.task.runId);
        if ("run" in event) ids.add(event.run.runId);
      },
    });
    assert.deepEqual([...ids], [run.runId]);
    return run.runId;
  }));
  assert.equal(new Set(byListener).size, 5);
});

/** Keeps everything back until it is flushed. */
class NotifyBatch extends Notify {
  readonly waiting: Task[] = [];
  readonly delivered: string[] = [];

  hookStatusTask(task: Task): void {
    this.waiting.push(task);
  }

  override async flush(): Promise<void> {
    await sleep(5);
    for (const { taskId, status } of this.waiting.splice(0)) {
      this.delivered.push(`${taskId} ${status}`);
    }
  }
}

test("flush: the end of a run waits until nothing is kept back", async () => {
  const notify = new NotifyBatch();
  const workflow = new DotFlow({ config: new Recorder().config({ notify }) });
  workflow.task.add(action("a", () => 1));
  const run = await workflow.start();
  assert.deepEqual(notify.delivered, ["a In progress", "a Completed"]);
  assert.ok(run.duration < 5, "draining is no part of the run");
});

test("flush: every family is flushed, the logs last", async () => {
  const order: string[] = [];
  const recorder = new Recorder();
  const config = recorder.config({ log: new LogRecorder(recorder.lines) });
  for (
    const family of ["log", "notify", "metrics", "tracer", "server"] as const
  ) {
    const [provider] = config[family];
    Object.defineProperty(provider, "flush", {
      value: () => void order.push(family),
    });
  }
  const workflow = new DotFlow({ config });
  workflow.task.add(action("a", () => 1));
  await workflow.start();
  assert.equal(order.length, 5);
  assert.equal(order.at(-1), "log");
});

test("flush: one that fails or never ends is reported, and given up", async () => {
  const faults = {
    "no network": () => Promise.reject(new Error("no network")),
    "has not delivered everything 90 ms after": () =>
      new Promise<void>(() => {}),
    "at once": () => {
      throw new Error("at once");
    },
  };
  for (const [reason, flush] of Object.entries(faults)) {
    const lines: Line[] = [];
    class MetricsSick extends Metrics {
      workflowStarted(): void {}
      workflowCompleted(): void {}
      workflowFailed(): void {}
      taskCompleted(): void {}
      taskFailed(): void {}
      taskRetried(): void {}
      override flush(): Promise<void> {
        return flush();
      }
    }
    const recorder = new Recorder();
    const config = recorder.config({
      metrics: new MetricsSick(),
      log: new LogRecorder(lines),
      drainTimeout: 100,
    });
    const workflow = new DotFlow({ config });
    workflow.task.add(action("a", () => 1));
    const before = performance.now();
    const run = await workflow.start();
    assert.equal(run.status, "Completed");
    assert.ok(performance.now() - before < 2_000);
    const reports = lines.filter(({ level }) => level === "ERROR");
    assert.equal(reports.length, 1);
    const [{ message, fields }] = reports;
    assert.equal(message, "Cannot deliver events to MetricsSick");
    assert.ok(String(fields.reason).includes(reason), String(fields.reason));
  }
});

test("flush: what a last call leaves of the time is all that it gets", async () => {
  class NotifySlow extends Notify {
    async hookStatusTask(): Promise<void> {
      await sleep(300);
    }
    override flush(): Promise<void> {
      return new Promise(() => {});
    }
  }
  const log = new LogRecorder([]);
  const config = new Config({
    notify: new NotifySlow(),
    log,
    drainTimeout: 800,
  });
  const workflow = new DotFlow({ config });
  workflow.task.add(action("a", () => 1));
  const before = performance.now();
  await workflow.start();
  const took = performance.now() - before;
  assert.ok(took > 600 && took < 1_000, `it took ${took} ms`);
});

test("flush: all of it together ends within the time for it", async () => {
  const hang = () => new Promise<void>(() => {});
  const recorder = new Recorder();
  const config = recorder.config({ drainTimeout: 600 });
  for (const provider of [...config.log, ...config.notify]) {
    Object.defineProperty(provider, "flush", { value: hang });
  }
  const workflow = new DotFlow({ config });
  workflow.task.add(action("a", () => 1));
  const before = performance.now();
  await workflow.start();
  const took = performance.now() - before;
  assert.ok(took > 500 && took < 1_000, `it took ${took} ms`);
});

test("waitUntil: the end does not wait for watchers, the Worker does", async () => {
  const gate = moment();
  const told: string[] = [];
  class NotifySlow extends Notify {
    async hookStatusTask({ status }: Task): Promise<void> {
      await gate.promise;
      told.push(status);
    }
  }
  const work: Promise<unknown>[] = [];
  const config = new Recorder().config({ notify: new NotifySlow() });
  const workflow = new DotFlow({ config });
  workflow.task.add(action("a", () => 1));
  const run = await workflow.start({
    waitUntil: (each) => void work.push(each),
  });
  assert.equal(run.status, "Completed");
  assert.deepEqual(told, []);
  gate.resolve();
  await Promise.all(work);
  assert.deepEqual(told, ["In progress", "Completed"]);
});

test("waitUntil: a run in the background is handed over as a whole", async () => {
  const work: Promise<unknown>[] = [];
  const gate = moment();
  const workflow = new DotFlow({ config: new Recorder().config() });
  workflow.task.add(action("a", () => gate.promise));
  const run = await workflow.start({
    mode: "background",
    waitUntil: (each) => void work.push(each),
  });
  let over = false;
  const all = Promise.all(work).then(() => over = true);
  await sleep(2);
  assert.equal(over, false);
  gate.resolve();
  await all;
  assert.equal(run.status, "Completed");
});

test("waitUntil: a run that fails to end rejects nothing but start", async () => {
  const work: Promise<unknown>[] = [];
  const storage = new StorageText();
  const workflow = flowOn(storage);
  workflow.task.add(action("a", () => {
    storage.atomicSwap = () => Promise.reject(new Error("the wire was cut"));
  }));
  const start = workflow.start({ waitUntil: (each) => void work.push(each) });
  await throwsWith(() => start, "STORAGE");
  await Promise.all(work);
});

test("waitUntil: the opening of a run is handed over, too", async () => {
  const storage = new StorageText();
  const gate = moment();
  const { get } = storage;
  storage.get = async (key) => {
    await gate.promise;
    return await get.call(storage, key);
  };
  const workflow = flowOn(storage);
  workflow.task.add(action("a", () => 1));
  const work: Promise<unknown>[] = [];
  const starting = workflow.start({
    mode: "background",
    waitUntil: (each) => void work.push(each),
  });
  assert.equal(work.length, 1, "once, and at once");
  gate.resolve();
  await work[0];
  const run = await starting;
  assert.equal(run.status, "Completed");
  assert.equal(work.length, 1);
});

test("waitUntil: a start that is refused keeps nobody awake", async () => {
  const work: Promise<unknown>[] = [];
  const workflow = flowOn(new StorageText());
  workflow.task.add("./no/such.module");
  const waitUntil = (each: Promise<unknown>) => void work.push(each);
  await throwsWith(() => workflow.start({ waitUntil }), "IMPORT_MODULE");
  await Promise.all(work);
  assert.equal(work.length, 1);
});

test("waitUntil: one that is torn from its object is refused", async () => {
  class ExecutionContext {
    #work: unknown[] = [];
    waitUntil(work: Promise<unknown>): void {
      this.#work.push(work);
    }
  }
  let ran = false;
  const workflow = new DotFlow();
  workflow.task.add(action("a", () => ran = true));
  const { waitUntil } = new ExecutionContext();
  await throwsWith(
    () => workflow.start({ waitUntil }),
    "INVALID_OPTION",
    /as waitUntil: it throws; give a function such as \(work\) =>/,
  );
  await throwsWith(
    () => workflow.start({ waitUntil: {} as never }),
    "INVALID_OPTION",
    /waitUntil/,
  );
  await throwsWith(
    () => workflow.start({ onEvent: "all" as never }),
    "INVALID_OPTION",
    /onEvent/,
  );
  assert.equal(ran, false);
});
