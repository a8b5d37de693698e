/**
 * A run while it goes on: the state that order, attempts and checkpoints share.
 *
 * @module
 */

import type { Config } from "../config.ts";
import { Context } from "../context.ts";
import type { LogFields, LogLevel } from "../contracts/log.ts";
import {
  StorageError,
  UnstorableValueError,
  WorkflowCancelledError,
} from "../errors.ts";
import type { RunIdentity, RunInfo } from "../run_info.ts";
import type { TaskStatus, WorkflowStatus } from "../status.ts";
import { Task } from "../task.ts";
import { TaskError } from "../task_error.ts";
import { type Awaitable, isThenable } from "../types.ts";
import type { Attempt } from "./attempt.ts";
import { callBack } from "./callback.ts";
import type { Checkpoints, KeyedTask } from "./checkpoints.ts";
import { EventStream } from "./events.ts";
import type { Notices } from "./notices.ts";
import type { StartSettings } from "./options.ts";
import type { Ownership } from "./ownership.ts";
import { Pending } from "./pending.ts";
import type { PlannedStep } from "./plan.ts";
import { Timers } from "./timers.ts";
import { Trace } from "./trace.ts";
import { Watchers } from "./watchers.ts";

/** A task of this run with everything that is needed to run it. */
export interface PlannedTask
  extends KeyedTask, Pick<PlannedStep, "spec" | "callback"> {}

/** A run while it goes on. */
export class ActiveRun {
  readonly identity: RunIdentity;
  readonly config: Config;
  readonly settings: StartSettings;
  readonly checkpoints: Checkpoints;
  readonly planned: readonly PlannedTask[];
  /** Earlier runs whose checkpoints were removed when this one began. */
  removed: readonly string[] = [];
  /** Whether all was finished before: there is nothing to own, or to write. */
  wasFinished = false;
  /** The ownership of the workflow, where the storage knows of such. */
  ownership: Ownership | undefined;
  /** The tasks, in the order of `add`. */
  readonly tasks: readonly Task[];
  readonly events: EventStream = new EventStream();
  readonly watchers: Watchers;
  /** Where the run stands in a distributed trace. */
  readonly trace: Trace;
  /** Attempts whose signal somebody listens to. */
  readonly attempts: Set<Attempt> = new Set();
  /** Waits that end when the run is stopped, or has ended. */
  readonly timers: Timers = new Timers();
  /** Resolves when the run is stopped. */
  readonly whenStopped: Promise<void>;
  /** Whether the run was stopped: nothing that happens later counts. */
  stopped = false;
  /** Why. */
  stopReason: unknown = undefined;
  /** Where the run stands; what it ends with only when it has ended. */
  status: WorkflowStatus = "In progress";
  /** What the run will end with, as far as it is known. */
  outcome: WorkflowStatus | undefined;
  /** Resolves when the watchers have heard of the end, as far as they can. */
  drained: Promise<void> | undefined;
  #failed = false;
  #durationMs: number | undefined;
  #resolveStopped: () => void = () => {};
  /** Results on their way to the storage. */
  readonly #commits: Pending = new Pending();
  readonly #callbacks: Pending = new Pending();
  readonly #clockMs = Date.now() - performance.now();
  /** When it was opened, in milliseconds since the epoch. */
  readonly startedMs: number = this.now();

