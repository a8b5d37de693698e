/**
 * Hangs the watching providers on the event stream of a run.
 *
 * @module
 */

import type { Config } from "../config.ts";
import {
  LEVELS,
  type Log,
  type LogFields,
  type LogLevel,
} from "../contracts/log.ts";
import { DEFAULTS, isSilent } from "../defaults.ts";
import type { RunIdentity, RunInfo } from "../run_info.ts";
import type { TaskStatus } from "../status.ts";
import type { Task } from "../task.ts";
import { type Awaitable, isThenable } from "../types.ts";
import { Deliveries } from "./deliveries.ts";
import type {
  EventStream,
  LogLine,
  Payload,
  RunEvent,
  RunStateEvent,
  TaskEvent,
  TaskFilter,
} from "./events.ts";
import type { StartOptions } from "./options.ts";
import { reportOn } from "./report.ts";

/** Whose events are watched. */
export interface Watched {
  /** The run. */
  readonly identity: RunIdentity;
  /** Where it stands in a distributed trace, as soon as that is known. */
  readonly trace: Pick<RunInfo, "traceparent">;
}

/** The watchers of one run. */
export class Watchers {
  readonly #stream: EventStream;
  readonly #deliveries: Deliveries;

  /**
   * Makes a `Watchers`.
   *
   * @param config The providers.
   * @param stream Where to listen.
   * @param run Whose stream it is.
   * @param onEvent Is told everything, where somebody wants it.
   */
  constructor(
    config: Config,
    stream: EventStream,
    run: Watched,
    onEvent?: StartOptions["onEvent"],
  ) {
    this.#stream = stream;
    this.#deliveries = new Deliveries(config.log, (provider, error) => {
      this.#report(run, reportOn(provider, error));
    });
    this.#watch(config.notify, (notify, on) => {
      on("taskStatus", (task) => notify.hookStatusTask(task));
    });
    this.#watch(config.log, (log, on) => writeLog(log, on, run));
    this.#watch(config.metrics, (metrics, on) => {
      on("runStarted", (run) => metrics.workflowStarted(run));
      const count = (status: TaskStatus, call: (task: Task) => unknown) =>
        on("taskStatus", call, (task) => task.status === status);
      count("Completed", (task) => metrics.taskCompleted(task));
      count("Failed", (task) => metrics.taskFailed(task));
      count("Retry", (task) => metrics.taskRetried(task));
      on(
        "runEnded",
        (run) =>
          run.status === "Completed"
            ? metrics.workflowCompleted(run)
            : metrics.workflowFailed(run),
      );
    });
    this.#watch(config.tracer, (tracer, on) => {
      on("runStarted", (run) => tracer.startWorkflow(run));
      on("taskStarted", (task) => tracer.startTask(task));
      on("taskEnded", (task) => tracer.endTask(task));
      on("runEnded", (run) => tracer.endWorkflow(run));
    });
    this.#watch(config.server, (server, on) => {
      if (!says(() => server.enabled?.())) return;
      on("runStarted", (run) => {
        const isNew = run.generatedId && !run.resumed;
        return inTurn([
          ...isNew ? [() => server.createWorkflow(run)] : [],
          () => server.updateWorkflow(run),
          ...run.tasks.map((task) => () => server.createTask(task)),
        ]);
      });
      const update = (task: Task) => server.updateTask(task);
      on("taskRestored", update);
      on("taskStatus", update, ({ status }) => !isFinal(status));
      on("taskProgress", update);
      on("taskEnded", update);
      on("runEnded", (run) => server.updateWorkflow(run));
    });
    if (onEvent) tellAll(onEvent, this.#subscribe(onEvent));
  }

  /**
   * Waits until everything was brought to every watcher.
   *
   * @param deadlineMs How long to wait at most, in milliseconds.
   */
  drain(deadlineMs: number): Promise<void> {
    return this.#deliveries.drain(deadlineMs);
  }

  /**
   * Has it told what a provider has thrown elsewhere, if it is the first that
   * went wrong with it.
   *
   * @param provider The provider.
   * @param error What it has thrown.
   */
  readonly blame = (provider: object, error: unknown): void => {
    this.#deliveries.to(provider).fail(error);
  };

  #watch<P extends object>(
    providers: readonly P[],
    watch: (provider: P, on: Subscribe) => void,
  ): void {
    for (const provider of providers) {
      if (!isSilent(provider)) watch(provider, this.#subscribe(provider));
    }
  }

  #subscribe(provider: object): Subscribe {
    const delivery = this.#deliveries.to(provider);
    return (type, call, filter) => {
      const listener = (payload: Payload<typeof type>) =>
        delivery.deliver(() => call(payload));
      this.#stream.on(type, listener, filter);
    };
  }

  /** Tells the logs of a failing provider, and the console if no log is left. */
  #report({ identity, trace }: Watched, line: LogLine): void {
    const { workflowId, runId } = identity;
    const { traceparent } = trace;
    const fields = { workflowId, runId, traceparent, ...line.fields };
    if (this.#deliveries.areLogsSick) lineTo(LAST_RESORT, { ...line, fields });
    else this.#stream.emit("logged", () => ({ ...line, fields }));
  }
}

