/**
 * All three OpenTelemetry providers at once, with the official SDK and its OTLP
 * exporters, into a receiver that checks what it is sent.
 *
 * @module
 */

import { action, type Task } from "@dotflow/dotflow";
import {
  LogOpenTelemetry,
  MetricsOpenTelemetry,
  TracerOpenTelemetry,
} from "@dotflow/dotflow/providers";
import { trace } from "@opentelemetry/api";
import assert from "node:assert/strict";
import { failing, flowOn, sleep } from "./flow.ts";
import { runtime, test } from "./harness.ts";
import { openLastingInbox } from "./inbox.ts";
import { openSdk, placeOf, Sdk, spanNamed } from "./otel.ts";
import { StorageText } from "./storages.ts";

/** Clocks of the SDK and of a run may differ by so much, in milliseconds. */
const TOLERANCE_MS = 2;

function telemetry() {
  return {
    tracer: new TracerOpenTelemetry(),
    metrics: new MetricsOpenTelemetry(),
    log: new LogOpenTelemetry(),
  };
}

/** Five tasks, of which one is retried and one fails. */
async function runFive(places: Record<string, string | undefined> = {}) {
  const workflow = flowOn(new StorageText(), "five", telemetry());
  const note = (task: Task) => places[task.taskId] = task.traceparent;
  workflow.task
    .add(action("load", ({ task }) => sleep(5).then(() => note(task))))
    .add(failing(1, { name: "flaky", retry: 2, retryDelay: 5 }), {
      groupName: "second",
    })
    .add(action("inner", async ({ task, log }) => {
      note(task);
      log.info("half way", { part: { of: [1, 2] }, ratio: 0.5 });
      await trace.getTracer("user").startActiveSpan("own", async (span) => {
        await sleep(3);
        span.end();
      });
    }))
    .add(action("broken", () => {
      throw new TypeError("no such user", { cause: new Error("404") });
    }))
    .add(action("last", () => 1));
  const run = await workflow.start({ keepGoing: true });
  return run;
}

test("opentelemetry: a run of five tasks is a tree of spans", async () => {
  const sdk = await openSdk();
  const places: Record<string, string | undefined> = {};
  const run = await runFive(places);
  assert.equal(run.status, "Failed");
  const spans = await sdk.spans();
  assert.deepEqual(spans.map(({ name }) => name).sort(), [
    "own",
    "task:broken",
    "task:flaky",
    "task:inner",
    "task:last",
    "task:load",
    "workflow:five",
  ]);
  const root = spanNamed(spans, "workflow:five");
  assert.equal(root.parentSpanId, undefined);
  assert.deepEqual(root.links, []);
  assert.equal(root.scope, "@dotflow/dotflow");
  assert.equal(root.kind, 1);
  assert.deepEqual(root.attributes, {
    "dotflow.workflow_id": "five",
    "dotflow.run_id": run.runId,
    "dotflow.workflow.mode": "sequential",
    "dotflow.workflow.tasks_count": 5,
    "dotflow.workflow.resumed": false,
    "dotflow.workflow.status": "Failed",
    "dotflow.workflow.duration": run.duration / 1_000,
    "error.type": "TypeError",
  });
  assert.deepEqual(root.status, { code: 2, message: "broken: no such user" });
  assert.deepEqual(root.events, []);
  for (const task of run.tasks) {
    const span = spanNamed(spans, `task:${task.taskId}`);
    assert.equal(span.traceId, root.traceId);
    assert.equal(span.parentSpanId, root.spanId);
    const isBroken = task.taskId === "broken";
    assert.deepEqual(span.attributes, {
      "dotflow.workflow_id": "five",
      "dotflow.run_id": run.runId,
      "dotflow.task_id": task.taskId,
      "dotflow.task.group_name": task.groupName,
      "dotflow.task.status": isBroken ? "Failed" : "Completed",
      "dotflow.task.duration": task.duration / 1_000,
      "dotflow.task.retry_count": task.taskId === "flaky" ? 1 : 0,
      ...isBroken ? { "error.type": "TypeError" } : {},
    });
    assert.deepEqual(
      span.status,
      isBroken
        ? { code: 2, message: "no such user" }
        : { code: 0, message: "" },
    );
    // To the microsecond, the times of spans are those of tasks.
    close(span.startMs, task.startedMs, 0.002);
    close(span.endMs, task.startedMs + task.duration, 0.002);
    assert.ok(span.startMs >= root.startMs && span.endMs <= root.endMs);
  }
  close(root.endMs - root.startMs, run.duration, 0.002);
  const own = spanNamed(spans, "own");
  const inner = spanNamed(spans, "task:inner");
  assert.equal(own.parentSpanId, inner.spanId);
  assert.equal(own.traceId, inner.traceId);
  assert.ok(own.startMs >= inner.startMs - TOLERANCE_MS);
  assert.ok(own.endMs <= inner.endMs + TOLERANCE_MS);
  assert.deepEqual(places, {
    load: placeOf(spanNamed(spans, "task:load")),
    inner: placeOf(inner),
  });
});

