/**
 * A tracer that shows runs in Sentry.
 *
 * @example
 * ```ts
 * import { action, Config, DotFlow } from "@dotflow/dotflow";
 * import { TracerSentry } from "@dotflow/dotflow/providers/tracer-sentry";
 *
 * const workflow = new DotFlow({
 *   workflowId: "daily-users",
 *   config: new Config({
 *     tracer: new TracerSentry({
 *       dsn: "https://key@o123.ingest.sentry.io/456",
 *       tracesSampleRate: 0.2,
 *     }),
 *   }),
 * });
 * workflow.task.add(action("extract", () => [1, 2, 3]));
 * ```
 *
 * @module
 */

import { Tracer } from "../src/contracts/tracer.ts";
import { kindOf, optional, readOptions } from "../src/options.ts";
import type { RunInfo } from "../src/run_info.ts";
import type { Task } from "../src/task.ts";
import { randomTraceId, toTraceparent } from "../src/traceparent.ts";
import { CHECKS, type SentryOptions, toOutlet } from "./sentry/options.ts";
import type { Outlet } from "./sentry/outlet.ts";
import { Places } from "./sentry/places.ts";
import { transactionEvent } from "./sentry/transaction.ts";

export type { Fetch } from "../src/http/retry.ts";
export type { SentryOptions } from "./sentry/options.ts";
export type { WorkerContext } from "./sentry/outlet.ts";
export type { ToucanLike } from "./sentry/toucan.ts";

/** Options of {@linkcode TracerSentry}. */
export interface TracerSentryOptions extends SentryOptions {
  /** Which part of all runs is traced, from 0 to 1. @default 1 */
  readonly tracesSampleRate?: number;
}

const ALL_CHECKS = {
  ...CHECKS,
  tracesSampleRate: optional(
    kindOf<number>(
      (value) => typeof value === "number" && value >= 0 && value <= 1,
      "a number from 0 to 1",
    ),
    1,
  ),
};

/**
 * Shows each run in Sentry as a transaction, and each task that ran in it as a
 * child span.
 *
 * - The transaction is named by the workflow's id, and has the operation
 *   `dotflow.workflow` and the tags `workflow_id`, `run_id` and `mode`. A run that
 *   goes on from an earlier start has the tag `resumed_from`, the trace of the
 *   first one, and a link to it.
 * - A span is named by the task's id, and has the operation `dotflow.task`; its
 *   data say how many attempts there were, and in which group. Tasks whose result
 *   was read from a checkpoint did not run, and have none.
 * - A status is `ok`, `cancelled`, `deadline_exceeded` after a timeout, or
 *   `internal_error`. A start that does not come about, such as after a lost
 *   race, is `cancelled`, and has no spans.
 *
 * `tracesSampleRate` decides once for a run, by the id of its trace. Steps can
 * hand `task.traceparent` on to what they call; events of `LogSentry` stand in
 * the span of their task. Beside another tracer that comes first, runs and tasks
 * have the ids that it has given them.
 *
 * A transaction is sent when its run has ended, as `LogSentry` sends events, and
 * with the same limits. Sentry takes 1,000 spans and 1 MB: where there are more,
 * tasks that failed come first, and `dotflow.spans_left_out` counts the others.
 *
 * It needs the package `toucan-js`: `npm install toucan-js`. In Deno it needs
 * `--allow-net=HOST`, the host of the DSN. It was tested in Deno, Node, Bun and
 * workerd, against a server on loopback that reads envelopes with Sentry's own
 * parser and refuses what is over Sentry's limits; not against Sentry itself.
 *
 * @example In a Worker
 * ```ts
 * import { action, Config, DotFlow } from "@dotflow/dotflow";
 * import {
 *   TracerSentry,
 *   type WorkerContext,
 * } from "@dotflow/dotflow/providers/tracer-sentry";
 *
 * export default {
 *   async fetch(
 *     request: Request,
 *     env: { SENTRY_DSN: string },
 *     context: WorkerContext,
 *   ): Promise<Response> {
 *     const dsn = env.SENTRY_DSN;
 *     const tracer = new TracerSentry({ dsn, context, request });
 *     const workflow = new DotFlow({ config: new Config({ tracer }) });
 *     workflow.task.add(action("extract", () => [1, 2, 3]));
 *     const waitUntil = (work: Promise<unknown>) => context.waitUntil(work);
 *     const run = await workflow.start({ waitUntil });
 *     return Response.json(run.status);
 *   },
 * };
 * ```
 */
export class TracerSentry extends Tracer {
  readonly #outlet: Outlet;
  readonly #sampleRate: number;
  readonly #places: Places;

  /**
   * Makes the tracer, without a request.
   *
   * @param options How Sentry is reached, and which runs are traced.
   * @throws {InvalidOptionError} If an option is unknown or not usable, if there
   * is neither `dsn` nor `client`, or something else beside `client`.
   */
  constructor(options: TracerSentryOptions) {
    super();
    const { tracesSampleRate, ...given } = readOptions(
      options,
      "TracerSentry",
      ALL_CHECKS,
    );
    this.#outlet = toOutlet(given);
    this.#sampleRate = tracesSampleRate;
    this.#places = new Places(tracesSampleRate);
  }

  /**
   * Opens the trace of a run.
   *
   * @param _run The run.
   * @returns Where it stands.
   */
  override traceWorkflow(_run: RunInfo): string {
    return toTraceparent(this.#places.make());
  }

  /**
   * Tells where a task stands.
   *
   * @param task The task.
   * @returns Its place; undefined where its run is not known.
   */
  override traceTask(task: Task): string | undefined {
    const run = this.#places.ofId(task.runId);
    return run && toTraceparent({ ...run, spanId: randomTraceId(8) });
  }

  /**
   * Begins a run.
   *
   * @param run The run.
   * @throws {DeliveryError} If a transaction was lost meanwhile.
   */
  startWorkflow(run: RunInfo): void {
    this.#places.begin(run);
    this.#outlet.report();
  }

  /**
   * Sends the transaction of a run.
   *
   * @param run The run.
   * @throws {DeliveryError} If a transaction was lost meanwhile.
   */
  endWorkflow(run: RunInfo): void {
    const place = this.#places.end(run);
    if (this.#places.isSampled(place.traceId)) {
      const event = transactionEvent(run, place, this.#sampleRate);
      this.#outlet.take(() => event.capture, run.runId, event.weight);
    }
    this.#outlet.report();
  }

  /** Does nothing: the end of the run tells of the task. */
  startTask(_task: Task): void {}

  /** Does nothing: the end of the run tells of the task. */
  endTask(_task: Task): void {}

  /**
   * Waits until every transaction has arrived or is lost.
   *
   * @throws {DeliveryError} If one is lost that was not told of.
   */
  override flush(): Promise<void> {
    return this.#outlet.flush();
  }
}
