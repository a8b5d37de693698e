/**
 * Errors as Toucan can take them. It marks each error that it has taken and
 * takes none twice, and it trusts them: a frozen one, one whose getters throw, or
 * something that is no error would be lost, or come with a wrong text.
 *
 * @module
 */

import { TaskError } from "../../src/task_error.ts";
import { toText } from "./text.ts";

/** How many errors along the chain of causes Toucan shows. */
const MOST_ERRORS = 5;
/** The most that Sentry keeps of a message, in UTF-16 code units. */
const LONGEST_MESSAGE = 8_192;

/**
 * Copies what was thrown.
 *
 * @param thrown Anything.
 * @returns An error with its name, message, stack and causes; where it has no
 * stack, with none.
 */
export function copyError(thrown: unknown): Error {
  return copyChain(thrown, MOST_ERRORS, []);
}

function copyChain(
  thrown: unknown,
  most: number,
  seen: readonly unknown[],
): Error {
  const { exception, message } = new TaskError(1, thrown);
  const stack = read(thrown, "stack");
  const cause = read(thrown, "cause");
  const copy = new Error(toText(message, LONGEST_MESSAGE));
  define(copy, "name", exception.toWellFormed());
  define(copy, "stack", typeof stack === "string" ? stack.toWellFormed() : "");
  const path = [...seen, thrown];
  const isNew = cause !== undefined && cause !== null && !path.includes(cause);
  if (isNew && most > 1) {
    define(copy, "cause", copyChain(cause, most - 1, path));
  }
  return copy;
}

function define(error: Error, name: string, value: unknown): void {
  const descriptor = { value, configurable: true, writable: true };
  Object.defineProperty(error, name, descriptor);
}

/** Reads a property of something that may throw when it is touched. */
function read(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  try {
    return (value as Record<string, unknown>)[name];
  } catch {
    return undefined;
  }
}