test("opentelemetry: each failed attempt is an event of its span", async () => {
  const sdk = await openSdk();
  const run = await runFive();
  const spans = await sdk.spans();
  for (const task of run.tasks) {
    const { events } = spanNamed(spans, `task:${task.taskId}`);
    assert.equal(events.length, task.errors.length, task.taskId);
    for (const [index, error] of task.errors.entries()) {
      assert.equal(events[index].name, "exception");
      assert.deepEqual(events[index].attributes, {
        "exception.type": error.exception,
        "exception.message": error.message,
        "exception.stacktrace": error.traceback,
        "dotflow.task.attempt": error.attempt,
      });
      close(events[index].timeMs, error.failedMs, 0.002);
    }
  }
  const [, flaky, , broken] = run.tasks;
  assert.equal(flaky.errors.length, 1);
  const { events: [first], endMs } = spanNamed(spans, "task:flaky");
  assert.ok(endMs - first.timeMs >= 4, "it was retried after a wait");
  const { attributes } = spanNamed(spans, "task:broken").events[0];
  assert.match(String(attributes["exception.stacktrace"]), /Caused by: .*404/);
  assert.equal(attributes["exception.type"], broken.error?.exception);
});

test("opentelemetry: the five metrics tell what has happened", async () => {
  const sdk = await openSdk();
  const run = await runFive();
  const points = await sdk.points();
  const sums = points.filter(({ kind }) => kind === "sum")
    .map(({ name, attributes, value, unit }) => [
      name,
      attributes,
      value,
      unit,
    ]);
  assert.deepEqual(sums, [
    ["dotflow_workflow_total", { status: "started" }, 1, "{run}"],
    [
      "dotflow_workflow_total",
      {
        status: "failed",
        "error.type": "TypeError",
      },
      1,
      "{run}",
    ],
    ["dotflow_task_total", { status: "completed" }, 4, "{task}"],
    [
      "dotflow_task_total",
      {
        status: "failed",
        "error.type": "TypeError",
      },
      1,
      "{task}",
    ],
    ["dotflow_task_retry_total", { "error.type": "Error" }, 1, "{attempt}"],
  ]);
  const histograms = points.filter(({ kind }) => kind === "histogram");
  assert.deepEqual(
    histograms.map(({ name, attributes, count }) => [name, attributes, count]),
    [
      ["dotflow_workflow_duration_seconds", { status: "failed" }, 1],
      ["dotflow_task_duration_seconds", { status: "completed" }, 4],
      ["dotflow_task_duration_seconds", { status: "failed" }, 1],
    ],
  );
  const secondsOf = (status: string) =>
    run.tasks.filter((task) => task.status === status)
      .reduce((sum, { duration }) => sum + duration, 0) / 1_000;
  close(histograms[0].value, run.duration / 1_000, 1e-6);
  close(histograms[1].value, secondsOf("Completed"), 1e-6);
  close(histograms[2].value, secondsOf("Failed"), 1e-6);
  for (const { unit, bounds } of histograms) {
    assert.equal(unit, "s");
    assert.equal(bounds[0], 0.005);
    assert.equal(bounds.at(-1), 3_600);
  }
  assert.equal(points.length, 8);
});

