/**
 * Log lines as text.
 *
 * @module
 */

import { escapeControls } from "../../src/controls.ts";
import type { LogFields, LogLevel } from "../../src/contracts/log.ts";
import { LONGEST_VALUE, toPlain } from "../../src/plain.ts";
import { parseTraceparent } from "../../src/traceparent.ts";

/** One line before it is text. */
export interface LogEntry {
  /** When it was written. */
  readonly time: Date;
  /** How grave it is. */
  readonly level: LogLevel;
  /** What happened. */
  readonly message: string;
  /** What it is about. */
  readonly fields: LogFields;
}

/**
 * A line for people: time, level, message, and the fields as `name=value`.
 *
 * @param entry The line.
 * @returns Text without control characters.
 */
export function formatSimple(entry: LogEntry): string {
  const { time, level, message } = entry;
  const parts = [time.toISOString(), level, escapeControls(message)];
  for (const [name, value] of Object.entries(flatten(entry.fields))) {
    if (value === undefined || value === null) continue;
    parts.push(`${quote(name)}=${quote(toText(value))}`);
  }
  return parts.join(" ");
}

/**
 * A JSON object: timestamp, level, message, workflow_id, task_id, status,
 * duration (seconds), retry_count, error, trace_id and span_id where there is a
 * trace, and every other field by its name.
 *
 * @param entry The line.
 * @returns JSON in one line.
 */
export function formatJson(entry: LogEntry): string {
  const { time, level, message, fields } = entry;
  const own = { timestamp: time.toISOString(), level, message };
  // The line's own members come first, and win.
  return escapeControls(toJson({ ...own, ...flatten(fields), ...own }));
}

/** The fields as a log has them, with those of the task spelled out. */
function flatten(fields: LogFields): Record<string, unknown> {
  const { task, workflowId, runId, traceparent, ...rest } = fields;
  const place = parseTraceparent(task?.traceparent ?? traceparent);
  const error = task?.status === "Completed" ? undefined : task?.error;
  const known: Record<string, unknown> = {
    workflow_id: task?.workflowId ?? workflowId,
    run_id: task?.runId ?? runId,
    task_id: task?.taskId,
    status: task?.status,
    duration: task && Math.round(task.duration) / 1_000,
    retry_count: task?.retryCount,
    error: error && { exception: error.exception, message: error.message },
    trace_id: place?.traceId,
    span_id: place?.spanId,
  };
  for (const name in known) known[name] ??= rest[name];
  // Known fields come first, and win.
  return { ...known, ...rest, ...known };
}

/** A value in a line for people. */
function toText(value: unknown): string {
  if (typeof value !== "object") return String(value).slice(0, LONGEST_VALUE);
  const { exception, message } = value as Record<string, unknown>;
  return exception === undefined ? toJson(value) : `${exception}: ${message}`;
}

function toJson(value: unknown): string {
  return JSON.stringify(toPlain(value));
}

/** Puts quotes around what could be taken for more than one field. */
function quote(text: string): string {
  const quoted = /[\s"=]/.test(text)
    ? `"${text.replace(/["\\]/g, "\\$&")}"`
    : text;
  return escapeControls(quoted);
}
