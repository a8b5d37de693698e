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
}

/** A run as it stood at one moment. */
export interface RunInfo extends RunIdentity {
  /** The mode. */
  readonly mode: Mode;
  /** Where the run stands. */
  readonly status: WorkflowStatus;
  /** How long it took so far, in milliseconds. */
  readonly duration: number;
  /** The tasks, in the order of `add`, as they stand. */
  readonly tasks: readonly Task[];
}
