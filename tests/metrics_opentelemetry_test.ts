import {
  action,
  type ConfigOptions,
  type RunInfo,
  StorageDefault,
  type Task,
} from "@dotflow/dotflow";
import { MetricsOpenTelemetry } from "@dotflow/dotflow/providers/metrics-opentelemetry";
import { metricsContract, type SeenMetrics } from "@dotflow/dotflow/testing";
import { trace } from "@opentelemetry/api";
import assert from "node:assert/strict";
import fc from "fast-check";
import { failing, flowOn } from "./flow.ts";
import { test } from "./harness.ts";
import { openSdk, type OtlpPoint, type Sdk } from "./otel.ts";
import { type Line, LogRecorder } from "./recorder.ts";
import { testWatcher } from "./watcher_contract.ts";

testWatcher("MetricsOpenTelemetry", metricsContract, {
  // The SDK keeps failures of its exporters to itself.
  silent: true,
  async open() {
    const sdk = await openSdk({ global: false });
    const { meterProvider } = sdk;
    return {
      provider: new MetricsOpenTelemetry({ meterProvider }),
      seen: async () => toSeen(await sdk.points()),
      break: () =>
        sdk.inbox.fail([{ kind: "answer", status: 500, times: 1_000 }]),
    };
  },
});

/** What was counted, from the points of metrics that are cumulative. */
function toSeen(points: readonly OtlpPoint[]): SeenMetrics {
  const sum = (name: string, status?: string) =>
    points.filter((point) =>
      point.name === name &&
      (status === undefined || point.attributes.status === status)
    ).reduce((total, { value }) => total + value, 0);
  const times = (name: string) => ({
    count: points.filter((point) => point.name === name)
      .reduce((total, { count }) => total + count, 0),
    sumMs: sum(name) * 1_000,
  });
  return {
    workflowsStarted: sum("dotflow_workflow_total", "started"),
    workflowsCompleted: sum("dotflow_workflow_total", "completed"),
    workflowsFailed: sum("dotflow_workflow_total", "failed"),
    tasksCompleted: sum("dotflow_task_total", "completed"),
    tasksFailed: sum("dotflow_task_total", "failed"),
    tasksRetried: sum("dotflow_task_retry_total"),
    workflowTimes: times("dotflow_workflow_duration_seconds"),
    taskTimes: times("dotflow_task_duration_seconds"),
  };
}

function meteredFlow(sdk: Sdk, options: ConfigOptions = {}) {
  const { meterProvider } = sdk;
  const metrics = new MetricsOpenTelemetry({ meterProvider });
  return flowOn(new StorageDefault(), "wf", { metrics, log: [], ...options });
}

/** The classes of errors that a metric tells apart, with their counts. */
function errorTypes(
  points: readonly OtlpPoint[],
  name: string,
): Record<string, number> {
  return Object.fromEntries(
    points.filter((point) =>
      point.name === name && point.attributes.status !== "completed" &&
      point.attributes.status !== "started"
    ).map(({ attributes, value }) => [
      String(attributes["error.type"]),
      value,
    ]),
  );
}

test("metrics otel: whatever runs, the counts are those of its tasks", async () => {
  const sdk = await openSdk({ global: false });
  const { meterProvider } = sdk;
  const metrics = new MetricsOpenTelemetry({ meterProvider });
  const expected = { completed: 0, failed: 0, retried: 0, runs: 0 };
  // Each run: how often its tasks fail, and how often they are tried.
  const tasks = fc.array(
    fc.record({ failures: fc.nat(3), retry: fc.integer({ min: 1, max: 3 }) }),
    { minLength: 1, maxLength: 4 },
  );
  await fc.assert(
    fc.asyncProperty(tasks, fc.boolean(), async (tasks, keepGoing) => {
      const workflow = meteredFlow(sdk, { metrics });
      for (const [n, { failures, retry }] of tasks.entries()) {
        workflow.task.add(failing(failures, { name: `t${n}`, retry }));
      }
      const run = await workflow.start({ keepGoing });
      expected.runs++;
      for (const { status, retryCount } of run.tasks) {
        if (status === "Completed") expected.completed++;
        if (status === "Failed") expected.failed++;
        expected.retried += retryCount;
      }
      const seen = toSeen(await sdk.points());
      assert.equal(seen.workflowsStarted, expected.runs);
      assert.equal(
        seen.workflowsCompleted + seen.workflowsFailed,
        expected.runs,
      );
      assert.equal(seen.tasksCompleted, expected.completed);
      assert.equal(seen.tasksFailed, expected.failed);
      assert.equal(seen.tasksRetried, expected.retried);
    }),
    { numRuns: 20 },
  );
});

