// deno-lint-ignore-file no-import-prefix
import {
  action,
  type ConfigOptions,
  Context,
  type DotFlow,
  type Storage,
  StorageDefault,
  type Task,
} from "@dotflow/dotflow";
import { TracerOpenTelemetry } from "@dotflow/dotflow/providers/tracer-opentelemetry";
import { tracerContract } from "@dotflow/dotflow/testing";
import {
  context,
  metrics,
  propagation,
  ROOT_CONTEXT,
  trace,
  type TracerProvider,
} from "@opentelemetry/api";
import assert from "node:assert/strict";
import { AlwaysOffSampler } from "npm:@opentelemetry/sdk-trace-base@2.12.0";
import { failing, flowOn, moment, rejectsWith, sleep } from "./flow.ts";
import { spawnRuntime, tempDir, test } from "./harness.ts";
import {
  infoOf,
  openSdk,
  type OtlpSpan,
  placeOf,
  type Sdk,
  spanNamed,
  spansIn,
  taskOf,
  toSeenSpan,
  useContexts,
} from "./otel.ts";
import { openInbox } from "./inbox.ts";
import { type Line, LogRecorder } from "./recorder.ts";
import { StorageFailing, StorageText } from "./storages.ts";
import { testWatcher } from "./watcher_contract.ts";

testWatcher("TracerOpenTelemetry", tracerContract, {
  async open() {
    const sdk = await openSdk({ global: false });
    const { tracerProvider } = sdk;
    return {
      provider: new TracerOpenTelemetry({ tracerProvider }),
      seen: async () => (await closedSpans(sdk)).map(toSeenSpan),
      break: () =>
        sdk.inbox.fail([{ kind: "answer", status: 500, times: 1_000 }]),
    };
  },
});

function tracedFlow(
  options: ConfigOptions = {},
  storage: Storage = new StorageDefault(),
  workflowId = "wf",
): DotFlow {
  const tracer = new TracerOpenTelemetry();
  return flowOn(storage, workflowId, { tracer, log: [], ...options });
}

/** The spans of a test, each of which must have been ended, and only once. */
async function closedSpans(sdk: Sdk): Promise<OtlpSpan[]> {
  assert.equal(sdk.open, 0, "spans are open");
  assert.deepEqual(sdk.complaints, []);
  return await sdk.spans();
}

/** What the spans say of how things ended, by name. */
function outcomes(spans: readonly OtlpSpan[]): Record<string, unknown[]> {
  return Object.fromEntries(
    spans.map(({ name, attributes, status, events }) => [name, [
      attributes["dotflow.workflow.status"] ??
        attributes["dotflow.task.status"],
      status.code,
      attributes["error.type"],
      events.map((event) => event.attributes["exception.type"]).join(),
    ]]),
  );
}

/** Opens a span as a user does, across an asynchronous call. */
async function ownSpan(name: string): Promise<void> {
  await trace.getTracer("user").startActiveSpan(name, async (span) => {
    await sleep(Math.random() * 3);
    span.end();
  });
}

test("tracer otel: a run is a child of the span that starts it", async () => {
  const sdk = await openSdk();
  const workflow = tracedFlow();
  workflow.task.add(action("a", () => 1));
  await trace.getTracer("user").startActiveSpan("request", async (span) => {
    await workflow.start();
    span.end();
  });
  await sdk.tracerProvider.forceFlush();
  const spans = await closedSpans(sdk);
  const request = spanNamed(spans, "request");
  const root = spanNamed(spans, "workflow:wf");
  assert.equal(root.parentSpanId, request.spanId);
  assert.equal(root.traceId, request.traceId);
});

test("tracer otel: what a step does is inside of its span", async () => {
  const sdk = await openSdk();
  const workflow = tracedFlow();
  const carrier: Record<string, string> = {};
  let place: string | undefined;
  workflow.task.add(action("a", async ({ task }) => {
    await sleep(1);
    place = task.traceparent;
    propagation.inject(context.active(), carrier);
    await Promise.all([ownSpan("one"), sleep(1).then(() => ownSpan("two"))]);
  }));
  await workflow.start();
  const spans = await closedSpans(sdk);
  const task = spanNamed(spans, "task:a");
  assert.equal(carrier.traceparent, placeOf(task));
  assert.equal(place, placeOf(task));
  for (const name of ["one", "two"]) {
    assert.equal(spanNamed(spans, name).parentSpanId, task.spanId);
  }
});

