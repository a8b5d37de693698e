/**
 * Runs the contracts of watching providers, and has one well-behaved provider of
 * each family, in memory, for faults to be planted in.
 *
 * @module
 */

import {
  Log,
  type LogFields,
  type LogLevel,
  Metrics,
  Notify,
  type RunInfo,
  type Task,
  Tracer,
} from "@dotflow/dotflow";
import type {
  SeenLine,
  SeenMetrics,
  SeenSpan,
  WatcherBench,
  WatcherTest,
} from "@dotflow/dotflow/testing";
import { test, type TestOptions } from "./harness.ts";

/**
 * Registers a test for each part of a contract.
 *
 * @param provider What it is called in the names of the tests.
 * @param contract The contract of its family.
 * @param subject How it is opened, and what its tests need.
 */
export function testWatcher<Subject>(
  provider: string,
  contract: readonly WatcherTest<Subject>[],
  subject: Subject & TestOptions,
): void {
  const { needs, skip, timeout = 60_000 } = subject;
  for (const { name, run } of contract) {
    test(
      `${provider}: contract: ${name}`,
      { needs, skip, timeout },
      () => run(subject),
    );
  }
}

/** A provider whose other end is its own memory. */
export type InMemory<Seen> = { seen(): Seen; broken: boolean };

/** Opens a provider in memory. */
export function benchOf<Provider extends InMemory<Seen>, Seen>(
  provider: Provider,
): WatcherBench<Provider, Seen> {
  return {
    provider,
    seen: () => provider.seen(),
    break: () => void (provider.broken = true),
    secrets: ["the-secret-of-the-wire"],
  };
}

/** What a broken wire says. */
function fail(): never {
  throw new Error("Cannot reach https://hooks.example/the-secret-of-the-wire");
}

/** Keeps spans. */
export class TracerMemory extends Tracer implements InMemory<SeenSpan[]> {
  broken = false;
  readonly spans: SeenSpan[] = [];
  readonly traces = new Map<string, { traceId: string; spanId: string }>();
  readonly places = new Map<string, string>();
  count = 0;

  seen(): SeenSpan[] {
    return this.spans;
  }

  override traceWorkflow({ runId }: RunInfo): string | undefined {
    const trace = { traceId: this.nextId(32), spanId: this.nextId(16) };
    this.traces.set(runId, trace);
    return this.placeOf(trace.traceId, trace.spanId);
  }

  override traceTask({ runId, taskId }: Task): string | undefined {
    return this.placeOf(
      this.traces.get(runId)!.traceId,
      this.places.get(`${runId} ${taskId}`)!,
    );
  }

  startWorkflow(_run: RunInfo): void {
    if (this.broken) fail();
  }

  startTask({ runId, taskId }: Task): void {
    this.places.set(`${runId} ${taskId}`, this.nextId(16));
    if (this.broken) fail();
  }

  endTask(task: Task): void {
    if (this.broken) fail();
    const { runId, taskId, status } = task;
    const { traceId, spanId } = this.traces.get(runId)!;
    this.spans.push({
      spanId: this.places.get(`${runId} ${taskId}`)!,
      parentId: spanId,
      traceId,
      runId,
      taskId,
      startMs: task.startedMs,
      endMs: task.startedMs + task.duration,
      failed: status === "Failed",
    });
  }

  endWorkflow({ runId, status, startedMs, duration }: RunInfo): void {
    if (this.broken) fail();
    this.spans.push({
      ...this.traces.get(runId)!,
      parentId: undefined,
      runId,
      taskId: undefined,
      startMs: startedMs,
      endMs: startedMs + duration,
      failed: status === "Failed",
    });
  }

  nextId(length: number): string {
    return String(++this.count).padStart(length, "0");
  }

  placeOf(traceId: string, spanId: string): string {
    return `00-${traceId}-${spanId}-01`;
  }
}

/** Keeps lines. */
export class LogMemory extends Log implements InMemory<SeenLine[]> {
  broken = false;
  readonly lines: SeenLine[] = [];

  seen(): SeenLine[] {
    return this.lines;
  }

  write(level: LogLevel, message: string, fields: LogFields = {}): void {
    if (this.broken) fail();
    const { task, runId, traceparent, ...rest } = fields;
    const parts = [message, task?.taskId, task?.workflowId, task?.runId, runId];
    const error = task?.status === "Failed" ? task.error : undefined;
    parts.push(error?.exception, error?.message, ...this.show(rest));
    const place = task?.traceparent ?? traceparent;
    this.lines.push({ level, text: parts.join(" "), traceparent: place });
  }

  show(fields: Record<string, unknown>): string[] {
    return Object.values(fields).map((value) => {
      try {
        return JSON.stringify(value) ?? String(value);
      } catch {
        return "unreadable";
      }
    });
  }

  debug(message: string, fields?: LogFields): void {
    this.write("DEBUG", message, fields);
  }
  info(message: string, fields?: LogFields): void {
    this.write("INFO", message, fields);
  }
  warning(message: string, fields?: LogFields): void {
    this.write("WARNING", message, fields);
  }
  error(message: string, fields?: LogFields): void {
    this.write("ERROR", message, fields);
  }
}

/** Keeps counts. */
export class MetricsMemory extends Metrics implements InMemory<SeenMetrics> {
  broken = false;
  readonly counts = {
    workflowsStarted: 0,
    workflowsCompleted: 0,
    workflowsFailed: 0,
    tasksCompleted: 0,
    tasksFailed: 0,
    tasksRetried: 0,
  };
  readonly workflowTimes = { count: 0, sumMs: 0 };
  readonly taskTimes = { count: 0, sumMs: 0 };

  seen(): SeenMetrics {
    const { counts, workflowTimes, taskTimes } = this;
    return { ...counts, workflowTimes, taskTimes };
  }

  add(
    name: keyof MetricsMemory["counts"],
    times?: MetricsMemory["taskTimes"],
    duration = 0,
  ): void {
    if (this.broken) fail();
    this.counts[name]++;
    if (times === undefined) return;
    times.count++;
    times.sumMs += duration;
  }

  workflowStarted(_run: RunInfo): void {
    this.add("workflowsStarted");
  }
  workflowCompleted({ duration }: RunInfo): void {
    this.add("workflowsCompleted", this.workflowTimes, duration);
  }
  workflowFailed({ duration }: RunInfo): void {
    this.add("workflowsFailed", this.workflowTimes, duration);
  }
  taskCompleted({ duration }: Task): void {
    this.add("tasksCompleted", this.taskTimes, duration);
  }
  taskFailed({ duration }: Task): void {
    this.add("tasksFailed", this.taskTimes, duration);
  }
  taskRetried(_task: Task): void {
    this.add("tasksRetried");
  }
}

/** Keeps messages. */
export class NotifyMemory extends Notify implements InMemory<string[]> {
  broken = false;
  readonly messages: string[] = [];

  seen(): string[] {
    return this.messages;
  }

  hookStatusTask(task: Task): void {
    if (this.broken) fail();
    this.messages.push(this.tell(task));
  }

  tell({ workflowId, taskId, status, error }: Task): string {
    const reason = status === "Failed" ? error?.message : "";
    return [status, workflowId, taskId, reason].join(" ");
  }
}
