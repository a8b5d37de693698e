/**
 * A scheduler whose ticks are given by a cron pattern.
 *
 * @example
 * ```ts
 * import { action, Config, DotFlow } from "@dotflow/dotflow";
 * import { SchedulerCron } from "@dotflow/dotflow/providers/scheduler-cron";
 * import { StorageFile } from "@dotflow/dotflow/providers/storage-file";
 *
 * const workflow = new DotFlow({
 *   workflowId: "daily-users",
 *   config: new Config({
 *     storage: new StorageFile({ path: ".output" }),
 *     scheduler: new SchedulerCron({
 *       cron: "30 6 * * 1-5",
 *       timezone: "Europe/Berlin",
 *     }),
 *   }),
 * });
 * workflow.task.add(action("extract", () => [1, 2, 3]));
 *
 * async function main() {
 *   await workflow.schedule(); // until Ctrl-C
 * }
 * ```
 *
 * @module
 */

import { Cron } from "croner";
import { type Schedulable, Scheduler } from "../src/contracts/scheduler.ts";
import { describe } from "../src/describe.ts";
import { InvalidOptionError } from "../src/errors.ts";
import { type Check, optional, readOptions, toName } from "../src/options.ts";
import type { StartOptions } from "../src/run/options.ts";
import {
  type Moment,
  type Overlap,
  SCHEDULE_CHECKS,
  type ScheduleOptions,
} from "./scheduler/options.ts";
import { Schedules } from "./scheduler/schedules.ts";
import type { Slots } from "./scheduler/slots.ts";

export type { Moment, Overlap, ScheduleOptions };

/** Options of {@linkcode SchedulerCron}. */
export interface SchedulerCronOptions extends ScheduleOptions {
  /**
   * The pattern: minute, hour, day of the month, month and day of the week; with
   * six fields, seconds come first.
   */
  readonly cron: string;
  /**
   * The time zone of the pattern, such as "Europe/Berlin".
   *
   * @default That of the machine
   */
  readonly timezone?: string;
}

const CHECKS = {
  cron: toName,
  timezone: optional(toName),
  ...SCHEDULE_CHECKS,
} satisfies Record<keyof SchedulerCronOptions, Check<unknown>>;

/**
 * Starts a workflow at each tick of a cron pattern. Each run is named after its
 * tick, such as "2026-11-28T06:31:00Z".
 *
 * - Where the workflow has a fixed id and a storage that persists and swaps
 *   atomically, any number of hosts may run the same schedule: each tick is
 *   claimed by creating an object, and run by the host that did so. Where that
 *   host dies, another one goes on after the lease of `Config`. Elsewhere, each
 *   process ticks for itself.
 * - A tick whose run fails, or whose storage does, is logged; the next one comes.
 *   A tick that could not be claimed is tried again for half an hour, as long as
 *   the schedule goes on.
 * - A run that was left unfinished, and cannot go on since the workflow or its
 *   input has changed, is logged and let go, so that later ticks run.
 * - Where clocks are put forward, a fixed time in the gap ("30 2 * * *") comes at
 *   its end, and the many times of a pattern (every 20 minutes from 2 to 3) do not come that
 *   day. Where they are put back, a fixed time comes once, and those of a pattern
 *   come in both hours. It is the library croner that says so.
 * - A clock that jumps is noticed within 30 seconds. Where it is set back, no
 *   tick comes twice: the schedule waits for it. Where it is set back by more
 *   than 3 hours, it was wrong before, and the schedule goes on from there; ticks
 *   that were claimed, or whose runs are remembered, do not run again.
 *
 * In Deno, it needs no permission of its own.
 *
 * @example Once a second, five times
 * ```ts
 * import { SchedulerCron } from "@dotflow/dotflow/providers/scheduler-cron";
 *
 * const scheduler = new SchedulerCron({ cron: "* * * * * *", maxRuns: 5 });
 * ```
 */
export class SchedulerCron extends Scheduler {
  readonly #schedules: Schedules;

  /**
   * Makes a `SchedulerCron`.
   *
   * @param options When there are ticks, and what becomes of them.
   * @throws {InvalidOptionError} If an option is unknown or not allowed, or if
   * the pattern has no tick at all.
   */
  constructor(options: SchedulerCronOptions) {
    super();
    const { cron, timezone, ...settings } = readOptions(
      options,
      "SchedulerCron",
      CHECKS,
    );
    this.#schedules = new Schedules(slotsOf(cron, timezone), settings);
  }

  /**
   * Starts the workflow at each tick.
   *
   * @param workflow The workflow.
   * @param options How each run is started; its `signal` ends the schedule too.
   * @returns Resolves when the schedule has stopped: by `stop`, a signal, or
   * because there are no more ticks.
   * @throws {InvalidOptionError} If an option is not allowed, or names a run.
   */
  start(workflow: Schedulable, options?: StartOptions): Promise<void> {
    return this.#schedules.start(workflow, options);
  }

  /**
   * Ends the ticks of all workflows, and waits for their runs; those that take
   * longer than `stopTimeout` are cancelled.
   *
   * @returns Resolves when all of them have stopped.
   */
  stop(): Promise<void> {
    return this.#schedules.stop();
  }
}

function slotsOf(cron: string, timezone: string | undefined): Slots {
  if (timezone !== undefined) refuseUnknownZone(timezone);
  let pattern: Cron;
  try {
    pattern = new Cron(cron, { paused: true, timezone, mode: "5-or-6-parts" });
  } catch (cause) {
    throw new InvalidOptionError(
      `Cannot use ${describe(cron)} as cron: ${reasonOf(cron, cause)}give ` +
        `5 or 6 fields, such as "30 6 * * 1-5"`,
      { cause },
    );
  }
  const next = (afterMs: number) =>
    pattern.nextRun(new Date(afterMs))?.getTime();
  if (next(Date.now()) === undefined) {
    throw new InvalidOptionError(
      `Cannot use ${describe(cron)} as cron: there is no such date; give one ` +
        "that comes",
    );
  }
  return { next };
}

/** What croner has against a pattern that has as many fields as it should. */
function reasonOf(cron: string, cause: unknown): string {
  const fields = cron.trim().split(/\s+/).length;
  if (!(cause instanceof Error) || fields < 5 || fields > 6) return "";
  const reason = cause.message.replace(/^CronPattern: /, "")
    // It counts days and months from 0: its number is not the one given.
    .replace(/^Invalid value for (.+): -?\d+$/, "its $1 is out of range")
    .replace(/\.$/, "");
  return `${reason}; `;
}

function refuseUnknownZone(timeZone: string): void {
  try {
    new Intl.DateTimeFormat("en", { timeZone });
  } catch (cause) {
    throw new InvalidOptionError(
      `Cannot use ${describe(timeZone)} as timezone: give a name such as ` +
        `"Europe/Berlin"`,
      { cause },
    );
  }
}
