/**
 * One attempt at an HTTP request, within its time.
 *
 * @module
 */

import type { Fetch, HttpAnswer, HttpRequest } from "./retry.ts";

/** Rejects when an attempt took too long. */
const TIMED_OUT = new Error("Cannot wait longer");

/** A timer that is so late was held up: the program was busy. */
const BUSY_MS = 50;

/** Rejects when a body is shorter or longer than it said. */
const INCOMPLETE = new Error("Cannot read the whole body");

/**
 * Sends a request once, and reads the whole answer.
 *
 * @param fetch What sends it.
 * @param request The request.
 * @param limitMs How long it may take, in milliseconds; a `fetch` that does not
 * heed its signal is left behind then. A program that is busy when the time is
 * over can read nothing, so that it is given as much time again as it was late,
 * but no more than once and than this time.
 * @returns The answer.
 * @throws {Error} If there is none, or not the whole of it.
 */
export async function sendOnce(
  fetch: Fetch,
  request: HttpRequest,
  limitMs: number,
): Promise<Omit<HttpAnswer, "unclear">> {
  const controller = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    const giveUp = () => {
      reject(TIMED_OUT);
      controller.abort();
    };
    const dueMs = performance.now() + limitMs;
    timer = setTimeout(() => {
      const heldUpMs = performance.now() - dueMs;
      if (heldUpMs <= BUSY_MS) return giveUp();
      // Once, or a program that is always busy would wait for ever.
      timer = setTimeout(giveUp, Math.min(heldUpMs, limitMs));
    }, limitMs);
  });
  try {
    return await Promise.race([read(fetch, request, controller.signal), late]);
  } finally {
    clearTimeout(timer);
  }
}

async function read(
  fetch: Fetch,
  { url, init }: HttpRequest,
  signal: AbortSignal,
): Promise<Omit<HttpAnswer, "unclear">> {
  const response = await fetch(url, { ...init, signal });
  const { status, headers } = response;
  if (signal.aborted) {
    await response.body?.cancel();
    throw TIMED_OUT;
  }
  const body = new Uint8Array(await response.arrayBuffer());
  // Not every runtime notices by itself that a body was cut off.
  const length = headers.get("content-length");
  const plain = init.method !== "HEAD" && !headers.has("content-encoding");
  if (plain && length !== null && Number(length) !== body.length) {
    throw INCOMPLETE;
  }
  return { status, headers, body };
}

/** What the runtimes say, and what it is called here. */
const REASONS: readonly [pattern: RegExp, reason: string][] = [
  [/ECONNREFUSED|ConnectionRefused|connection refused/i, "ECONNREFUSED"],
  [/ENOTFOUND|EAI_AGAIN|\bdns\b|lookup address/i, "ENOTFOUND"],
  [/ETIMEDOUT|CONNECT_TIMEOUT|timed out/i, "ETIMEDOUT"],
  [/EHOSTUNREACH|ENETUNREACH|unreachable/i, "EHOSTUNREACH"],
  [/certificate|_CERT_|CERT_|\btls\b|\bssl\b/i, "the TLS handshake failed"],
  [/ECONNRESET|EPIPE|SOCKET|reset|closed|terminated|lost/i, "ECONNRESET"],
];

/** Without a connection, nothing was sent. */
const UNSENT = ["ECONNREFUSED", "ENOTFOUND"];

/**
 * Says why an attempt has failed. The words are ours: runtimes put whole URLs
 * into theirs.
 *
 * @param error What `sendOnce` has thrown.
 * @param limitMs How long it was allowed to take, in milliseconds.
 * @returns A few words; whether a further attempt would be in vain; and whether
 * this one may have been carried out all the same.
 */
export function networkReason(
  error: unknown,
  limitMs: number,
): { reason: string; final?: boolean; unclear: boolean } {
  if (error === TIMED_OUT) {
    return { reason: `timeout after ${Math.round(limitMs)} ms`, unclear: true };
  }
  if (error === INCOMPLETE) {
    return { reason: "the answer was cut off", unclear: true };
  }
  const words = wordsOf(error).join(" ");
  if (/NotCapable|PermissionDenied|ERR_ACCESS_DENIED/.test(words)) {
    const reason = "no permission to use the network";
    return { reason, final: true, unclear: false };
  }
  const known = REASONS.find(([pattern]) => pattern.test(words));
  const reason = known?.[1] ?? "network error";
  return { reason, unclear: !UNSENT.includes(reason) };
}

/** Names, codes and messages along the chain of causes, without addresses. */
function wordsOf(error: unknown, depth = 0): string[] {
  if (typeof error !== "object" || error === null || depth > 4) return [];
  const { name, code, message, cause } = error as Record<string, unknown>;
  const words = [name, code, message].filter((word) => typeof word === "string")
    .map((word) => (word as string).replace(/https?:\S*/g, ""));
  return [...words, ...wordsOf(cause, depth + 1)];
}