for (const mode of ["sequential", "parallel", "parallel_group"] as const) {
  test(`tracer otel: 20 runs at once never mix (${mode})`, async () => {
    const sdk = await openSdk();
    const tracer = new TracerOpenTelemetry();
    const runs = await Promise.all(Array.from({ length: 20 }, (_, n) => {
      const workflow = tracedFlow({ tracer }, undefined, `wf-${n % 4}`);
      for (const name of ["a", "b", "c", "d"]) {
        const step = failing(n % 3, { name, retry: 3 });
        const often = { retry: 3, retryDelay: 0 };
        const own = action(name, often, async ({ attempt }) => {
          await sleep(Math.random() * 3);
          await ownSpan(`own ${name}`);
          if (attempt <= n % 3) throw new Error("again");
        });
        workflow.task.add(name === "d" ? step : own, {
          groupName: name < "c" ? "one" : "two",
        });
      }
      return trace.getTracer("user").startActiveSpan(`own ${n}`, async (it) => {
        const run = await workflow.start({ mode });
        it.end();
        return run;
      });
    }));
    await sdk.tracerProvider.forceFlush();
    const spans = await closedSpans(sdk);
    const byId = new Map(spans.map((span) => [span.spanId, span]));
    assert.equal(byId.size, spans.length);
    const parentOf = (span: OtlpSpan) => byId.get(span.parentSpanId ?? "");
    let own = 0;
    for (const span of spans) {
      const parent = parentOf(span);
      assert.equal(parent?.traceId ?? span.traceId, span.traceId);
      if (/^own [a-c]$/.test(span.name)) {
        own++;
        assert.equal(parent?.name, span.name.replace("own ", "task:"));
      } else if (span.name.startsWith("task:")) {
        const { attributes } = parent!;
        assert.equal(
          attributes["dotflow.run_id"],
          span.attributes["dotflow.run_id"],
        );
      }
    }
    for (const [n, run] of runs.entries()) {
      const ofRun = spans.filter(({ attributes }) =>
        attributes["dotflow.run_id"] === run.runId
      );
      assert.equal(ofRun.length, 5);
      const root = spanNamed(ofRun, `workflow:${run.workflowId}`);
      assert.equal(parentOf(root)?.name, `own ${n}`);
      for (const { name, events } of ofRun) {
        if (name.startsWith("task:")) assert.equal(events.length, n % 3, name);
      }
    }
    assert.equal(own, runs.reduce((sum, _, n) => sum + 3 * (1 + n % 3), 0));
  });
}

test("tracer otel: a resume links to the first start", async () => {
  const sdk = await openSdk();
  const storage = new StorageText();
  const step = failing(2, { name: "b" });
  const ids: string[] = [];
  for (let n = 0; n < 3; n++) {
    const workflow = tracedFlow({}, storage);
    workflow.task.add(action("a", () => 1)).add(step);
    ids.push((await workflow.start({ resume: true })).runId);
  }
  assert.equal(new Set(ids).size, 1);
  const spans = await closedSpans(sdk);
  const roots = spans.filter(({ name }) => name === "workflow:wf");
  const [{ traceId, spanId }] = roots;
  const link = [{ traceId, spanId, sampled: true }];
  assert.deepEqual(roots.map(({ links }) => links), [[], link, link]);
  assert.equal(new Set(roots.map((root) => root.traceId)).size, 3);
  assert.deepEqual(
    roots.map(({ attributes }) => attributes["dotflow.workflow.resumed"]),
    [false, true, true],
  );
  const tasks = spans.map(({ name }) => name).filter((name) =>
    /^task/.test(name)
  );
  assert.deepEqual(tasks.sort(), ["task:a", "task:b", "task:b", "task:b"]);
});

