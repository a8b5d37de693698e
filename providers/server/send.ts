/**
 * One request to the remote API.
 *
 * @module
 */

import { refusalOf } from "../../src/http/refusal.ts";
import {
  type HttpAnswer,
  HttpError,
  sendWithRetries,
  toWaitMs,
} from "../../src/http/retry.ts";
import type { Target } from "./settings.ts";

/** What the remote API is told. */
export interface Message {
  /** The method. */
  readonly method: "POST" | "PATCH";
  /** The path behind the address of the API. */
  readonly path: string;
  /** JSON text. */
  readonly body: string;
}

/**
 * How a request has ended: the message was taken (`taken`), or never will be
 * (`refused`), nor will any other (`barred`); it is to come later (`later`), or
 * the API is out of reach (`down`), or fails, be it for this message only
 * (`failed`).
 */
export type Outcome =
  | { readonly kind: "taken" }
  | {
    readonly kind: "refused" | "barred" | "down" | "failed";
    readonly reason: string;
  }
  | { readonly kind: "later"; readonly waitMs: number };

/** Where a server says that it is too much, but not for how long. */
const USUAL_WAIT_MS = 1_000;

/**
 * Sends a message. The token goes to the address of the API only: redirects are
 * not followed.
 *
 * @param target The API.
 * @param message The message.
 * @returns How it has ended; it never rejects.
 */
export async function send(
  { baseUrl, token, fetch, timeoutMs }: Target,
  { method, path, body }: Message,
): Promise<Outcome> {
  const init: RequestInit = {
    method,
    headers: {
      "authorization": `Bearer ${token}`,
      "content-type": "application/json",
    },
    body,
    redirect: "manual",
  };
  const request = { url: baseUrl + path, init };
  const accept = (answer: HttpAnswer) => waitOf(answer) !== undefined;
  const policy = { fetch, timeoutMs, totalMs: timeoutMs, accept };
  try {
    const answer = await sendWithRetries(() => request, policy);
    return outcomeOf(answer, method, token);
  } catch (error) {
    const known = error instanceof HttpError;
    const reason = known ? error.message : "the request failed";
    const isAnswered = known && error.status !== undefined;
    return { kind: isAnswered ? "failed" : "down", reason };
  }
}

function outcomeOf(
  answer: HttpAnswer,
  method: Message["method"],
  token: string,
): Outcome {
  const { status } = answer;
  const waitMs = waitOf(answer);
  if (waitMs !== undefined) return { kind: "later", waitMs };
  const isTaken = status >= 200 && status < 300;
  // What an earlier attempt has made, without an answer, is there already.
  if (isTaken || status === 409 && method === "POST") return { kind: "taken" };
  const reason = refusalOf(answer, [token]);
  if (status === 401 || status === 403) {
    return { kind: "barred", reason: `${reason} (see to its token)` };
  }
  const isElsewhere = status < 400;
  return { kind: isElsewhere ? "barred" : "refused", reason };
}

/** How long the API wants to be left alone, in milliseconds. */
function waitOf({ status, headers }: HttpAnswer): number | undefined {
  const asked = headers.get("retry-after");
  if (status !== 429 && (status !== 503 || asked === null)) return undefined;
  return toWaitMs(asked) || USUAL_WAIT_MS;
}
