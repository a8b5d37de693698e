/**
 * A run, as `start` gives it.
 *
 * @module
 */

import type { WorkflowStatus } from "../status.ts";
import type { Task } from "../task.ts";
import type { ActiveRun } from "./active_run.ts";
import { toMermaid } from "./mermaid.ts";
import type { Mode } from "./options.ts";

/** One run of a workflow. */
export class Run {
  readonly #active: ActiveRun;
  /**
   * Resolves to the run itself when it has ended, and rejects where `start`
   * would have; unlike other promises it may be left alone.
   */
  readonly finished: Promise<Run>;

  /**
   * Makes a `Run`.
   *
   * @param active The run while it goes on.
   * @param ended Resolves when it has ended.
   */
  constructor(active: ActiveRun, ended: Promise<void>) {
    this.#active = active;
    this.finished = ended.then(() => this);
    this.finished.catch(() => {});
  }

  /** The workflow. */
  get workflowId(): string {
    return this.#active.identity.workflowId;
  }

  /** The run, the same over all its resumes. */
  get runId(): string {
    return this.#active.identity.runId;
  }

  /** Whether the run goes on from an earlier start. */
  get resumed(): boolean {
    return this.#active.identity.resumed;
  }

  /** The mode. */
  get mode(): Mode {
    return this.#active.settings.mode;
  }

  /** Where the run stands. */
  get status(): WorkflowStatus {
    return this.#active.status;
  }

  /** The tasks, in the order of `add`. */
  get tasks(): readonly Task[] {
    return this.#active.tasks;
  }

  /** When this start of the run began, in milliseconds since the epoch. */
  get startedMs(): number {
    return this.#active.startedMs;
  }

  /** How long the run took, so far or in all, in milliseconds. */
  get duration(): number {
    return this.#active.duration;
  }

  /**
   * Stops the run: signals of running steps abort, no further task is started,
   * and the status becomes `Cancelled`. Results that are committed stay, so that
   * the run can be resumed. It does nothing after the run has ended.
   *
   * @param reason Why, for the error that steps see.
   */
  cancel(reason?: unknown): void {
    this.#active.cancel(reason);
  }

  /**
   * Draws the run as it stands: a flowchart of Mermaid, which GitHub and many
   * editors show as a picture. Each task has its status, its duration and the
   * number of its attempts; groups have a frame.
   *
   * @returns The text of the flowchart.
   * @see https://mermaid.js.org/syntax/flowchart.html
   */
  toMermaid(): string {
    return toMermaid(this.tasks, this.mode);
  }
}
