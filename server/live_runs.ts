/**
 * The runs in memory: loaded when they are needed, brought up to date with what
 * other servers have written, sealed when they have ended.
 *
 * Requests share what they have loaded, and never a promise: in a Worker, what a
 * request has begun ends with it.
 *
 * @module
 */

import { evict } from "./evict.ts";
import type { Hub } from "./hub.ts";
import { LiveRun } from "./live_run.ts";
import { type RunPlace, stateKey, taskKey, taskPrefix } from "./places.ts";
import type { Records } from "./records.ts";
import { isEnd, type RunState, withWriter } from "./run_state.ts";
import { loadRun, sealRun, SETTLING_MS } from "./stored_run.ts";
import { type TaskRow, type TaskState, toRow } from "./task_state.ts";

/**
 * So much comes to memory before it is looked at what has to go: looking at all
 * for each run that comes would cost more than the run.
 */
const UNCHECKED_RUNS = 100;
/** So many tasks of a loaded run count as another one. */
const TASKS_AS_RUN = 50;

/** So many runs wait at most until they are told of. */
const MOST_UNTOLD = 1_000;

/** So many runs are asked about at once. */
const RUNS_AT_ONCE = 16;

/** A run that goes on is asked about at least so often, in milliseconds. */
const LONGEST_QUIET_MS = 60_000;

/** What the runs in memory need. */
export interface LiveRunsOptions {
  /** The storage. */
  readonly records: Records;
  /** Where changes go. */
  readonly hub: Hub;
  /** How old what is known of others' writes may be, in milliseconds. */
  readonly refreshMs: number;
}

/** The runs in memory. */
export class LiveRuns {
  readonly #records: Records;
  readonly #hub: Hub;
  readonly #refreshMs: number;
  /** By path, the one used last at the end. */
  readonly #runs = new Map<string, LiveRun>();
  /** Those with tasks of which nobody has been told yet. */
  readonly #changed = new Set<LiveRun>();
  /** How much has come to memory since something had to go. */
  #unchecked = 0;

  /**
   * @param options What they need.
   */
  constructor({ records, hub, refreshMs }: LiveRunsOptions) {
    this.#records = records;
    this.#hub = hub;
    this.#refreshMs = refreshMs;
  }

  /** How many runs are in memory. */
  get size(): number {
    return this.#runs.size;
  }

  /**
   * Has a run in memory for as long as something is done with it, and loads it
   * where it is not there.
   *
   * @param place The run.
   * @param act What is done; the run is without a state where nothing is stored.
   * @returns What that gives.
   */
  async use<T>(
    place: RunPlace,
    act: (live: LiveRun) => Promise<T>,
  ): Promise<T> {
    const live = await this.#open(place);
    try {
      return await act(live);
    } finally {
      live.uses--;
    }
  }

