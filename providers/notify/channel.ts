/**
 * The way to one chat or address, and the sending of one message.
 *
 * @module
 */

import {
  type Fetch,
  type HttpAnswer,
  HttpError,
  type HttpRequest,
  sendWithRetries,
} from "../../src/http/retry.ts";
import type { Awaitable } from "../../src/types.ts";
import { refusalOf, waitAhead, waitOf } from "./answer.ts";
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
   * Makes a message.
   *
   * @param batch What it tells of.
   * @returns Makes a request with it, anew for each attempt.
   */
  compose(batch: Batch): () => Awaitable<HttpRequest>;
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
  readonly timeoutMs: number;
  /** Attempts in all. */
  readonly maxAttempts: number;
}

/** What has become of a message. */
export interface Outcome {
  /** Taken, to be sent again, given up, or given up with all to come. */
  readonly kind: "taken" | "later" | "lost" | "gone";
  /** How long the server wants to be left alone, in milliseconds. */
  readonly waitMs: number;
  /** Why it was not taken. */
  readonly reason: string;
}

/**
 * Sends a message.
 *
 * @param channel The way.
 * @param batch What it tells of.
 * @param policy How it is sent.
 * @param onAttempt Is told of each attempt before it begins.
 * @returns What has become of it; this never rejects.
 */
export async function sendMessage(
  channel: Channel,
  batch: Batch,
  policy: SendPolicy,
  onAttempt: () => void,
): Promise<Outcome> {
  try {
    const prepare = channel.compose(batch);
    const answer = await sendWithRetries(() => {
      onAttempt();
      return prepare();
    }, {
      ...policy,
      accept: (answer) => waitOf(answer) !== undefined,
      retryIf: (answer) => isOk(answer) ? channel.doubt?.(answer) : undefined,
    });
    return judge(channel, answer);
  } catch (error) {
    // The words of anything else may hold anything.
    const reason = error instanceof HttpError
      ? error.message
      : "the message cannot be made";
    return { kind: "lost", waitMs: 0, reason };
  }
}

function judge(channel: Channel, answer: HttpAnswer): Outcome {
  const reason = `status ${answer.status}`;
  const waitMs = waitOf(answer);
  if (waitMs !== undefined) return { kind: "later", waitMs, reason };
  const waitAheadMs = waitAhead(answer);
  if (isOk(answer)) return { kind: "taken", waitMs: waitAheadMs, reason };
  return {
    kind: channel.isGone?.(answer) ? "gone" : "lost",
    waitMs: waitAheadMs,
    reason: `${refusalOf(answer, channel.secrets)} (see to ${channel.options})`,
  };
}

function isOk({ status }: HttpAnswer): boolean {
  return status >= 200 && status < 300;
}