test("opentelemetry: lines become records with their place", async () => {
  const sdk = await openSdk();
  const before = Date.now();
  const run = await runFive();
  const spans = await sdk.spans();
  const logs = await sdk.logs();
  const placed = logs.map(({ severityNumber, severityText, body, ...log }) => {
    const span = spans.find(({ spanId }) => spanId === log.spanId);
    assert.equal(log.traceId, span?.traceId);
    return [severityNumber, severityText, body, span?.name];
  });
  const task = (body: string, id: string, number = 9, text = "INFO") => [
    number,
    text,
    body,
    `task:${id}`,
  ];
  assert.deepEqual(placed, [
    [9, "INFO", "Workflow started", "workflow:five"],
    task("In progress", "load"),
    task("Completed", "load"),
    task("In progress", "inner"),
    task("half way", "inner"),
    task("Completed", "inner"),
    task("In progress", "broken"),
    task("Failed", "broken", 17, "ERROR"),
    task("In progress", "last"),
    task("Completed", "last"),
    task("In progress", "flaky"),
    task("Retry", "flaky", 13, "WARN"),
    task("In progress", "flaky"),
    task("Completed", "flaky"),
    [9, "INFO", "Workflow ended", "workflow:five"],
  ]);
  for (const { timeMs } of logs) {
    assert.ok(timeMs >= before && timeMs <= Date.now());
  }
  const ids = { "dotflow.workflow_id": "five", "dotflow.run_id": run.runId };
  const about = (body: string) => logs.filter((log) => log.body === body);
  assert.deepEqual(about("Workflow started")[0].attributes, {
    ...ids,
    "dotflow.workflow.mode": "sequential",
    "dotflow.workflow.resumed": false,
  });
  assert.deepEqual(about("Workflow ended")[0].attributes, {
    ...ids,
    "dotflow.workflow.mode": "sequential",
    "dotflow.workflow.resumed": false,
    "dotflow.workflow.status": "Failed",
    "dotflow.workflow.duration": Math.round(run.duration) / 1_000,
  });
  assert.deepEqual(about("half way")[0].attributes, {
    ...ids,
    "part": { of: [1, 2] },
    "ratio": 0.5,
    "dotflow.task_id": "inner",
    "dotflow.task.group_name": "default",
    "dotflow.task.status": "In progress",
    "dotflow.task.duration": 0,
    "dotflow.task.retry_count": 0,
  });
  const broken = run.tasks.find(({ taskId }) => taskId === "broken")!;
  assert.deepEqual(about("Failed")[0].attributes, {
    ...ids,
    "dotflow.task_id": "broken",
    "dotflow.task.group_name": "default",
    "dotflow.task.status": "Failed",
    "dotflow.task.duration": broken.duration / 1_000,
    "dotflow.task.retry_count": 0,
    "error.type": "TypeError",
    "exception.type": "TypeError",
    "exception.message": "no such user",
    "exception.stacktrace": broken.error!.traceback,
    "dotflow.task.attempt": 1,
  });
});

test("opentelemetry: what steps take and give is never sent", async () => {
  const sdk = await openSdk();
  const workflow = flowOn(new StorageText(), "wf", {
    ...telemetry(),
    log: new LogOpenTelemetry({ level: "DEBUG" }),
  });
  const secret = (name: string) => ({ [`canary-${name}`]: `canary-${name}` });
  workflow.task
    .add(action("a", () => secret("result")), {
      initialContext: secret("initial"),
    })
    .add(action("b", ({ log, progress }) => {
      progress(0.5);
      log.debug("here");
      throw new Error("no");
    }));
  await workflow.start({ input: secret("input") });
  const received = await sdk.inbox.received();
  assert.equal(received.length, 3);
  for (const { text } of received) assert.doesNotMatch(text, /canary/);
});

