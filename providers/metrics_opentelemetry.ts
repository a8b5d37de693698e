/**
 * Metrics by the application's own OpenTelemetry SDK.
 *
 * @example
 * ```ts
 * import { Config } from "@dotflow/dotflow";
 * import { MetricsOpenTelemetry } from "@dotflow/dotflow/providers/metrics-opentelemetry";
 *
 * // The SDK is set up by the application: by NodeSDK, by OTEL_DENO=true, …
 * const config = new Config({ metrics: new MetricsOpenTelemetry() });
 * ```
 *
 * @see https://opentelemetry.io/docs/specs/otel/metrics/api/
 * @module
 */

import { type MeterProvider, metrics } from "@opentelemetry/api";
import { Metrics } from "../src/contracts/metrics.ts";
import { readOptions } from "../src/options.ts";
import type { RunInfo } from "../src/run_info.ts";
import type { Task } from "../src/task.ts";
import {
  type Failure,
  runFailure,
  taskFailure,
  toSeconds,
} from "./opentelemetry/attributes.ts";
import { ErrorTypes } from "./opentelemetry/error_types.ts";
import { forceFlush } from "./opentelemetry/flush.ts";
import {
  type Instruments,
  makeInstruments,
} from "./opentelemetry/instruments.ts";
import { toFlush, toProvider } from "./opentelemetry/options.ts";

/**
 * A `MeterProvider` of OpenTelemetry: of the SDK, or any other, of whichever
 * version of `@opentelemetry/api`.
 */
export interface OpenTelemetryMeterProvider {
  /** Gives a meter by its name. */
  getMeter(name: string): object;
}

/** Options of {@linkcode MetricsOpenTelemetry}. */
export interface MetricsOpenTelemetryOptions {
  /**
   * What makes the meter. It is used as it is: never registered, never shut
   * down.
   *
   * @default The global one, looked up when something is counted
   */
  readonly meterProvider?: OpenTelemetryMeterProvider;
  /**
   * Whether the end of a run has the SDK send what it has counted
   * (`forceFlush`), and waits for it, within `drainTimeout`. In Workers it has
   * to; a server with many short runs may leave it to the SDK.
   *
   * @default {true}
   */
  readonly flush?: boolean;
}

const CHECKS = {
  meterProvider: toProvider<MeterProvider>("getMeter", "MeterProvider"),
  flush: toFlush,
};

/**
 * Counts runs, tasks and retries, and how long they took. No SDK is brought
 * along and nothing global is registered: where the application has none,
 * nothing happens.
 *
 * | Name                                | Kind          | Attributes                                |
 * | ----------------------------------- | ------------- | ----------------------------------------- |
 * | `dotflow_workflow_total`            | counter       | `status`: `started`, `completed`, `failed` |
 * | `dotflow_task_total`                | counter       | `status`: `completed`, `failed`            |
 * | `dotflow_task_retry_total`          | counter       |                                           |
 * | `dotflow_workflow_duration_seconds` | histogram (s) | `status`: `completed`, `failed`            |
 * | `dotflow_task_duration_seconds`     | histogram (s) | `status`: `completed`, `failed`            |
 *
 * The counters of what has failed, and of retries, also have `error.type`: the
 * class of the error, of 50 classes at most, with `_OTHER` for all further ones
 * and for names that are none. A cancelled run counts as failed, without a
 * class. There are no ids, so that the number of series stays small. The buckets
 * of the histograms go from 5 ms to an hour.
 *
 * It needs no permission of its own. Tried with the SDK 2.12 and its OTLP exporter
 * in Deno, Node, Bun and workerd, with Deno's `OTEL_DENO=true`, and by hand with the
 * SDK 3.1. An SDK whose `@opentelemetry/api` is older than 1.9 is not found, and has
 * to be handed in. What could not be sent, the SDK tells to its own `diag` only.
 */
export class MetricsOpenTelemetry extends Metrics {
  readonly #provider: MeterProvider | undefined;
  readonly #flushes: boolean;
  readonly #errorTypes = new ErrorTypes();
  #instruments: Instruments | undefined;

  /**
   * Makes a `MetricsOpenTelemetry`.
   *
   * @param options What makes the meter.
   * @throws {InvalidOptionError} If an option is unknown or not allowed.
   */
  constructor(options: MetricsOpenTelemetryOptions = {}) {
    super();
    const given = readOptions(options, "MetricsOpenTelemetry", CHECKS);
    this.#provider = given.meterProvider;
    this.#flushes = given.flush;
  }

  /** Counts a run that starts. */
  workflowStarted(_run: RunInfo): void {
    this.#use().workflows.add(1, { status: "started" });
  }

  /** Counts a run that has completed, and how long it took. */
  workflowCompleted(run: RunInfo): void {
    const { workflows, workflowSeconds } = this.#use();
    workflows.add(1, { status: "completed" });
    workflowSeconds.record(toSeconds(run.duration), { status: "completed" });
  }

  /** Counts a run that has failed or was cancelled, and how long it took. */
  workflowFailed(run: RunInfo): void {
    const { workflows, workflowSeconds } = this.#use();
    workflows.add(1, { status: "failed", ...this.#typeOf(runFailure(run)) });
    workflowSeconds.record(toSeconds(run.duration), { status: "failed" });
  }

  /** Counts a task that has completed, and how long it took. */
  taskCompleted(task: Task): void {
    const { tasks, taskSeconds } = this.#use();
    tasks.add(1, { status: "completed" });
    taskSeconds.record(toSeconds(task.duration), { status: "completed" });
  }

  /** Counts a task that has failed for good, and how long it took. */
  taskFailed(task: Task): void {
    const { tasks, taskSeconds } = this.#use();
    tasks.add(1, { status: "failed", ...this.#typeOf(taskFailure(task)) });
    taskSeconds.record(toSeconds(task.duration), { status: "failed" });
  }

  /** Counts an attempt that is followed by another one. */
  taskRetried({ error }: Task): void {
    const failure = error && { type: error.exception };
    this.#use().retries.add(1, this.#typeOf(failure));
  }

  /**
   * Has the SDK send what it has counted, unless `flush` is off.
   *
   * @throws {DeliveryError} If the SDK says that it could not.
   */
  override async flush(): Promise<void> {
    if (this.#flushes) await forceFlush(this.#meterProvider());
  }

  /** A provider that was registered late is used from then on. */
  #use(): Instruments {
    const provider = this.#meterProvider();
    if (this.#instruments?.provider !== provider) {
      this.#instruments = makeInstruments(provider);
    }
    return this.#instruments!;
  }

  #meterProvider(): MeterProvider {
    return this.#provider ?? metrics.getMeterProvider();
  }

  #typeOf(failure: Pick<Failure, "type"> | undefined): Record<string, string> {
    return failure === undefined
      ? {}
      : { "error.type": this.#errorTypes.bounded(failure.type) };
  }
}