test("tracer otel: a resume after kill -9 links to the start", {
  needs: ["processes", "files"],
}, async () => {
  const path = await tempDir();
  const inbox = await openInbox("otlp");
  const args = [path, inbox.url];
  const worker = await spawnRuntime("workers/otel_worker.ts", args);
  await worker.line(/^stuck$/);
  await worker.kill();
  const [first] = await spansIn(inbox);
  assert.equal(first.name, "task:a");
  const again = await spawnRuntime("workers/otel_worker.ts", args);
  const line = await again.line(/^Completed /);
  assert.equal((await again.exit).code, 0, again.stderr);
  const spans = await spansIn(inbox);
  const root = spanNamed(spans, "workflow:wf");
  assert.deepEqual(root.links, [{
    traceId: first.traceId,
    spanId: first.parentSpanId!,
    sampled: true,
  }]);
  assert.equal(root.attributes["dotflow.run_id"], line.split(" ")[1]);
  assert.deepEqual(spans.map(({ name }) => name).sort(), [
    "task:a",
    "task:b",
    "workflow:wf",
  ]);
});

test("tracer otel: of many resumes at once, each is closed once", async () => {
  const sdk = await openSdk();
  const storage = new StorageText();
  const tracer = new TracerOpenTelemetry();
  const step = failing(1, { name: "a" });
  const start = async () => {
    const workflow = tracedFlow({ tracer, lease: 300 }, storage);
    workflow.task.add(step);
    return await workflow.start({ resume: true, wait: 0 }).catch(() => {});
  };
  const { runId } = (await start())!;
  const runs = await Promise.all(Array.from({ length: 20 }, start));
  await sdk.tracerProvider.forceFlush();
  const spans = await closedSpans(sdk);
  const roots = spans.filter(({ name }) => name === "workflow:wf").slice(1);
  const countOf = (status: string) =>
    roots.filter(({ attributes }) =>
      attributes["dotflow.workflow.status"] === status
    ).length;
  const completed = runs.filter((run) => run?.status === "Completed").length;
  assert.ok(completed >= 1);
  assert.equal(countOf("Completed"), completed);
  assert.equal(countOf("Cancelled"), roots.length - completed);
  for (const root of roots) {
    assert.equal(root.attributes["dotflow.run_id"], runId);
  }
  const tasks = spans.filter(({ name }) => name === "task:a");
  assert.equal(tasks.length, 2);
  const parent = roots.find(({ spanId }) => spanId === tasks[1].parentSpanId)!;
  assert.equal(parent.attributes["dotflow.workflow.status"], "Completed");
});

test("tracer otel: starts of one run are told apart where time stands still", async () => {
  const sdk = await openSdk();
  const tracer = new TracerOpenTelemetry();
  const run = infoOf({ runId: "run", startedMs: 1_700_000_000_000 });
  const loser = tracer.traceWorkflow(run);
  const winner = tracer.traceWorkflow(run);
  assert.notEqual(loser, winner);
  tracer.startWorkflow({ ...run, traceparent: winner });
  const task = taskOf(run);
  tracer.startTask(task);
  const cancelled = {
    ...run,
    status: "Cancelled",
    traceparent: loser,
  } as const;
  tracer.endWorkflow(cancelled);
  assert.equal(sdk.open, 2);
  tracer.endTask(task);
  tracer.endWorkflow({ ...run, status: "Completed", traceparent: winner });
  await tracer.flush();
  const spans = await closedSpans(sdk);
  const roots = spans.filter(({ name }) => name === "workflow:wf");
  assert.deepEqual(roots.map(placeOf), [loser, winner]);
  assert.equal(placeOf(roots[1]).split("-")[2], spans[1].parentSpanId);
});

test("tracer otel: an end that drags on is not taken for the next start", async () => {
  const sdk = await openSdk();
  const tracer = new TracerOpenTelemetry();
  const old = infoOf({ startedMs: Date.now() - 60_000 });
  const next = infoOf({});
  tracer.startWorkflow(old);
  tracer.startWorkflow(next);
  tracer.startTask(taskOf(next));
  tracer.endWorkflow({ ...old, status: "Failed" });
  tracer.endTask(taskOf(next));
  tracer.endWorkflow({ ...next, status: "Completed" });
  await tracer.flush();
  const spans = await closedSpans(sdk);
  assert.deepEqual(spans.map(({ name }) => name), [
    "workflow:wf",
    "task:a",
    "workflow:wf",
  ]);
  assert.equal(spans[1].parentSpanId, spans[2].spanId);
  assert.equal(spans[1].attributes["dotflow.task.status"], "In progress");
});

