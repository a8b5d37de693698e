/**
 * The options that all schedulers share.
 *
 * @module
 */

import { type Duration, toMilliseconds } from "../../src/duration.ts";
import {
  type Check,
  type Checked,
  expect,
  oneOf,
  optional,
  toCount,
  toFlag,
} from "../../src/options.ts";

/**
 * What becomes of a tick while an earlier run goes on. `skip`: it is dropped;
 * `queue`: it waits, and one at most does so in a process; `parallel`: its run
 * goes on at the same time.
 *
 * Whether a run of another host goes on, or its host has died in it, is known
 * after a third of the lease at most: where it ends meanwhile, a tick is not
 * dropped by `skip` but begins that much later.
 */
export type Overlap = "skip" | "queue" | "parallel";

/** A moment: a date, its text (ISO 8601), or milliseconds since the epoch. */
export type Moment = Date | string | number;

/** Options that all schedulers share. */
export interface ScheduleOptions {
  /** What becomes of a tick while a run goes on. @default {"skip"} */
  readonly overlap?: Overlap;
  /**
   * How many runs go on at once in this process with `overlap` "parallel";
   * further ticks are dropped.
   *
   * @default {10}
   */
  readonly limit?: number;
  /** No tick comes before it. @default At once */
  readonly startAt?: Moment;
  /** No tick comes at or after it. @default Never */
  readonly stopAt?: Moment;
  /** After how many runs that were begun here it stops. @default Never */
  readonly maxRuns?: number;
  /**
   * Whether the latest of the ticks that were missed is run, late. Ticks are
   * missed when the clock jumps or the machine sleeps; and, where ticks are
   * claimed in a storage, when no host was there.
   *
   * @default {false}
   */
  readonly catchUp?: boolean;
  /** How long `stop` waits for runs before it cancels them. @default {"30s"} */
  readonly stopTimeout?: Duration;
  /**
   * Whether SIGINT and SIGTERM stop it, where there are signals. The next one
   * then does what it does without it.
   *
   * @default {true}
   */
  readonly signals?: boolean;
}

/** The latest date there is, in milliseconds since the epoch. */
const FARTHEST_MS = 8.64e15;

/** Takes a moment; gives milliseconds since the epoch. */
export const toMoment: Check<number> = (value, option) => {
  const isMoment = value instanceof Date || typeof value === "string" ||
    typeof value === "number";
  const ms = isMoment ? new Date(value).getTime() : NaN;
  expect(
    !Number.isNaN(ms),
    value,
    option,
    "a date, its text such as 2026-11-28T06:31:00Z, or milliseconds since the " +
      "epoch",
  );
  return ms;
};

/** The check of `overlap`. */
export const toOverlap: Check<Overlap> = oneOf(
  ["skip", "queue", "parallel"],
  "skip",
);

/** The checks of these options. */
export const SCHEDULE_CHECKS = {
  overlap: toOverlap,
  limit: optional(toCount, 10),
  startAt: optional(toMoment, -FARTHEST_MS),
  stopAt: optional(toMoment, Infinity),
  maxRuns: optional(toCount, Infinity),
  catchUp: optional(toFlag, false),
  stopTimeout: optional(toMilliseconds, 30_000),
  signals: optional(toFlag, true),
} satisfies Record<keyof ScheduleOptions, Check<unknown>>;

/** These options, checked: moments and times in milliseconds. */
export type ScheduleSettings = Checked<typeof SCHEDULE_CHECKS>;
