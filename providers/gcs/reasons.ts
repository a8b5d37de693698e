/**
 * What went wrong, in words that hold no secret.
 *
 * @module
 */

import { clean, parseObject } from "../../src/http/said.ts";

/**
 * What an answer of Google's says of its error: it is JSON, or plain text.
 *
 * @see {@link https://cloud.google.com/storage/docs/json_api/v1/status-codes}
 *
 * @param text The body: `{"error": {"message", "errors": [{"reason"}]}}`, or, of
 * a token endpoint, `{"error", "error_description"}`.
 * @param secrets What must not be shown.
 * @returns The reason and the message; empty where there is none.
 */
export function saidReason(text: string, secrets: readonly string[]): string {
  const body = parseObject(text);
  // Errors of downloads are plain text; a page is from somebody in between.
  if (body === undefined) return /^\s*</.test(text) ? "" : clean(text, secrets);
  const { error, error_description } = body;
  const parts = typeof error === "object" && error !== null
    ? [firstReason(error), (error as { message?: unknown }).message]
    : [error, error_description];
  return parts.filter((part) => typeof part === "string" && part !== "")
    .map((part) => clean(part, secrets)).join(": ");
}

function firstReason(error: object): unknown {
  const { errors } = error as { errors?: unknown };
  return Array.isArray(errors) ? errors[0]?.reason : undefined;
}