test("tracer otel: a cancelled run is told, and is no error", async () => {
  const sdk = await openSdk();
  const workflow = tracedFlow();
  const begun = moment();
  workflow.task
    .add(action("done", () => 1))
    .add(action("cut", ({ signal }) => {
      begun.resolve();
      return new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      });
    }))
    .add(action("never", () => 1));
  const run = await workflow.start({ mode: "background" });
  await begun.promise;
  run.cancel("enough");
  await run.finished;
  assert.deepEqual(outcomes(await closedSpans(sdk)), {
    "task:done": ["Completed", 0, undefined, ""],
    "task:cut": ["Failed", 0, undefined, "WorkflowCancelledError"],
    "workflow:wf": ["Cancelled", 0, undefined, ""],
  });
});

test("tracer otel: the timeouts of runs and tasks are errors", async () => {
  const sdk = await openSdk();
  const slow = action(
    "slow",
    { timeout: 5, retry: 2, retryDelay: 0 },
    () => new Promise(() => {}),
  );
  const one = tracedFlow({}, undefined, "one");
  one.task.add(slow);
  await one.start();
  const two = tracedFlow({}, undefined, "two");
  two.task.add(action("stuck", () => new Promise(() => {})));
  await two.start({ timeout: 10 });
  assert.deepEqual(outcomes(await closedSpans(sdk)), {
    "task:slow": [
      "Failed",
      2,
      "TaskTimeoutError",
      "TaskTimeoutError,TaskTimeoutError",
    ],
    "workflow:one": ["Failed", 2, "TaskTimeoutError", ""],
    "task:stuck": ["Failed", 2, "WorkflowTimeoutError", "WorkflowTimeoutError"],
    "workflow:two": ["Failed", 2, "WorkflowTimeoutError", ""],
  });
});

test("tracer otel: who is overtaken closes its spans", async () => {
  const sdk = await openSdk();
  const storage = new StorageText();
  const workflow = tracedFlow({ lease: 300 }, storage);
  workflow.task.add(action("a", async ({ signal }) => {
    const context = await storage.get("wf/_run");
    const record = context.storage;
    const owner = { ...record.owner, id: "other", name: "another" };
    const taken = { ...record, owner, epoch: record.epoch + 1, nonce: "n" };
    const { taskId, workflowId, runId } = context;
    const ids = { taskId, workflowId, runId };
    await storage.post("wf/_run", new Context({ storage: taken, ...ids }));
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    await new Promise(() => {});
  }));
  await rejectsWith(workflow.start(), "WORKFLOW_LOCKED");
  assert.deepEqual(outcomes(await closedSpans(sdk)), {
    "task:a": ["Failed", 2, "WorkflowLockedError", "WorkflowLockedError"],
    "workflow:wf": ["Failed", 2, "WorkflowLockedError", ""],
  });
});

test("tracer otel: a run that does not come about is closed", async () => {
  const sdk = await openSdk();
  const storage = new StorageFailing();
  storage.fails = (method, key) => method === "swap" && key.endsWith("_run");
  const workflow = tracedFlow({}, storage);
  workflow.task.add(action("a", () => 1));
  await rejectsWith(workflow.start(), "STORAGE");
  await sdk.tracerProvider.forceFlush();
  assert.deepEqual(outcomes(await closedSpans(sdk)), {
    "workflow:wf": ["Cancelled", 0, undefined, ""],
  });
});

test("tracer otel: a storage that fails amid a run is an error of the run", async () => {
  const sdk = await openSdk();
  const storage = new StorageFailing();
  const workflow = tracedFlow({}, storage);
  workflow.task.add(action("a", () => {
    storage.fails = () => true;
  }));
  await rejectsWith(workflow.start(), "STORAGE");
  const spans = await closedSpans(sdk);
  const { status, attributes } = spanNamed(spans, "workflow:wf");
  assert.equal(status.code, 2);
  assert.equal(attributes["dotflow.workflow.status"], "Failed");
  assert.equal(spanNamed(spans, "task:a").status.code, 2);
});

test("tracer otel: of many attempts, the latest are told", async () => {
  const sdk = await openSdk();
  const workflow = tracedFlow();
  workflow.task.add(failing(200, { name: "a", retry: 201 }));
  await workflow.start();
  const { events, attributes } = spanNamed(await closedSpans(sdk), "task:a");
  assert.equal(events.length, 128);
  assert.equal(events.at(-1)?.attributes["dotflow.task.attempt"], 200);
  assert.equal(attributes["dotflow.task.retry_count"], 200);
});

