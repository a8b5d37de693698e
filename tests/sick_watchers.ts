/**
 * Watchers of every family that are sick in one way or another, or well.
 *
 * @module
 */

import {
  Config,
  type ConfigOptions,
  Log,
  type LogLevel,
  Metrics,
  Notify,
  type RunEvent,
  Server,
  type Task,
  Tracer,
} from "@dotflow/dotflow";
import { sleep } from "./flow.ts";

/** What a watcher does when it is told something. */
export type Answer = () => unknown;

/**
 * An error that is made already: what making one costs (some microseconds, for
 * its stack) is up to the watcher.
 */
const failure = new Error("no network");

/** All the ways. */
export const ANSWERS: Record<string, Answer> = {
  "are well": () => {},
  "answer later": () => Promise.resolve(),
  "answer slowly": () => sleep(5),
  "throw": () => {
    throw failure;
  },
  "reject": () => Promise.reject(failure),
  "fail slowly": async () => {
    await sleep(5);
    throw failure;
  },
  "never answer": () => new Promise(() => {}),
};

/** Something that may stand for any promise, or for none. */
// deno-lint-ignore no-explicit-any
type Anything = any;

/** Keeps no line, and so is as good as none. */
export class LogNone extends Log {
  override enabled(_level: LogLevel): boolean {
    return false;
  }
  debug(): void {}
  info(): void {}
  warning(): void {}
  error(): void {}
}

/** One watcher of each family, and what `start` is to be given. */
export interface Watching {
  readonly config: Config;
  readonly onEvent?: (event: RunEvent) => Promise<void>;
}

/** Has nobody watch. */
export function nobody(): Watching {
  return { config: new Config({ log: new LogNone() }) };
}

/**
 * Makes watchers of every family that all do the same when they are told
 * something, or asked to flush.
 *
 * @param answer What they do.
 * @param options Further options of the `Config`.
 * @param log A log that is well, beside the other one.
 * @returns The watchers.
 */
export function watchersThat(
  answer: Answer,
  options: ConfigOptions = {},
  ...log: readonly Log[]
): Watching {
  const tell = answer as () => Anything;
  class NotifySick extends Notify {
    hookStatusTask = tell;
    override flush = tell;
  }
  class LogSick extends Log {
    override enabled = tell;
    debug = tell;
    info = tell;
    warning = tell;
    error = tell;
    override flush = tell;
  }
  class MetricsSick extends Metrics {
    workflowStarted = tell;
    workflowCompleted = tell;
    workflowFailed = tell;
    taskCompleted = tell;
    taskFailed = tell;
    taskRetried = tell;
    override flush = tell;
  }
  class TracerSick extends Tracer {
    startWorkflow = tell;
    endWorkflow = tell;
    startTask = tell;
    endTask = tell;
    override flush = tell;
    override traceWorkflow = tell;
    override traceTask = tell;
    /** It calls the step, and after that is as sick as ever. */
    override async runTask(
      _task: Task,
      next: () => Promise<unknown>,
    ): Promise<unknown> {
      await next();
      return await tell();
    }
  }
  class ServerSick extends Server {
    createWorkflow = tell;
    updateWorkflow = tell;
    createTask = tell;
    updateTask = tell;
    override flush = tell;
  }
  const config = new Config({
    notify: new NotifySick(),
    log: [new LogSick(), ...log],
    metrics: new MetricsSick(),
    tracer: new TracerSick(),
    server: new ServerSick(),
    ...options,
  });
  return { config, onEvent: tell };
}
