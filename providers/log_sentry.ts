/**
 * A log that tells Sentry of failures, and of what came before them.
 *
 * @example
 * ```ts
 * import { action, Config, DotFlow } from "@dotflow/dotflow";
 * import { LogSentry } from "@dotflow/dotflow/providers/log-sentry";
 *
 * const workflow = new DotFlow({
 *   workflowId: "daily-users",
 *   config: new Config({
 *     log: new LogSentry({ dsn: "https://key@o123.ingest.sentry.io/456" }),
 *   }),
 * });
 * workflow.task.add(action("extract", () => [1, 2, 3]));
 * ```
 *
 * @module
 */

import { Log, type LogFields, type LogLevel } from "../src/contracts/log.ts";
import { classNameOf } from "../src/describe.ts";
import { readOptions } from "../src/options.ts";
import { failureEvent, messageEvent, toBreadcrumb } from "./sentry/event.ts";
import { CHECKS, type SentryOptions, toOutlet } from "./sentry/options.ts";
import type { Outlet } from "./sentry/outlet.ts";
import { Trails } from "./sentry/trail.ts";

export type { Fetch } from "../src/http/retry.ts";
export type { SentryOptions } from "./sentry/options.ts";
export type { WorkerContext } from "./sentry/outlet.ts";
export type { ToucanLike } from "./sentry/toucan.ts";

/** Options of {@linkcode LogSentry}. */
export interface LogSentryOptions extends SentryOptions {}

/**
 * Tells Sentry of failures:
 *
 * - **A task that fails for good** is an event with its error, the stack and up
 *   to four causes. Its tags are `workflow_id`, `run_id`, `task_id`, `attempt`
 *   and `mode`; its context `dotflow` has the attempts that failed. A task that
 *   was cancelled is none: somebody has asked for that.
 * - **A line of level `ERROR`**, from a step's `log.error` or from the engine
 *   ("Cannot finish workflow", "Cannot deliver events to …"), is an event with
 *   its message; its fields are the event's extra data. An error among them, as
 *   `error` or `cause`, is shown like that of a task.
 * - **A line of level `INFO` or `WARNING`**, changes of status among them, is a
 *   breadcrumb: the last 100 of the run go with each of its events. Lines of
 *   level `DEBUG` are not kept.
 *
 * An event stands in the trace of its task, if a tracer tells of one; all those
 * of a run are in one trace in any case.
 *
 * Events are sent by themselves, six at a time, again where the server or the
 * network has failed, and not at all while Sentry says that it takes no more.
 * The end of a run waits for them within its `drainTimeout`. At most 1,000 wait,
 * none longer than 30 s. Where nobody answers, an event is given up after 3.5 s,
 * so that the run can still say why: with a `drainTimeout` of less than 5 s, give
 * a shorter `timeout`. What is lost is reported to the other logs, never to Sentry
 * itself; it may be a later run that reports it, with the id of its run.
 *
 * Requests of a Worker may share a log. What a request has left behind is given up
 * a second after its attempt should have ended.
 *
 * Breadcrumbs are kept of 1,000 runs at once, the last 100 that have ended among
 * them, 10,000 in all. Texts are cut to
 * what Sentry keeps: 8,192 characters of a message, 200 of a tag; and where an
 * event would be too large, the earliest breadcrumbs are left out.
 *
 * What is shown of an error is its name, message, stack and causes, not its other
 * properties: see to it that messages hold no secret. Of an
 * `AggregateError`, the first of its errors stands for a cause. A `beforeSend` of a client
 * that was handed in finds what was thrown itself as `hint.data.thrown`.
 *
 * It needs the package `toucan-js`: `npm install toucan-js`. In Deno it needs
 * `--allow-net=HOST`, the host of the DSN. It was tested in Deno, Node, Bun and
 * workerd, against a server on loopback that reads envelopes with Sentry's own
 * parser and refuses what is over Sentry's limits; not against Sentry itself.
 *
 * @example With a client of one's own, which a tracer shares
 * ```ts
 * import { Config } from "@dotflow/dotflow";
 * import { LogSentry } from "@dotflow/dotflow/providers/log-sentry";
 * import { TracerSentry } from "@dotflow/dotflow/providers/tracer-sentry";
 * import { Toucan } from "toucan-js";
 *
 * const client = new Toucan({ dsn: "https://key@o123.ingest.sentry.io/456" });
 * const config = new Config({
 *   log: new LogSentry({ client }),
 *   tracer: new TracerSentry({ client, tracesSampleRate: 0.1 }),
 * });
 * ```
 */
export class LogSentry extends Log {
  readonly #outlet: Outlet;
  readonly #trails: Trails = new Trails();

  /**
   * Makes the log, without a request.
   *
   * @param options How Sentry is reached.
   * @throws {InvalidOptionError} If an option is unknown or not usable, if there
   * is neither `dsn` nor `client`, or something else beside `client`.
   */
  constructor(options: LogSentryOptions) {
    super();
    this.#outlet = toOutlet(readOptions(options, "LogSentry", CHECKS));
  }

  /**
   * Whether lines of a level are kept.
   *
   * @param level The level.
   * @returns Whether they are: all but `DEBUG`.
   */
  override enabled(level: LogLevel): boolean {
    return level !== "DEBUG";
  }

  /** Does nothing. */
  debug(_message: string, _fields?: LogFields): void {}

  /**
   * Keeps a line for later events of its run.
   *
   * @param message What happened.
   * @param fields What it is about.
   * @throws {DeliveryError} If an event was lost meanwhile.
   */
  info(message: string, fields: LogFields = {}): void {
    this.#keep("info", message, fields);
    this.#outlet.report();
  }

  /**
   * Keeps a line for later events of its run.
   *
   * @param message What happened.
   * @param fields What it is about.
   * @throws {DeliveryError} If an event was lost meanwhile.
   */
  warning(message: string, fields: LogFields = {}): void {
    this.#keep("warning", message, fields);
    this.#outlet.report();
  }

  /**
   * Sends an event.
   *
   * @param message What happened.
   * @param fields What it is about.
   * @throws {DeliveryError} If an event was lost meanwhile.
   */
  error(message: string, fields: LogFields = {}): void {
    if (this.#isAboutSentry(message)) return;
    const { task } = fields;
    const runId = task?.runId ?? fields.runId;
    const trail = runId === undefined ? undefined : this.#trails.of(runId);
    const hasFailed = task?.status === "Failed" && message === "Failed";
    const { isForeign } = this.#outlet;
    const make = () =>
      hasFailed && trail
        ? failureEvent(task, trail, isForeign)
        : messageEvent(message, fields, trail, isForeign);
    this.#outlet.take(make, runId);
    this.#outlet.report();
  }

  /**
   * Waits until every event has arrived or is lost.
   *
   * @throws {DeliveryError} If one is lost that was not told of.
   */
  override flush(): Promise<void> {
    return this.#outlet.flush();
  }

  /** What could not be brought to Sentry, other logs are told. */
  #isAboutSentry(message: string): boolean {
    return [classNameOf(this), "LogSentry", "TracerSentry"].some((name) =>
      message === `Cannot deliver events to ${name}`
    );
  }

  #keep(level: "info" | "warning", message: string, fields: LogFields): void {
    const runId = fields.task?.runId ?? fields.runId;
    if (runId === undefined) return;
    this.#trails.add(runId, toBreadcrumb(level, message, fields));
    // The engine's own line about the run, not one of a step.
    if (fields.task || typeof fields.mode !== "string") return;
    this.#trails.of(runId).mode = fields.mode;
    this.#trails.mark(runId, message === "Workflow ended");
  }
}
