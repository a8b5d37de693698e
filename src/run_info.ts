/**
 * A run as watchers see it.
 *
 * @module
 */

import type { Mode } from "./run/options.ts";
import type { WorkflowStatus } from "./status.ts";
import type { Task } from "./task.ts";

/** Which run it is. */
export interface RunIdentity {
  /** The workflow. */
  readonly workflowId: string;
  /** The name of the workflow. */
  readonly workflowName: string;
  /** Whether the workflow's id was generated, not given. */
  readonly generatedId: boolean;
  /** The run; it tells concurrent runs of a workflow apart. */
  readonly runId: string;
  /** Whether the run goes on from an earlier start. */
  readonly resumed: boolean;
  /**
   * The `traceparent` of the first start of the run that was traced, where this
   * one goes on from it.
   */
  readonly resumedFrom: string | undefined;
}

/** A run as it stood at one moment. */
export interface RunInfo extends RunIdentity {
  /** The mode. */
  readonly mode: Mode;
  /** Where the run stands. */
  readonly status: WorkflowStatus;
  /** When this start of the run began, in milliseconds since the epoch. */
  readonly startedMs: number;
  /** How long it took so far, in milliseconds. */
  readonly duration: number;
  /** The tasks, in the order of `add`, as they stand. */
  readonly tasks: readonly Task[];
  /**
   * Where the run stands in a distributed trace, as the `traceparent` of W3C;
   * undefined where no tracer tells.
   */
  readonly traceparent: string | undefined;
}
