/**
 * The run of one tick, which is named after it: whoever starts it second gets
 * nothing to do, and what a dead host has left goes on.
 *
 * @module
 */

import type { LogLevel } from "../../src/contracts/log.ts";
import type { Schedulable } from "../../src/contracts/scheduler.ts";
import { classNameOf } from "../../src/describe.ts";
import { DotFlowError, InvalidOptionError } from "../../src/errors.ts";
import { runPrefix } from "../../src/place.ts";
import { redact } from "../../src/redact.ts";
import { Notices } from "../../src/run/notices.ts";
import { type StartOptions, toStartSettings } from "../../src/run/options.ts";
import type { Claims } from "./claims.ts";
import type { Overlap } from "./options.ts";
import { slotName } from "./slots.ts";

/**
 * What came of a start.
 *
 * - `ended`: the run of the tick has ended, well or not, here or elsewhere.
 * - `refused`: it cannot be begun, nor later; that is told.
 * - `locked`: another run goes on, and nothing has begun here.
 * - `lost`: it has begun here, and lost the workflow amid it.
 * - `unsure`: the storage has failed, or it was cancelled before it began.
 */
export type Outcome = "ended" | "refused" | "locked" | "lost" | "unsure";

/** How long a tick waits in a queue: until whoever owns the workflow has ended. */
const QUEUE_WAIT = "365d";

/** How many runs are kept that own only themselves, where nobody else runs any. */
const KEPT_RUNS = 10;

/** How many unfinished runs are gone on with before the one that was meant. */
const MOST_OTHERS = 8;

/** Lets an unfinished run go that had other tasks, or another input. */
const LET_GO = { onWorkflowChange: "reset", onInputChange: "reset" } as const;

/** Runs ticks of one workflow. */
export class TickRuns {
  readonly #workflow: Schedulable;
  readonly #options: StartOptions;
  readonly #claims: Claims | undefined;
  readonly #notices: Notices;
  readonly #ended: string[] = [];
  /** The run of which it was told that it cannot go on. */
  #told: string | undefined;

