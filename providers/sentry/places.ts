/**
 * Where the runs that go on stand in their traces.
 *
 * @module
 */

import type { RunInfo } from "../../src/run_info.ts";
import {
  parseTraceparent,
  randomTraceId,
  type TracePlace,
} from "../../src/traceparent.ts";

/** The most runs that are known at once. */
const MOST_RUNS = 10_000;

/** The places of all runs that go on. */
export class Places {
  readonly #sampleRate: number;
  /** By the run, that of its latest start. */
  readonly #places: Map<string, TracePlace> = new Map();

  /**
   * Makes a `Places`.
   *
   * @param sampleRate Which part of all traces is recorded.
   */
  constructor(sampleRate: number) {
    this.#sampleRate = sampleRate;
  }

  /**
   * Makes a place that nobody has.
   *
   * @returns The place.
   */
  make(): TracePlace {
    const traceId = randomTraceId(16);
    const sampled = this.isSampled(traceId);
    return { traceId, spanId: randomTraceId(8), sampled };
  }

  /**
   * Decides whether a trace is recorded: the same for all who ask, also where
   * another tracer has made its id.
   *
   * @param traceId The trace.
   * @returns Whether it is.
   */
  isSampled(traceId: string): boolean {
    return parseInt(traceId.slice(-8), 16) / 2 ** 32 < this.#sampleRate;
  }

  /**
   * Begins a run.
   *
   * @param run The run.
   */
  begin(run: RunInfo): void {
    this.#places.set(run.runId, this.of(run));
    if (this.#places.size <= MOST_RUNS) return;
    // Runs of a Worker's request that is over never end.
    const [oldest] = this.#places.keys();
    this.#places.delete(oldest);
  }

  /**
   * Finds the place of a run. Its `traceparent` comes first: who takes a run over
   * goes on under the same id, at another place.
   *
   * @param run The run.
   * @returns The place, a new one where none is known.
   */
  of({ runId, traceparent }: RunInfo): TracePlace {
    return parseTraceparent(traceparent) ?? this.ofId(runId) ?? this.make();
  }

  /**
   * Finds the place of the latest start of a run.
   *
   * @param runId The run.
   * @returns The place; undefined where the run is not known.
   */
  ofId(runId: string): TracePlace | undefined {
    return this.#places.get(runId);
  }

  /**
   * Ends a run.
   *
   * @param run The run.
   * @returns Where it stood.
   */
  end(run: RunInfo): TracePlace {
    const place = this.of(run);
    const latest = this.ofId(run.runId);
    if (latest?.spanId === place.spanId) this.#places.delete(run.runId);
    return place;
  }
}
