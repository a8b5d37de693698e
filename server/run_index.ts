/**
 * The index of all runs, the latest first: one small object for each start of a
 * run, whose key says all that it has to say. It is kept in memory, and read
 * again from time to time for what others have written.
 *
 * @module
 */

import type { Places } from "./places.ts";
import type { Records } from "./records.ts";

/** For so long what was added here is kept, though a list does not show it. */
const OWN_MS = 60_000;

/** A run in the index. */
export interface IndexEntry {
  /** When it began, as a text that sorts the latest first. */
  readonly began: string;
  /** Its workflow and itself as parts of a key. */
  readonly path: string;
  /** How many starts there have been. */
  readonly starts: number;
}

/** All runs. */
export class RunIndex {
  readonly #records: Records;
  readonly #places: Places;
  readonly #refreshMs: number;
  /** By their place in the order. */
  #entries = new Map<string, IndexEntry>();
  #sorted: readonly IndexEntry[] | undefined;
  #listedAt = -Infinity;
  /** What was added here, and when. */
  readonly #own = new Map<string, { entry: IndexEntry; at: number }>();

  /**
   * @param records The storage.
   * @param places Where is what.
   * @param refreshMs How old a list may be, in milliseconds.
   */
  constructor(records: Records, places: Places, refreshMs: number) {
    this.#records = records;
    this.#places = places;
    this.#refreshMs = refreshMs;
  }

  /** How many runs are known, without looking for others'. */
  get size(): number {
    return this.#entries.size;
  }

  /**
   * Adds a start of a run.
   *
   * @param entry The run.
   */
  async add(entry: IndexEntry): Promise<void> {
    await this.#records.put(this.#keyOf(entry), { starts: entry.starts });
    const at = Date.now();
    for (const [place, own] of this.#own) {
      if (at - own.at <= OWN_MS) break;
      this.#own.delete(place);
    }
    this.#own.set(placeOf(entry), { entry, at });
    this.#set(this.#entries, entry);
    this.#sorted = undefined;
  }

  /**
   * Removes a run.
   *
   * @param entry The run.
   */
  async remove(entry: IndexEntry): Promise<void> {
    const place = placeOf(entry);
    // The latest start goes last: whatever is interrupted is found again.
    for (let starts = 1; starts <= entry.starts; starts++) {
      await this.#records.removeOne(this.#keyOf({ ...entry, starts }));
    }
    this.#own.delete(place);
    if (this.#entries.delete(place)) this.#sorted = undefined;
  }

  /**
   * Lists all runs.
   *
   * @returns The runs, the latest first.
   */
  async list(): Promise<readonly IndexEntry[]> {
    const now = Date.now();
    if (now - this.#listedAt >= this.#refreshMs) {
      const keys = await this.#records.list(this.#places.index);
      const entries = new Map<string, IndexEntry>();
      for (const key of keys) {
        const parts = key.slice(this.#places.index.length).split("/");
        if (parts.length !== 4) continue;
        const [began, workflow, run, number] = parts;
        const path = `${workflow}/${run}`;
        this.#set(entries, { began, path, starts: Number(number) });
      }
      for (const { entry, at } of this.#own.values()) {
        if (now - at <= OWN_MS) this.#set(entries, entry);
      }
      this.#entries = entries;
      this.#sorted = undefined;
      this.#listedAt = now;
    }
    return this.#sorted ??= [...this.#entries.keys()].sort()
      .map((place) => this.#entries.get(place)!);
  }

  #keyOf({ began, path, starts }: IndexEntry): string {
    const number = String(starts).padStart(6, "0");
    return `${this.#places.index}${began}/${path}/${number}`;
  }

  #set(entries: Map<string, IndexEntry>, entry: IndexEntry): void {
    const place = placeOf(entry);
    const known = entries.get(place);
    if (known === undefined || known.starts < entry.starts) {
      entries.set(place, entry);
    }
  }
}

/**
 * The place of a run in the order of all.
 *
 * @param entry The run.
 * @returns A text; the latest run has the first one.
 */
export function placeOf({ began, path }: IndexEntry): string {
  return `${began}/${path}`;
}
