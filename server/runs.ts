/**
 * What clients say, written down. What is acknowledged is stored: first the
 * index, then the state of the run, then its tasks, each in one step, so that
 * whatever is interrupted leaves nothing that misleads.
 *
 * @module
 */

import type { WireTask } from "../src/wire.ts";
import type { LiveRun } from "./live_run.ts";
import type { LiveRuns } from "./live_runs.ts";
import {
  downwards,
  type Places,
  type RunPlace,
  stateKey,
  taskKey,
} from "./places.ts";
import { keyPart } from "../src/key.ts";
import type { Records } from "./records.ts";
import type { RunIndex } from "./run_index.ts";
import { isEnd, nextState, type RunState, type RunWord } from "./run_state.ts";
import { comesAfter, type TaskState, toRow } from "./task_state.ts";

/** So many old runs are removed at most at once. */
const REMOVED_AT_ONCE = 100;

/** So often it is looked for runs that are too old, in milliseconds. */
const LOOK_MS = 1_000;

/** How much is kept; undefined: without an end. */
export interface Keep {
  /** How many runs. */
  readonly runs: number | undefined;
  /** How old a run may be, in milliseconds. */
  readonly ageMs: number | undefined;
}

/** Which run a client speaks of; the reference's clients name none. */
export interface RunName {
  /** The workflow. */
  readonly workflowId: string;
  /** The run. */
  readonly runId: string | undefined;
}

/** A run whose id is known. */
type FullName = RunName & { readonly runId: string };

/** What writing runs needs. */
export interface RunsOptions {
  /** The storage. */
  readonly records: Records;
  /** Where is what. */
  readonly places: Places;
  /** All runs. */
  readonly index: RunIndex;
  /** Those in memory. */
  readonly live: LiveRuns;
  /** How much is kept. */
  readonly keep: Keep;
  /** Told of a run that was written or removed. */
  readonly onChange: (place: RunPlace) => void;
  /** Told of what fails after a word was acknowledged. */
  readonly onError: (error: unknown) => void;
}

/** Writes down what clients say. */
export class Runs {
  readonly #records: Records;
  readonly #places: Places;
  readonly #index: RunIndex;
  readonly #live: LiveRuns;
  readonly #keep: Keep;
  readonly #onError: (error: unknown) => void;
  readonly #onChange: (place: RunPlace) => void;
  #lookedAt = -Infinity;

  /**
   * @param options What it needs.
   */
  constructor(options: RunsOptions) {
    this.#records = options.records;
    this.#places = options.places;
    this.#index = options.index;
    this.#live = options.live;
    this.#keep = options.keep;
    this.#onError = options.onError;
    this.#onChange = options.onChange;
  }

  /**
   * Takes a word on a run.
   *
   * @param name The run.
   * @param word What is said.
   * @returns The run's id.
   */
  async tellRun({ workflowId, runId }: RunName, word: RunWord) {
    const id = runId ?? await this.#latest(workflowId, !isEnd(word.status));
    const name = { workflowId, runId: id };
    await this.#with(name, (live) => this.#apply(live, name, word));
    return id;
  }

