// deno-lint-ignore-file no-import-prefix
/**
 * Runs a workflow on files, traced by the official SDK; the first time, its
 * second step is stuck. Usage: `otel_worker.ts PATH URL`.
 *
 * @module
 */

import { action, Config, DotFlow } from "@dotflow/dotflow";
import { StorageFile } from "@dotflow/dotflow/providers/storage-file";
import { TracerOpenTelemetry } from "@dotflow/dotflow/providers/tracer-opentelemetry";
import process from "node:process";
import { OTLPTraceExporter } from "npm:@opentelemetry/exporter-trace-otlp-http@0.223.0";
import {
  BasicTracerProvider,
  SimpleSpanProcessor,
} from "npm:@opentelemetry/sdk-trace-base@2.12.0";

const [, , path, url] = process.argv;
const exporter = new OTLPTraceExporter({ url: `${url}/v1/traces` });
const tracerProvider = new BasicTracerProvider({
  spanProcessors: [new SimpleSpanProcessor(exporter)],
});
let resumed = true;
const workflow = new DotFlow({
  workflowId: "wf",
  config: new Config({
    storage: new StorageFile({ path }),
    tracer: new TracerOpenTelemetry({ tracerProvider }),
  }),
});
workflow.task
  .add(action("a", () => {
    resumed = false;
  }))
  .add(action("b", async () => {
    if (resumed) return;
    await tracerProvider.forceFlush();
    console.log("stuck");
    await new Promise((resolve) => setTimeout(resolve, 60_000));
  }));
const run = await workflow.start({ resume: true });
console.log(run.status, run.runId);
