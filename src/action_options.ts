/**
 * How a step is to be run.
 *
 * @module
 */

import { type Duration, toMilliseconds, toTimeout } from "./duration.ts";
import {
  type Check,
  optional,
  readOptions,
  toCount,
  toFlag,
  toFunction,
  toName,
} from "./options.ts";

/** How a step is to be run. */
export interface ActionOptions {
  /** The name that the task's id is made from. @default The function's name */
  readonly name?: string;
  /** How many attempts are made in all. @default 1 */
  readonly retry?: number;
  /**
   * How long one attempt may take. A timed-out attempt counts as a failed one;
   * its signal aborts and its late outcome is ignored. Without it: any time.
   */
  readonly timeout?: Duration;
  /** How long to wait between attempts. @default "1s" */
  readonly retryDelay?: Duration;
  /** Whether the wait doubles after each failed attempt. @default false */
  readonly backoff?: boolean;
  /** The longest wait between attempts. @default No limit */
  readonly maxRetryDelay?: Duration;
  /**
   * Whether each wait is drawn evenly from 0 to its length ("full jitter",
   * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
   *
   * @default false
   */
  readonly jitter?: boolean;
  /** Tells whether an error is worth another attempt. @default Every one is */
  readonly retryIf?: (error: unknown) => boolean;
}

/** The options of an action, checked and with its defaults. */
export interface ActionSettings {
  /** The name; undefined where neither was given. */
  readonly name: string | undefined;
  /** How many attempts are made in all. */
  readonly attempts: number;
  /** How long one attempt may take, in milliseconds. */
  readonly timeoutMs: number | undefined;
  /** How long to wait between attempts, in milliseconds. */
  readonly retryDelayMs: number;
  /** Whether the wait doubles after each failed attempt. */
  readonly backoff: boolean;
  /** The longest wait between attempts, in milliseconds. */
  readonly maxRetryDelayMs: number;
  /** Whether each wait is drawn from 0 to its length. */
  readonly jitter: boolean;
  /** Tells whether an error is worth another attempt. */
  readonly retryIf: ((error: unknown) => boolean) | undefined;
}

const CHECKS = {
  name: optional(toName),
  retry: optional(toCount, 1),
  timeout: optional(toTimeout),
  retryDelay: optional(toMilliseconds, 1_000),
  backoff: optional(toFlag, false),
  maxRetryDelay: optional(toMilliseconds, Infinity),
  jitter: optional(toFlag, false),
  retryIf: optional(toFunction as Check<(error: unknown) => boolean>),
} satisfies Record<keyof ActionOptions, Check<unknown>>;

/**
 * Checks the options of an action.
 *
 * @param options What was given.
 * @param name A name that was given beside them.
 * @param functionName The name to fall back to.
 * @returns The options with their defaults.
 * @throws {InvalidOptionError} If one is unknown or not allowed.
 */
export function toSettings(
  options: ActionOptions = {},
  name?: string,
  functionName?: string,
): ActionSettings {
  const { retry, timeout, retryDelay, maxRetryDelay, ...rest } = readOptions(
    options,
    "action",
    CHECKS,
  );
  return {
    ...rest,
    name: CHECKS.name(name, "name") ?? rest.name ?? (functionName || undefined),
    attempts: retry,
    timeoutMs: timeout,
    retryDelayMs: retryDelay,
    maxRetryDelayMs: maxRetryDelay,
  };
}
