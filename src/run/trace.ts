/**
 * Where a run and its tasks stand in a distributed trace, as far as a tracer
 * tells. Whatever the tracer does, the run goes on.
 *
 * @module
 */

import type { Tracer } from "../contracts/tracer.ts";
import type { RunInfo } from "../run_info.ts";
import type { Task } from "../task.ts";
import { isThenable } from "../types.ts";
import type { Notices } from "./notices.ts";

/** Is told what a provider has thrown. */
export type Blame = (provider: object, error: unknown) => void;

/** The trace of one run. */
export class Trace {
  /** Where the run stands, once it is open. */
  traceparent: string | undefined;
  /** A tracer that wraps steps; there can be one. */
  readonly spanning: Tracer | undefined;
  /** The tracer whose trace it is; there can be one. */
  readonly #leading: Tracer | undefined;
  readonly #blame: Blame;

  /**
   * Makes a `Trace`, which is not open yet.
   *
   * @param tracers All that trace the run.
   * @param blame Is told what they throw.
   */
  constructor(tracers: readonly Tracer[], blame: Blame) {
    this.spanning = tracers.find((tracer) => tracer.runTask);
    this.#leading = tracers.find((tracer) => tracer.traceWorkflow);
    this.#blame = blame;
  }

  /**
   * Opens the trace, before the run is stored.
   *
   * @param run Makes what the tracer is told.
   */
  open(run: () => RunInfo): void {
    this.traceparent = this.#ask((tracer) => tracer.traceWorkflow!(run()));
  }

  /**
   * Closes the trace of a run that has not come about.
   *
   * @param run Makes what the tracer is told.
   * @param notices Tells it.
   */
  abandon(run: () => RunInfo, notices: Notices): void {
    const tracer = this.#leading;
    if (tracer) notices.tell(tracer, () => tracer.endWorkflow(run()));
  }

  /**
   * Finds out where a task stands.
   *
   * @param task The task, which has just started.
   * @returns Its `traceparent`; undefined where nobody tells.
   */
  placeOf(task: Task): string | undefined {
    return this.#ask((tracer) => tracer.traceTask?.(task.snapshot()));
  }

  #ask(
    question: (tracer: Tracer) => string | undefined,
  ): string | undefined {
    const tracer = this.#leading;
    if (tracer === undefined) return undefined;
    try {
      const answer: unknown = question(tracer);
      if (typeof answer === "string") return answer;
      if (!isThenable(answer)) return undefined;
      // What is promised comes too late, but must not fail unheard.
      answer.then(undefined, (error) => this.#blame(tracer, error));
    } catch (error) {
      this.#blame(tracer, error);
    }
    return undefined;
  }
}
