/**
 * Looks, while somebody listens, for what other servers have written.
 *
 * @module
 */

import type { Hub } from "./hub.ts";
import type { LiveRuns } from "./live_runs.ts";
import type { Places } from "./places.ts";
import { type IndexEntry, placeOf, type RunIndex } from "./run_index.ts";

/** So many new runs of others are read at once; the others have to wait. */
const MOST_NEW = 32;

/** Where more have to wait, loading anew is less work than hearing of each. */
const MOST_WAITING = 512;

/** What looking for news needs. */
export interface NewsOptions {
  /** All runs. */
  readonly index: RunIndex;
  /** Those in memory. */
  readonly live: LiveRuns;
  /** Where news go. */
  readonly hub: Hub;
  /** Where is what. */
  readonly places: Places;
  /** How often it is looked, in milliseconds. */
  readonly refreshMs: number;
  /** Told of what fails. */
  readonly onError: (error: unknown) => void;
}

/** Looks for news. */
export class News {
  readonly #options: NewsOptions;
  /** By place, the runs that were told of, with how often they had started. */
  #known: Map<string, number> | undefined;
  #lookedAt = -Infinity;

  /**
   * @param options What it needs.
   */
  constructor(options: NewsOptions) {
    this.#options = options;
  }

  /** Puts what is new among the events; once in a while others' news too. */
  async look(): Promise<void> {
    const { live, refreshMs, onError } = this.#options;
    live.tell();
    const now = Date.now();
    if (now - this.#lookedAt < Math.max(refreshMs, 100)) return;
    this.#lookedAt = now;
    try {
      await live.refresh();
      await this.#lookForRuns();
    } catch (error) {
      onError(error);
    }
    live.tell();
  }

  /** Runs that others have begun come to memory, and so among the events. */
  async #lookForRuns(): Promise<void> {
    const { index, live, hub, places } = this.#options;
    const entries = await index.list();
    const before = this.#known;
    if (before === undefined) {
      this.#known = toKnown(entries);
      return;
    }
    // What is not in the index any more is forgotten.
    const known = this.#known = new Map<string, number>();
    const waiting: IndexEntry[] = [];
    for (const entry of entries) {
      const place = placeOf(entry);
      const starts = before.get(place) ?? 0;
      if (starts > 0) known.set(place, starts);
      if (starts >= entry.starts) continue;
      if (live.hasTold(places.at(entry.path), entry.starts)) {
        known.set(place, entry.starts);
      } else waiting.push(entry);
    }
    if (waiting.length > MOST_WAITING) {
      this.#known = toKnown(entries);
      hub.lose();
      return;
    }
    await Promise.all(
      waiting.slice(0, MOST_NEW).map(async (entry) => {
        await live.discover(places.at(entry.path));
        known.set(placeOf(entry), entry.starts);
      }),
    );
  }
}

function toKnown(entries: readonly IndexEntry[]): Map<string, number> {
  return new Map(entries.map((entry) => [placeOf(entry), entry.starts]));
}
