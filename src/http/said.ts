/**
 * What others have said, made fit for a message.
 *
 * @module
 */

import { toLine } from "../controls.ts";
import { redact } from "../redact.ts";

/** As much as is shown of what somebody else has written. */
const LONGEST = 300;
/** As much as is looked at: it may be of any length. */
const MOST_READ = 4_000;

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
  const line = toLine(redact(text.slice(0, MOST_READ)));
  return line.length > LONGEST
    ? `${line.slice(0, LONGEST).replace(/[\ud800-\udbff]$/, "")}…`
    : line;
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
