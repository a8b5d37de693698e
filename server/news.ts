/**
 * Looks, while somebody listens, for what other servers have written.
 *
 * @module
 */

import type { LiveRuns } from "./live_runs.ts";
import type { Places } from "./places.ts";
import type { RunIndex } from "./run_index.ts";

/** So many new runs of others are read at once. */
const MOST_NEW = 32;

/** What looking for news needs. */
export interface NewsOptions {
  /** All runs. */
  readonly index: RunIndex;
  /** Those in memory. */
  readonly live: LiveRuns;
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
  /** The runs that were there, with how often they had started. */
  #known: ReadonlyMap<string, number> | undefined;
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
    const { index, live, places } = this.#options;
    const entries = await index.list();
    const known = this.#known;
    this.#known = new Map(entries.map(({ path, starts }) => [path, starts]));
    if (known === undefined) return;
    const isNew = entries.filter(({ path, starts }) =>
      (known.get(path) ?? 0) < starts
    );
    for (const { path } of isNew.slice(0, MOST_NEW)) {
      await live.discover(places.at(path));
    }
  }
}
