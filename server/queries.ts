/**
 * What is asked of runs and tasks: pages, in an order that stays, with filters.
 *
 * @module
 */

import { CorruptCheckpointError } from "../src/errors.ts";
import { keyPart } from "../src/key.ts";
import {
  fromPathPart,
  type Page,
  type RunSummary,
  type TaskSummary,
  toPathPart,
  type WireTask,
} from "../src/wire.ts";
import { type Filter, isWantedRun, isWantedTask } from "./filters.ts";
import type { LiveRuns } from "./live_runs.ts";
import {
  downwards,
  type Places,
  type RunPlace,
  stateKey,
  taskKey,
} from "./places.ts";
import { type Records, StorageFailure } from "./records.ts";
import { type IndexEntry, placeOf, type RunIndex } from "./run_index.ts";
import { type RunState, toRunSummary } from "./run_state.ts";
import { SETTLING_MS } from "./stored_run.ts";
import type { TaskState } from "./task_state.ts";

/** So many runs are read at once for a page. */
const RUNS_AT_ONCE = 32;

/** So many summaries of runs that have ended stay in memory. */
const KEPT_SUMMARIES = 20_000;

/** For so long others are believed to leave such a run alone, in ms. */
const BELIEF_MS = 30_000;

/** A run that has ended, as it was read. */
interface EndedRun {
  readonly began: string;
  readonly starts: number;
  /** When it was read, in milliseconds since the epoch. */
  readonly at: number;
  readonly summary: RunSummary;
}

/** A workflow as the server lists it. */
export interface WorkflowSummary {
  /** The workflow. */
  readonly workflow_id: string;
  /** Its name for people. */
  readonly workflow_name: string;
  /** How many runs there are. */
  readonly runs: number;
  /** The latest of them. */
  readonly last: RunSummary;
}

/** What queries need. */
export interface QueriesOptions {
  /** The storage. */
  readonly records: Records;
  /** Where is what. */
  readonly places: Places;
  /** All runs. */
  readonly index: RunIndex;
  /** Those in memory. */
  readonly live: LiveRuns;
  /** Told of what is damaged. */
  readonly onError: (error: unknown) => void;
}

/** Answers what is asked. */
export class Queries {
  readonly #records: Records;
  readonly #places: Places;
  readonly #index: RunIndex;
  readonly #live: LiveRuns;
  readonly #onError: (error: unknown) => void;
  /** Of runs that have ended, by path, the one used last at the end. */
  readonly #ended = new Map<string, EndedRun>();
  /** The runs that are read now, by path, and by whom. */
  readonly #reading = new Map<string, object>();

  /**
   * @param options What they need.
   */
  constructor({ records, places, index, live, onError }: QueriesOptions) {
    this.#onError = onError;
    this.#records = records;
    this.#places = places;
    this.#index = index;
    this.#live = live;
  }

  /**
   * Forgets what is known of a run, which was written or removed here.
   *
   * @param place The run.
   */
  forget({ path }: RunPlace): void {
    this.#ended.delete(path);
    this.#reading.delete(path);
  }

  /**
   * Lists runs, the latest first.
   *
   * @param filter Which.
   * @param workflowId Of which workflow; undefined: of all.
   * @returns A page.
   */
  async runs(filter: Filter, workflowId?: string): Promise<Page<RunSummary>> {
    const workflow = workflowId && `${keyPart(workflowId)}/`;
    const [first, last] = [filter.until, filter.since].map((ms) =>
      ms === undefined ? undefined : downwards(ms)
    );
    const wanted = (await this.#index.list()).filter((entry) =>
      (filter.cursor === undefined || placeOf(entry) > filter.cursor) &&
      (first === undefined || entry.began >= first) &&
      (last === undefined || entry.began <= last) &&
      (!workflow || entry.path.startsWith(workflow))
    );
    return await this.#page(wanted, filter, (entry) => this.#summary(entry));
  }

