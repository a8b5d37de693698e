// deno-lint-ignore-file no-import-prefix
/**
 * The official OpenTelemetry SDK with its exporters, set up as an application
 * does, and a receiver of the lab at its other end.
 *
 * @module
 */

import {
  context,
  diag,
  type DiagLogger,
  metrics,
  propagation,
  trace,
} from "@opentelemetry/api";
import type { RunInfo, Task } from "@dotflow/dotflow";
import type { SeenSpan } from "@dotflow/dotflow/testing";
import { logs } from "npm:@opentelemetry/api-logs@0.223.0";
import { AsyncLocalStorageContextManager } from "npm:@opentelemetry/context-async-hooks@2.12.0";
import { W3CTraceContextPropagator } from "npm:@opentelemetry/core@2.12.0";
import { OTLPLogExporter } from "npm:@opentelemetry/exporter-logs-otlp-http@0.223.0";
import { OTLPMetricExporter } from "npm:@opentelemetry/exporter-metrics-otlp-http@0.223.0";
import { OTLPTraceExporter } from "npm:@opentelemetry/exporter-trace-otlp-http@0.223.0";
import { resourceFromAttributes } from "npm:@opentelemetry/resources@2.12.0";
import {
  BatchLogRecordProcessor,
  LoggerProvider,
} from "npm:@opentelemetry/sdk-logs@0.223.0";
import {
  MeterProvider,
  PeriodicExportingMetricReader,
} from "npm:@opentelemetry/sdk-metrics@2.12.0";
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  type Sampler,
} from "npm:@opentelemetry/sdk-trace-base@2.12.0";
import { cleanup, runtime } from "./harness.ts";
import { type LabInbox, openLastingInbox } from "./inbox.ts";
import type {
  OtlpLog,
  OtlpPoint,
  OtlpSpan,
  OtlpValue,
} from "./servers/inboxes/otlp.ts";

export type * from "./servers/inboxes/otlp.ts";

/** How an SDK is set up. */
export interface SdkOptions {
  /** Whether its providers are registered as the global ones. @default {true} */
  global?: boolean;
  /** Which spans are recorded. @default All */
  sampler?: Sampler;
  /** Milliseconds that an exporter may take. @default {10_000} */
  timeoutMs?: number;
}

/** An SDK and what has arrived at its receiver. */
export class Sdk {
  readonly tracerProvider: BasicTracerProvider;
  readonly meterProvider: MeterProvider;
  readonly loggerProvider: LoggerProvider;
  /** How many spans were opened and not ended. */
  open = 0;
  /** What the SDK complains of, such as a span that is ended twice. */
  readonly complaints: string[] = [];

  /**
   * Makes the three providers; tests call {@linkcode openSdk}.
   *
   * @param inbox The receiver.
   * @param options How they are set up.
   */
  constructor(readonly inbox: LabInbox, options: SdkOptions = {}) {
    const { sampler, timeoutMs = 10_000 } = options;
    const resource = resourceFromAttributes({ "service.name": "tests" });
    const to = (signal: string) => ({
      url: `${inbox.url}/v1/${signal}`,
      timeoutMillis: timeoutMs,
    });
    this.tracerProvider = new BasicTracerProvider({
      resource,
      sampler,
      spanProcessors: [
        new BatchSpanProcessor(new OTLPTraceExporter(to("traces"))),
        {
          onStart: () => void this.open++,
          onEnd: () => void this.open--,
          forceFlush: async () => {},
          shutdown: async () => {},
        },
      ],
    });
    this.meterProvider = new MeterProvider({
      resource,
      readers: [
        new PeriodicExportingMetricReader({
          exporter: new OTLPMetricExporter(to("metrics")),
        }),
      ],
    });
    this.loggerProvider = new LoggerProvider({
      resource,
      processors: [
        new BatchLogRecordProcessor({
          exporter: new OTLPLogExporter(to("logs")),
        }),
      ],
    });
  }

  /** Ends everything, whatever the receiver does. */
  async shutdown(): Promise<void> {
    const { tracerProvider, meterProvider, loggerProvider } = this;
    const providers = [tracerProvider, meterProvider, loggerProvider];
    await Promise.allSettled(providers.map((each) => each.shutdown()));
  }

  /** All spans that have arrived. */
  async spans(): Promise<OtlpSpan[]> {
    return await spansIn(this.inbox);
  }

