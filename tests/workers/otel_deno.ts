/**
 * Runs a workflow of three tasks; the SDK is that of the runtime. Usage:
 * `otel_deno.ts URL`; the URL is fetched by a step.
 *
 * @module
 */

import { action, Config, DotFlow } from "@dotflow/dotflow";
import { MetricsOpenTelemetry } from "@dotflow/dotflow/providers/metrics-opentelemetry";
import { TracerOpenTelemetry } from "@dotflow/dotflow/providers/tracer-opentelemetry";
import process from "node:process";

const [, , url] = process.argv;
const workflow = new DotFlow({
  workflowId: "deno",
  config: new Config({
    tracer: new TracerOpenTelemetry(),
    metrics: new MetricsOpenTelemetry(),
    log: [],
  }),
});
workflow.task
  .add(action("calls", async () => {
    await (await fetch(`${url}/called`)).text();
  }))
  .add(action("flaky", { retry: 2, retryDelay: 5 }, ({ attempt }) => {
    if (attempt === 1) throw new Error("failure 1");
  }))
  .add(action("broken", () => {
    throw new RangeError("not there");
  }));
const run = await workflow.start();
const places = run.tasks.map(({ traceparent }) => traceparent);
console.log(run.status, run.runId, ...places);