  /**
   * Takes a word on a task. A run that nobody has told of is made.
   *
   * @param name The run.
   * @param task What is said.
   * @returns The run's id.
   */
  async tellTask({ workflowId, runId }: RunName, task: WireTask) {
    const id = runId ?? await this.#latest(workflowId, false);
    const name = { workflowId, runId: id };
    await this.#with(name, async (live) => {
      if (live.state === undefined) {
        const status = task.status === "Not started" ? "New" : "In progress";
        await this.#apply(live, name, { status });
      }
      await this.#live.mark(live);
      const position = task.position ??
        live.rows.get(task.task_id)?.summary.position ?? live.nextPosition++;
      const next: TaskState = {
        start: live.state!.starts,
        task: { ...task, run_id: id, position },
      };
      const row = toRow(next);
      const key = taskKey(live.place, task.task_id);
      const { now } = await this.#records.change<TaskState>(
        key,
        (before) =>
          before === undefined || comesAfter(row, toRow(before))
            ? next
            : undefined,
      );
      this.#live.apply(live, now === next ? row : toRow(now!));
      // Storing may have taken long: only now it is certain who counts it.
      await this.#live.mark(live);
      if (!live.hasEnded) return;
      await this.#noteLate(live);
      await this.#seal(live);
    });
    return id;
  }

  /** Has a run in memory for as long as it is written to. */
  async #with(
    { workflowId, runId }: FullName,
    act: (live: LiveRun) => Promise<void>,
  ): Promise<void> {
    const place = this.#places.run(workflowId, runId);
    try {
      await this.#live.use(place, act);
    } finally {
      this.#onChange(place);
    }
  }

  async #apply(live: LiveRun, name: FullName, word: RunWord): Promise<void> {
    const asOf = Date.now();
    const now = new Date().toISOString();
    const { place } = live;
    const made = newState(name, word, now);
    const outcome = await this.#records.change<RunState>(
      stateKey(place),
      async (before) => {
        const next = nextState(before, word, made, now);
        if (next !== undefined && next.starts !== before?.starts) {
          const { index: began, starts } = next;
          await this.#index.add({ began, path: place.path, starts });
        }
        return this.#live.markIn(before, next ?? before!);
      },
    );
    live.marked = true;
    live.knownAt = asOf;
    this.#live.take(live, outcome.now!);
    if (live.hasEnded && outcome.changed) await this.#seal(live);
    if (outcome.before === undefined) await this.#prune();
  }

  /** What a table says of a run that has ended is no longer so. */
  async #noteLate(live: LiveRun): Promise<void> {
    const { now } = await this.#records.change<RunState>(
      stateKey(live.place),
      (state) =>
        state && isEnd(state.status)
          ? { ...state, counts: null, seal: null, late: state.late + 1 }
          : undefined,
    );
    if (now !== undefined) live.take(now);
  }

  /** What was said is stored already: this only saves work later. */
  async #seal(live: LiveRun): Promise<void> {
    try {
      await this.#live.seal(live);
    } catch (error) {
      this.#onError(error);
    }
  }

  /** The run of a client that names none: the latest, or a new one. */
  async #latest(workflowId: string, begins: boolean): Promise<string> {
    const { now } = await this.#records.change<{ run_id: string }>(
      this.#places.latest(workflowId),
      async (latest) => {
        if (latest !== undefined) {
          if (!begins) return undefined;
          const place = this.#places.run(workflowId, latest.run_id);
          const key = stateKey(place);
          const state = await this.#records.get<RunState>(key);
          if (state === undefined || !isEnd(state.status)) return undefined;
        }
        return { run_id: crypto.randomUUID() };
      },
    );
    return now!.run_id;
  }

  /** A run that is gone is nobody's latest one. */
  async #forgetLatest(path: string): Promise<void> {
    const [workflow, run] = path.split("/");
    const key = this.#places.latestOf(workflow);
    const latest = await this.#records.get<{ run_id: string }>(key);
    if (latest === undefined || keyPart(latest.run_id) !== run) return;
    await this.#records.removeOne(key);
  }

  /** Removes the oldest runs, some at a time: sorting all of them costs. */
  async #prune(): Promise<void> {
    const { runs = Infinity, ageMs = Infinity } = this.#keep;
    if (runs === Infinity && ageMs === Infinity) return;
    const now = Date.now();
    const isFull = this.#index.size > runs * 1.01;
    const isDue = now - this.#lookedAt >= LOOK_MS;
    if (!isFull && !isDue) return;
    this.#lookedAt = now;
    try {
      const entries = await this.#index.list();
      const oldest = downwards(now - ageMs);
      const from = Math.max(0, entries.length - REMOVED_AT_ONCE);
      for (let at = entries.length - 1; at >= from; at--) {
        const entry = entries[at];
        if (at < runs && entry.began <= oldest) return;
        const place = this.#places.at(entry.path);
        this.#live.drop(place);
        await this.#records.remove(place.base);
        await this.#index.remove(entry);
        this.#onChange(place);
        await this.#forgetLatest(entry.path);
      }
    } catch (error) {
      this.#onError(error);
    }
  }
}

function newState(
  { workflowId, runId }: FullName,
  word: RunWord,
  now: string,
): RunState {
  const { started_at = now } = word;
  return {
    workflow_id: workflowId,
    run_id: runId,
    workflow_name: workflowId,
    status: "New",
    mode: null,
    resumed: false,
    started_at,
    begun_at: null,
    begins: [],
    starts: 1,
    finished_at: null,
    duration: null,
    updated_at: now,
    tasks_count: 0,
    index: downwards(Date.parse(started_at)),
    counts: null,
    seal: null,
    late: 0,
    writers: [],
  };
}
