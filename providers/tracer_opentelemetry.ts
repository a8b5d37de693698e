/**
 * The tracer that makes spans with the application's own OpenTelemetry SDK.
 *
 * @example
 * ```ts
 * import { action, Config, DotFlow } from "@dotflow/dotflow";
 * import { TracerOpenTelemetry } from "@dotflow/dotflow/providers/tracer-opentelemetry";
 *
 * // The SDK is set up by the application: by NodeSDK, by OTEL_DENO=true, …
 * const workflow = new DotFlow({
 *   config: new Config({ tracer: new TracerOpenTelemetry() }),
 * });
 * workflow.task.add(action("extract", async ({ signal }) => {
 *   // An instrumented fetch becomes a child of the task's span.
 *   return await (await fetch("https://example.com/users", { signal })).json();
 * }));
 * ```
 *
 * @see https://opentelemetry.io/docs/specs/otel/trace/api/
 * @module
 */

import { trace, type TracerProvider } from "@opentelemetry/api";
import { Tracer } from "../src/contracts/tracer.ts";
import { readOptions } from "../src/options.ts";
import type { RunInfo } from "../src/run_info.ts";
import type { Task } from "../src/task.ts";
import { forceFlush } from "./opentelemetry/flush.ts";
import { openLiveSpan } from "./opentelemetry/live_spans.ts";
import { toFlush, toProvider } from "./opentelemetry/options.ts";
import { RunSpans } from "./opentelemetry/run_spans.ts";

/**
 * A `TracerProvider` of OpenTelemetry: of the SDK, or any other, of whichever
 * version of `@opentelemetry/api`.
 */
export interface OpenTelemetryTracerProvider {
  /** Gives a tracer by its name. */
  getTracer(name: string): object;
}

/** Options of {@linkcode TracerOpenTelemetry}. */
export interface TracerOpenTelemetryOptions {
  /**
   * What makes the spans. It is used as it is: never registered, never shut
   * down.
   *
   * @default The global one, looked up for each run
   */
  readonly tracerProvider?: OpenTelemetryTracerProvider;
  /**
   * Whether the end of a run has the SDK send what it keeps back
   * (`forceFlush`), and waits for it, within `drainTimeout`. In Workers it has
   * to; a server with many short runs may leave it to the SDK.
   *
   * @default {true}
   */
  readonly flush?: boolean;
}

const CHECKS = {
  tracerProvider: toProvider<TracerProvider>("getTracer", "TracerProvider"),
  flush: toFlush,
};

/**
 * Makes a span of each run, `workflow:<id>`, and in it one of each task,
 * `task:<id>`. No SDK is brought along and nothing global is registered: where
 * the application has none, nothing happens.
 *
 * - **The place.** The span of a run is a child of the span that `start` was
 *   called in. A resume makes a new one, with a link to that of the first start
 *   of the run, also from another process. Restored tasks have no span.
 * - **The step runs inside** its span's context, so that the user's own spans and
 *   instrumented fetches become children, and `propagation.inject` hands it on.
 *   That takes a context manager, which the SDKs for Node and Deno have.
 * - **Attributes** of a run: `dotflow.workflow_id`, `dotflow.run_id` and
 *   `dotflow.workflow.` with `mode`, `tasks_count`, `resumed`, `status`,
 *   `duration` (seconds). Of a task: both ids, `dotflow.task_id` and
 *   `dotflow.task.` with `group_name`, `status`, `duration` (seconds),
 *   `retry_count`. No inputs, no results.
 * - **Failures.** Each failed attempt is an event `exception`, at its own time,
 *   with `exception.type`, `exception.message`, `exception.stacktrace` and
 *   `dotflow.task.attempt`; of more than 128 the latest. A task or run that has
 *   failed has the status error and `error.type`. What was cancelled has not: it
 *   is told by `dotflow.workflow.status`.
 *
 * **Limits.** Spans of a process that is killed are lost. Of more than 10,000
 * runs that are open at once, and of more than 100 starts of one run, the oldest
 * are not told. What cannot be sent is the SDK's to tell; what it tells at the
 * end of a run is reported to the log.
 *
 * **In Workers**, make the SDK in a request, not outside of one (it starts timers),
 * and leave `flush` on: then it serves later requests too. The official OTLP
 * exporters work there where they are bundled for browsers, as wrangler does.
 *
 * It needs no permission of its own. Tried with the SDK 2.12 and its OTLP exporters
 * in Deno, Node, Bun and workerd, with Deno's `OTEL_DENO=true`, and by hand with the
 * SDK 3.1. An SDK whose `@opentelemetry/api` is older than 1.9 is not found, and has
 * to be handed in.
 */
export class TracerOpenTelemetry extends Tracer {
  readonly #provider: TracerProvider | undefined;
  readonly #flushes: boolean;
  readonly #spans: RunSpans;

  /**
   * Makes a `TracerOpenTelemetry`.
   *
   * @param options What makes the spans.
   * @throws {InvalidOptionError} If an option is unknown or not allowed.
   */
  constructor(options: TracerOpenTelemetryOptions = {}) {
    super();
    const given = readOptions(options, "TracerOpenTelemetry", CHECKS);
    this.#provider = given.tracerProvider;
    this.#flushes = given.flush;
    this.#spans = new RunSpans((draft) =>
      openLiveSpan(this.#provider ?? trace.getTracerProvider(), draft)
    );
  }

  /**
   * Opens the span of a run.
   *
   * @param run The run.
   * @returns Its `traceparent`, which is that of the active span where no SDK is
   * there; undefined where there is none either.
   */
  override traceWorkflow(run: RunInfo): string | undefined {
    return this.#spans.traceWorkflow(run);
  }

  /** Opens the span of a run, unless it is open. */
  startWorkflow(run: RunInfo): void {
    this.#spans.startWorkflow(run);
  }

  /** Ends the span of a run. */
  endWorkflow(run: RunInfo): void {
    this.#spans.endWorkflow(run);
  }

  /** Opens the span of a task. */
  startTask(task: Task): void {
    this.#spans.traceTask(task);
  }

  /** Ends the span of a task. */
  endTask(task: Task): void {
    this.#spans.endTask(task);
  }

  /**
   * Tells where a task stands.
   *
   * @param task The task.
   * @returns The `traceparent` of its span; undefined where it has none.
   */
  override traceTask(task: Task): string | undefined {
    return this.#spans.traceTask(task);
  }

  /**
   * Runs a step in the context of its span.
   *
   * @param task The task.
   * @param next Runs the step.
   * @returns What `next` gives.
   */
  override runTask(
    task: Task,
    next: () => Promise<unknown>,
  ): Promise<unknown> {
    return this.#spans.runTask(task, next);
  }

  /**
   * Has the SDK send what it keeps back, unless `flush` is off.
   *
   * @throws {DeliveryError} If the SDK says that it could not.
   */
  override async flush(): Promise<void> {
    if (this.#flushes) await forceFlush(this.#provider ?? globalProvider());
  }
}

/** The global provider itself: what the API gives is a proxy, without flush. */
function globalProvider(): TracerProvider {
  const proxy = trace.getTracerProvider() as TracerProvider & {
    getDelegate?(): TracerProvider;
  };
  return proxy.getDelegate?.() ?? proxy;
}