  /** Counts the use at once: what is used stays. */
  async #open(place: RunPlace): Promise<LiveRun> {
    const known = this.#use(place);
    if (known !== undefined) return known;
    const loaded = new LiveRun(place);
    await loadRun(this.#records, loaded);
    const other = this.#use(place);
    if (other !== undefined) return other;
    this.#runs.set(place.path, loaded);
    loaded.uses++;
    this.#unchecked += 1 + loaded.rows.size / TASKS_AS_RUN;
    if (this.#unchecked > UNCHECKED_RUNS) {
      this.#unchecked = 0;
      evict(this.#runs);
    }
    return loaded;
  }

  /**
   * Gives a run as it is now, whoever writes to it.
   *
   * @param place The run.
   * @returns The run; undefined where nothing is stored of it.
   */
  async read(place: RunPlace): Promise<LiveRun | undefined> {
    const live = await this.use(place, async (live) => {
      if (Date.now() - live.askedAt >= this.#refreshMs) {
        await this.#ask(live);
        await this.#seal(live);
      }
      return live;
    });
    if (live.state !== undefined) return live;
    if (live.uses === 0) this.#runs.delete(place.path);
    return undefined;
  }

  /** Looks for what others have written to runs that go on. */
  async refresh(): Promise<void> {
    const now = Date.now();
    const due = [...this.#runs.values()].filter((live) =>
      !live.hasEnded &&
      now - live.askedAt >= Math.max(this.#refreshMs, quietMs(live))
    );
    for (let at = 0; at < due.length; at += RUNS_AT_ONCE) {
      const some = due.slice(at, at + RUNS_AT_ONCE);
      await Promise.all(some.map((live) => this.#ask(live)));
    }
  }

  /**
   * Tells whether listeners know of a start of a run.
   *
   * @param place The run.
   * @param starts The start.
   * @returns Whether they were told of it, or of a later one.
   */
  hasTold({ path }: RunPlace, starts: number): boolean {
    const live = this.#runs.get(path);
    return live?.told === true && (live.state?.starts ?? 0) >= starts;
  }

  /**
   * Tells of a run that another server has begun, or begun again.
   *
   * @param place The run.
   */
  async discover(place: RunPlace): Promise<void> {
    const live = await this.read(place);
    if (live?.told === false) this.#changed.add(live);
  }

  /**
   * Forgets a run.
   *
   * @param place The run.
   */
  drop({ path }: RunPlace): void {
    this.#runs.delete(path);
  }

  /**
   * Tells the other servers that this one writes to a run, and sees to it that
   * where the run stands is known well enough: whoever ends a run to which
   * others write waits for {@linkcode SETTLING_MS} until the tasks are counted.
   *
   * @param live The run.
   */
  async mark(live: LiveRun): Promise<void> {
    const asOf = Date.now();
    if (live.marked && asOf - live.knownAt < SETTLING_MS / 2) return;
    const { now } = await this.#records.change<RunState>(
      stateKey(live.place),
      (state) => state && this.markIn(state, state),
    );
    if (now === undefined) return;
    live.marked = true;
    live.knownAt = asOf;
    this.take(live, now);
  }

  /**
   * Tells the same by a state that is about to be stored.
   *
   * @param before The state that is stored; undefined where there is none.
   * @param state The one that is to be.
   * @returns The state to store; undefined where nothing changes.
   */
  markIn(before: RunState | undefined, state: RunState): RunState | undefined {
    const marked = withWriter(state, this.#hub.name);
    return marked === before ? undefined : marked;
  }

  /**
   * Takes a task over, and tells of it.
   *
   * @param live Its run.
   * @param row The task.
   */
  apply(live: LiveRun, row: TaskRow): void {
    if (!live.apply(row)) return;
    live.changedAt = Date.now();
    const { state } = live;
    if (state === undefined) return;
    const { workflow_id, run_id } = state;
    const data = { ...row.summary, workflow_id, run_id };
    this.#hub.add({ event: "task", data });
    // Of runs with many tasks, one is told of now and then.
    this.#changed.add(live);
    if (this.#changed.size > MOST_UNTOLD) this.tell();
  }

  /**
   * Takes a state over, and tells of it.
   *
   * @param live The run.
   * @param state Its state.
   */
  take(live: LiveRun, state: RunState): void {
    if (live.take(state)) {
      this.#changed.delete(live);
      live.told = true;
      live.changedAt = Date.now();
      this.#hub.add({ event: "run", data: live.summary! });
    }
  }

  /** Tells of the runs whose tasks have changed. */
  tell(): void {
    for (const live of this.#changed) {
      const data = live.summary;
      if (data === undefined) continue;
      live.told = true;
      this.#hub.add({ event: "run", data });
    }
    this.#changed.clear();
  }

  /**
   * Writes what the tasks of a run that has ended amount to, so that nobody
   * has to look at each of them again.
   *
   * @param live The run.
   */
  async seal(live: LiveRun): Promise<void> {
    await this.#ask(live);
    await this.#seal(live);
  }

  async #seal(live: LiveRun): Promise<void> {
    await sealRun(
      this.#records,
      live,
      (state) => this.#isAlone(live, state),
    );
  }

  /** Gives a run in memory, which is the one used last from now on. */
  #use({ path }: RunPlace): LiveRun | undefined {
    const live = this.#runs.get(path);
    if (live === undefined) return undefined;
    this.#runs.delete(path);
    this.#runs.set(path, live);
    live.uses++;
    return live;
  }

  /** Asks whether others have written to a run, and takes over what they did. */
  async #ask(live: LiveRun): Promise<void> {
    const asOf = Date.now();
    const state = await this.#records.get<RunState>(stateKey(live.place));
    live.alone = state !== undefined && this.#isAlone(live, state);
    if (state !== undefined && !live.alone) await this.#takeOver(live, state);
    live.knownAt = asOf;
    live.askedAt = Date.now();
  }

  #isAlone({ marked }: LiveRun, { writers }: RunState): boolean {
    return marked && writers.every((writer) => writer === this.#hub.name);
  }

  async #takeOver(live: LiveRun, state: RunState): Promise<void> {
    const { place } = live;
    const isSame = state.seal !== null && state.seal === live.seal;
    if (!isSame) {
      const wanted = new Set(await this.#records.list(taskPrefix(place)));
      for (const { start, summary } of live.rows.values()) {
        // What has ended stays as it is until the run begins again.
        if (start === state.starts && isEnd(summary.status)) {
          wanted.delete(taskKey(place, summary.task_id));
        }
      }
      const tasks = await this.#records.getAll<TaskState>([...wanted]);
      if (live.state === undefined) live.take(state);
      for (const task of tasks) if (task) this.apply(live, toRow(task));
      live.seal = state.seal;
    }
    this.take(live, state);
  }
}

/** A run of which nothing was heard for long is asked about the less often. */
function quietMs({ askedAt, changedAt }: LiveRun): number {
  return Math.min((askedAt - changedAt) / 10, LONGEST_QUIET_MS);
}
