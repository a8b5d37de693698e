/**
 * Where a run and its tasks stand in a distributed trace, as far as a tracer
 * tells. Whatever the tracer does, the run goes on.
 *
 * @module
 */

import type { Tracer } from "../contracts/tracer.ts";
import { classNameOf } from "../describe.ts";
import type { RunInfo } from "../run_info.ts";
import type { Task } from "../task.ts";
import { Delivery, type FailureReport } from "./delivery.ts";

/** The trace of one run. */
export class Trace {
  /** Where the run stands, once it is open. */
  traceparent: string | undefined;
  /** A tracer that wraps steps; there can be one. */
  readonly spanning: Tracer | undefined;
  /** The tracer whose trace it is; there can be one. */
  readonly #leading: Tracer | undefined;
  readonly #report: FailureReport;

  /**
   * Makes a `Trace`, which is not open yet.
   *
   * @param tracers All that trace the run.
   * @param report Is told what they throw.
   */
  constructor(tracers: readonly Tracer[], report: FailureReport) {
    this.spanning = tracers.find((tracer) => tracer.runTask);
    this.#leading = tracers.find((tracer) => tracer.traceWorkflow);
    this.#report = report;
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
   */
  abandon(run: () => RunInfo): void {
    const tracer = this.#leading;
    if (tracer === undefined) return;
    const delivery = new Delivery(classNameOf(tracer), this.#report);
    delivery.deliver(() => tracer.endWorkflow(run()));
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
      return typeof answer === "string" ? answer : undefined;
    } catch (error) {
      this.#report(classNameOf(tracer), error);
      return undefined;
    }
  }
}
