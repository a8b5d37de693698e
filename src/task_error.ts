/**
 * One failed attempt of a task, whatever was thrown.
 *
 * @module
 */

import { classNameOf, describe } from "./describe.ts";

/** The most that is kept of a message, in UTF-16 code units. */
const LONGEST_MESSAGE = 8_192;
/** The most that is kept of a stack with its causes, in UTF-16 code units. */
const LONGEST_TRACEBACK = 32_768;
/** How many causes are followed. */
const MOST_CAUSES = 8;

/** The parts of a failed attempt that can be stored. */
export interface TaskErrorRecord {
  /** Which attempt failed, from 1. */
  readonly attempt: number;
  /** The class of the error, or the type of what was thrown. */
  readonly exception: string;
  /** Its message, cut where it is too long. */
  readonly message: string;
  /** Its stack with those of its causes, cut where it is too long. */
  readonly traceback: string;
  /** When it failed, in milliseconds since the epoch. */
  readonly failedMs: number;
}

/** One failed attempt. */
export class TaskError implements TaskErrorRecord {
  /** Which attempt failed, from 1. */
  readonly attempt: number;
  /** The class of the error, or the type of what was thrown. */
  readonly exception: string;
  /** Its message, cut at 8,192 characters. */
  readonly message: string;
  /** When it failed, in milliseconds since the epoch. */
  readonly failedMs: number;
  /** What was thrown itself; it is kept in memory only. */
  readonly #thrown: unknown;

  /**
   * Makes a `TaskError`.
   *
   * @param attempt Which attempt failed, from 1.
   * @param thrown What was thrown.
   * @param failedMs When, in milliseconds since the epoch.
   */
  constructor(attempt: number, thrown: unknown, failedMs: number = Date.now()) {
    this.attempt = attempt;
    this.failedMs = failedMs;
    this.#thrown = thrown;
    this.exception = exceptionOf(thrown);
    this.message = cut(messageOf(thrown), LONGEST_MESSAGE);
  }

  /** What was thrown itself. */
  get thrown(): unknown {
    return this.#thrown;
  }

  /**
   * Its stack with those of its causes, cut at 32,768 characters. Made when it
   * is asked for, since formatting a stack costs more than many a step.
   */
  get traceback(): string {
    const parts: string[] = [];
    let error = this.#thrown;
    for (let depth = 0; depth <= MOST_CAUSES && isObject(error); depth++) {
      const text = read(error, "stack") ||
        `${exceptionOf(error)}: ${messageOf(error)}`;
      parts.push(cut(text, LONGEST_TRACEBACK));
      error = read(error, "cause");
    }
    return cut(parts.join("\nCaused by: "), LONGEST_TRACEBACK);
  }

  /**
   * The parts that can be stored.
   *
   * @returns A plain object.
   */
  toJSON(): TaskErrorRecord {
    const { attempt, exception, message, traceback, failedMs } = this;
    return { attempt, exception, message, traceback, failedMs };
  }
}

function exceptionOf(thrown: unknown): string {
  if (!isObject(thrown)) return thrown === null ? "null" : typeof thrown;
  const name = read(thrown, "name");
  return typeof name === "string" && name !== ""
    ? cut(name, 200)
    : classNameOf(thrown);
}

function messageOf(thrown: unknown): string {
  if (typeof thrown === "string") return thrown;
  if (!isObject(thrown)) return describe(thrown);
  const message = read(thrown, "message");
  if (typeof message === "string") return message;
  try {
    return JSON.stringify(thrown) ?? describe(thrown);
  } catch {
    return describe(thrown);
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** Reads a property of something that may throw when it is touched. */
function read(value: object, name: string): string | undefined {
  try {
    return (value as Record<string, string | undefined>)[name];
  } catch {
    return undefined;
  }
}

function cut(text: unknown, length: number): string {
  if (typeof text !== "string") return "";
  return text.length <= length
    ? text
    : `${text.slice(0, length)}… (${text.length} characters)`;
}
