import {
  action,
  DotFlow,
  Notify,
  StorageDefault,
  Task,
  Tracer,
} from "@dotflow/dotflow";
import assert from "node:assert/strict";
import { failing, flowOn, moment, sleep } from "./flow.ts";
import { test } from "./harness.ts";
import {
  type Line,
  LogRecorder,
  MetricsRecorder,
  Recorder,
  ServerRecorder,
  TracerRecorder,
} from "./recorder.ts";

/** A workflow of two tasks, of which the second sees what the first gave. */
function twoTasks(config: DotFlow["config"]): DotFlow {
  const workflow = new DotFlow({ workflowId: "wf", config });
  workflow.task.add(action("a", () => 1))
    .add(action("b", ({ previousContext }) => previousContext.storage + 1));
  return workflow;
}

test("watchers: each is told everything, in order", async () => {
  const recorder = new Recorder();
  const workflow = new DotFlow({ config: recorder.config() });
  workflow.task.add(failing(1, { name: "a", retry: 2 }), {
    callback: (task) => recorder.task("callback", task),
  });
  const run = await workflow.start({
    onSuccess: () => {
      recorder.calls.push("onSuccess");
    },
  });
  const isServer = (call: string) => call.startsWith("server");
  assert.deepEqual(recorder.calls.filter((call) => !isServer(call)), [
    "metrics started",
    "tracer start run",
    "tracer start a",
    "notify In progress a",
    "notify Retry a",
    "metrics retried a",
    "notify In progress a",
    "notify Completed a",
    "metrics completed a",
    "tracer end a",
    "callback a",
    "onSuccess",
    "metrics completed",
    "tracer end run",
  ]);
  assert.deepEqual(recorder.calls.filter(isServer), [
    "server create run",
    "server run In progress",
    "server create a",
    "server update a", // In progress
    "server update a", // Retry
    "server update a", // In progress
    "server update a", // Completed
    "server run Completed",
  ]);
  for (const { run: info } of recorder.runs) {
    assert.equal(info.runId, run.runId);
    assert.equal(info.workflowId, workflow.workflowId);
    assert.equal(info.generatedId, true);
    assert.equal(info.tasks.length, 1);
  }
  const last = recorder.runs.at(-1)!.run;
  assert.equal(last.status, "Completed");
  assert.equal(last.duration, run.duration);
  assert.equal(last.tasks[0].status, "Completed");
});

test("watchers: a server that answers at once is told before the callback", async () => {
  const calls: string[] = [];
  const recorder = new Recorder();
  class ServerSync extends ServerRecorder {
    override updateTask({ taskId, status }: Task): void {
      if (status === "Completed") calls.push(`server update ${taskId}`);
    }
  }
  class TracerSync extends TracerRecorder {
    override endTask(task: Task): void {
      calls.push(`tracer end ${task.taskId}`);
    }
  }
  const config = recorder.config({
    tracer: new TracerSync(recorder),
    server: new ServerSync(recorder),
  });
  const workflow = new DotFlow({ workflowId: "wf", config });
  workflow.task.add(action("a", () => sleep(1)), {
    callback: () => {
      calls.push("callback");
    },
  });
  await workflow.start();
  const order = ["tracer end a", "server update a", "callback"];
  assert.deepEqual(calls, order);
});

test("watchers: a server that is not enabled is told nothing", async () => {
  const recorder = new Recorder();
  let isEnabled = false;
  class ServerOff extends ServerRecorder {
    override enabled(): boolean {
      return isEnabled;
    }
  }
  const config = recorder.config({ server: new ServerOff(recorder) });
  const tellsServer = () =>
    recorder.calls.some((call) => call.startsWith("server"));
  await twoTasks(config).start();
  assert.ok(!tellsServer());
  isEnabled = true;
  await twoTasks(config).start();
  assert.ok(tellsServer());
});

