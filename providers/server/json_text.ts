/**
 * Any value as JSON text that a person can read. What JSON lacks becomes text;
 * nothing is thrown, and nothing is written without end.
 *
 * @module
 */

import { Context } from "../../src/context.ts";
import { describe } from "../../src/describe.ts";
import { plainText, TOO_LONG } from "./plain_text.ts";

/** How deep it is looked into a value: readers of JSON have their limits. */
const DEEPEST = 64;
/** So often, what holds something that JSON lacks is looked through in vain. */
const TRIES = 3;

/**
 * Writes a value as JSON.
 *
 * @param value The value.
 * @param most How many UTF-16 code units the text may have.
 * @returns The text; undefined where it would be longer.
 */
export function toJsonText(value: unknown, most: number): string | undefined {
  const writer = new Writer(most);
  try {
    writer.write(value);
    return writer.text;
  } catch (thrown) {
    if (thrown === TOO_LONG) return undefined;
    throw thrown;
  }
}

class Writer {
  readonly #parts: string[] = [];
  readonly #above: Set<object> = new Set();
  #left: number;

  constructor(most: number) {
    this.#left = most;
  }

  get text(): string {
    return this.#parts.join("");
  }

  write(value: unknown): void {
    switch (typeof value) {
      case "string":
        return this.#quote(value);
      case "number":
        return Number.isFinite(value)
          ? this.#put(JSON.stringify(value))
          : this.#quote(String(value));
      case "boolean":
        return this.#put(String(value));
      case "undefined":
        return this.#put("null");
      case "object":
        return value === null ? this.#put("null") : this.#object(value);
      case "bigint":
        return this.#quote(String(value));
      default:
        return this.#quote(describe(value));
    }
  }

  #object(value: object): void {
    if (this.#above.has(value)) return this.#quote("[circular]");
    const depth = this.#above.size;
    if (depth >= DEEPEST) return this.#quote("[too deep]");
    const text = depth < TRIES
      ? plainText(value, this.#left, DEEPEST - depth)
      : undefined;
    if (text !== undefined) return this.#put(text);
    this.#above.add(value);
    try {
      this.#inside(attempt(() => plainOf(value)));
    } finally {
      this.#above.delete(value);
    }
  }

  #inside(value: unknown): void {
    if (typeof value !== "object" || value === null) return this.write(value);
    if (attempt(() => Array.isArray(value)) === true) {
      return this.#list(value as unknown[]);
    }
    const keys = attempt(() => Object.keys(value));
    if (!Array.isArray(keys)) return this.write(keys);
    this.#put("{");
    let comma = "";
    for (const key of keys) {
      const member = attempt(() => (value as Record<string, unknown>)[key]);
      if (member === undefined) continue;
      this.#put(comma);
      comma = ",";
      this.#quote(key);
      this.#put(":");
      this.write(member);
    }
    this.#put("}");
  }

  #list(items: ArrayLike<unknown>): void {
    this.#put("[");
    const length = attempt(() => items.length);
    for (let n = 0; n < (length as number); n++) {
      if (n > 0) this.#put(",");
      this.write(attempt(() => items[n]));
    }
    this.#put("]");
  }

  #quote(text: string): void {
    if (text.length > this.#left) throw TOO_LONG;
    const quoted = JSON.stringify(text);
    if (!quoted.includes("\\ud")) return this.#put(quoted);
    // Half of a pair is no text to those who read UTF-8.
    this.#put(JSON.stringify(text.replace(/\p{Surrogate}/gu, "\ufffd")));
  }

  #put(text: string): void {
    this.#left -= text.length;
    if (this.#left < 0) throw TOO_LONG;
    this.#parts.push(text);
  }
}

/** What is thrown by a getter, a `toJSON` or a proxy is the value's own fault. */
function attempt(read: () => unknown): unknown {
  try {
    return read();
  } catch {
    return "[unreadable]";
  }
}

/** What of an object is shown: an object, a list or something simple. */
function plainOf(value: object): unknown {
  if (value instanceof Date) {
    return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  }
  if (value instanceof Map) {
    const entries = [...value];
    return entries.every(([key]) => typeof key === "string")
      ? Object.fromEntries(entries)
      : entries;
  }
  if (value instanceof Set) return [...value];
  if (value instanceof Context) return value.storage;
  if (value instanceof RegExp) return String(value);
  if (value instanceof Error) {
    return { ...value, name: value.name, message: value.message };
  }
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) {
    return `[${value.byteLength} bytes]`;
  }
  const { toJSON } = value as { toJSON?: unknown };
  return typeof toJSON === "function" ? toJSON.call(value) : value;
}