test("opentelemetry: without an SDK nothing happens", async () => {
  let place: string | undefined = "some";
  const storage = new StorageText();
  const workflow = flowOn(storage, "wf", telemetry());
  workflow.task.add(action("a", ({ task }) => {
    place = task.traceparent;
    return 1;
  }));
  const run = await workflow.start();
  assert.equal(run.status, "Completed");
  assert.deepEqual(workflow.resultStorage(), [1]);
  assert.equal(place, undefined);
  assert.doesNotMatch([...storage.texts.values()].join(), /traceparent/);
  for (const level of ["DEBUG", "INFO", "WARNING", "ERROR"] as const) {
    assert.equal(
      new LogOpenTelemetry({ level: "DEBUG" }).enabled(level),
      false,
    );
  }
});

test("opentelemetry: an SDK that comes late is used from then on", async () => {
  const providers = telemetry();
  const run = async () => {
    const workflow = flowOn(new StorageText(), "late", providers);
    workflow.task.add(action("a", () => 1));
    await workflow.start();
  };
  await run();
  const sdk = await openSdk();
  await run();
  await checkOneRun(sdk);
});

test("opentelemetry: providers may be handed in", async () => {
  const sdk = await openSdk({ global: false });
  const { tracerProvider, meterProvider, loggerProvider } = sdk;
  const workflow = flowOn(new StorageText(), "late", {
    tracer: new TracerOpenTelemetry({ tracerProvider }),
    metrics: new MetricsOpenTelemetry({ meterProvider }),
    log: new LogOpenTelemetry({ loggerProvider }),
  });
  workflow.task.add(action("a", () => 1));
  await workflow.start();
  await checkOneRun(sdk);
});

async function checkOneRun(sdk: Sdk): Promise<void> {
  const names = (await sdk.spans()).map(({ name }) => name);
  assert.deepEqual(names.sort(), ["task:a", "workflow:late"]);
  const started = (await sdk.points()).find(({ attributes }) =>
    attributes.status === "started"
  );
  assert.equal(started?.value, 1);
  assert.equal((await sdk.logs()).length, 4);
}

let shared: Sdk | undefined;

for (const n of [1, 2, 3]) {
  // In workerd, each test is a request of its own, and timers end with it.
  test(`opentelemetry: an SDK made in one request serves request ${n}`, async () => {
    shared ??= new Sdk(await openLastingInbox("otlp"));
    const sdk = shared;
    const { tracerProvider, meterProvider, loggerProvider } = sdk;
    const workflow = flowOn(new StorageText(), `request-${n}`, {
      tracer: new TracerOpenTelemetry({ tracerProvider }),
      metrics: new MetricsOpenTelemetry({ meterProvider }),
      log: new LogOpenTelemetry({ loggerProvider }),
    });
    workflow.task.add(action("a", () => sleep(1)));
    const work: Promise<unknown>[] = [];
    await workflow.start({ waitUntil: (each) => void work.push(each) });
    await Promise.all(work);
    const names = (await sdk.spans()).map(({ name }) => name);
    assert.deepEqual(names.slice(-2), ["task:a", `workflow:request-${n}`]);
    const total = (await sdk.points()).find(({ attributes }) =>
      attributes.status === "started"
    );
    assert.equal(total?.value, n);
    assert.equal((await sdk.logs()).length, 4 * n);
    if (n < 3) return;
    // The SDK keeps promises of the first request, which it would wait for.
    if (runtime !== "workerd") await sdk.shutdown();
    await sdk.inbox.drop();
  });
}

function close(actual: number, expected: number, tolerance: number): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual}, ${expected}`);
}
