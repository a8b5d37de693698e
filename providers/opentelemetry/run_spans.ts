/**
 * The spans of runs and tasks, from their opening to their end: one tree for
 * each start of a run, whoever makes the spans.
 *
 * @module
 */

import { type Context, context } from "@opentelemetry/api";
import type { RunInfo } from "../../src/run_info.ts";
import type { Task } from "../../src/task.ts";
import type { TaskError } from "../../src/task_error.ts";
import { parseTraceparent, type TracePlace } from "../../src/traceparent.ts";
import {
  type Attributes,
  runAttributes,
  runFailure,
  runOutcome,
  taskAttributes,
  taskFailure,
  taskOutcome,
} from "./attributes.ts";

/**
 * The most attempts of a task that are told of, the latest ones: as many events
 * as the SDK keeps by default.
 */
const MOST_ATTEMPTS = 128;

/**
 * The most runs whose spans are open. A Worker's request may end in the middle of
 * a run, and nobody tells of its end then.
 */
const MOST_RUNS = 10_000;

/** The most starts of one run whose spans are open, for the same reason. */
const MOST_STARTS = 100;

/** A span before it is opened. */
export interface SpanDraft {
  /** Its name. */
  readonly name: string;
  /** Its name without what is of this run only, to count such spans by. */
  readonly group: string;
  /** When it begins, in milliseconds since the epoch. */
  readonly startMs: number;
  /** What is known when it begins. */
  readonly attributes: Attributes;
  /** What it is in. */
  readonly parent: Context;
  /** An earlier span that it goes on from. */
  readonly link: TracePlace | undefined;
}

/** How a span ends. */
export interface SpanEnd {
  /** When, in milliseconds since the epoch. */
  readonly endMs: number;
  /** What is known besides. */
  readonly attributes: Attributes;
  /** The failed attempts, in order. */
  readonly errors: readonly TaskError[];
  /** Why it counts as failed; undefined: it does not. */
  readonly failure: string | undefined;
}

/** A span that is open. */
export interface OpenSpan {
  /** Where it stands, as the `traceparent` of W3C. */
  readonly traceparent: string;
  /** What its children are opened in. */
  readonly inside: Context;
  /**
   * Ends it; called once.
   *
   * @param end How.
   */
  end(end: SpanEnd): void;
}

/**
 * Opens spans.
 *
 * @param draft What is to be opened.
 * @returns The span; undefined where nobody wants it.
 */
export type OpenSpanBy = (draft: SpanDraft) => OpenSpan | undefined;

/** One start of a run. */
interface OpenRun {
  readonly startedMs: number;
  readonly span: OpenSpan;
  readonly tasks: Map<string, OpenSpan>;
  /** Whether it has come about; one that lost a race does not. */
  started: boolean;
}

/** The spans that are open. Of what has ended, nothing is kept. */
export class RunSpans {
  readonly #open: OpenSpanBy;
  /** By run: several starts may go on with one, of which all but one lose. */
  readonly #runs: Map<string, OpenRun[]> = new Map();

  /**
   * Makes a `RunSpans` without spans.
   *
   * @param open Opens spans.
   */
  constructor(open: OpenSpanBy) {
    this.#open = open;
  }

  /**
   * Opens the span of a run, in the context that this is called in.
   *
   * @param run The run.
   * @returns Where it stands; undefined where there is no span.
   */
  traceWorkflow(run: RunInfo): string | undefined {
    return this.#openRun(run)?.span.traceparent;
  }

  /**
   * Takes note that a run has come about; opens its span if none is open.
   *
   * @param run The run.
   */
  startWorkflow(run: RunInfo): void {
    const { runId, startedMs, traceparent } = run;
    const open = this.#find(runId, startedMs, traceparent) ??
      this.#openRun(run);
    if (open) open.started = true;
  }

