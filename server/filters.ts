/**
 * The filters of lists: read from the query of a request, and applied.
 *
 * @module
 */

import type { RunSummary, TaskSummary } from "../src/wire.ts";
import { readTime } from "./fields.ts";
import { Problem } from "./problem.ts";

/** What is wanted of a list. */
export interface Filter {
  /** Where it stands. */
  readonly status: string | undefined;
  /** What is in one of its names, in small letters. */
  readonly text: string | undefined;
  /** From when on, in milliseconds since the epoch. */
  readonly since: number | undefined;
  /** Until when, itself included. */
  readonly until: number | undefined;
  /** The place of the last one that is known. */
  readonly cursor: string | undefined;
  /** How many. */
  readonly limit: number;
}

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

/**
 * Tells whether a run is wanted; times are looked at in the index.
 *
 * @param run The run.
 * @param filter What is wanted.
 * @returns Whether it is.
 */
export function isWantedRun(
  run: RunSummary,
  { status, text }: Filter,
): boolean {
  return (status === undefined || run.status === status) &&
    hasText(text, run.workflow_id, run.workflow_name, run.run_id);
}

/**
 * Tells whether a task is wanted.
 *
 * @param task The task.
 * @param filter What is wanted.
 * @returns Whether it is.
 */
export function isWantedTask(task: TaskSummary, filter: Filter): boolean {
  const { status, text, since, until } = filter;
  if (status !== undefined && task.status !== status) return false;
  if (!hasText(text, task.task_id, task.name, task.group_name)) return false;
  if (since === undefined && until === undefined) return true;
  if (task.started_at === null) return false;
  const started = Date.parse(task.started_at);
  return started >= (since ?? -Infinity) && started <= (until ?? Infinity);
}

function hasText(text: string | undefined, ...names: string[]): boolean {
  return text === undefined ||
    names.some((name) => name.toLowerCase().includes(text));
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
