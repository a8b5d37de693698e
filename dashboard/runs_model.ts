/**
 * The runs of the list: newest first, each once, as far as they are loaded.
 *
 * @module
 */

import type { RunSummary } from "../src/wire.ts";
import type { Filters } from "./route.ts";

/** How long ago runs of the list began at most, by the name of the choice. */
export const TIMES: Readonly<Record<string, { label: string; ms: number }>> = {
  "1h": { label: "Last hour", ms: 3_600_000 },
  "24h": { label: "Last 24 hours", ms: 86_400_000 },
  "7d": { label: "Last 7 days", ms: 604_800_000 },
  "30d": { label: "Last 30 days", ms: 2_592_000_000 },
};

/**
 * Tells what a run is known by in lists.
 *
 * @param run The run.
 * @returns Its key.
 */
export function runKey(
  run: Pick<RunSummary, "workflow_id" | "run_id">,
): string {
  return JSON.stringify([run.workflow_id, run.run_id]);
}

interface Entry {
  readonly run: RunSummary;
  readonly key: string;
  readonly at: number;
}

/** The runs of the list. */
export class RunsModel {
  /** Whether older ones are still to be loaded. */
  more = false;
  #entries: Entry[] = [];
  #byKey = new Map<string, Entry>();
  #filters: Filters;
  #runs: RunSummary[] | undefined = [];

  constructor(filters: Filters) {
    this.#filters = filters;
  }

  /** The runs, newest first. */
  get runs(): readonly RunSummary[] {
    return this.#runs ??= this.#entries.map(({ run }) => run);
  }

  /**
   * Takes a page of the server.
   *
   * @param runs The runs.
   * @param more Whether there are older ones.
   */
  addPage(runs: readonly RunSummary[], more: boolean): void {
    for (const run of runs) {
      const known = this.#byKey.get(runKey(run));
      // An event may have told more of it than the page does.
      if (!known || known.run.updated_at < run.updated_at) this.#put(run);
    }
    this.more = more;
  }

  /**
   * Takes what an event tells.
   *
   * @param run The run as it is now.
   * @param now The time, in milliseconds since 1970.
   */
  hear(run: RunSummary, now: number): void {
    const known = this.#byKey.get(runKey(run));
    if (!this.#isWanted(run, now)) {
      if (known) this.#take(known);
      return;
    }
    const oldest = this.#entries.at(-1)?.at ?? -Infinity;
    // What is older than all that is loaded comes with its page.
    const tooOld = this.more && Date.parse(run.started_at) < oldest;
    if (known || !tooOld) this.#put(run);
  }

  #isWanted(run: RunSummary, now: number): boolean {
    const { status, text, time } = this.#filters;
    if (status !== "" && run.status !== status) return false;
    const limit = TIMES[time];
    if (limit && Date.parse(run.started_at) < now - limit.ms) return false;
    if (text === "") return true;
    const wanted = text.toLowerCase();
    return [run.workflow_id, run.workflow_name, run.run_id].some((field) =>
      field.toLowerCase().includes(wanted)
    );
  }

  #put(run: RunSummary): void {
    const entry = { run, key: runKey(run), at: Date.parse(run.started_at) };
    const known = this.#byKey.get(entry.key);
    this.#byKey.set(entry.key, entry);
    this.#runs = undefined;
    if (known?.at === entry.at) {
      this.#entries[this.#find(known)] = entry;
      return;
    }
    if (known) this.#entries.splice(this.#find(known), 1);
    this.#entries.splice(this.#find(entry), 0, entry);
  }

  #take(entry: Entry): void {
    this.#byKey.delete(entry.key);
    this.#entries.splice(this.#find(entry), 1);
    this.#runs = undefined;
  }

  /** Where an entry is, or would be. */
  #find(entry: Entry): number {
    let [low, high] = [0, this.#entries.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isBefore(this.#entries[middle], entry)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.at === b.at ? a.key < b.key : a.at > b.at;
}
