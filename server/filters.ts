/**
 * The filters of lists, read from the query of a request.
 *
 * @module
 */

import { readTime } from "./fields.ts";
import { Problem } from "./problem.ts";
import type { Filter } from "./queries.ts";

/**
 * Reads a filter.
 *
 * @param query The query of the request.
 * @param most How many items a page may have.
 * @param usual How many it has where nothing is said.
 * @returns The filter.
 * @throws {Problem} 400 where a part of it cannot be read.
 */
export function readFilter(
  query: URLSearchParams,
  most: number,
  usual: number,
): Filter {
  const limit = Number(query.get("limit") || usual);
  if (!Number.isInteger(limit) || limit < 1 || limit > most) {
    throw wrong("limit", `a whole number from 1 to ${most}`);
  }
  return {
    limit,
    status: query.get("status") || undefined,
    text: query.get("text")?.toLowerCase() || undefined,
    since: timeOf(query, "since"),
    until: timeOf(query, "until"),
    cursor: query.get("cursor") || undefined,
  };
}

function timeOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (!text) return undefined;
  // A plus sign that was not encoded has become a space.
  const time = readTime(text.replace(/ (\d\d:?\d\d)$/, "+$1"));
  if (time === undefined) throw wrong(name, "a time in ISO 8601");
  return time;
}

function wrong(name: string, expected: string): Problem {
  return new Problem(400, `Cannot read the query: ${name} is not ${expected}`);
}
