/**
 * Watching providers that write down what they are told.
 *
 * @module
 */

import {
  Config,
  type ConfigOptions,
  Log,
  type LogFields,
  type LogLevel,
  Metrics,
  Notify,
  type RunInfo,
  Server,
  type Task,
  Tracer,
} from "@dotflow/dotflow";
import { cleanup } from "./harness.ts";

/** A line as a log was given it. */
export interface Line {
  level: LogLevel;
  message: string;
  fields: LogFields;
}

/** What the watchers of one workflow were told, in order. */
export class Recorder {
  /** One entry a call, such as `tracer start a`. */
  readonly calls: string[] = [];
  /** The tasks that came with the calls. */
  readonly tasks: { call: string; task: Task }[] = [];
  /** The runs that came with the calls. */
  readonly runs: { call: string; run: RunInfo }[] = [];
  /** The lines of the log. */
  readonly lines: Line[] = [];

  /** Writes down a call about a task. */
  readonly task = (call: string, task: Task): void => {
    this.calls.push(`${call} ${task.taskId}`);
    this.tasks.push({ call, task });
  };

  /** Writes down a call about a run. */
  readonly run = (call: string, run: RunInfo): void => {
    this.calls.push(call);
    this.runs.push({ call, run });
  };

  /** Makes a Config whose watchers all write down here. */
  config(options: ConfigOptions = {}): Config {
    return new Config({
      notify: new NotifyRecorder(this),
      log: new LogRecorder(this.lines),
      tracer: new TracerRecorder(this),
      metrics: new MetricsRecorder(this),
      server: new ServerRecorder(this),
      ...options,
    });
  }
}

/** Writes down changes of status. */
export class NotifyRecorder extends Notify {
  constructor(readonly recorder: Recorder) {
    super();
  }

  hookStatusTask(task: Task): void {
    this.recorder.task(`notify ${task.status}`, task);
  }
}

/** Keeps lines. */
export class LogRecorder extends Log {
  constructor(readonly lines: Line[]) {
    super();
  }

  debug(message: string, fields: LogFields = {}): void {
    this.lines.push({ level: "DEBUG", message, fields });
  }
  info(message: string, fields: LogFields = {}): void {
    this.lines.push({ level: "INFO", message, fields });
  }
  warning(message: string, fields: LogFields = {}): void {
    this.lines.push({ level: "WARNING", message, fields });
  }
  error(message: string, fields: LogFields = {}): void {
    this.lines.push({ level: "ERROR", message, fields });
  }
}

/** Writes down spans. */
export class TracerRecorder extends Tracer {
  constructor(readonly recorder: Recorder) {
    super();
  }

  startWorkflow(run: RunInfo): void {
    this.recorder.run("tracer start run", run);
  }
  endWorkflow(run: RunInfo): void {
    this.recorder.run("tracer end run", run);
  }
  startTask(task: Task): void {
    this.recorder.task("tracer start", task);
  }
  endTask(task: Task): void {
    this.recorder.task("tracer end", task);
  }
}

/** Writes down counts. */
export class MetricsRecorder extends Metrics {
  constructor(readonly recorder: Recorder) {
    super();
  }

  workflowStarted(run: RunInfo): void {
    this.recorder.run("metrics started", run);
  }
  workflowCompleted(run: RunInfo): void {
    this.recorder.run("metrics completed", run);
  }
  workflowFailed(run: RunInfo): void {
    this.recorder.run("metrics failed", run);
  }
  taskCompleted(task: Task): void {
    this.recorder.task("metrics completed", task);
  }
  taskFailed(task: Task): void {
    this.recorder.task("metrics failed", task);
  }
  taskRetried(task: Task): void {
    this.recorder.task("metrics retried", task);
  }
}

/** Writes down what a remote API would be told. */
export class ServerRecorder extends Server {
  constructor(readonly recorder: Recorder) {
    super();
  }

  createWorkflow(run: RunInfo): void {
    this.recorder.run("server create run", run);
  }
  updateWorkflow(run: RunInfo): void {
    this.recorder.run(`server run ${run.status}`, run);
  }
  createTask(task: Task): void {
    this.recorder.task("server create", task);
  }
  updateTask(task: Task): void {
    this.recorder.task("server update", task);
  }
}

/** Catches what is written to the console until the present test ends. */
export function catchConsole(): [method: string, line: string][] {
  const lines: [string, string][] = [];
  for (const method of ["debug", "info", "warn", "error"] as const) {
    const original = console[method];
    console[method] = (line: string) => void lines.push([method, line]);
    cleanup(() => console[method] = original);
  }
  return lines;
}
