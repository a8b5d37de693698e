/**
 * What a log remembers of each run, so that an event about a failure shows what
 * came before it.
 *
 * @see https://develop.sentry.dev/sdk/data-model/event-payloads/breadcrumbs/
 * @module
 */

import { randomTraceId } from "../../src/traceparent.ts";

/** Something that came before. */
export interface Breadcrumb {
  readonly type: "default";
  /** What it is about. */
  readonly category: string;
  readonly level: "info" | "warning";
  readonly message: string;
  readonly data: Record<string, unknown> | undefined;
  /** When, in seconds since the epoch. */
  readonly timestamp: number;
}

/** What is known of a run. */
export interface Trail {
  /** What came before, the latest last. */
  readonly breadcrumbs: Breadcrumb[];
  /** The trace of its events, where no tracer tells of one. */
  readonly traceId: string;
  /** The mode, as soon as it is known. */
  mode: string | undefined;
}

/** The most that is kept of one run: as much as Sentry shows. */
const MOST_OF_RUN = 100;
/** The most that is kept of all runs together. */
const MOST_OF_ALL = 10_000;
/** The most runs that something is kept of. */
const MOST_RUNS = 1_000;
/** The most of them that have ended: what is late comes soon. */
const MOST_ENDED = 100;

/** The trails of all runs that go on, and of those that have ended lately. */
export class Trails {
  /** By the run, the one that was silent for longest first. */
  readonly #going: Map<string, Trail> = new Map();
  readonly #ended: Map<string, Trail> = new Map();
  #count = 0;

  /**
   * Finds what is known of a run.
   *
   * @param runId The run.
   * @returns Its trail, which is empty where nothing was known.
   */
  of(runId: string): Trail {
    return this.#touch(runId, this.#ended.has(runId));
  }

  /**
   * Adds to what is known of a run.
   *
   * @param runId The run.
   * @param breadcrumb What has happened.
   */
  add(runId: string, breadcrumb: Breadcrumb): void {
    const { breadcrumbs } = this.of(runId);
    if (breadcrumbs.length < MOST_OF_RUN) this.#count++;
    else breadcrumbs.shift();
    breadcrumbs.push(breadcrumb);
    this.#keepWithin();
  }

  /**
   * Notes that a run begins, maybe again, or ends. Also after its end there may
   * be something to tell of it.
   *
   * @param runId The run.
   * @param ended Whether it ends.
   */
  mark(runId: string, ended: boolean): void {
    this.#touch(runId, ended);
  }

  /** Makes a run the one that was heard of last. */
  #touch(runId: string, ended: boolean): Trail {
    const trail = this.#going.get(runId) ?? this.#ended.get(runId) ??
      { breadcrumbs: [], traceId: randomTraceId(16), mode: undefined };
    this.#going.delete(runId);
    this.#ended.delete(runId);
    (ended ? this.#ended : this.#going).set(runId, trail);
    this.#keepWithin();
    return trail;
  }

  /** Some runs never end, such as those of a Worker's request that is over. */
  #keepWithin(): void {
    while (this.#ended.size > MOST_ENDED || this.#isFull()) {
      const trails = this.#ended.size > 0 ? this.#ended : this.#going;
      const [[silent, { breadcrumbs }]] = trails;
      this.#count -= breadcrumbs.length;
      trails.delete(silent);
    }
  }

  #isFull(): boolean {
    return this.#count > MOST_OF_ALL ||
      this.#going.size + this.#ended.size > MOST_RUNS;
  }
}
