/**
 * A workflow: tasks, providers, and the runs that are made of them.
 *
 * @module
 */

import type { Config } from "./config.ts";
import type { Context } from "./context.ts";
import type { Schedulable } from "./contracts/scheduler.ts";
import type { Storage } from "./contracts/storage.ts";
import { DEFAULTS } from "./defaults.ts";
import {
  type DotFlowOptions,
  toDotFlowSettings,
  type WorkflowResult,
} from "./dotflow_options.ts";
import { NotStartedError } from "./errors.ts";
import { recordKey } from "./place.ts";
import type { ActiveRun } from "./run/active_run.ts";
import { activeRuns } from "./run/active_runs.ts";
import { execute } from "./run/execute.ts";
import { keepAwake } from "./run/keep_awake.ts";
import { Notices } from "./run/notices.ts";
import { openRun } from "./run/open.ts";
import { unlessStopped } from "./run/opening.ts";
import {
  type StartOptions,
  type StartSettings,
  toStartSettings,
} from "./run/options.ts";
import { planSteps } from "./run/plan.ts";
import { RecordStore } from "./run/record.ts";
import { clearAll } from "./run/retention.ts";
import { Run } from "./run/run.ts";
import type { Watch } from "./run/watch.ts";
import type { Task } from "./task.ts";
import { TaskBuilder } from "./task_builder.ts";

export type { DotFlowOptions, WorkflowResult };

/** How many names of runs are remembered that own only themselves. */
const MOST_ENDED = 100;

/**
 * A workflow. `start` may be called again and again; each call is a run of its
 * own.
 *
 * @example
 * ```ts
 * import { action, DotFlow } from "@dotflow/dotflow";
 * import assert from "node:assert/strict";
 *
 * const extract = action("extract", () => [1, 2, 3]);
 * const total = action("total", ({ previousContext }) =>
 *   previousContext.storage.reduce((sum: number, n: number) => sum + n, 0));
 *
 * const workflow = new DotFlow();
 * workflow.task.add(extract).add(total);
 * const run = await workflow.start();
 *
 * assert.equal(run.status, "Completed");
 * assert.deepEqual(workflow.resultStorage(), [[1, 2, 3], 6]);
 * ```
 */
export class DotFlow implements Schedulable {
  /** What the workflow is known by in its storage. */
  readonly workflowId: string;
  /** The name for people. */
  readonly name: string;
  /** The providers. */
  readonly config: Config;
  /** The tasks. */
  // deno-lint-ignore ban-types
  readonly task: TaskBuilder<{}>;
  /** Whether the id was generated, not given: nobody else can know it then. */
  readonly generatedId: boolean;
  /** Nobody else can know an id that was generated here, nor its record. */
  readonly #records: Storage;
  readonly #active: Set<string>;
  /** Runs that have a record of their own here. */
  readonly #ended: string[] = [];
  #latest: Run | undefined;