test("tracer otel: nothing is kept of what has ended", async () => {
  const sdk = await openSdk();
  const tracer = new TracerOpenTelemetry();
  const workflow = tracedFlow({ tracer });
  let task!: Task;
  const gate = moment();
  workflow.task.add(action("a", async (step) => {
    task = step.task;
    assert.equal(tracer.traceTask(task), task.traceparent);
    await gate.promise;
  }));
  const run = await workflow.start({ timeout: 20 });
  assert.equal(run.status, "Failed");
  // Late calls, as of a step that pays no heed to its end.
  gate.resolve();
  tracer.startTask(task);
  assert.equal(tracer.traceTask(task), undefined);
  assert.equal(await tracer.runTask(task, () => Promise.resolve(7)), 7);
  tracer.endTask(task);
  tracer.endWorkflow(infoOf({ runId: run.runId, startedMs: task.createdMs }));
  await tracer.flush();
  assert.equal((await closedSpans(sdk)).length, 2);
});

test("tracer otel: runs that nobody ends are not kept for ever", async () => {
  const sdk = await openSdk();
  const tracer = new TracerOpenTelemetry({ flush: false });
  const runs = Array.from(
    { length: 10_002 },
    (_, n) => infoOf({ runId: `run-${n}` }),
  );
  for (const run of runs) tracer.startWorkflow(run);
  for (const run of runs) tracer.endWorkflow(run);
  assert.equal(sdk.open, 2);
  assert.deepEqual(sdk.complaints.filter((text) => !/Dropped/.test(text)), []);
});

test("tracer otel: a run takes the spans of its tasks with it", async () => {
  const sdk = await openSdk();
  const tracer = new TracerOpenTelemetry();
  const run = infoOf({ runId: "run" });
  tracer.startWorkflow(run);
  tracer.startTask(taskOf(run));
  tracer.endWorkflow({ ...run, status: "Failed", duration: 5 });
  await tracer.flush();
  const spans = await closedSpans(sdk);
  const [task, root] = spans;
  assert.equal(task.parentSpanId, root.spanId);
  assert.equal(task.endMs, root.endMs);
  assert.equal(root.attributes["error.type"], "_OTHER");
});

test("tracer otel: of starts of a run that never end, the latest are kept", async () => {
  const sdk = await openSdk();
  const tracer = new TracerOpenTelemetry();
  const starts = Array.from(
    { length: 300 },
    (_, n) => infoOf({ runId: "again", startedMs: 1_700_000_000_000 + n }),
  );
  for (const run of starts) tracer.traceWorkflow(run);
  assert.equal(sdk.open, 300);
  for (const run of starts.slice(-100)) tracer.endWorkflow(run);
  assert.equal(sdk.open, 200);
  for (const run of starts) tracer.endWorkflow(run);
  assert.equal(sdk.open, 200);
});

test("tracer otel: of what is not recorded, no stack is read", async () => {
  for (const sampler of [new AlwaysOffSampler(), undefined]) {
    const { tracerProvider } = await openSdk({ sampler, global: false });
    const tracer = new TracerOpenTelemetry({ tracerProvider });
    let read = 0;
    const run = infoOf({});
    const error = {
      attempt: 1,
      exception: "Error",
      message: "why",
      failedMs: run.startedMs,
      get traceback() {
        read++;
        return "stack";
      },
    };
    const task = { ...taskOf(run), errors: [error] } as unknown as Task;
    tracer.startWorkflow(run);
    tracer.startTask(task);
    tracer.endTask(task);
    assert.equal(read, sampler ? 0 : 1);
  }
});

test("tracer otel: without an SDK, a run stands in the active span", () => {
  useContexts();
  const tracer = new TracerOpenTelemetry();
  assert.equal(tracer.traceWorkflow(infoOf({})), undefined);
  const traceparent = `00-${"1".repeat(32)}-${"2".repeat(16)}-01`;
  const around = propagation.extract(ROOT_CONTEXT, { traceparent });
  const place = context.with(around, () => tracer.traceWorkflow(infoOf({})));
  assert.equal(place, traceparent);
});