  /**
   * Lists workflows, the one that has run last first.
   *
   * @param filter Which.
   * @returns A page.
   */
  async workflows(filter: Filter): Promise<Page<WorkflowSummary>> {
    const counts = new Map<string, number>();
    const latest: IndexEntry[] = [];
    for (const entry of await this.#index.list()) {
      const workflow = workflowOf(entry);
      const count = counts.get(workflow) ?? 0;
      counts.set(workflow, count + 1);
      if (count === 0) latest.push(entry);
    }
    const { cursor } = filter;
    const wanted = latest.filter((entry) =>
      cursor === undefined || placeOf(entry) > cursor
    );
    const page = await this.#page(
      wanted,
      filter,
      (entry) => this.#summary(entry),
    );
    const items = page.items.map((last) => ({
      workflow_id: last.workflow_id,
      workflow_name: last.workflow_name,
      runs: counts.get(keyPart(last.workflow_id)) ?? 1,
      last,
    }));
    return { items, next_cursor: page.next_cursor };
  }

  /**
   * Gives a run.
   *
   * @param place The run.
   * @returns Its summary; undefined where there is none.
   */
  async run(place: RunPlace): Promise<RunSummary | undefined> {
    return (await this.#live.read(place))?.summary;
  }

  /**
   * Lists the tasks of a run, in their order.
   *
   * @param place The run.
   * @param filter Which.
   * @returns A page; undefined where there is no such run.
   */
  async tasks(
    place: RunPlace,
    filter: Filter,
  ): Promise<Page<TaskSummary> | undefined> {
    const live = await this.#live.read(place);
    if (live === undefined) return undefined;
    const items: TaskSummary[] = [];
    const sorted = [...live.rows.values()].map(({ summary }) => summary)
      .sort((a, b) =>
        a.position - b.position || (a.task_id < b.task_id ? -1 : 1)
      );
    const after = filter.cursor === undefined
      ? undefined
      : sorted.findIndex((task) => isAfter(task, filter.cursor!));
    const from = after === undefined ? 0 : after < 0 ? sorted.length : after;
    for (let at = from; at < sorted.length; at++) {
      const task = sorted[at];
      if (!isWantedTask(task, filter)) continue;
      if (items.length === filter.limit) {
        return { items, next_cursor: cursorOf(items.at(-1)!) };
      }
      items.push(task);
    }
    return { items, next_cursor: null };
  }

  /**
   * Gives a task with all that is known of it.
   *
   * @param place Its run.
   * @param taskId The task.
   * @returns The task; undefined where there is none.
   */
  async task(place: RunPlace, taskId: string): Promise<WireTask | undefined> {
    const key = taskKey(place, taskId);
    return (await this.#records.get<TaskState>(key))?.task;
  }

  /** Reads on until a page is full, some runs at a time. */
  async #page(
    entries: readonly IndexEntry[],
    filter: Filter,
    read: (entry: IndexEntry) => Promise<RunSummary | undefined>,
  ): Promise<Page<RunSummary>> {
    const items: RunSummary[] = [];
    let last: IndexEntry | undefined;
    for (let at = 0; at < entries.length; at += RUNS_AT_ONCE) {
      const some = entries.slice(at, at + RUNS_AT_ONCE);
      const summaries = await Promise.all(
        some.map((entry) => read(entry).catch((error) => this.#pass(error))),
      );
      for (const [nth, summary] of summaries.entries()) {
        if (summary === undefined || !isWantedRun(summary, filter)) continue;
        if (items.length === filter.limit) {
          return { items, next_cursor: placeOf(last!) };
        }
        items.push(summary);
        last = some[nth];
      }
    }
    return { items, next_cursor: null };
  }

  /** What is damaged is not in lists, and does not keep the others out. */
  #pass(error: unknown): undefined {
    const cause = error instanceof StorageFailure ? error.cause : undefined;
    if (!(cause instanceof CorruptCheckpointError)) throw error;
    this.#onError(cause);
  }

  async #summary(
    { began, path, starts }: IndexEntry,
  ): Promise<RunSummary | undefined> {
    const known = this.#ended.get(path);
    const isKnown = known?.starts === starts && known.began === began &&
      Date.now() - known.at < BELIEF_MS;
    if (isKnown) {
      this.#ended.delete(path);
      this.#ended.set(path, known);
      return known.summary;
    }
    const place = this.#places.at(path);
    const reader = {};
    this.#reading.set(path, reader);
    const at = Date.now();
    const state = await this.#records.get<RunState>(stateKey(place));
    const isUnchanged = this.#reading.get(path) === reader;
    if (isUnchanged) this.#reading.delete(path);
    // An index without its run was left behind by what was interrupted.
    if (state === undefined || state.index !== began) return undefined;
    if (state.counts === null) return await this.run(place);
    const summary = toRunSummary(state, state.counts);
    if (isUnchanged && at - Date.parse(state.updated_at) > SETTLING_MS) {
      this.#ended.set(path, { began, starts: state.starts, at, summary });
      if (this.#ended.size > KEPT_SUMMARIES) {
        this.#ended.delete(this.#ended.keys().next().value!);
      }
    }
    return summary;
  }
}

function workflowOf({ path }: IndexEntry): string {
  return path.slice(0, path.indexOf("/"));
}

function cursorOf({ position, task_id }: TaskSummary): string {
  return `${position}/${toPathPart(task_id)}`;
}

function isAfter({ position, task_id }: TaskSummary, cursor: string): boolean {
  const slash = cursor.indexOf("/");
  const known = Number(cursor.slice(0, slash));
  return position > known ||
    (position === known && task_id > fromPathPart(cursor.slice(slash + 1)));
}
