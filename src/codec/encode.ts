/**
 * The way from a value to its text.
 *
 * @module
 */

import { classNameOf } from "../describe.ts";
import { UnstorableValueError } from "../errors.ts";
import { toBase64 } from "./base64.ts";
import { BOXED, ERRORS, HIDDEN, MAX_DEPTH, TYPES, VIEWS } from "./types.ts";

/** A value as text. */
export interface Encoded {
  /** JSON text. */
  text: string;
  /** Whether `JSON.parse` alone gives the value back exactly. */
  plain: boolean;
}

/** A key, or in an array of one the text of another way into a value. */
type Step = string | number | [string];

type Properties = Record<string, unknown>;

const { getOwnPropertySymbols, getPrototypeOf, hasOwn, keys } = Object;
const { propertyIsEnumerable, toString } = Object.prototype;
const quote: (scalar: unknown) => string = JSON.stringify;

/**
 * Gives a value as JSON text.
 *
 * @param value The value.
 * @param root What the value is called in errors, such as `result`.
 * @param options `sorted` puts the keys of objects in order and leaves out the
 * stacks of errors: a text for fingerprints, not to be decoded.
 * @returns The text, and whether it is plain JSON.
 * @throws {UnstorableValueError} If something in the value cannot be stored.
 */
export function encode(
  value: unknown,
  root: string,
  options?: { sorted?: boolean },
): Encoded {
  if (!options?.sorted) {
    // Where a getter throws, the writer meets it again and tells the path.
    try {
      if (isPlain(value, 1)) {
        return { text: JSON.stringify(value), plain: true };
      }
    } catch { /* see above */ }
  }
  return new Writer(options?.sorted).encode(value, root);
}

/** Whether JSON has a word for it, and it is no object. */
function isScalar(value: unknown): boolean {
  return value === null || typeof value === "string" ||
    typeof value === "boolean" ||
    Number.isFinite(value) && !Object.is(value, -0);
}

/** Whether it is an array of no other class, of whatever realm. */
function isList(value: object): value is unknown[] {
  return Array.isArray(value) && Array.isArray(getPrototypeOf(value));
}

/** Whether it is an object of no class, of whatever realm. */
function isPlainObject(value: object): boolean {
  const prototype = getPrototypeOf(value);
  return !prototype || !getPrototypeOf(prototype);
}

/** Whether JSON has a word for everything in the value. */
function isPlain(value: unknown, depth: number, seen?: Set<object>): boolean {
  if (isScalar(value)) return true;
  if (typeof value !== "object" || depth > MAX_DEPTH) return false;
  const object = value as object;
  seen ??= new Set();
  const count = seen.size;
  if (
    seen.add(object).size === count || "toJSON" in object ||
    getOwnPropertySymbols(object).length
  ) return false;
  const list = isList(object);
  if (
    list
      ? !isDense(object, keys(object))
      : !isPlainObject(object) || hasOwn(object, "$")
  ) return false;
  for (const item of list ? object : Object.values(object)) {
    if (!isPlain(item, depth + 1, seen)) return false;
  }
  return true;
}

/** Whether the keys of an array, indexes first, are its indexes alone. */
function isDense({ length }: unknown[], names: string[]): boolean {
  return names.length === length &&
    (!length || names[length - 1] === `${length - 1}`);
}

/** One value on its way to text. */
class Writer {
  #plain = true;
  #refusal?: string;
  readonly #numbers = new Map<object, number>();
  readonly #path: Step[] = [];
  readonly #sorted?: boolean;

  constructor(sorted?: boolean) {
    this.#sorted = sorted;
  }

  encode(value: unknown, root: string): Encoded {
    try {
      return { text: this.#write(value), plain: this.#plain };
    } catch (error) {
      // Nothing leaves its step when it throws: the path is still whole.
      throw new UnstorableValueError(
        pathText(root, this.#path),
        this.#refusal ?? "it cannot be read: " +
            (error instanceof Error ? error.message : typeof error),
      );
    }
  }

  #write(value: unknown): string {
    if (isScalar(value)) return quote(value);
    switch (typeof value) {
      case "object":
        return this.#writeObject(value as object);
      case "undefined":
      case "number":
      case "bigint":
        return this.#tag(typeof value, quote(value === 0 ? "-0" : `${value}`));
    }
    this.#refuse(`a ${typeof value} cannot be stored; leave it out`);
  }

  #writeObject(value: object): string {
    const number = this.#numbers.get(value);
    if (number !== undefined) return this.#tag("ref", `${number}`);
    this.#numbers.set(value, this.#numbers.size);
    if (this.#path.length >= MAX_DEPTH) {
      this.#refuse(`objects lie more than ${MAX_DEPTH} deep in each other`);
    }
    const list = isList(value);
    if (!list && !isPlainObject(value)) return this.#writeInstance(value);
    for (const key of getOwnPropertySymbols(value)) {
      if (propertyIsEnumerable.call(value, key)) {
        this.#refuse(`its key ${String(key)} would be lost; use a string`);
      }
    }
    if (list) {
      const names = keys(value);
      return isDense(value, names)
        ? `[${this.#list(value, (at) => at)}]`
        : this.#tag("Array", `${value.length}`, this.#properties(value, names));
    }
    const text = this.#properties(value, keys(value));
    return hasOwn(value, "$") ? this.#tag("Object", text) : text;
  }

