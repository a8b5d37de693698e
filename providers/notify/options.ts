/**
 * The options that all notifiers share.
 *
 * @module
 */

import {
  type Duration,
  toMilliseconds,
  toTimeout,
} from "../../src/duration.ts";
import { InvalidOptionError } from "../../src/errors.ts";
import type { Fetch } from "../../src/http/retry.ts";
import {
  type Check,
  type Checked,
  optional,
  readOptions,
  toCount,
  toFlag,
  toFunction,
} from "../../src/options.ts";
import { STATUS_SYMBOL, type TaskStatus } from "../../src/status.ts";

/** Options that every notifier has. */
export interface NotifyOptions {
  /** The status, or the statuses, that are told of. @default All */
  readonly notificationType?: TaskStatus | readonly TaskStatus[];
  /**
   * Whether the result of a completed task is shown, in short form.
   *
   * @default {false}
   */
  readonly showResult?: boolean;
  /**
   * How long one attempt of a request may take, its answer included.
   *
   * @default {"2s"}
   */
  readonly timeout?: Duration;
  /**
   * The least time between two messages; what happens in between is told in
   * one. The end of a run waits for it if no more than 4 s of it are left.
   *
   * @default By the limits of the platform
   */
  readonly interval?: Duration;
  /**
   * How often a message is tried in all, after errors of the network and of the
   * server. Being told to wait does not count: then it is tried for a minute.
   *
   * By default, a run's end has time for them, and its log says why they failed.
   *
   * @default {2}
   */
  readonly maxAttempts?: number;
  /** What sends requests. @default The runtime's own `fetch` */
  readonly fetch?: Fetch;
}

const STATUSES = Object.keys(STATUS_SYMBOL) as TaskStatus[];

/** The check of each option that every notifier has. */
export const COMMON = {
  notificationType: toStatuses,
  showResult: optional(toFlag, false),
  timeout: optional(toTimeout, 2_000),
  interval: optional((value, option) => toMilliseconds(value, option)),
  maxAttempts: optional(toCount, 2),
  fetch: optional(toFunction as Check<Fetch>),
} satisfies Record<keyof NotifyOptions, Check<unknown>>;

/** The options that every notifier has, checked. */
export type CommonSettings = Checked<typeof COMMON>;

/**
 * Reads the options of a notifier.
 *
 * @param options What was given; a text is not shown, since it may well be a
 * secret that somebody has passed by itself.
 * @param where The notifier.
 * @param checks The options that there are.
 * @returns What each check gives.
 * @throws {InvalidOptionError} If it is no object, or an option is unknown or
 * not allowed.
 */
export function readNotifyOptions<
  Checks extends Record<string, Check<unknown>>,
>(options: object, where: string, checks: Checks): Checked<Checks> {
  if (typeof options === "string") {
    throw new InvalidOptionError(
      `Cannot use a text as options of ${where}: pass an object`,
    );
  }
  return readOptions(options, where, checks);
}

function toStatuses(value: unknown, option: string): ReadonlySet<TaskStatus> {
  if (value === undefined) return new Set(STATUSES);
  const given: unknown[] = Array.isArray(value) ? value : [value];
  const isOk = given.length > 0 &&
    given.every((status) => STATUSES.includes(status as TaskStatus));
  if (isOk) return new Set(given as TaskStatus[]);
  throw new InvalidOptionError(
    `Cannot use what was given as ${option}: give one or more of ` +
      STATUSES.map((status) => `"${status}"`).join(", "),
  );
}
