/**
 * Metrics for StatsD servers that know tags, such as the Datadog agent.
 *
 * @example
 * ```ts
 * import { action, Config, DotFlow } from "@dotflow/dotflow";
 * import { MetricsStatsd } from "@dotflow/dotflow/providers/metrics-statsd";
 *
 * const workflow = new DotFlow({
 *   workflowId: "daily-users",
 *   config: new Config({
 *     metrics: new MetricsStatsd({ host: "statsd.local" }),
 *   }),
 * });
 * workflow.task.add(action("extract", () => [1, 2, 3]));
 * ```
 *
 * @module
 */

import { Metrics } from "../src/contracts/metrics.ts";
import type { Duration } from "../src/duration.ts";
import type { RunInfo } from "../src/run_info.ts";
import type { Task } from "../src/task.ts";
import { countLine, idTag, type LineFormat, timeLine } from "./statsd/lines.ts";
import { readSettings } from "./statsd/options.ts";
import { Sender } from "./statsd/sender.ts";

/** Options of {@linkcode MetricsStatsd}. */
export interface MetricsStatsdOptions {
  /**
   * The name or address of the server, without a zone. Nothing is read from the environment;
   * where it says so, give `process.env.DD_AGENT_HOST`.
   *
   * @default {"127.0.0.1"}
   */
  readonly host?: string;
  /**
   * The UDP port of the server.
   *
   * @default {8125}
   */
  readonly port?: number;
  /**
   * What the name of every metric begins with: letters, digits, `_` and `.`, at
   * most 100.
   *
   * @default {"dotflow"}
   */
  readonly prefix?: string;
  /**
   * Tags of every metric, such as `{ env: "production" }`. A key begins with a
   * letter and goes on with letters, digits and `_ - . /`; of a value, what is
   * no letter, no digit and none of `_ - : . /` becomes `_`. A tag is cut at 200
   * characters.
   *
   * @default No further tags
   */
  readonly tags?: Readonly<Record<string, string>>;
  /**
   * Whether metrics also say of which workflow and task they are (`workflow_id`,
   * `task_id`). Each id makes a series of its own at the server, so turn it on
   * only where there are few: never where workflow ids are generated.
   *
   * @default {false}
   */
  readonly idTags?: boolean;
  /**
   * Whether lengths of time are sent as distributions (`d`), of which Datadog
   * makes percentiles over all hosts, and which few others know; else they are
   * timers (`ms`), which all know.
   *
   * @default {false}
   */
  readonly distribution?: boolean;
  /**
   * The most bytes of a packet. The default fits through Ethernet in one piece;
   * on the same machine, the Datadog agent takes up to 8,192.
   *
   * @default {1432}
   */
  readonly packetSize?: number;
  /**
   * How long a metric waits for others to go with it, a duration. The end of a
   * run does not wait for it.
   *
   * @default {"1s"}
   */
  readonly interval?: Duration;
}

/**
 * Sends metrics by UDP, in the protocol of DogStatsD:
 *
 * | Metric                      | Type              | Tag                                 |
 * | --------------------------- | ----------------- | ----------------------------------- |
 * | `dotflow.workflow.total`    | counter `c`       | `status:started`, `completed`, `failed` |
 * | `dotflow.workflow.duration` | timer `ms` (or `d`) | `status:completed`, `failed`      |
 * | `dotflow.task.total`        | counter `c`       | `status:completed`, `failed`        |
 * | `dotflow.task.duration`     | timer `ms` (or `d`) | `status:completed`, `failed`      |
 * | `dotflow.task.retry`        | counter `c`       | –                                   |
 *
 * Times are milliseconds, with up to three decimals. A run that was cancelled
 * counts as failed. What a resume reads back is not counted again.
 *
 * - Lines go together in packets, none over `packetSize`: when one is full, when
 *   the first of its lines has waited for `interval`, and at the end of a run.
 * - UDP loses packets without a word, and so does a server that is not there.
 *   What the operating system refuses, such as a name that it cannot look up, is
 *   told once to the log of the run; the run goes on.
 * - At most 2 MiB wait. An idle socket keeps no process alive; a process that
 *   ends between two runs has sent all, amid a run all but the last packet.
 * - A name is looked up again after a minute; where it has several addresses, one
 *   of IPv4 is taken.
 *
 * The server has to know tags: the Datadog agent, Telegraf (with
 * `datadog_extensions`), Vector, the `statsd_exporter` of Prometheus and others
 * do, the first StatsD does not. It needs UDP, so it is for Deno, Node and Bun;
 * in Workers, the log says so and the run goes on.
 *
 * **Least permissions** in Deno: `--allow-net=0.0.0.0:0,ADDRESS:PORT` (with IPv6
 * `[::]:0`), and for a name that name besides. Tested against real sockets with a
 * parser of our own, and by hand against Prometheus's `statsd_exporter`; not
 * against a Datadog agent.
 *
 * @see https://docs.datadoghq.com/developers/dogstatsd/datagram_shell
 */
export class MetricsStatsd extends Metrics {
  readonly #format: LineFormat;
  readonly #idTags: boolean;
  readonly #sender: Sender;

  /**
   * Makes a `MetricsStatsd`, without opening a socket.
   *
   * @param options Where the server is, and what to send.
   * @throws {InvalidOptionError} If an option is unknown or not allowed, or if
   * tags and prefix leave a line no room in a packet.
   */
  constructor(options: MetricsStatsdOptions = {}) {
    super();
    const { format, idTags, sender } = readSettings(options);
    this.#format = format;
    this.#idTags = idTags;
    this.#sender = new Sender(sender);
  }

  /** Counts a run that starts. */
  workflowStarted(run: RunInfo): void {
    const tags = this.#tagsOf("status:started", run);
    this.#sender.add(countLine(this.#format, "workflow.total", tags));
  }

  /** Counts a run that has completed, and how long it took. */
  workflowCompleted(run: RunInfo): void {
    this.#ended("workflow", "status:completed", run);
  }

  /** Counts a run that has failed or was cancelled, and how long it took. */
  workflowFailed(run: RunInfo): void {
    this.#ended("workflow", "status:failed", run);
  }

  /** Counts a task that has completed, and how long it took. */
  taskCompleted(task: Task): void {
    this.#ended("task", "status:completed", task);
  }

  /** Counts a task that has failed for good, and how long it took. */
  taskFailed(task: Task): void {
    this.#ended("task", "status:failed", task);
  }

  /** Counts an attempt that has failed and is followed by another one. */
  taskRetried(task: Task): void {
    const tags = this.#tagsOf(undefined, task);
    this.#sender.add(countLine(this.#format, "task.retry", tags));
  }

  /** Sends what waits; resolves when it is on its way. */
  override async flush(): Promise<void> {
    await this.#sender.flush();
  }

  /** Sends what waits and closes the socket; the next metric opens one again. */
  async close(): Promise<void> {
    await this.#sender.close();
  }

  #ended(what: "workflow" | "task", status: string, of: RunInfo | Task): void {
    const tags = this.#tagsOf(status, of);
    this.#sender.add(
      countLine(this.#format, `${what}.total`, tags),
      timeLine(this.#format, `${what}.duration`, of.duration, tags),
    );
  }

  #tagsOf(status: string | undefined, of: RunInfo | Task): string[] {
    const tags = status === undefined ? [] : [status];
    if (!this.#idTags) return tags;
    tags.push(idTag("workflow_id", of.workflowId));
    if ("taskId" in of) tags.push(idTag("task_id", of.taskId));
    return tags;
  }
}
