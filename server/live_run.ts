/**
 * A run in memory: its state, the short forms of its tasks, and how many stand
 * where. Contexts are never kept.
 *
 * @module
 */

import type { RunSummary } from "../src/wire.ts";
import type { RunPlace } from "./places.ts";
import {
  type Counts,
  isEnd,
  type RunState,
  toRunSummary,
} from "./run_state.ts";
import { comesAfter, type TaskRow } from "./task_state.ts";

/** Which count a status belongs to. */
const COUNTED: Readonly<Record<string, "completed" | "failed" | "running">> = {
  "Completed": "completed",
  "Failed": "failed",
  "In progress": "running",
  "Retry": "running",
};

/** A run in memory. */
export class LiveRun {
  /** Where it is kept. */
  readonly place: RunPlace;
  /** Its tasks, by id. */
  readonly rows: Map<string, TaskRow> = new Map();
  /** How many write to it now; it stays in memory meanwhile. */
  uses = 0;
  /** Whether others can tell that this server has written to it. */
  marked = false;
  /** Whether nobody else writes to it. */
  alone = false;
  /** The table that its tasks are those of; null where it is not known. */
  seal: string | null = null;
  /** Whether listeners were told of it. */
  told = false;
  /** When others were last asked, in milliseconds since the epoch. */
  askedAt = 0;
  /** When something new was heard of it, in milliseconds since the epoch. */
  changedAt = 0;
  /** As of when its state is known; what was written later may be missing. */
  knownAt = 0;
  /** The place of the next task that names none. */
  nextPosition = 0;
  #state: RunState | undefined;
  #counts = { completed: 0, failed: 0, running: 0 };

  /**
   * @param place Where it is kept.
   */
  constructor(place: RunPlace) {
    this.place = place;
  }

  /** Its state; undefined where nothing is known of it. */
  get state(): RunState | undefined {
    return this.#state;
  }

  /** Whether it has ended. */
  get hasEnded(): boolean {
    return this.#state !== undefined && isEnd(this.#state.status);
  }

  /** What its tasks amount to. */
  get counts(): Counts {
    return { total: this.rows.size, ...this.#counts };
  }

  /** How it is listed; undefined where nothing is known of it. */
  get summary(): RunSummary | undefined {
    return this.#state && toRunSummary(this.#state, this.counts);
  }

  /**
   * Takes a state over; answers may come in another order than writes.
   *
   * @param state A state that is, or was, the stored one.
   * @returns Whether it is another one.
   */
  take(state: RunState): boolean {
    const known = this.#state;
    if (known !== undefined && isOlder(state, known)) return false;
    this.#state = state;
    return known === undefined || known.status !== state.status ||
      known.updated_at !== state.updated_at;
  }

  /**
   * Takes a task over, unless a later word is known.
   *
   * @param row The task.
   * @returns Whether it counts.
   */
  apply(row: TaskRow): boolean {
    const { task_id, status, position } = row.summary;
    const known = this.rows.get(task_id);
    if (known !== undefined && !comesAfter(row, known)) return false;
    this.#count(known?.summary.status, -1);
    this.#count(status, 1);
    this.rows.set(task_id, row);
    if (position >= this.nextPosition) this.nextPosition = position + 1;
    return true;
  }

  /** Forgets all tasks. */
  forget(): void {
    this.rows.clear();
    this.#counts = { completed: 0, failed: 0, running: 0 };
  }

  #count(status: string | undefined, by: number): void {
    const name = COUNTED[status ?? ""];
    if (name !== undefined) this.#counts[name] += by;
  }
}

function isOlder(state: RunState, known: RunState): boolean {
  if (state.starts !== known.starts) return state.starts < known.starts;
  if (isEnd(state.status) !== isEnd(known.status)) return isEnd(known.status);
  if (state.late !== known.late) return state.late < known.late;
  return state.seal === null && known.seal !== null;
}
