/**
 * HTTP requests that are sent again until there is a clear answer.
 *
 * @module
 */

import type { Awaitable } from "../types.ts";
import { sleep } from "../wait.ts";
import { networkReason, sendOnce } from "./send.ts";

/** What sends a request: the runtime's `fetch`, or one of the same shape. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** A request, ready to be sent once. */
export interface HttpRequest {
  /** Where it goes. */
  readonly url: string;
  /** Its method, headers and body: bytes or text, which can be sent again. */
  readonly init: RequestInit;
}

/** How often and how long something is tried. */
export interface RetryPolicy {
  /** What sends the requests. @default The runtime's own `fetch` */
  readonly fetch?: Fetch;
  /** Milliseconds for one attempt, its body included. @default {10_000} */
  readonly timeoutMs?: number;
  /** Milliseconds for everything, waits included. @default No limit */
  readonly totalMs?: number;
  /** Attempts in all. @default {3} */
  readonly maxAttempts?: number;
  /**
   * Says why an answer is to be asked for again, in a few words without
   * secrets, where its status (408, 429, 5xx but 501) does not say so already.
   *
   * @default Every other answer counts
   */
  readonly retryIf?: (answer: HttpAnswer) => string | undefined;
  /**
   * Tells that an answer counts, although its status says to ask again.
   *
   * @default None does
   */
  readonly accept?: (answer: HttpAnswer) => boolean;
}

/** An answer, with its whole body. */
export interface HttpAnswer {
  /** The status. */
  readonly status: number;
  /** The headers. */
  readonly headers: Headers;
  /** The body. */
  readonly body: Uint8Array<ArrayBuffer>;
  /**
   * Whether an earlier attempt may have been carried out all the same. Where it
   * is false, that may be so too: runtimes send a request again by themselves
   * when a kept connection breaks. Who must be sure has to look.
   */
  readonly unclear: boolean;
}

/** No attempt gave an answer that counts. */
export class HttpError extends Error {
  /** Why the last attempt failed: a few words without secrets. */
  readonly reason: string;
  /** The status of the last attempt; undefined where it had no whole answer. */
  readonly status: number | undefined;
  /** How many attempts were made. */
  readonly attempts: number;
  /** Whether one of them may have been carried out all the same. */
  readonly unclear: boolean;

  /**
   * Makes an `HttpError`.
   *
   * @param reason Why the last attempt failed.
   * @param status Its status.
   * @param attempts How many attempts were made.
   * @param unclear Whether one of them may have been carried out.
   */
  constructor(
    reason: string,
    status: number | undefined,
    attempts: number,
    unclear: boolean,
  ) {
    super(`${reason} (${attempts} attempt${attempts === 1 ? "" : "s"})`);
    this.name = "HttpError";
    this.reason = reason;
    this.status = status;
    this.attempts = attempts;
    this.unclear = unclear;
  }
}

const BASE_MS = 100;
/** Where the server said that it has too much to do. */
const THROTTLED_BASE_MS = 500;
const LONGEST_WAIT_MS = 20_000;

/** Why an attempt does not count. */
interface Failure {
  readonly reason: string;
  readonly status?: number;
  readonly final?: boolean;
  readonly unclear: boolean;
  readonly waitMs?: number;
}

/**
 * Sends a request, again where the answer is missing, incomplete, or says that
 * the server could not. Between attempts it waits at random (full jitter), and
 * at least as long as the server asked for, up to 20 s.
 *
 * @param prepare Makes the request anew for each attempt, counted from 1; what
 * it throws is thrown on.
 * @param policy How often and how long it is tried.
 * @returns The first answer that counts, whatever its status.
 * @throws {HttpError} If no attempt gave one.
 */
export async function sendWithRetries(
  prepare: (attempt: number) => Awaitable<HttpRequest>,
  policy: RetryPolicy = {},
): Promise<HttpAnswer> {
  const { timeoutMs = 10_000, totalMs = Infinity, maxAttempts = 3 } = policy;
  const fetch = policy.fetch ?? globalThis.fetch;
  const start = performance.now();
  const leftMs = () => totalMs - (performance.now() - start);
  let unclear = false;
  for (let attempt = 1;; attempt++) {
    const request = await prepare(attempt);
    const limitMs = Math.max(1, Math.min(timeoutMs, leftMs()));
    let failure: Failure | undefined;
    try {
      const answer = { ...await sendOnce(fetch, request, limitMs), unclear };
      failure = failureOf(answer, policy);
      if (failure === undefined) return answer;
    } catch (error) {
      failure = networkReason(error, limitMs);
    }
    unclear ||= failure.unclear;
    const waitMs = waitAfter(failure, attempt);
    if (failure.final || attempt >= maxAttempts || waitMs >= leftMs()) {
      throw new HttpError(failure.reason, failure.status, attempt, unclear);
    }
    await sleep(waitMs);
  }
}

function failureOf(
  answer: HttpAnswer,
  policy: RetryPolicy,
): Failure | undefined {
  const { status, headers } = answer;
  if (policy.accept?.(answer)) return undefined;
  const reason = policy.retryIf?.(answer) ??
    (isTemporary(status) ? `status ${status}` : undefined);
  if (reason === undefined) return undefined;
  // Any other status of the kind 4xx says that nothing was done.
  const unclear = status < 400 || status >= 500 || status === 408;
  const waitMs = toWaitMs(headers.get("retry-after"));
  return { reason, status, unclear, waitMs };
}

/**
 * Tells whether a status says that the same request may do better later. 501 is
 * for good: the server does not know what it is asked for.
 *
 * @param status The status.
 * @returns Whether to ask again.
 */
export function isTemporary(status: number): boolean {
  return status === 408 || status === 429 || (status >= 500 && status !== 501);
}

/**
 * Reads Retry-After: seconds, which some servers give with fractions, or a date.
 *
 * @param value The value of the header; null: there is none.
 * @returns The wait in milliseconds.
 */
export function toWaitMs(value: string | null): number {
  if (value === null) return 0;
  const ms = /^\s*\d+(\.\d+)?\s*$/.test(value)
    ? Number(value) * 1_000
    : Date.parse(value) - Date.now();
  return ms > 0 ? ms : 0;
}

function waitAfter({ status, waitMs = 0 }: Failure, attempt: number): number {
  return Math.min(
    Math.max(backoffMs(attempt, status), waitMs),
    LONGEST_WAIT_MS,
  );
}

/**
 * Draws how long to wait before the next attempt (full jitter).
 *
 * @param attempt The attempt that has failed, counted from 1.
 * @param status The status that it had, where it had one.
 * @returns The wait in milliseconds.
 */
export function backoffMs(attempt: number, status?: number): number {
  const throttled = status === 429 || status === 503;
  const baseMs = throttled ? THROTTLED_BASE_MS : BASE_MS;
  return Math.random() * Math.min(baseMs * 2 ** (attempt - 1), LONGEST_WAIT_MS);
}