test("watchers: a given id creates no workflow on the server", async () => {
  const recorder = new Recorder();
  await twoTasks(recorder.config()).start();
  assert.ok(!recorder.calls.includes("server create run"));
  assert.deepEqual(
    recorder.calls.filter((call) => call.startsWith("server")),
    [
      "server run In progress",
      "server create a",
      "server create b",
      "server update a",
      "server update a",
      "server update b",
      "server update b",
      "server run Completed",
    ],
  );
});

test("watchers: the duration is set before the final status", async () => {
  const recorder = new Recorder();
  const workflow = new DotFlow({ config: recorder.config() });
  workflow.task.add(action("a", () => sleep(5))).add(
    action("b", async () => {
      await sleep(5);
      throw new Error("no");
    }),
  );
  await workflow.start();
  const final = recorder.tasks.filter(({ call }) =>
    /^(notify|metrics) (completed|failed)|tracer end/i.test(call)
  );
  assert.equal(final.length, 6);
  for (const { call, task } of final) {
    assert.ok(task.duration >= 4, `${call}: ${task.duration}`);
    assert.ok(["Completed", "Failed"].includes(task.status), call);
  }
  const { run } = recorder.runs.find(({ call }) => call === "metrics failed")!;
  assert.ok(run.duration >= 8);
  assert.equal(run.status, "Failed");
});

test("watchers: they get the task as it stood", async () => {
  const recorder = new Recorder();
  const workflow = new DotFlow({ config: recorder.config() });
  workflow.task.add(failing(2, { name: "a", retry: 3 }));
  await workflow.start();
  const notes = recorder.tasks.filter(({ call }) => call.startsWith("notify"));
  assert.deepEqual(
    notes.map(({ task }) => [task.status, task.errors.length, task.retryCount]),
    [
      ["In progress", 0, 0],
      ["Retry", 1, 0],
      ["In progress", 1, 1],
      ["Retry", 2, 1],
      ["In progress", 2, 2],
      ["Completed", 2, 2],
    ],
  );
});

test("watchers: a copy of a task has all that the task has", async () => {
  const workflow = twoTasks(new Recorder().config());
  const { tasks: [task] } = await workflow.start();
  const fields = task as unknown as Record<string, unknown>;
  for (const name of Object.keys(fields)) fields[name] = { name };
  const copy = task.snapshot();
  assert.ok(copy !== task && copy instanceof Task);
  assert.deepEqual({ ...copy }, { ...task });
  for (const name of Object.keys(fields)) {
    assert.equal(copy[name as keyof Task], fields[name], name);
  }
});

test("watchers: a resume tells only of what it does", async () => {
  const storage = new StorageDefault();
  await twoTasks(new Recorder().config({ storage })).start();
  const recorder = new Recorder();
  const config = recorder.config({ storage });
  await twoTasks(config).start({ resume: true });
  const told = recorder.calls.filter((call) => / [ab]$/.test(call));
  assert.deepEqual(told, [
    "server create a",
    "server create b",
    "server update a", // restored
    "server update b",
  ]);
  assert.deepEqual(
    recorder.lines.map(({ message }) => message),
    ["Workflow started", "Restored", "Restored", "Workflow ended"],
  );
});

const FAULTS: Record<string, () => unknown> = {
  throws: () => {
    throw new Error("no network");
  },
  rejects: () => Promise.reject(new Error("no network")),
  hangs: () => new Promise(() => {}),
  "throws nothing at all": () => {
    throw undefined;
  },
};

/** Gives a provider of which every method does the same. */
function broken<P extends object>(provider: P, fault: () => unknown): P {
  const methods = ["enabled", "runTask"];
  for (
    let layer = Object.getPrototypeOf(provider);
    layer !== Object.prototype;
    layer = Object.getPrototypeOf(layer)
  ) methods.push(...Object.getOwnPropertyNames(layer));
  for (const name of methods) {
    if (name === "constructor" || name === "enabled") continue;
    if (name === "runTask") continue;
    Object.defineProperty(provider, name, { value: fault });
  }
  return provider;
}