  /**
   * Makes a `TickRuns`.
   *
   * @param workflow The workflow.
   * @param options How each run is started.
   * @param overlap What becomes of a tick while another run goes on.
   * @param claims The claims of its ticks, where there are any.
   * @throws {InvalidOptionError} If an option is not allowed, or names a run.
   */
  constructor(
    workflow: Schedulable,
    options: StartOptions,
    overlap: Overlap,
    claims: Claims | undefined,
  ) {
    for (const option of ["runId", "exclusive"] as const) {
      if (options[option] === undefined) continue;
      throw new InvalidOptionError(
        `Cannot use option "${option}" for a schedule: each run is named after ` +
          "its tick, and overlap says whether it owns the workflow; leave it out",
      );
    }
    // Now, rather than at every tick.
    toStartSettings(options);
    this.#workflow = workflow;
    this.#claims = claims;
    this.#notices = new Notices(workflow.config, workflow.workflowId);
    this.#options = {
      ...overlap === "queue" ? { wait: QUEUE_WAIT } : {},
      ...options,
      ...overlap === "parallel" ? { exclusive: false } : {},
    };
  }

  /**
   * Runs the run of a tick to its end; what a dead host has left unfinished comes
   * first. Where that cannot go on, since the workflow has changed, it is told
   * and let go.
   *
   * @param slot The tick.
   * @param signal Cancels the run.
   * @param isStandby Whether another host may be at it: that is not waited for.
   * @returns What came of it; it never rejects.
   */
  async run(
    slot: string,
    signal?: AbortSignal,
    isStandby = false,
  ): Promise<Outcome> {
    let options: StartOptions = signal
      ? { ...this.#options, signal }
      : this.#options;
    // Until it is known whether the owner is alive, and no longer.
    if (isStandby) options = { ...options, wait: undefined };
    let error: unknown;
    for (let others = 0; others <= MOST_OTHERS; others++) {
      error = await this.#start({ ...options, runId: slot });
      if (codeOf(error) !== "RUN_UNFINISHED") break;
      const { runId } = error as { runId: string };
      const failure = await this.#start({ ...options, runId });
      const outcome = this.#outcomeOf(failure, runId);
      if (outcome === "refused" && isChange(failure)) {
        options = { ...options, ...LET_GO };
      } else if (outcome !== "ended") return outcome;
      await this.mark(runId);
    }
    return this.#outcomeOf(error, slot);
  }

  /** Runs a run to its end; gives what was thrown. */
  async #start(options: StartOptions): Promise<unknown> {
    try {
      const started = await this.#workflow.start(options);
      // In mode `background`, the start is not the end.
      const { status } = await started.finished;
      if (status === "Completed") return undefined;
      const { runId } = options;
      this.write("ERROR", `Scheduled run has ended as ${status}`, { runId });
    } catch (error) {
      return error;
    }
  }

  /** What it means; what nobody else tells of is told. */
  #outcomeOf(error: unknown, runId: string): Outcome {
    const code = codeOf(error);
    if (error === undefined || code === "RUN_ENDED") return "ended";
    if (code === "WORKFLOW_LOCKED") {
      return (error as { isLost?: boolean }).isLost ? "lost" : "locked";
    }
    // It has not begun: some other host may do so.
    if (code === "WORKFLOW_CANCELLED") return "unsure";
    if (!isChange(error) || this.#told !== runId) {
      this.report("Cannot run a scheduled tick", error, runId);
    }
    if (isChange(error)) this.#told = runId;
    return code === "STORAGE" || code === "RUN_UNFINISHED"
      ? "unsure"
      : "refused";
  }

  /**
   * Marks a tick as ended, where ticks are claimed.
   *
   * @param slot The tick.
   * @returns Resolves in any case.
   */
  async mark(slot: string): Promise<void> {
    try {
      await this.#claims?.end(slot);
    } catch (error) {
      this.report("Cannot mark a scheduled tick as ended", error, slot);
    }
  }

  /**
   * Removes now and then what old ticks have left behind.
   *
   * @param slot The tick that has ended.
   * @returns Resolves in any case.
   */
  async clean(slot: string): Promise<void> {
    const { workflowId, config: { storage } } = this.#workflow;
    try {
      if (this.#claims) return await this.#claims.clean(slotName);
      if (this.#options.exclusive !== false) return;
      const surplus = this.#ended.splice(
        0,
        Math.max(0, this.#ended.push(slot) - KEPT_RUNS),
      );
      for (const old of surplus) {
        await storage.deletePrefix?.(runPrefix(workflowId, old));
      }
    } catch (error) {
      this.report("Cannot remove old ticks", error);
    }
  }

  /**
   * Writes a line to the logs of the workflow.
   *
   * @param level How grave it is.
   * @param message What happens.
   * @param fields What it is about.
   */
  write(
    level: LogLevel,
    message: string,
    fields: Readonly<Record<string, unknown>>,
  ): void {
    const { workflowId } = this.#workflow;
    this.#notices.write(level, message, { workflowId, ...fields });
  }

  /**
   * Tells the logs of a tick that is dropped.
   *
   * @param runId The tick.
   */
  tellDropped(runId: string): void {
    const message = "Tick of the schedule is dropped: another run goes on";
    this.write("INFO", message, { runId });
  }

  /**
   * Writes a failure to the logs, without secrets.
   *
   * @param message What has failed.
   * @param error What was thrown.
   * @param runId The tick.
   */
  report(message: string, error: unknown, runId?: string): void {
    const isError = typeof error === "object" && error !== null;
    const reason = redact(error instanceof Error ? error.message : `${error}`);
    const exception = isError ? classNameOf(error) : typeof error;
    this.write("ERROR", message, { runId, exception, reason });
  }

  /**
   * Waits until the logs have taken everything.
   *
   * @returns Resolves in any case.
   */
  drain(): Promise<void> {
    return this.#notices.drain();
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof DotFlowError ? error.code : undefined;
}

/** Whether a run cannot go on since its workflow is another one now. */
function isChange(error: unknown): boolean {
  const code = codeOf(error);
  return code === "WORKFLOW_CHANGED" || code === "INPUT_CHANGED";
}
