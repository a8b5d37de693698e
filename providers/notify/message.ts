/**
 * What a message says, before a platform gives it its form.
 *
 * @module
 */

import { STATUS_SYMBOL, type TaskStatus } from "../../src/status.ts";
import type { Batch, Change } from "./batch.ts";
import { fit, manyLines, oneLine, sizeIn, type Style } from "./text.ts";

/** What is said of tasks that have come to a status; the gravest first. */
const WORDS: readonly [status: TaskStatus, word: string][] = [
  ["Failed", "failed"],
  ["Retry", "to be retried"],
  ["Paused", "paused"],
  ["Completed", "completed"],
  ["In progress", "started"],
  ["Not started", "not started"],
];

/** The longest id, and the longest error or result, in a line of a list. */
const LONGEST_IN_LINE = { id: 60, body: 120 };
/** The longest id where there is one change only. */
const LONGEST_ID = 256;
/** The room for the line that says how many are not named. */
const ROOM_FOR_MORE = 30;

/**
 * Says in a few words what a message tells of.
 *
 * @param batch What it tells of.
 * @returns Such as `3 tasks failed, 12 completed`.
 */
export function summaryOf({ counts }: Batch): string {
  const parts = WORDS.filter(([status]) => counts[status])
    .map(([status, word]) => [counts[status]!, word] as const);
  return parts.map(([count, word], index) => {
    if (index > 0) return `${count} ${word}`;
    return `${count} ${count === 1 ? "task" : "tasks"} ${word}`;
  }).join(", ");
}

/**
 * The status that counts most in a message.
 *
 * @param batch What it tells of.
 * @returns The gravest.
 */
export function gravestOf({ counts }: Batch): TaskStatus {
  return WORDS.find(([status]) => counts[status])![0];
}

/**
 * The first line of a message: a symbol, and the status, or how many there are
 * of each.
 *
 * @param batch What it tells of.
 * @returns Text of our own only.
 */
export function headlineOf(batch: Batch): string {
  const status = gravestOf(batch);
  const words = batch.total === 1 ? status : summaryOf(batch);
  return `${STATUS_SYMBOL[status]} ${words}`;
}

/**
 * Names the changes of a message, a line each.
 *
 * @param batch What it tells of.
 * @param limit How long the list may be.
 * @param style How the platform writes.
 * @returns The lines; the last one says how many are not named.
 */
export function listOf(batch: Batch, limit: number, style: Style): string {
  const lines: string[] = [];
  let left = limit - ROOM_FOR_MORE;
  for (const change of batch.named) {
    const line = lineOf(change, style);
    left -= sizeIn(line, style) + 1;
    if (left < 0) break;
    lines.push(line);
  }
  const more = batch.total - lines.length;
  if (more > 0) lines.push(`and ${more} more`);
  return lines.join("\n");
}

function lineOf(change: Change, style: Style): string {
  const { workflowId, taskId, status } = change;
  const [workflow, task] = [workflowId, taskId].map((id) =>
    fit(oneLine(id), LONGEST_IN_LINE.id, style)
  );
  const become = `${task} ${status.toLowerCase()}`;
  const about = `${STATUS_SYMBOL[status]} ${workflow} / ${become}`;
  const [, body] = bodyOf(change) ?? [];
  if (body === undefined) return about;
  return `${about}: ${fit(oneLine(body), LONGEST_IN_LINE.body, style)}`;
}

/** What is said of a single change. */
export interface Details {
  /** The workflow and the task, by name. */
  readonly ids: readonly [label: string, text: string][];
  /** The error, or the result; undefined where there is nothing to show. */
  readonly body: Labelled | undefined;
}

/** A text, and what it is. */
type Labelled = readonly [label: "Error" | "Result", text: string];

/**
 * Says all there is of a single change.
 *
 * @param change The change.
 * @param style How the platform writes ids.
 * @returns The ids, ready to be shown, and the rest as it is.
 */
export function detailsOf(change: Change, style: Style): Details {
  const { workflowId, taskId } = change;
  const idOf = (id: string) => fit(oneLine(id), LONGEST_ID, style);
  return {
    ids: [["Workflow", idOf(workflowId)], ["Task", idOf(taskId)]],
    body: bodyOf(change),
  };
}

/** Of a task that goes on, an earlier error is no news. */
function bodyOf({ status, error, result }: Change): Labelled | undefined {
  const isNews = status === "Failed" || status === "Retry";
  if (isNews && error) return ["Error", `${error.exception}: ${error.message}`];
  return result === undefined ? undefined : ["Result", result];
}

/**
 * Writes a message as plain text.
 *
 * @param batch What it tells of.
 * @param limit How long it may be.
 * @param style How the platform writes.
 * @returns The text, without its first line.
 */
export function plainTextOf(
  batch: Batch,
  limit: number,
  style: Style = {},
): string {
  if (batch.total > 1) return listOf(batch, limit, style);
  const { ids, body } = detailsOf(batch.named[0], style);
  const head = ids.map(([label, id]) => `${label}: ${id}`).join("\n");
  if (body === undefined) return head;
  const [label, text] = body;
  const lead = `${head}\n${label}: `;
  return lead + fit(manyLines(text, "  "), limit - sizeIn(lead, style), style);
}
