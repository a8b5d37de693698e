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

/** The trails of all runs that go on. */
export class Trails {
  /** By the run, the one that was silent for longest first. */
  readonly #trails: Map<string, Trail> = new Map();
  #count = 0;

  /**
   * Finds what is known of a run.
   *
   * @param runId The run.
   * @returns Its trail, which is empty where nothing was known.
   */
  of(runId: string): Trail {
    const known = this.#trails.get(runId);
    this.#trails.delete(runId);
    const trail = known ??
      { breadcrumbs: [], traceId: randomTraceId(16), mode: undefined };
    this.#trails.set(runId, trail);
    this.#keepWithin();
    return trail;
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
   * Forgets a run.
   *
   * @param runId The run.
   */
  forget(runId: string): void {
    this.#count -= this.#trails.get(runId)?.breadcrumbs.length ?? 0;
    this.#trails.delete(runId);
  }

  /** Some runs never end, such as those of a Worker's request that is over. */
  #keepWithin(): void {
    for (const [silent] of this.#trails) {
      if (this.#count <= MOST_OF_ALL && this.#trails.size <= MOST_RUNS) break;
      this.forget(silent);
    }
  }
}
