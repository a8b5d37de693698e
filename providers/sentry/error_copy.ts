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
  const cause = causeOf(thrown);
  // With a stack of its own, it would keep the functions on it, and what those
  // have captured.
  const copy: Error = Object.create(Error.prototype);
  define(copy, "message", toText(message, LONGEST_MESSAGE));
  define(copy, "name", exception.toWellFormed());
  define(copy, "stack", typeof stack === "string" ? stack.toWellFormed() : "");
  const path = [...seen, thrown];
  if (cause !== undefined && most > 1 && !path.includes(cause)) {
    define(copy, "cause", copyChain(cause, most - 1, path));
  }
  return copy;
}

/** Of several errors that one stands for, the first one. */
function causeOf(thrown: unknown): unknown {
  const cause = read(thrown, "cause") ?? undefined;
  if (cause !== undefined) return cause;
  const first = read(read(thrown, "errors"), "0");
  return isError(first) ? first : undefined;
}

/**
 * Tells whether something is an error, without a throw.
 *
 * @param value Anything.
 * @returns Whether it is.
 */
export function isError(value: unknown): boolean {
  try {
    return value instanceof Error;
  } catch {
    return false;
  }
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