test("metrics otel: the classes of errors stay few", async () => {
  const sdk = await openSdk({ global: false });
  const workflow = meteredFlow(sdk);
  const named = (name: string) => Object.assign(new Error("no"), { name });
  const names = [
    "HTTP 404 /users/123",
    "4711",
    "x".repeat(101),
    ...Array.from({ length: 60 }, (_, n) => `Error${n}`),
    "Error7",
    "pkg.Denied",
  ];
  for (const [n, name] of names.entries()) {
    workflow.task.add(action(`t${n}`, () => {
      throw named(name);
    }));
  }
  await workflow.start({ keepGoing: true });
  const types = errorTypes(await sdk.points(), "dotflow_task_total");
  assert.equal(Object.keys(types).length, 51);
  assert.equal(types._OTHER, 3 + 10 + 1);
  assert.equal(types.Error7, 2);
  assert.equal(types.Error49, 1);
  assert.equal(types.Error50, undefined);
});

test("metrics otel: what was cancelled has no class of error", async () => {
  const sdk = await openSdk({ global: false });
  const workflow = meteredFlow(sdk);
  workflow.task.add(action("a", () => new Promise(() => {})));
  const run = await workflow.start({ mode: "background" });
  run.cancel();
  await run.finished;
  const points = await sdk.points();
  for (const name of ["dotflow_workflow_total", "dotflow_task_total"]) {
    assert.deepEqual(errorTypes(points, name), { undefined: 1 });
  }
});

test("metrics otel: no id is an attribute", async () => {
  const sdk = await openSdk({ global: false });
  const workflow = meteredFlow(sdk);
  workflow.task.add(failing(1, { name: "a-task-id", retry: 2 }));
  const { runId } = await workflow.start();
  for (const { text } of await sdk.inbox.received()) {
    assert.ok(!text.includes(runId) && !text.includes("a-task-id"));
  }
});

test("metrics otel: the end of a run sends, unless it is told not to", async () => {
  const sdk = await openSdk();
  const start = async (flush: boolean) => {
    const metrics = new MetricsOpenTelemetry({ flush });
    const workflow = meteredFlow(sdk, { metrics });
    workflow.task.add(action("a", () => 1));
    await workflow.start();
  };
  await start(false);
  assert.deepEqual(await sdk.inbox.received(), []);
  await start(true);
  assert.equal(toSeen(await sdk.points()).workflowsCompleted, 2);
});

test("metrics otel: a receiver that fails changes nothing, and the SDK tells", async () => {
  const sdk = await openSdk({ global: false });
  await sdk.inbox.fail([{ kind: "answer", status: 400, times: 99 }]);
  const workflow = meteredFlow(sdk);
  workflow.task.add(action("a", () => 1));
  assert.equal((await workflow.start()).status, "Completed");
  assert.equal((await sdk.inbox.received()).length, 1);
  assert.match(sdk.complaints.join(), /metrics export failed/);
});

test("metrics otel: an SDK that cannot send is reported once", async () => {
  const sdk = await openSdk({ global: false });
  const lines: Line[] = [];
  const meterProvider = {
    getMeter: () => sdk.meterProvider.getMeter("tests"),
    forceFlush: () => Promise.reject([new Error("no"), new Error("no")]),
  };
  const workflow = meteredFlow(sdk, {
    metrics: new MetricsOpenTelemetry({ meterProvider }),
    log: new LogRecorder(lines),
  });
  workflow.task.add(action("a", () => 1));
  assert.equal((await workflow.start()).status, "Completed");
  const reports = lines.filter(({ level }) => level === "ERROR");
  assert.deepEqual(
    reports.map(({ message, fields }) => [
      message,
      fields.exception,
      fields.reason,
    ]),
    [[
      "Cannot deliver events to MetricsOpenTelemetry",
      "DeliveryError",
      "Cannot deliver to OpenTelemetry: no",
    ]],
  );
});

test("metrics otel: without an SDK nothing happens", async () => {
  const metrics = new MetricsOpenTelemetry();
  const run = {
    duration: 1,
    status: "Failed",
    tasks: [],
  } as unknown as RunInfo;
  const task = { duration: 1, status: "Failed" } as Task;
  metrics.workflowStarted(run);
  metrics.taskRetried(task);
  metrics.taskFailed(task);
  metrics.workflowFailed(run);
  await metrics.flush();
});

test("metrics otel: bad options are refused by name", () => {
  const refused = (options: unknown, message: RegExp) =>
    assert.throws(
      () => new MetricsOpenTelemetry(options as never),
      (error: Error & { code?: string }) =>
        error.code === "INVALID_OPTION" && message.test(error.message),
    );
  for (const meterProvider of [null, 1, {}, trace.getTracerProvider()]) {
    refused({ meterProvider }, /^Cannot use .+ as meterProvider: give a Meter/);
  }
  refused({ flush: 1 }, /^Cannot use 1 as flush/);
  refused({ tracerProvider: 1 }, /option "tracerProvider" of MetricsOpen/);
});
