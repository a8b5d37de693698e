/**
 * Values as Sentry can hold them: whole characters, bounded lengths, plain data.
 *
 * @module
 */

import { describe } from "../../src/describe.ts";
import { TaskError } from "../../src/task_error.ts";

/** The most that Sentry keeps of a tag, in UTF-16 code units. */
const LONGEST_TAG = 200;
/** The most pairs of an object, and items of a list, that are kept. */
const MOST_PARTS = 40;
/** How deep objects are kept; Toucan keeps no more. */
const DEEPEST = 3;

/**
 * Cuts a text, where it is too long, between two characters. Halves of surrogate
 * pairs, which Sentry's server cannot read, become U+FFFD.
 *
 * @param text The text.
 * @param most How long it may be, in UTF-16 code units.
 * @returns The text, with "…" at its end where it was cut.
 */
export function toText(text: string, most: number): string {
  if (text.length <= most) return text.toWellFormed();
  const end = text.slice(0, most - 1).replace(/[\ud800-\udbff]$/, "");
  return `${end.toWellFormed()}…`;
}

/**
 * Makes a text one that can be a tag: in one line, and not too long.
 *
 * @param text The text.
 * @returns The text, with a space for each control character.
 */
export function toTag(text: string): string {
  return toText(text, LONGEST_TAG).replace(/\p{Cc}/gu, " ");
}

/**
 * Makes tags of what is there.
 *
 * @param tags Texts by name.
 * @returns Those that are there, as Sentry can hold them.
 */
export function toTags(
  tags: Record<string, string | undefined>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(tags).flatMap(([name, text]) =>
      text === undefined ? [] : [[name, toTag(text)]]
    ),
  );
}

/**
 * Copies named values as plain data, each of bounded size.
 *
 * @param values The values.
 * @param most About how many characters are kept of each.
 * @param mostOfAll About how many are kept of all of them together.
 * @returns What is there, by name; undefined: nothing.
 */
export function toPlainFields(
  values: Record<string, unknown>,
  most: number,
  mostOfAll: number = most,
): Record<string, unknown> | undefined {
  const fields: [string, unknown][] = [];
  let left = mostOfAll;
  for (const name of Object.keys(values)) {
    if (fields.length === MOST_PARTS || left <= 0) break;
    const copier = new Copier(Math.min(most, left));
    const value = copier.copy(read(values, name), DEEPEST - 1);
    if (value === undefined) continue;
    const key = toTag(name);
    left -= copier.used + key.length;
    fields.push([key, value]);
  }
  return fields.length > 0 ? Object.fromEntries(fields) : undefined;
}

/** Copies until there are too many characters. */
class Copier {
  /** How many there are so far. */
  used = 0;

  constructor(readonly most: number) {}

  copy(value: unknown, depth: number): unknown {
    this.used += 4;
    switch (typeof value) {
      case "string":
        return this.#text(value);
      case "boolean":
      case "undefined":
        return value;
      case "number":
        return Number.isFinite(value) ? value : String(value);
      case "object":
        return value && this.#object(value, depth);
      default:
        return this.#text(describe(value));
    }
  }

  #text(text: string): string {
    const cut = toText(text, Math.max(this.most - this.used, 1));
    this.used += cut.length;
    return cut;
  }

  #object(value: object, depth: number): unknown {
    try {
      if (value instanceof Error) {
        const { exception, message } = new TaskError(1, value);
        return this.#text(`${exception}: ${message}`);
      }
      const { toJSON } = value as { toJSON?: unknown };
      if (depth === 0) return this.#text(describe(value));
      if (typeof toJSON === "function") {
        return this.copy(toJSON.call(value), depth - 1);
      }
      return Array.isArray(value)
        ? this.#list(value, depth)
        : this.#pairs(value, depth);
    } catch {
      return "[unreadable]";
    }
  }

  #list(values: readonly unknown[], depth: number): unknown[] {
    const copies: unknown[] = [];
    for (const value of values) {
      if (this.#isFull(copies.length)) return [...copies, "…"];
      copies.push(this.copy(value, depth - 1) ?? null);
    }
    return copies;
  }

  #pairs(value: object, depth: number): object {
    const copies: [string, unknown][] = [];
    for (const name of Object.keys(value)) {
      if (this.#isFull(copies.length)) {
        copies.push(["…", "…"]);
        break;
      }
      const key = toTag(name);
      this.used += key.length;
      copies.push([key, this.copy(read(value, name), depth - 1)]);
    }
    return Object.fromEntries(copies);
  }

  #isFull(count: number): boolean {
    return count === MOST_PARTS || this.used >= this.most;
  }
}

/** Reads a property of something that may throw when it is touched. */
function read(value: object, name: string): unknown {
  try {
    return (value as Record<string, unknown>)[name];
  } catch {
    return "[unreadable]";
  }
}
