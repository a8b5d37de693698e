/**
 * A scheduler whose ticks come at a regular interval.
 *
 * @example
 * ```ts
 * import { action, Config, DotFlow } from "@dotflow/dotflow";
 * import { SchedulerInterval } from "@dotflow/dotflow/providers/scheduler-interval";
 *
 * const workflow = new DotFlow({
 *   config: new Config({ scheduler: new SchedulerInterval({ every: "5m" }) }),
 * });
 * workflow.task.add(action("poll", () => "something new"));
 *
 * async function main() {
 *   await workflow.schedule(); // until Ctrl-C
 * }
 * ```
 *
 * @module
 */

import { type Schedulable, Scheduler } from "../src/contracts/scheduler.ts";
import { type Duration, toMilliseconds } from "../src/duration.ts";
import { type Check, expect, readOptions } from "../src/options.ts";
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

/** Options of {@linkcode SchedulerInterval}. */
export interface SchedulerIntervalOptions extends ScheduleOptions {
  /**
   * The time from tick to tick, in whole milliseconds. Ticks are counted from
   * the epoch, so that all hosts agree on them ("5m": at minutes 0, 5, 10 …), or
   * from `startAt` where it is given.
   */
  readonly every: Duration;
}

const CHECKS = {
  every: (value, option) => {
    const ms = toMilliseconds(value, option, 1);
    expect(Number.isInteger(ms), value, option, "whole milliseconds");
    return ms;
  },
  ...SCHEDULE_CHECKS,
} satisfies Record<keyof SchedulerIntervalOptions, Check<unknown>>;

/**
 * Starts a workflow at a regular interval. Each run is named after its tick. In
 * all else it is like `SchedulerCron`, also on many hosts at once.
 */
export class SchedulerInterval extends Scheduler {
  readonly #schedules: Schedules;

  /**
   * Makes a `SchedulerInterval`.
   *
   * @param options When there are ticks, and what becomes of them.
   * @throws {InvalidOptionError} If an option is unknown or not allowed.
   */
  constructor(options: SchedulerIntervalOptions) {
    super();
    const { every, ...settings } = readOptions(
      options,
      "SchedulerInterval",
      CHECKS,
    );
    const anchorMs = options.startAt === undefined ? 0 : settings.startAt;
    this.#schedules = new Schedules(slotsOf(every, anchorMs), settings);
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

function slotsOf(everyMs: number, anchorMs: number): Slots {
  return {
    next(afterMs) {
      const count = Math.floor((afterMs - anchorMs) / everyMs) + 1;
      return anchorMs + count * everyMs;
    },
  };
}