  /**
   * Makes a `DotFlow`.
   *
   * @param options What the workflow is made of.
   * @throws {InvalidOptionError} If an option is unknown or not allowed.
   */
  constructor(options: DotFlowOptions = {}) {
    const { workflowId, name, config, generatedId } = toDotFlowSettings(
      options,
    );
    this.workflowId = workflowId;
    this.name = name;
    this.config = config;
    this.task = new TaskBuilder(() => this.#tasks().map((t) => t.toResult()));
    this.generatedId = generatedId;
    this.#records = generatedId ? DEFAULTS.storage() : config.storage;
    this.#active = activeRuns(this.#records, workflowId);
  }

  /**
   * Starts a run.
   *
   * @param options How to start it.
   * @returns The run: after it has ended, or at once in mode `background`. A
   * failed task is a status of the run, not a rejection.
   * @throws {InvalidOptionError} If an option is unknown or not allowed.
   * @throws {ExecutionModeNotExist} If the mode does not exist.
   * @throws {InvalidOnInputChange} If `onInputChange` is none of its words.
   * @throws {ImportModuleError} If a step given as a string does not resolve.
   * @throws {MissingActionDecorator} If such a string leads to no action.
   * @throws {WorkflowLockedError} If another run owns the workflow, also when
   * it takes it over amid this run.
   * @throws {StorageNotConditionalError} If the storage cannot tell two owners
   * apart.
   * @throws {InputChangedError} If the run to resume had another input.
   * @throws {WorkflowChangedError} If the run to resume had other tasks.
   * @throws {UnstorableValueError} If the input cannot be written down, on a
   * storage that persists; give `fingerprint` then.
   * @throws {RunEndedError} If the run of that `runId` does not go on any more.
   * @throws {RunUnfinishedError} If another named run has to be finished first.
   * @throws {CorruptCheckpointError} If something stored is damaged.
   * @throws {StorageError} If the storage fails, also amid the run.
   * @throws {WorkflowCancelledError} If the signal has aborted, and the storage
   * does not say within `drainTimeout` which run it is.
   * @throws {WorkflowTimeoutError} If the time is over, and likewise.
   */
  async start(options?: StartOptions): Promise<Run> {
    const settings = toStartSettings(options);
    const keepUntil = keepAwake(settings.waitUntil);
    const store = this.#store(settings);
    const notices = this.#notices();
    let active: ActiveRun;
    try {
      active = await this.#open(settings, store, notices);
    } catch (error) {
      await keepUntil(notices.drain());
      throw error;
    }
    const ended = execute(active, store).finally(() => this.#forget(active));
    const run = this.#latest = new Run(active, ended);
    const drained = () => Promise.all([active.drained, notices.drain()]);
    keepUntil(run.finished.catch(() => {}).then(drained));
    return settings.mode === "background" ? run : await run.finished;
  }

  /**
   * Hands the workflow to the scheduler of its `Config`.
   *
   * @param options How each run is started.
   * @returns Resolves when the scheduler has stopped.
   */
  async schedule(options?: StartOptions): Promise<void> {
    await this.config.scheduler.start(this, options);
  }

  /**
   * Removes the checkpoints of all runs, where the storage can remove things, and
   * forgets their names.
   *
   * @throws {WorkflowLockedError} If a run owns the workflow.
   * @throws {StorageError} If the storage fails.
   */
  async clear(): Promise<void> {
    const watch = this.#watch(this.#store(), this.#notices());
    await clearAll(watch, this.#records).finally(() => watch.notices.drain());
  }

  /**
   * The tasks of the latest run.
   *
   * @returns The tasks, in the order of `add`.
   * @throws {NotStartedError} If there was no run yet.
   */
  resultTask(): readonly Task[] {
    return this.#tasks();
  }

  /**
   * The results of the latest run with their origins.
   *
   * @returns The contexts, in the order of `add`.
   * @throws {NotStartedError} If there was no run yet.
   */
  resultContext(): Context[] {
    return this.#tasks().map((task) => task.currentContext);
  }

  /**
   * The bare results of the latest run.
   *
   * @returns The values, in the order of `add`.
   * @throws {NotStartedError} If there was no run yet.
   */
  // deno-lint-ignore no-explicit-any
  resultStorage(): any[] {
    return this.#tasks().map((task) => task.currentContext.storage);
  }

  /**
   * What became of the latest run.
   *
   * @returns Plain data, but for the results, which are handed on as they are.
   * @throws {NotStartedError} If there was no run yet.
   */
  result(): WorkflowResult {
    const { workflowId, name } = this;
    const tasks = this.#tasks().map((task) => task.toResult());
    const { runId, status, duration } = this.#latest!;
    return { workflowId, name, runId, status, duration, tasks };
  }

  async #open(
    settings: StartSettings,
    store: RecordStore,
    notices: Notices,
  ): Promise<ActiveRun> {
    const { workflowId, name: workflowName, generatedId, config } = this;
    const identity = { workflowId, workflowName, generatedId };
    const steps = await planSteps([...this.task.definitions]);
    const { signal, timeoutMs, waitMs } = settings;
    const opening = { identity, settings, steps, active: this.#active };
    const open = (stop?: AbortSignal) =>
      openRun({ ...opening, ...this.#watch(store, notices, waitMs, stop) });
    if (signal === undefined && timeoutMs === undefined) return await open();
    const graceMs = config.drainTimeoutMs;
    return await unlessStopped(open, settings, workflowId, graceMs, (late) => {
      this.#forget(late);
      late.abandon(notices);
      late.ownership?.release();
      notices.drain();
    });
  }

  #forget({ identity: { runId }, settings: { exclusive } }: ActiveRun): void {
    this.#active.delete(runId);
    if (exclusive || !this.generatedId) return;
    // Nobody else removes what is kept here.
    if (this.#ended.push(runId) <= MOST_ENDED) return;
    this.#records.delete?.(recordKey(this.workflowId, this.#ended.shift()));
  }

  #watch(
    store: RecordStore,
    notices: Notices,
    waitMs?: number,
    stop?: AbortSignal,
  ): Watch {
    const { config, config: { storage, ownership } } = this;
    const owned = ownership && !this.generatedId && storage.persistent &&
      storage.atomicSwap !== undefined;
    const untilMs = waitMs === undefined ? waitMs : performance.now() + waitMs;
    return { store, config, owned, untilMs, notices, stop };
  }

  #notices(): Notices {
    return new Notices(this.config, this.workflowId);
  }

  #store({ exclusive, runId }: Partial<StartSettings> = {}): RecordStore {
    const key = recordKey(
      this.workflowId,
      exclusive === false ? runId : undefined,
    );
    return new RecordStore(this.#records, this.workflowId, key);
  }

  #tasks(): readonly Task[] {
    if (this.#latest === undefined) throw new NotStartedError(this.workflowId);
    return this.#latest.tasks;
  }
}
