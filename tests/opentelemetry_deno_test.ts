/**
 * The OpenTelemetry that Deno has built in: a program that sets nothing up but
 * `OTEL_DENO=true` tells of its runs.
 *
 * @module
 */

import assert from "node:assert/strict";
import { runtime, spawnRuntime, test } from "./harness.ts";
import { openInbox } from "./inbox.ts";
import { type OtlpPoint, type OtlpValue, placeOf, spanNamed } from "./otel.ts";

test("opentelemetry: Deno's own SDK takes spans and metrics", {
  skip: runtime !== "deno" && "only Deno has one built in",
}, async () => {
  const inbox = await openInbox("otlp");
  const worker = await spawnRuntime("workers/otel_deno.ts", [inbox.url], {
    env: {
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_ENDPOINT: inbox.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_SERVICE_NAME: "in-deno",
      OTEL_METRIC_EXPORT_INTERVAL: "500",
    },
  });
  const line = await worker.line(/^Failed /);
  const [, runId, ...places] = line.split(" ");
  assert.equal((await worker.exit).code, 0, worker.stderr);
  const received = await inbox.received();
  const refusals = received.flatMap(({ refusal = [] }) => refusal);
  assert.deepEqual(refusals.filter((text) => !/nobody is at/.test(text)), []);
  const values: OtlpValue[] = received.flatMap(({ value = [] }) => value);
  const spans = values.flatMap(({ spans = [] }) => spans);
  const root = spanNamed(spans, "workflow:deno");
  assert.equal(root.resource["service.name"], "in-deno");
  assert.equal(root.attributes["dotflow.run_id"], runId);
  assert.equal(root.attributes["dotflow.workflow.status"], "Failed");
  assert.deepEqual(root.status, { code: 2, message: "broken: not there" });
  const names = ["task:calls", "task:flaky", "task:broken"];
  const tasks = names.map((name) => spanNamed(spans, name));
  assert.deepEqual(tasks.map(placeOf), places);
  for (const { parentSpanId, traceId, startMs, endMs } of tasks) {
    assert.equal(parentSpanId, root.spanId);
    assert.equal(traceId, root.traceId);
    assert.ok(startMs >= root.startMs && endMs <= root.endMs);
  }
  const [calls, flaky, broken] = tasks;
  assert.deepEqual(
    [flaky, broken].map(({ events, status }) => [
      events.map(({ name, attributes }) => [
        name,
        attributes["exception.message"],
        attributes["dotflow.task.attempt"],
      ]),
      status.code,
    ]),
    [
      [[["exception", "failure 1", 1]], 0],
      [[["exception", "not there", 1]], 2],
    ],
  );
  // Deno instruments fetch: that of the step is a child of its span.
  const fetched = spans.find(({ parentSpanId }) =>
    parentSpanId === calls.spanId
  );
  assert.equal(fetched?.name, "GET");
  // Metrics are exported again and again, each time all of them.
  const last = new Map<string, OtlpPoint>();
  for (const point of values.flatMap(({ points = [] }) => points)) {
    last.set(`${point.name} ${point.attributes.status ?? ""}`, point);
  }
  const told = [...last].filter(([name]) => name.startsWith("dotflow_"))
    .map(([name, { value, count, kind }]) => [
      name.trim(),
      kind === "histogram" ? count : value,
    ]).sort();
  assert.deepEqual(told, [
    ["dotflow_task_duration_seconds completed", 2],
    ["dotflow_task_duration_seconds failed", 1],
    ["dotflow_task_retry_total", 1],
    ["dotflow_task_total completed", 2],
    ["dotflow_task_total failed", 1],
    ["dotflow_workflow_duration_seconds failed", 1],
    ["dotflow_workflow_total failed", 1],
    ["dotflow_workflow_total started", 1],
  ]);
});
