/**
 * Whether another attempt is made, and when.
 *
 * @module
 */

import type { ActionSettings } from "../action_options.ts";
import { DotFlowError } from "../errors.ts";

/**
 * Decides what follows a failed attempt.
 *
 * @param settings How the step is to be run.
 * @param attempt Which attempt failed, from 1.
 * @param error What it threw.
 * @param random Gives a number from 0 up to, but not including, 1.
 * @returns How long to wait for the next attempt, in milliseconds; undefined if
 * there is none.
 */
export function nextDelay(
  settings: ActionSettings,
  attempt: number,
  error: unknown,
  random: () => number = Math.random,
): number | undefined {
  const code = error instanceof DotFlowError ? error.code : undefined;
  if (attempt >= settings.attempts || code === "NON_RETRYABLE") {
    return undefined;
  }
  if (settings.retryIf && !settings.retryIf(error)) return undefined;
  if (code === "RETRY_AFTER") {
    return (error as unknown as { retryAfterMs: number }).retryAfterMs;
  }
  const { retryDelayMs, backoff, maxRetryDelayMs, jitter } = settings;
  // An exponent without bound would turn a wait of 0 into NaN.
  const grown = backoff
    ? retryDelayMs * 2 ** Math.min(attempt - 1, 1_000)
    : retryDelayMs;
  const delayMs = Math.min(grown, maxRetryDelayMs, Number.MAX_SAFE_INTEGER);
  return jitter ? delayMs * random() : delayMs;
}
