/**
 * What services have in common that take JSON.
 *
 * @module
 */

import type { Verdict } from "./inbox.ts";

/** Any JSON object. */
// deno-lint-ignore no-explicit-any
export type Json = Record<string, any>;

/** Answers with JSON. */
export function json(
  status: number,
  value: unknown,
  more: Partial<Verdict> = {},
): Verdict {
  const { headers, ...rest } = more;
  return {
    status,
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(value),
    ...rest,
  };
}

/** Reads a JSON object; undefined if it is none. */
export function parseJson(text: string): Json | undefined {
  try {
    const value = JSON.parse(text);
    const isObject = typeof value === "object" && value !== null;
    return isObject && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Finds a text in a value, at any depth, that is not well-formed. */
export function findBroken(value: unknown): string | undefined {
  if (typeof value === "string") {
    return /\p{Surrogate}/u.test(value) ? value : undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  return Object.values(value).map(findBroken).find((text) => text);
}

/** Names a member that is not among those allowed. */
export function findUnknown(
  value: Json,
  allowed: readonly string[],
): string | undefined {
  return Object.keys(value).find((name) => !allowed.includes(name));
}
