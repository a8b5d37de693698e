/**
 * Reads fields of what was sent, and names the path of what is wrong.
 *
 * @module
 */

import { Problem } from "./problem.ts";

/** An id and a name may have so many characters. */
const LONGEST_NAME = 1_000;

/** An object that was sent, and where it stands in the body. */
export class Fields {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #path: string;

  /**
   * @param value What was sent.
   * @param path Where it stands; empty for the body itself.
   * @throws {Problem} 400 if it is no object.
   */
  constructor(value: unknown, path = "") {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw wrong(path, "an object");
    }
    this.#values = value as Record<string, unknown>;
    this.#path = path === "" ? "" : `${path}.`;
  }

  /** An id: a text that is not empty. */
  id(name: string): string {
    const value = this.#get(name);
    const ok = typeof value === "string" && value !== "" &&
      value.length <= LONGEST_NAME;
    if (ok) return value;
    throw this.#wrong(name, `a text of 1 to ${LONGEST_NAME} characters`);
  }

  /** An id that may be missing. */
  optionalId(name: string): string | undefined {
    return this.#has(name) ? this.id(name) : undefined;
  }

  /** A text of any length. */
  text(name: string, fallback?: string): string {
    if (!this.#has(name) && fallback !== undefined) return fallback;
    const value = this.#get(name);
    if (typeof value === "string") return value.toWellFormed();
    throw this.#wrong(name, "a text");
  }

  /** A short text that may be missing. */
  optionalName(name: string): string | undefined {
    if (!this.#has(name)) return undefined;
    const value = this.text(name);
    if (value.length <= LONGEST_NAME) return value;
    throw this.#wrong(name, `a text of at most ${LONGEST_NAME} characters`);
  }

  /** A text or null, which stands for one that is missing too. */
  textOrNull(name: string): string | null {
    return this.#has(name) ? this.text(name) : null;
  }

  /** A number from 0 on. */
  number(name: string, fallback: number): number {
    return this.optionalNumber(name) ?? fallback;
  }

  /** A number from 0 on that may be missing. */
  optionalNumber(name: string, most = Infinity): number | undefined {
    if (!this.#has(name)) return undefined;
    const value = this.#get(name);
    const ok = typeof value === "number" && value >= 0 && value <= most;
    if (ok) return value;
    const end = most === Infinity ? "of 0 or more" : `from 0 to ${most}`;
    throw this.#wrong(name, `a number ${end}`);
  }

  /** A whole number from 0 on that may be missing. */
  optionalCount(name: string): number | undefined {
    const value = this.optionalNumber(name);
    if (value === undefined || Number.isSafeInteger(value)) return value;
    throw this.#wrong(name, "a whole number");
  }

  /** True or false. */
  flag(name: string): boolean {
    const value = this.optionalFlag(name);
    if (value !== undefined) return value;
    throw this.#wrong(name, "true or false");
  }

  /** True or false; or missing. */
  optionalFlag(name: string): boolean | undefined {
    if (!this.#has(name)) return undefined;
    const value = this.#get(name);
    if (typeof value === "boolean") return value;
    throw this.#wrong(name, "true or false");
  }

  /** A time in ISO 8601, or null; without a zone, it is taken as UTC. */
  time(name: string): string | null {
    if (!this.#has(name)) return null;
    const value = this.#get(name);
    const time = typeof value === "string" ? readTime(value) : undefined;
    if (time !== undefined) return new Date(time).toISOString();
    throw this.#wrong(name, "a time in ISO 8601");
  }

  /** One of several words. */
  word<T extends string>(name: string, words: readonly T[]): T {
    const value = this.#get(name);
    if (words.includes(value as T)) return value as T;
    throw this.#wrong(name, words.map((word) => `"${word}"`).join(" or "));
  }

  /** A list of objects; empty where it is missing. */
  list<T>(name: string, read: (item: Fields) => T, most = Infinity): T[] {
    if (!this.#has(name)) return [];
    const value = this.#get(name);
    if (!Array.isArray(value)) throw this.#wrong(name, "a list");
    if (value.length > most) {
      throw this.#wrong(name, `a list of at most ${most}`);
    }
    return value.map((item, at) =>
      read(new Fields(item, `${this.#path}${name}[${at}]`))
    );
  }

  /** An object that may be null or missing. */
  object<T>(name: string, read: (item: Fields) => T): T | null {
    if (!this.#has(name)) return null;
    return read(new Fields(this.#get(name), this.#path + name));
  }

  #get(name: string): unknown {
    return Object.hasOwn(this.#values, name) ? this.#values[name] : undefined;
  }

  #has(name: string): boolean {
    return (this.#get(name) ?? null) !== null;
  }

  #wrong(name: string, expected: string): Problem {
    return wrong(this.#path + name, expected);
  }
}

/**
 * Reads a time.
 *
 * @param text ISO 8601; without a zone, it is taken as UTC.
 * @returns Milliseconds since the epoch; undefined where it is no time.
 */
export function readTime(text: string): number | undefined {
  const parts =
    /^\d{4}-\d\d-\d\d(?:([T ])\d\d:\d\d(?::\d\d(?:\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/
      .exec(text);
  if (parts === null) return undefined;
  const [, clock, zone] = parts;
  const ms = Date.parse(clock && !zone ? `${text}Z` : text);
  return Number.isNaN(ms) ? undefined : ms;
}

function wrong(path: string, expected: string): Problem {
  return new Problem(
    400,
    `Cannot read the body: ${path || "it"} is not ${expected}`,
  );
}