for (const [fault, call] of Object.entries(FAULTS)) {
  test(`watchers: one that ${fault} changes nothing`, async () => {
    const healthy = new Recorder();
    const sick = new Recorder();
    const lines: Line[] = [];
    class NotifySick extends Notify {
      hookStatusTask(): void {}
    }
    const config = healthy.config({
      notify: broken(new NotifySick(), call),
      metrics: broken(new MetricsRecorder(sick), call),
      tracer: [
        broken(new TracerRecorder(sick), call),
        new TracerRecorder(healthy),
      ],
      server: broken(new ServerRecorder(sick), call),
      log: [broken(new LogRecorder([]), call), new LogRecorder(lines)],
      drainTimeout: 200,
    });
    const workflow = twoTasks(config);
    const run = await workflow.start();
    assert.equal(run.status, "Completed");
    assert.deepEqual(workflow.resultStorage(), [1, 2]);
    assert.ok(run.duration < 200, "draining is no part of the run");
    assert.deepEqual(healthy.calls, [
      "tracer start run",
      "tracer start a",
      "tracer end a",
      "tracer start b",
      "tracer end b",
      "tracer end run",
    ]);
    const reports = lines.filter(({ message }) =>
      message.startsWith("Cannot deliver events to")
    ).map(({ message }) => message.split(" ").at(-1));
    assert.deepEqual(reports.sort(), [
      "LogRecorder",
      "MetricsRecorder",
      "NotifySick",
      "ServerRecorder",
      "TracerRecorder",
    ]);
  });
}

test("watchers: the end waits for slow ones, but not for ever", async () => {
  const told: string[] = [];
  class NotifySlow extends Notify {
    async hookStatusTask(task: Task): Promise<void> {
      await sleep(5);
      told.push(task.status);
    }
  }
  const config = new Recorder().config({ notify: new NotifySlow() });
  await twoTasks(config).start();
  assert.deepEqual(told, [
    "In progress",
    "Completed",
    "In progress",
    "Completed",
  ]);

  class NotifyNever extends Notify {
    hookStatusTask(): Promise<void> {
      return new Promise(() => {});
    }
  }
  const never = new Recorder();
  const before = performance.now();
  const options = { notify: new NotifyNever(), drainTimeout: "30ms" };
  await twoTasks(never.config(options)).start();
  const took = performance.now() - before;
  assert.ok(took >= 25 && took < 2_000, `it took ${took} ms`);
  const [report] = never.lines.filter(({ level }) => level === "ERROR");
  assert.match(String(report.fields.reason), /4 events were dropped/);
});

test("watchers: a flood is bounded, and the run does not wait for it", async () => {
  let told = 0;
  const gate = moment();
  class NotifySlow extends Notify {
    async hookStatusTask(): Promise<void> {
      await gate.promise;
      told++;
    }
  }
  const recorder = new Recorder();
  const notify = new NotifySlow();
  const workflow = new DotFlow({ config: recorder.config({ notify }) });
  for (let n = 0; n < 1_000; n++) workflow.task.add(action("t", () => n));
  const run = await workflow.start({ mode: "background" });
  while (run.status === "In progress") await sleep(1);
  gate.resolve();
  await run.finished;
  assert.equal(run.status, "Completed");
  assert.equal(told, 1_001, "one under way, a thousand waiting");
  const reports = recorder.lines.filter(({ level }) => level === "ERROR");
  assert.deepEqual(reports.map(({ fields }) => fields.reason), [
    "999 events were dropped: too slow",
  ]);
});

test("watchers: a flood of progress and lines of log is bounded", async () => {
  const recorder = new Recorder();
  const workflow = new DotFlow({ config: recorder.config() });
  workflow.task.add(action("a", ({ log, progress }) => {
    for (let n = 0; n < 5_000; n++) {
      progress(n / 5_000, `step ${n}`);
      log.info(`line ${n}`, { n });
    }
    return "done";
  }));
  const run = await workflow.start();
  assert.equal(run.status, "Completed");
  const lines = recorder.lines.filter(({ message }) => /^line/.test(message));
  assert.equal(lines.length, 5_000);
  assert.equal(lines[7].fields.n, 7);
  assert.equal((lines[7].fields.task as Task).taskId, "a");
});