  /** Writes an instance of a class that the codec knows. */
  #writeInstance(value: object): string {
    const type = TYPES.find((type) => type.is(value));
    if (type) {
      return this.#tag(type.tag, this.#list([type.encode(value)], () => [""]));
    }
    const name = classNameOf(getPrototypeOf(value));
    const known = toString.call(value).slice(8, -1);
    if (known === "Error" && ERRORS.test(name)) {
      const hidden = HIDDEN.filter((key) =>
        !propertyIsEnumerable.call(value, key) &&
        (key === "stack" ? !this.#sorted : hasOwn(value, key))
      );
      return this.#tag(
        name,
        this.#properties(value, hidden),
        this.#properties(value, keys(value)),
      );
    }
    if (known === name) {
      if (BOXED.test(name)) {
        return this.#tag(name, this.#write(value.valueOf()));
      }
      if (VIEWS.test(name)) {
        const { buffer, byteOffset, byteLength, length } = value as
          & DataView
          & { length?: number };
        return this.#tag(
          name,
          this.#list([buffer], () => "buffer"),
          `${byteOffset}`,
          `${length ?? byteLength}`,
        );
      }
      switch (name) {
        case "ArrayBuffer": {
          const buffer = value as ArrayBuffer;
          const text = quote(toBase64(new Uint8Array(buffer)));
          return buffer.resizable
            ? this.#tag(name, text, `${buffer.maxByteLength}`)
            : this.#tag(name, text);
        }
        case "RegExp": {
          const { source, flags } = value as RegExp;
          return this.#tag(name, quote(source), quote(flags));
        }
        case "Map": {
          const flat = [...value as Map<unknown, unknown>].flat();
          const list = this.#list(flat, (at) => {
            const key = flat[at - 1];
            return at % 2 && typeof key === "string"
              ? [`.get(${quote(key)})`]
              : [`.${at % 2 ? "values" : "keys"}()[${at >> 1}]`];
          });
          return this.#tag(name, `[${list}]`);
        }
        case "Set": {
          const values = [...value as Set<unknown>];
          const list = this.#list(values, (at) => [`.values()[${at}]`]);
          return this.#tag(name, `[${list}]`);
        }
      }
    }
    this.#refuse(
      `it is an instance of ${name}; ` +
        (name === "Buffer"
          ? "return new Uint8Array(buffer)"
          : name === "Promise"
          ? "await it first"
          : "return plain data, e.g. { ...value }"),
    );
  }

  #properties(value: object, names: string[]): string {
    if (this.#sorted) names.sort();
    let text = "";
    for (const name of names) {
      this.#path.push(name);
      text += (text && ",") + quote(name) + ":" +
        this.#write((value as Properties)[name]);
      this.#path.pop();
    }
    return `{${text}}`;
  }

  #list(values: unknown[], step: (at: number) => Step): string {
    let text = "";
    for (let at = 0; at < values.length; at++) {
      this.#path.push(step(at));
      text += (text && ",") + this.#write(values[at]);
      this.#path.pop();
    }
    return text;
  }

  #refuse(reason: string): never {
    throw new Error(this.#refusal = reason);
  }

  #tag(name: string, ...parts: string[]): string {
    this.#plain = false;
    return `{"$":[${[quote(name), ...parts]}]}`;
  }
}

/** Gives the path as one would write it in a program, its middle cut out. */
function pathText(root: string, path: Step[]): string {
  return path.reduce<string>(
    (text, step) =>
      text +
      (typeof step === "object"
        ? step[0]
        : /^\d+$/.test(`${step}`)
        ? `[${step}]`
        : /^[\p{L}_$][\p{L}\d_$]*$/u.test(`${step}`)
        ? `.${step}`
        : `[${quote(`${step}`)}]`),
    root,
  )
    .replace(/^(.{200}).+(.{200})$/s, "$1…$2");
}