/** Nobody may fail unheard, not even the only log. */
export const LAST_RESORT: Log = DEFAULTS.log();

/** Subscribes a provider to a type of events. */
type Subscribe = <Type extends RunEvent["type"]>(
  type: Type,
  call: (payload: Payload<Type>) => Awaitable<unknown>,
  filter?: TaskFilter,
) => void;

const OF_RUNS: readonly RunStateEvent["type"][] = ["runStarted", "runEnded"];
const OF_TASKS: readonly TaskEvent["type"][] = [
  "taskStarted",
  "taskStatus",
  "taskProgress",
  "taskRestored",
  "taskEnded",
];

/** Makes calls one after the other: at once, as long as no promise is given. */
function inTurn(
  calls: readonly (() => Awaitable<unknown>)[],
  from = 0,
): Awaitable<void> {
  for (let n = from; n < calls.length; n++) {
    const answer = calls[n]();
    if (!isThenable(answer)) continue;
    return Promise.resolve(answer).then(() => inTurn(calls, n + 1));
  }
}

/** The end of a task is told apart from its other states. */
function isFinal(status: TaskStatus): boolean {
  return status === "Completed" || status === "Failed";
}

/** Tells a function of every event. */
function tellAll(
  onEvent: (event: RunEvent) => Awaitable<void>,
  on: Subscribe,
): void {
  for (const type of OF_RUNS) on(type, (run) => onEvent({ type, run }));
  for (const type of OF_TASKS) on(type, (task) => onEvent({ type, task }));
  on("logged", (line) => onEvent({ type: "logged", line }));
}

/**
 * Asks a log whether it keeps lines of a level. One that cannot say is told
 * them, and may fail there.
 *
 * @param log The log.
 * @param level The level.
 * @returns Whether it does.
 */
export function keeps(log: Log, level: LogLevel): boolean {
  return says(() => log.enabled?.(level));
}

/** Asks a provider; one that has no answer, or fails there, says yes. */
function says(ask: () => unknown): boolean {
  try {
    const answer = ask() ?? true;
    if (isThenable(answer)) answer.then(undefined, () => {});
    return Boolean(answer);
  } catch {
    return true;
  }
}

/**
 * Writes a line to a log.
 *
 * @param log The log.
 * @param line The line.
 * @returns What the log gave.
 */
export function lineTo(
  log: Log,
  { level, message, fields }: LogLine,
): Awaitable<void> {
  return log[level.toLowerCase() as Lowercase<LogLevel>](message, fields);
}

/** Writes what happens to a log, but for the levels that it does not keep. */
function writeLog(log: Log, on: Subscribe, watched: Watched): void {
  const kept = LEVELS.filter((level) => keeps(log, level));
  const write = (level: LogLevel, message: string, fields: LogFields) =>
    kept.includes(level) ? lineTo(log, { level, message, fields }) : undefined;
  on("logged", ({ level, message, fields }) => write(level, message, fields));
  on(
    "taskStatus",
    (task) => write(levelOf(task), task.status, { task }),
    (task) => kept.includes(levelOf(task)),
  );
  if (kept.includes("DEBUG")) {
    on("taskProgress", (task) => {
      const { fraction, message } = task.progress!;
      return write("DEBUG", "Progress", { task, fraction, detail: message });
    });
  }
  if (!kept.includes("INFO")) return;
  on("runStarted", (run) => write("INFO", "Workflow started", about(run)));
  on("taskRestored", (task) => {
    // It has no place of its own: nothing of it happens in this start.
    const { traceparent } = watched.trace;
    return write("INFO", "Restored", { task, traceparent });
  });
  on("runEnded", (run) => {
    const { status, duration } = run;
    const fields = {
      ...about(run),
      status,
      duration: Math.round(duration) / 1_000,
    };
    return write("INFO", "Workflow ended", fields);
  });
}

function about(run: RunInfo): LogFields {
  const { workflowId, runId, mode, resumed, traceparent } = run;
  return { workflowId, runId, mode, resumed, traceparent };
}

function levelOf(task: Task): LogLevel {
  if (task.status === "Retry") return "WARNING";
  if (task.status !== "Failed") return "INFO";
  // What somebody has asked for is no failure of the program.
  const isAskedFor = task.error?.exception === "WorkflowCancelledError";
  return isAskedFor ? "WARNING" : "ERROR";
}
