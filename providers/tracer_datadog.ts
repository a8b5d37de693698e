/**
 * The tracer that sends spans to the agent of Datadog.
 *
 * @example
 * ```ts
 * import { action, Config, DotFlow } from "@dotflow/dotflow";
 * import { TracerDatadog } from "@dotflow/dotflow/providers/tracer-datadog";
 *
 * const workflow = new DotFlow({
 *   config: new Config({
 *     tracer: new TracerDatadog({ service: "users", env: "prod" }),
 *   }),
 * });
 * workflow.task.add(action("extract", () => [1, 2, 3]));
 * ```
 *
 * @see https://docs.datadoghq.com/opentelemetry/interoperability/otlp_ingest_in_the_agent/
 * @module
 */

import { Tracer } from "../src/contracts/tracer.ts";
import type { Duration } from "../src/duration.ts";
import { DeliveryError } from "../src/errors.ts";
import type { Fetch } from "../src/http/retry.ts";
import { readOptions } from "../src/options.ts";
import type { RunInfo } from "../src/run_info.ts";
import type { Task } from "../src/task.ts";
import { type Agent, sendSpans } from "./datadog/agent.ts";
import { agentOf, CHECKS, refuseTwoAgents } from "./datadog/options.ts";
import { encodeSpan } from "./datadog/otlp.ts";
import { Outbox } from "./datadog/outbox.ts";
import { openOwnSpan } from "./datadog/spans.ts";
import { RunSpans } from "./opentelemetry/run_spans.ts";

export type { Fetch };

/** Options of {@linkcode TracerDatadog}. */
export interface TracerDatadogOptions {
  /** The service. @default `DD_SERVICE` of the environment, or "dotflow" */
  readonly service?: string;
  /** The environment. @default `DD_ENV` of the environment, or none */
  readonly env?: string;
  /** The version. @default `DD_VERSION` of the environment, or none */
  readonly version?: string;
  /**
   * The address of the agent's intake for OTLP over HTTP, with or without
   * `/v1/traces`. Not together with `host` or `port`.
   */
  readonly url?: string;
  /**
   * The name or address of the agent.
   *
   * @default `DD_AGENT_HOST` of the environment, or "127.0.0.1"
   */
  readonly host?: string;
  /**
   * The port of the agent's intake for OTLP over HTTP.
   *
   * @default {4318}
   */
  readonly port?: number;
  /** What sends requests. @default The runtime's own `fetch` */
  readonly fetch?: Fetch;
  /**
   * How long a request may take, with all attempts.
   *
   * @default {"3s"}
   */
  readonly timeout?: Duration;
}

/**
 * Sends a span of each run, `workflow:<id>`, and in it one of each task,
 * `task:<id>`, to the agent's intake for OTLP over HTTP, as JSON. No library of
 * Datadog and no SDK is needed, and nothing global is registered. The agent has to
 * take OTLP (`otlp_config.receiver.protocols.http.endpoint`, version 7.32 or
 * later).
 *
 * - **What is sent** is what `TracerOpenTelemetry` tells, with the same names:
 *   attributes, each failed attempt as an event `exception`, the status error, a
 *   link from a resume to the first start. `service`, `env` and `version` are
 *   Datadog's, and operations are called `dotflow.workflow` and `dotflow.task`.
 * - **Resources**, which Datadog has statistics of, are `workflow:` and the
 *   workflow's name, or just `workflow` where it has neither a name nor an id of
 *   its own, and `task:` and the task's name. Find one run by
 *   `dotflow.workflow_id` or `dotflow.run_id`.
 * - **The place.** The span of a run is a child of OpenTelemetry's active span,
 *   where there is one, with its `tracestate`, and is not recorded where that is
 *   not. Steps run inside of their span's context, so that spans of an
 *   OpenTelemetry SDK, which sends them its own way, become children. Requests to
 *   the agent are kept out of the SDK's traces; Deno's `OTEL_DENO=true` shows them
 *   all the same.
 * - **When.** Ended spans are sent at the end of each run; in between when there
 *   are 512 or a million characters of them, or those that wait for 5 s are
 *   followed by another.
 * - **Limits.** At most 2,048 spans or 8 million characters wait; what comes
 *   then takes the place of the oldest. Of more than 10,000 runs that are open
 *   at once, and of more than 100 starts of one run, the oldest are not told. A
 *   request is tried three times at most within `timeout`; then its spans are
 *   given up, which changes nothing of the run, and one line of the log tells
 *   of it. An agent that is out of reach is not asked for the next 5 s; the
 *   spans of runs that end meanwhile are given up at once, so that not every
 *   one of them waits for it.
 *
 * **Least permissions** in Deno: `--allow-net=127.0.0.1:4318`, and
 * `--allow-env=DD_SERVICE,DD_ENV,DD_VERSION,DD_AGENT_HOST` for what the
 * environment is to say.
 *
 * **Unproven live**: the requests were checked by a strict reader of OTLP and
 * against OpenTelemetry's own encoder in Deno, Node, Bun and workerd, but never by
 * an agent.
 */
export class TracerDatadog extends Tracer {
  readonly #spans: RunSpans;
  readonly #outbox: Outbox;

  /**
   * Makes a `TracerDatadog`. The environment is read when the first span ends.
   *
   * @param options Where the agent is, and what the spans come from.
   * @throws {InvalidOptionError} If an option is unknown or not allowed, or the
   * agent is named in two ways.
   */
  constructor(options: TracerDatadogOptions = {}) {
    super();
    const given = readOptions(options, "TracerDatadog", CHECKS);
    refuseTwoAgents(given);
    let known: Agent | undefined;
    const agent = () => known ??= agentOf(given);
    this.#outbox = new Outbox(
      (spans) => sendSpans(agent(), spans),
      given.timeout,
    );
    this.#spans = new RunSpans((draft) =>
      openOwnSpan(draft, (span) => {
        agent();
        this.#outbox.add(encodeSpan(span));
      })
    );
  }

  /**
   * Opens the span of a run.
   *
   * @param run The run.
   * @returns Its `traceparent`.
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
   * @returns The `traceparent` of its span.
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
   * Sends all spans that have ended.
   *
   * @throws {DeliveryError} If some were given up since this was called last.
   */
  override async flush(): Promise<void> {
    const loss = await this.#outbox.flush();
    if (loss) throw new DeliveryError("the agent of Datadog", `spans: ${loss}`);
  }
}