test("watchers: progress is brought into its range", async () => {
  const recorder = new Recorder();
  const workflow = new DotFlow({ config: recorder.config() });
  const seen: unknown[] = [];
  workflow.task.add(action("a", ({ progress, task }) => {
    for (const fraction of [0.5, -1, 2, NaN, "x" as never]) {
      progress(fraction, "now");
      seen.push(task.progress);
    }
  }));
  await workflow.start();
  assert.deepEqual(
    seen,
    [0.5, 0, 1, 0, 0].map((fraction) => ({
      fraction,
      message: "now",
    })),
  );
});

/** A tracer that wraps steps. */
class TracerSpan extends TracerRecorder {
  wrap: (next: () => Promise<unknown>) => Promise<unknown> = (next) => next();

  override runTask(
    _task: Task,
    next: () => Promise<unknown>,
  ): Promise<unknown> {
    return this.wrap(next);
  }
}

const WRAPPERS: Record<string, TracerSpan["wrap"]> = {
  "wraps as it should": async (next) => await next(),
  "calls late": async (next) => {
    await sleep(1);
    return await next();
  },
  "throws at once": () => {
    throw new Error("no span");
  },
  "rejects before it calls": () => Promise.reject(new Error("no span")),
  "rejects after it called": async (next) => {
    await next();
    throw new Error("no span");
  },
  "never calls": () => Promise.resolve("forged"),
  "calls twice": async (next) => {
    await next();
    return await next();
  },
  "gives something else": async (next) => {
    await next();
    return "forged";
  },
  "never ends": async (next) => {
    await next();
    await new Promise(() => {});
  },
  "hangs without a call": () => new Promise(() => {}),
};

for (const [what, wrap] of Object.entries(WRAPPERS)) {
  test(`watchers: with a tracer that ${what} a step runs once`, async () => {
    const recorder = new Recorder();
    const tracer = new TracerSpan(recorder);
    tracer.wrap = wrap;
    const config = recorder.config({ tracer, drainTimeout: 20 });
    const workflow = new DotFlow({ workflowId: "wf", config });
    const step = failing(1, { name: "a", retry: 2 }, "real");
    workflow.task.add(step).add(failing(9, { name: "b" }));
    const run = await workflow.start();
    assert.deepEqual(step.attempts, [1, 2]);
    assert.deepEqual(run.tasks.map((task) => task.status), [
      "Completed",
      "Failed",
    ]);
    assert.deepEqual(workflow.resultStorage(), ["real", undefined]);
    const reports = recorder.lines.filter(({ message }) =>
      message.startsWith("Cannot deliver")
    );
    assert.equal(reports.length > 0, /throws|rejects/.test(what));
  });
}

test("watchers: a tracer that passes on how a step was cut off is fine", async () => {
  const recorder = new Recorder();
  const tracer = new TracerSpan(recorder);
  const seen: unknown[] = [];
  tracer.wrap = (next) =>
    next().catch((error) => {
      seen.push(error.name);
      throw error;
    });
  const config = recorder.config({ tracer });
  const workflow = new DotFlow({ workflowId: "wf", config });
  workflow.task.add(action("a", ({ signal }) =>
    new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
    })));
  const run = await workflow.start({ mode: "background" });
  run.cancel("enough");
  await run.finished;
  await workflow.start({ timeout: 5 });
  await sleep(5);
  assert.deepEqual(seen, ["WorkflowCancelledError", "WorkflowTimeoutError"]);
  const reports = recorder.lines.filter(({ message }) =>
    message.startsWith("Cannot deliver")
  );
  assert.deepEqual(reports, []);
});

