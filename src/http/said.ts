/**
 * What others have said, made fit for a message.
 *
 * @module
 */

import { redact } from "../redact.ts";

/** As much as is shown of what somebody else has written. */
const LONGEST = 300;

/**
 * Makes what a server or a user's function has said fit for a message: one
 * line, not too long, without what looks like a secret or is known to be one.
 *
 * @param said What was said.
 * @param secrets What must not be shown.
 * @returns The text.
 */
export function clean(said: unknown, secrets: readonly string[] = []): string {
  const text = secrets.reduce(
    (rest, secret) => secret === "" ? rest : rest.replaceAll(secret, "…"),
    String(said),
  );
  // deno-lint-ignore no-control-regex
  const line = redact(text).replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]+/g, " ")
    .trim();
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line;
}

/**
 * Reads a JSON object.
 *
 * @param text The text.
 * @returns The object; undefined if it is none.
 */
export function parseObject(
  text: string,
): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(text);
    const isObject = typeof value === "object" && value !== null;
    return isObject && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The body of an answer as text.
 *
 * @param answer The answer.
 * @returns The text, as it is: what is no UTF-8 shows by its checksum.
 */
export function textOf(answer: { readonly body: Uint8Array }): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(answer.body);
}
