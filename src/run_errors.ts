/**
 * The errors of runs that a caller has named.
 *
 * @module
 */

import { DotFlowError } from "./dotflow_error.ts";

/** A run of that name has begun before, and does not go on any more. */
export class RunEndedError extends DotFlowError {
  /** The run. */
  readonly runId: string;

  /**
   * Makes a `RunEndedError`.
   *
   * @param workflowId The workflow.
   * @param runId The run that was to be started.
   * @param reason Why it does not go on, and what to do.
   */
  constructor(workflowId: string, runId: string, reason: string) {
    super(
      "RunEndedError",
      `Cannot start run ${JSON.stringify(runId)} of workflow ` +
        `${JSON.stringify(workflowId)}: ${reason}`,
    );
    this.runId = runId;
  }
}

/** A named run would take the place of another one that is not finished. */
export class RunUnfinishedError extends DotFlowError {
  /** The run that is not finished, as the `runId` of a start that goes on. */
  readonly runId: string;

  /**
   * Makes a `RunUnfinishedError`.
   *
   * @param workflowId The workflow.
   * @param runId The run that is not finished.
   * @param wanted The run that was to be started.
   */
  constructor(workflowId: string, runId: string, wanted: string) {
    super(
      "RunUnfinishedError",
      `Cannot start run ${JSON.stringify(wanted)} of workflow ` +
        `${JSON.stringify(workflowId)}: run ${JSON.stringify(runId)} is not ` +
        `finished; start that one first`,
    );
    this.runId = runId;
  }
}