test("watchers: a tracer that never calls a step costs no time", async () => {
  const recorder = new Recorder();
  const tracer = new TracerSpan(recorder);
  tracer.wrap = () => new Promise(() => {});
  const workflow = twoTasks(recorder.config({ tracer, drainTimeout: "1h" }));
  const run = await workflow.start();
  assert.deepEqual(workflow.resultStorage(), [1, 2]);
  assert.ok(run.duration < 10_000, `${run.duration} ms`);
});

test("watchers: a step runs inside of its tracer's span", async () => {
  const trace: string[] = [];
  class TracerOrder extends Tracer {
    startWorkflow(): void {}
    endWorkflow(): void {}
    startTask(task: Task): void {
      trace.push(`start ${task.taskId}`);
    }
    endTask(task: Task): void {
      trace.push(`end ${task.taskId}`);
    }
    override async runTask(
      task: Task,
      next: () => Promise<unknown>,
    ): Promise<unknown> {
      trace.push(`open ${task.taskId}`);
      try {
        return await next();
      } finally {
        trace.push(`close ${task.taskId}`);
      }
    }
  }
  const config = new Recorder().config({ tracer: new TracerOrder() });
  const workflow = new DotFlow({ config });
  workflow.task.add(action("a", () => {
    trace.push("step");
  }));
  await workflow.start();
  // Whether the span or the task ends first is a matter of promises.
  const inside = trace.filter((word) => word !== "end a");
  assert.deepEqual(inside, ["start a", "open a", "step", "close a"]);
  assert.ok(trace.includes("end a"));
});

test("watchers: several of a family are all told", async () => {
  const one = new Recorder();
  const two = new Recorder();
  const config = one.config({
    metrics: [new MetricsRecorder(one), new MetricsRecorder(two)],
  });
  await twoTasks(config).start();
  assert.deepEqual(two.calls, [
    "metrics started",
    "metrics completed a",
    "metrics completed b",
    "metrics completed",
  ]);
});

test("watchers: a log says which levels it keeps", async () => {
  const lines: Line[] = [];
  class LogQuiet extends LogRecorder {
    override enabled(level: string): boolean {
      return level === "WARNING" || level === "ERROR";
    }
  }
  const config = new Recorder().config({ log: new LogQuiet(lines) });
  const workflow = new DotFlow({ config });
  workflow.task.add(failing(1, { name: "a", retry: 2 })).add(
    action("b", ({ log }) => {
      log.debug("d");
      log.info("i");
      log.warning("w");
      log.error("e");
    }),
  ).add(failing(9, { name: "c" }));
  await workflow.start();
  assert.deepEqual(lines.map(({ level, message }) => [level, message]), [
    ["WARNING", "Retry"],
    ["WARNING", "w"],
    ["ERROR", "e"],
    ["ERROR", "Failed"],
  ]);
});

test("watchers: a cancelled run is failed for metrics", async () => {
  const recorder = new Recorder();
  const workflow = twoTasks(recorder.config());
  await workflow.start({ signal: AbortSignal.abort() });
  assert.ok(recorder.calls.includes("metrics failed"));
  assert.ok(recorder.calls.includes("server run Cancelled"));
});

test("watchers: a task that is cut off because somebody asked is no error", async () => {
  const recorder = new Recorder();
  const workflow = new DotFlow({ config: recorder.config() });
  const stop = new AbortController();
  workflow.task.add(action("a", () => {
    stop.abort();
    return new Promise(() => {});
  }));
  await workflow.start({ signal: stop.signal });
  const levels = recorder.lines.filter(({ message }) => message === "Failed")
    .map(({ level }) => level);
  assert.deepEqual(levels, ["WARNING"]);
});

test("watchers: default ones need nothing", async () => {
  const workflow = flowOn(new StorageDefault());
  workflow.task.add(action("a", () => 1));
  const run = await workflow.start();
  assert.equal(run.status, "Completed");
});
