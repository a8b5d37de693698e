/**
 * The way to one chat or address, and the sending of one message.
 *
 * @module
 */

import { refusalOf } from "../../src/http/refusal.ts";
import {
  type Fetch,
  type HttpAnswer,
  HttpError,
  type HttpRequest,
  isTemporary,
  sendWithRetries,
  toWaitMs,
} from "../../src/http/retry.ts";
import type { Awaitable } from "../../src/types.ts";
import { waitAhead, waitOf } from "./answer.ts";
import type { Batch } from "./batch.ts";

/** The way to one chat or address. */
export interface Channel {
  /** What it is called, such as `Telegram`. */
  readonly name: string;
  /** The options by which it is found, for errors. */
  readonly options: string;
  /** What nobody else may see, in all its forms. */
  readonly secrets: readonly string[];
  /** What those may not see who read the messages. @default All of that */
  readonly hidden?: readonly string[];
  /**
   * Makes a request with a message; the message is the same each time.
   *
   * @param batch What it tells of.
   * @returns The request.
   */
  compose(batch: Batch): Awaitable<HttpRequest>;
  /**
   * Says why an answer of the kind 2xx does not mean that the message was taken.
   *
   * @param answer The answer.
   * @returns A few words; undefined: it was taken.
   */
  doubt?(answer: HttpAnswer): string | undefined;
  /**
   * Tells whether a refusal holds for all messages to come.
   *
   * @param answer The answer.
   * @returns Whether nothing may be sent there any more.
   */
  isGone?(answer: HttpAnswer): boolean;
}

/**
 * Makes a request that posts JSON, and follows no redirect: what it holds is for
 * this one address.
 *
 * @param url The address.
 * @param body The JSON.
 * @param headers Further headers.
 * @returns The request.
 */
export function postJson(
  url: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): HttpRequest {
  const type = { "content-type": "application/json" };
  const init = { method: "POST", headers: { ...headers, ...type }, body };
  return { url, init: { ...init, redirect: "manual" } };
}

/** How messages are sent. */
export interface SendPolicy {
  /** What sends them. */
  readonly fetch: Fetch | undefined;
  /** Milliseconds for one attempt. */
  readonly timeout: number;
}

/** What has become of a message. */
export interface Outcome {
  /**
   * Taken; not yet, since the server has asked to wait; tried in vain; given up;
   * or given up with all to come.
   */
  readonly kind: "taken" | "later" | "failed" | "lost" | "gone";
  /** How long the server wants to be left alone, in milliseconds. */
  readonly waitMs: number;
  /** Why it was not taken. */
  readonly reason: string;
  /** The status of the answer; undefined where there was none. */
  readonly status?: number;
  /** Whether it may have been taken all the same. */
  readonly unclear?: boolean;
}

/**
 * Sends a message once. To wait, and to send it again, is not for here: in a
 * Worker, who waits may be gone before the time is over.
 *
 * @param channel The way.
 * @param batch What it tells of.
 * @param policy How it is sent.
 * @returns What has become of it; this never rejects.
 */
export async function sendMessage(
  channel: Channel,
  batch: Batch,
  { fetch, timeout }: SendPolicy,
): Promise<Outcome> {
  try {
    const answer = await sendWithRetries(() => channel.compose(batch), {
      fetch,
      timeoutMs: timeout,
      maxAttempts: 1,
      accept: () => true,
    });
    return judge(channel, answer);
  } catch (error) {
    if (error instanceof HttpError) {
      const { reason, unclear } = error;
      return { kind: "failed", waitMs: 0, reason, unclear };
    }
    // The words of anything else may hold anything.
    return { kind: "lost", waitMs: 0, reason: "the message cannot be made" };
  }
}

function judge(channel: Channel, answer: HttpAnswer): Outcome {
  const { status, headers } = answer;
  const reason = `status ${status}`;
  const askedMs = waitOf(answer);
  if (askedMs !== undefined) {
    return { kind: "later", waitMs: askedMs, reason, status };
  }
  if (isTemporary(status)) {
    const waitMs = toWaitMs(headers.get("retry-after"));
    return { kind: "failed", waitMs, reason, status, unclear: true };
  }
  const waitMs = waitAhead(answer);
  const isOk = status >= 200 && status < 300;
  const doubt = isOk
    ? channel.doubt?.(answer)
    : refusalOf(answer, channel.secrets);
  if (doubt === undefined) return { kind: "taken", waitMs, reason, status };
  return {
    kind: channel.isGone?.(answer) ? "gone" : "lost",
    waitMs,
    reason: `${doubt} (see to ${channel.options})`,
    status,
  };
}