  /** The points of metrics that have arrived last. */
  async points(): Promise<OtlpPoint[]> {
    const all = (await valuesIn(this.inbox)).map(({ points }) => points);
    return all.filter((points) => points !== undefined).at(-1) ?? [];
  }

  /** All log records that have arrived. */
  async logs(): Promise<OtlpLog[]> {
    return (await valuesIn(this.inbox)).flatMap(({ logs = [] }) => logs);
  }
}

/**
 * Sets an SDK up, with a context manager and the propagator of W3C.
 *
 * @param options How.
 * @returns The SDK; shut down after the present test.
 */
export async function openSdk(options: SdkOptions = {}): Promise<Sdk> {
  const sdk = new Sdk(await openLastingInbox("otlp"), options);
  const complain = (text: string) => void sdk.complaints.push(text);
  const ignore = () => {};
  const logger = { error: complain, warn: complain, info: ignore };
  diag.setLogger({ ...logger, debug: ignore, verbose: ignore } as DiagLogger, {
    suppressOverrideMessage: true,
  });
  useContexts();
  if (options.global ?? true) {
    trace.setGlobalTracerProvider(sdk.tracerProvider);
    metrics.setGlobalMeterProvider(sdk.meterProvider);
    logs.setGlobalLoggerProvider(sdk.loggerProvider);
  }
  cleanup(async () => {
    diag.disable();
    trace.disable();
    metrics.disable();
    logs.disable();
    await sdk.inbox.fail([]);
    await sdk.shutdown();
    await sdk.inbox.drop();
  });
  return sdk;
}

/** Has contexts follow asynchronous calls, as every SDK for Node does. */
export function useContexts(): void {
  const manager = new AsyncLocalStorageContextManager();
  // Its end is all that workerd lacks.
  if (runtime === "workerd") manager.disable = () => manager;
  context.setGlobalContextManager(manager);
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  cleanup(() => {
    context.disable();
    propagation.disable();
  });
}

/** All spans that have arrived at a receiver, which must have refused nothing. */
export async function spansIn(inbox: LabInbox): Promise<OtlpSpan[]> {
  return (await valuesIn(inbox)).flatMap(({ spans = [] }) => spans);
}

async function valuesIn(inbox: LabInbox): Promise<OtlpValue[]> {
  const received = await inbox.received();
  const refusals = received.flatMap(({ refusal = [] }) => refusal);
  if (refusals.length > 0) throw new Error(`It was refused: ${refusals}`);
  return received.flatMap(({ value = [] }) => value);
}

/** The span of a name, of which there must be one. */
export function spanNamed(spans: readonly OtlpSpan[], name: string): OtlpSpan {
  const found = spans.filter((span) => span.name === name);
  if (found.length === 1) return found[0];
  const names = spans.map((span) => span.name).join(", ");
  throw new Error(`There are ${found.length} spans ${name} among ${names}`);
}

/** The `traceparent` of a span. */
export function placeOf({ traceId, spanId }: OtlpSpan): string {
  return `00-${traceId}-${spanId}-01`;
}

/** A span that has arrived, as the contract of tracers looks at it. */
export function toSeenSpan(span: OtlpSpan): SeenSpan {
  const { spanId, parentSpanId, traceId, startMs, endMs, attributes } = span;
  return {
    spanId,
    parentId: parentSpanId,
    traceId,
    runId: attributes["dotflow.run_id"] as string,
    taskId: attributes["dotflow.task_id"] as string | undefined,
    startMs,
    endMs,
    failed: span.status.code === 2,
  };
}

/** A run as the engine tells of it. */
export function infoOf(part: Partial<RunInfo>): RunInfo {
  return {
    workflowId: "wf",
    workflowName: "wf",
    generatedId: false,
    runId: "run",
    resumed: false,
    resumedFrom: undefined,
    mode: "sequential",
    status: "In progress",
    startedMs: Date.now(),
    duration: 0,
    tasks: [],
    traceparent: undefined,
    ...part,
  };
}

/** A task of a run as the engine tells of it. */
export function taskOf({ runId, startedMs }: RunInfo): Task {
  return {
    workflowId: "wf",
    runId,
    taskId: "a",
    groupName: "default",
    status: "In progress",
    createdMs: startedMs,
    startedMs,
    duration: 1,
    retryCount: 0,
    errors: [],
  } as unknown as Task;
}