  /**
   * Ends the span of a run, with those of its tasks that are still open.
   *
   * @param run The run.
   */
  endWorkflow(run: RunInfo): void {
    const { runId, startedMs, traceparent } = run;
    const open = this.#find(runId, startedMs, traceparent);
    if (open === undefined) return;
    this.#forget(runId, open);
    const endMs = startedMs + run.duration;
    const nothing = { attributes: {}, errors: [], failure: undefined };
    for (const span of open.tasks.values()) span.end({ ...nothing, endMs });
    open.span.end({
      endMs,
      attributes: runOutcome(run),
      errors: [],
      failure: runFailure(run)?.message,
    });
  }

  /**
   * Opens the span of a task, unless it is open.
   *
   * @param task The task.
   * @returns Where it stands; undefined where there is no span.
   */
  traceTask(task: Task): string | undefined {
    return this.#openTask(task)?.traceparent;
  }

  /**
   * Ends the span of a task.
   *
   * @param task The task.
   */
  endTask(task: Task): void {
    const tasks = this.#find(task.runId, task.createdMs)?.tasks;
    const span = tasks?.get(task.taskId);
    if (span === undefined) return;
    tasks!.delete(task.taskId);
    span.end({
      endMs: task.startedMs + task.duration,
      attributes: taskOutcome(task),
      errors: task.errors.slice(-MOST_ATTEMPTS),
      failure: taskFailure(task)?.message,
    });
  }

  /**
   * Runs a step inside of the span of its task.
   *
   * @param task The task.
   * @param next Runs the step.
   * @returns What `next` gives.
   */
  runTask(task: Task, next: () => Promise<unknown>): Promise<unknown> {
    const span = this.#openTask(task);
    return span === undefined ? next() : context.with(span.inside, next);
  }

  #openRun(run: RunInfo): OpenRun | undefined {
    const { runId, startedMs } = run;
    const span = this.#open({
      name: `workflow:${run.workflowId}`,
      group: groupOf(run),
      startMs: startedMs,
      attributes: runAttributes(run),
      parent: context.active(),
      link: parseTraceparent(run.resumedFrom),
    });
    if (span === undefined) return undefined;
    const open = { startedMs, span, tasks: new Map(), started: false };
    const earlier = this.#runs.get(runId) ?? [];
    this.#runs.set(runId, [...earlier, open].slice(-MOST_STARTS));
    if (this.#runs.size > MOST_RUNS) {
      const [oldest] = this.#runs.keys();
      this.#runs.delete(oldest);
    }
    return open;
  }

  #openTask(task: Task): OpenSpan | undefined {
    const run = this.#find(task.runId, task.createdMs);
    const known = run?.tasks.get(task.taskId);
    if (run === undefined || known !== undefined) return known;
    const span = this.#open({
      name: `task:${task.taskId}`,
      group: `task:${task.name}`,
      startMs: task.startedMs,
      attributes: taskAttributes(task),
      parent: run.span.inside,
      link: undefined,
    });
    if (span) run.tasks.set(task.taskId, span);
    return span;
  }

  /**
   * Finds a start of a run. Where time stands still, as in Workers, several may
   * have begun at the same moment: the place in the trace tells those apart.
   */
  #find(
    runId: string,
    startedMs: number,
    traceparent?: string,
  ): OpenRun | undefined {
    const starts = this.#runs.get(runId)?.filter((open) =>
      open.startedMs === startedMs
    );
    return starts?.find(({ span }) => span.traceparent === traceparent) ??
      starts?.find(({ started }) => started) ?? starts?.[0];
  }

  #forget(runId: string, open: OpenRun): void {
    const rest = this.#runs.get(runId)!.filter((each) => each !== open);
    if (rest.length > 0) this.#runs.set(runId, rest);
    else this.#runs.delete(runId);
  }
}

/** Where nothing is given, the name is the id, which may be a generated one. */
function groupOf({ workflowId, workflowName, generatedId }: RunInfo): string {
  const isUnique = generatedId && workflowName === workflowId;
  return isUnique ? "workflow" : `workflow:${workflowName}`;
}