test("tracer otel: what is not recorded is handed on as such", async () => {
  const sdk = await openSdk({ sampler: new AlwaysOffSampler() });
  const workflow = tracedFlow();
  const seen: (string | undefined)[] = [];
  const carrier: Record<string, string> = {};
  workflow.task.add(action("a", ({ task }) => {
    seen.push(task.traceparent);
    propagation.inject(context.active(), carrier);
  }));
  await workflow.start();
  assert.match(String(seen[0]), /^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
  assert.equal(carrier.traceparent, seen[0]);
  assert.deepEqual(await sdk.inbox.received(), []);
});

test("tracer otel: two tracers tell the same", async () => {
  const sdk = await openSdk();
  const tracer = [new TracerOpenTelemetry(), new TracerOpenTelemetry()];
  const workflow = tracedFlow({ tracer });
  workflow.task.add(action("a", () => ownSpan("own")));
  await workflow.start();
  const names = (await closedSpans(sdk)).map(({ name }) => name).sort();
  assert.deepEqual(names, [
    "own",
    "task:a",
    "task:a",
    "workflow:wf",
    "workflow:wf",
  ]);
});

test("tracer otel: the end of a run sends, unless it is told not to", async () => {
  const sdk = await openSdk();
  const start = async (flush: boolean) => {
    const workflow = tracedFlow({ tracer: new TracerOpenTelemetry({ flush }) });
    workflow.task.add(action("a", () => 1));
    await workflow.start();
  };
  await start(false);
  assert.equal((await sdk.spans()).length, 0);
  await start(true);
  assert.equal((await sdk.spans()).length, 4);
});

test("tracer otel: a receiver that fails changes nothing, and is reported once", async () => {
  const sdk = await openSdk({ timeoutMs: 300 });
  const faults = {
    answer: { kind: "answer", status: 400, times: 99 },
    hang: { kind: "hang", times: 99 },
    reset: { kind: "reset", times: 99 },
  } as const;
  for (const [what, fault] of Object.entries(faults)) {
    await sdk.inbox.fail([fault]);
    const lines: Line[] = [];
    const log = new LogRecorder(lines);
    const workflow = tracedFlow({ log, drainTimeout: 2_000 });
    workflow.task.add(action("a", () => 1)).add(action("b", () => 2));
    const run = await workflow.start();
    assert.equal(run.status, "Completed");
    assert.deepEqual(workflow.resultStorage(), [1, 2]);
    const reports = lines.filter(({ level }) => level === "ERROR");
    assert.deepEqual(reports.map(({ message }) => message), [
      "Cannot deliver events to TracerOpenTelemetry",
    ], what);
    assert.equal(reports[0].fields.exception, "DeliveryError", what);
    assert.match(
      String(reports[0].fields.reason),
      /^Cannot deliver to OpenTelemetry: \S/,
    );
  }
});

test("tracer otel: a provider that throws changes nothing", async () => {
  const tracerProvider: TracerProvider = {
    getTracer: () => {
      throw new Error("no tracer");
    },
  };
  const lines: Line[] = [];
  const workflow = tracedFlow({
    tracer: new TracerOpenTelemetry({ tracerProvider }),
    log: new LogRecorder(lines),
  });
  workflow.task.add(action("a", () => 1));
  assert.equal((await workflow.start()).status, "Completed");
  const reports = lines.filter(({ level }) => level === "ERROR");
  assert.ok(reports.length > 0);
  for (const { fields } of reports) assert.equal(fields.reason, "no tracer");
});

test("tracer otel: bad options are refused by name", () => {
  const refused = (options: unknown, message: RegExp) =>
    assert.throws(
      () => new TracerOpenTelemetry(options as never),
      (error: Error & { code?: string }) =>
        error.code === "INVALID_OPTION" && message.test(error.message),
    );
  const notProviders = [
    null,
    "global",
    {},
    trace.getTracer("x"),
    metrics.getMeterProvider(),
  ];
  for (const tracerProvider of notProviders) {
    refused({ tracerProvider }, /^Cannot use .+ as tracerProvider: give a /);
  }
  refused({ flush: "yes" }, /^Cannot use "yes" as flush: give true or false/);
  refused({ provider: 1 }, /option "provider" of TracerOpenTelemetry/);
  refused(7, /options of TracerOpenTelemetry/);
  // Making one looks for nothing yet.
  new TracerOpenTelemetry({ tracerProvider: { getTracer: () => null! } });
});