  constructor(
    identity: RunIdentity,
    config: Config,
    settings: StartSettings,
    checkpoints: Checkpoints,
    steps: readonly PlannedStep[],
  ) {
    this.identity = identity;
    this.config = config;
    this.settings = settings;
    this.checkpoints = checkpoints;
    const { onEvent } = settings;
    this.watchers = new Watchers(config, this.events, this, onEvent);
    this.trace = new Trace(config.tracer, this.watchers.blame);
    this.whenStopped = new Promise((resolve) => this.#resolveStopped = resolve);
    const createdMs = this.startedMs;
    const empty = new Context({ time: createdMs });
    const place = { ...identity, createdMs, empty };
    this.planned = steps.map((step) => {
      const { part, spec, callback } = step;
      return { task: new Task(step, place), part, spec, callback };
    });
    this.tasks = this.planned.map(({ task }) => task);
  }

  /** Whether no further task may be started. */
  get halted(): boolean {
    return this.stopped || this.#failed && !this.settings.keepGoing;
  }

  /** Whether nobody else can have taken over the workflow. */
  get isOwner(): boolean {
    return this.ownership?.isSure ?? true;
  }

  /** How long the run took, so far or in all, in milliseconds. */
  get duration(): number {
    return this.#durationMs ?? this.now() - this.startedMs;
  }

  /** The time in milliseconds since the epoch, on a clock that never jumps. */
  now(): number {
    return this.#clockMs + performance.now();
  }

  /** The run as watchers see it. */
  info(): RunInfo {
    const { status, startedMs, duration, trace: { traceparent } } = this;
    const { settings: { mode } } = this;
    const tasks = this.tasks.map((task) => task.snapshot());
    const times = { startedMs, duration };
    return { ...this.identity, mode, status, ...times, tasks, traceparent };
  }

  /** Ends the trace of a run that has not come about. */
  abandon(notices: Notices): void {
    const info = () => ({ ...this.info(), status: "Cancelled" as const });
    this.trace.abandon(info, notices);
  }

  /** Owns the workflow from now on, and stops when that is lost. */
  own(ownership: Ownership): void {
    this.ownership = this.checkpoints.ownership = ownership;
    ownership.startRenewals((error) => this.stop("Failed", error));
  }

  /** Begins a task. */
  begin(task: Task): void {
    task.startedMs = this.now();
    this.events.emitTask("taskStarted", task);
    task.traceparent = this.trace.placeOf(task);
    this.setStatus(task, "In progress");
  }

  /** Takes over a result that was committed before. */
  restore(task: Task, context: Context): void {
    task.currentContext = context;
    task.restored = true;
    task.status = "Completed";
  }

  setStatus(task: Task, status: TaskStatus): void {
    task.status = status;
    this.events.emitTask("taskStatus", task);
  }

  recordError(task: Task, attempt: number, error: unknown): void {
    task.errors = [...task.errors, new TaskError(attempt, error, this.now())];
  }

  log(level: LogLevel, message: string, fields: LogFields): void {
    this.events.emit("logged", () => ({ level, message, fields }));
  }

  /** Waits between attempts; a run that is stopped never comes back from it. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.timers.start(ms, resolve));
  }

  /**
   * Commits a result, and with it completes the task.
   *
   * @returns Resolves when the task has ended; nothing if it has at once.
   */
  commit(planned: PlannedTask, value: unknown): Awaitable<void> {
    const nowMs = this.now();
    let context;
    try {
      context = this.checkpoints.commit(planned, value, nowMs);
    } catch (error) {
      return this.#refuseResult(planned, error);
    }
    if (!isThenable(context)) return this.#complete(planned, context, nowMs);
    const commit = context.then(
      (stored) => this.#complete(planned, stored),
      (error) => this.#refuseResult(planned, error),
    );
    // Not `commit`: what the task's callback does is no part of it.
    this.#commits.add(context);
    return commit;
  }

  /** Fails a task whose last attempt has failed. */
  fail(planned: PlannedTask): Awaitable<void> {
    this.#failed = true;
    return this.#end(planned, "Failed");
  }

  /**
   * Stops the run: aborts what listens, and lets nothing count any more but
   * commits that are on their way.
   *
   * @param outcome What becomes of the run.
   * @param reason Why.
   */
  stop(outcome: WorkflowStatus, reason: unknown): void {
    if (this.stopped) return;
    this.stopped = true;
    this.outcome = outcome;
    this.stopReason = reason;
    this.timers.stop();
    for (const attempt of [...this.attempts]) attempt.abort(reason);
    this.#resolveStopped();
  }

  /** Stops the run because somebody asked for it. */
  cancel(cause: unknown): void {
    const { workflowId } = this.identity;
    this.stop("Cancelled", new WorkflowCancelledError(workflowId, { cause }));
  }

  /**
   * Ends what is unfinished once nothing goes on any more.
   *
   * @throws {StorageError} If the storage leaves a commit without an answer.
   */
  async settle(): Promise<void> {
    const { drainTimeoutMs } = this.config;
    const isKnown = await this.#commits.endsWithin(drainTimeoutMs);
    for (const planned of this.planned) {
      const { status } = planned.task;
      if (status === "In progress" || status === "Retry") this.#cutOff(planned);
    }
    await this.#callbacks.endsWithin(drainTimeoutMs);
    // From here on, nothing that is still running counts.
    this.stopped = true;
    this.#durationMs ??= this.now() - this.startedMs;
    this.outcome ??= this.#failed ? "Failed" : "Completed";
    if (isKnown) return;
    throw new StorageError(
      `Cannot tell whether run ${this.identity.runId} stored every result: ` +
        `no answer within ${drainTimeoutMs} ms; resume the run to find out`,
    );
  }

  /** Fails a task that the end of the run has come over. */
  #cutOff(planned: PlannedTask): void {
    const { task } = planned;
    // Between two attempts, there is none that the end could have failed.
    if (task.status === "In progress") {
      this.recordError(task, task.retryCount + 1, this.stopReason);
    }
    this.fail(planned);
  }

  #complete(
    planned: PlannedTask,
    context: Context,
    nowMs?: number,
  ): Awaitable<void> {
    planned.task.currentContext = context;
    return this.#end(planned, "Completed", nowMs);
  }

  /** A result that no storage can keep is the task's fault; the rest is not. */
  #refuseResult(planned: PlannedTask, error: unknown): Awaitable<void> {
    if (!(error instanceof UnstorableValueError)) throw error;
    this.recordError(planned.task, planned.task.retryCount + 1, error);
    return this.fail(planned);
  }

  #end(
    { task, callback }: PlannedTask,
    status: TaskStatus,
    nowMs: number = this.now(),
  ): Awaitable<void> {
    task.duration = nowMs - task.startedMs;
    this.setStatus(task, status);
    this.events.emitTask("taskEnded", task);
    if (callback === undefined) return undefined;
    const done = callBack(
      this,
      "task callback",
      () => callback(task.snapshot()),
    );
    this.#callbacks.add(done);
    return done;
  }
}
