/**
 * The errors of the JSON API.
 * {@link https://cloud.google.com/storage/docs/json_api/v1/status-codes}
 *
 * @module
 */

import type { Fault } from "./api.ts";
import type { Reply } from "./exchange.ts";

const MESSAGES: Record<string, string> = {
  authError: "Invalid Credentials",
  backendError: "Backend Error",
  conditionNotMet:
    "At least one of the pre-conditions you specified did not hold.",
  conflict: "Conflict",
  forbidden: "Forbidden",
  insufficientPermissions: "Insufficient Permission",
  internalError: "Internal Error",
  invalid: "Invalid Value",
  notImplemented: "Not Implemented",
  rateLimitExceeded:
    "The object exceeded the rate limit for object mutation operations " +
    "(create, update, and delete). Please reduce your request rate.",
  required: "Login Required",
};

const FAULTS: Record<number, string> = {
  409: "conflict",
  429: "rateLimitExceeded",
  500: "internalError",
  503: "backendError",
};

/**
 * Makes an error.
 *
 * @param code Its status.
 * @param reason Its reason.
 * @param message Its message, where it is not the usual one.
 * @returns The answer.
 */
export function gcsError(
  code: number,
  reason: string,
  message: string = MESSAGES[reason] ?? reason,
): Reply {
  const errors = [{ message, domain: "global", reason }];
  const body = JSON.stringify({ error: { code, message, errors } });
  const headers: Record<string, string> = {
    "content-type": "application/json; charset=UTF-8",
  };
  if (code === 401) {
    headers["www-authenticate"] =
      'Bearer realm="https://accounts.google.com/", error="invalid_token"';
  }
  return { status: code, headers, body, error: reason };
}

/** Makes the answer of a server that does nothing. */
export function gcsFault(status: number, { retryAfter = 0 }: Fault): Reply {
  const reply = gcsError(status, FAULTS[status]);
  if (status === 503 || status === 429) {
    reply.headers!["retry-after"] = String(retryAfter);
  }
  return reply;
}
