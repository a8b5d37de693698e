/**
 * The lines of a log's file, in both of its formats.
 *
 * @module
 */

import { escapeControls } from "../src/controls.ts";
import { valueOf } from "./report/words.ts";
import type { Style } from "./style.ts";

/** A line of a log. */
export interface LogRecord {
  /** When it was written. */
  readonly timestamp?: unknown;
  /** How grave it is; undefined where the line does not say. */
  readonly level?: unknown;
  /** What happened; of a line for people: with its fields. */
  readonly message: string;
  /** The workflow. */
  readonly workflow_id?: string;
  /** Other fields. */
  readonly [name: string]: unknown;
}

const SIMPLE = /^(\d{4}-\d\d-\d\dT\S+) (DEBUG|INFO|WARNING|ERROR) (.*)$/s;
const FIELD = / ([a-z_]+)=("(?:\\.|[^"\\])*"|[^\s"=]*)(?= |$)/g;

/**
 * Reads a line.
 *
 * @param line The line.
 * @returns What it says; of a line that is none of a log, only its text.
 */
export function parseLine(line: string): LogRecord {
  if (line.startsWith("{")) {
    try {
      const record = JSON.parse(line);
      if (typeof record.message === "string") return record;
    } catch {
      // It is shown as it is.
    }
  }
  const parts = SIMPLE.exec(line);
  if (parts === null) return { message: line };
  const [, timestamp, level, message] = parts;
  return { timestamp, level, message, ...idsIn(message) };
}

/** The ids behind the message, by which lines are picked. */
function idsIn(text: string): Record<string, string> {
  const ids: Record<string, string> = {};
  for (const [, name, value] of text.matchAll(FIELD)) {
    if (!/^(workflow|run|task)_id$/.test(name)) continue;
    ids[name] = value.startsWith('"')
      ? value.slice(1, -1).replace(/\\(["\\])/g, "$1")
      : value;
  }
  return ids;
}

/**
 * Writes a line for people.
 *
 * @param record The line.
 * @param style The colours.
 * @returns The line, without control characters of its own.
 */
export function showRecord(record: LogRecord, style: Style): string {
  const { timestamp, level, message, ...fields } = record;
  const rest = isForPeople(record) ? [] : Object.entries(fields)
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([name, value]) => ` ${name}=${valueOf(value)}`);
  const paint = level === "ERROR"
    ? style.red
    : level === "WARNING"
    ? style.yellow
    : style.cyan;
  const head = [
    ...timestamp === undefined ? [] : [style.dim(textOf(timestamp)), " "],
    ...level === undefined ? [] : [paint(textOf(level)), " "],
  ];
  return head.join("") + escapeControls(message + rest.join(""));
}

/** The message of a line for people has its fields in it. */
function isForPeople({ timestamp, level, message, ...fields }: LogRecord) {
  return SIMPLE.test(`${timestamp} ${level} ${message}`) &&
    Object.keys(fields).every((name) => message.includes(`${name}=`));
}

/** Other programs write numbers too. */
function textOf(value: unknown): string {
  return escapeControls(String(value));
}
