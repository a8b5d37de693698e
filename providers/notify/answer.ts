/**
 * How long to wait, as an answer says it.
 *
 * @module
 */

import { type HttpAnswer, toWaitMs } from "../../src/http/retry.ts";
import { parseObject, textOf } from "../../src/http/said.ts";

/** Where a server says that it is too much, but not for how long. */
const USUAL_WAIT_MS = 1_000;

/**
 * Tells how long a server wants to be left alone.
 *
 * @see {@link https://core.telegram.org/bots/api#responseparameters}
 * @see {@link https://docs.discord.com/developers/topics/rate-limits}
 *
 * @param answer Its answer: `Retry-After`, or `retry_after` in JSON, at the top
 * or in `parameters`; all in seconds.
 * @returns The wait in milliseconds; undefined where the answer is another one.
 */
export function waitOf(answer: HttpAnswer): number | undefined {
  const { status, headers } = answer;
  const header = headers.get("retry-after");
  if (status !== 429 && (status !== 503 || header === null)) return undefined;
  const body = parseObject(textOf(answer));
  const { retry_after } = Object(body?.parameters);
  const waits = [body?.retry_after, retry_after].map(secondsToMs);
  return Math.max(toWaitMs(header), ...waits) || USUAL_WAIT_MS;
}

/**
 * Tells how long to wait after a message that was taken, so that the next one is
 * taken, too.
 *
 * @param answer The answer: `X-RateLimit-Remaining` and
 * `X-RateLimit-Reset-After`, in seconds.
 * @returns The wait in milliseconds.
 */
export function waitAhead({ headers }: HttpAnswer): number {
  if (headers.get("x-ratelimit-remaining")?.trim() !== "0") return 0;
  return secondsToMs(Number(headers.get("x-ratelimit-reset-after")));
}

function secondsToMs(seconds: unknown): number {
  return typeof seconds === "number" && seconds > 0 && seconds < 1e9
    ? seconds * 1_000
    : 0;
}
