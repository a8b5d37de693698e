/**
 * What the command line says while a workflow runs.
 *
 * @module
 */

import type { RunEvent } from "../../src/run/events.ts";
import type { RunInfo } from "../../src/run_info.ts";

/** A run that has ended, as `start` or the last of its events has it. */
export type Ended = Pick<
  RunInfo,
  "workflowId" | "runId" | "status" | "duration" | "tasks"
>;

/** Tells how a run goes on. */
export interface Reporter {
  /** Takes what happens in a run. */
  take(event: RunEvent): void;
  /** Tells something that is no event of a run. */
  note(text: string): void;
  /** Tells how a run has ended, with its results. */
  end(run: Ended): void;
  /** Leaves the terminal as it was. It may be called again. */
  close(): void;
}

/** What a reporter is made of. */
export interface ReporterOptions {
  /** One JSON object a line. */
  readonly json?: boolean;
  /** Whether colours are allowed. */
  readonly color?: boolean;
  /** Plain lines, on a terminal too. */
  readonly plain?: boolean;
}
