/**
 * The way from a parsed text back to the value.
 *
 * @module
 */

import { fromBase64 } from "./base64.ts";
import { BOXED, ERRORS, MAX_DEPTH, TYPES, VIEWS } from "./types.ts";

// deno-lint-ignore no-explicit-any
type Any = any;

/**
 * Gives the value that {@linkcode encode} made a text of.
 *
 * @param parsed What `JSON.parse` made of the text; it is used up: its objects
 * become those of the value.
 * @returns The value.
 * @throws {Error} If it is nothing that `encode` gives.
 */
export function decode(parsed: unknown): unknown {
  try {
    return new Reader().read(parsed);
  } catch (error) {
    throw new Error(
      `Cannot read the stored value: ${(error as Error).message}`,
      { cause: error },
    );
  }
}

/** One value on its way from its text. */
class Reader {
  /** The objects by the order in which they were met. */
  readonly #objects: unknown[] = [];
  #depth = 0;

  read(node: Any): unknown {
    if (typeof node !== "object" || !node) return node;
    // A tag without an object may lie in the deepest object.
    if (++this.#depth > MAX_DEPTH + 1) throw new Error("it is too deep");
    const value = !Array.isArray(node) && Object.hasOwn(node, "$")
      ? this.#readTag(node.$)
      : this.#readInto(node);
    this.#depth--;
    return value;
  }

  /** Own keys, also `__proto__`, exist already: to assign them is safe. */
  #readInto(node: Any): unknown {
    this.#objects.push(node);
    if (Array.isArray(node)) {
      for (let at = 0; at < node.length; at++) node[at] = this.read(node[at]);
    } else {
      for (const key of Object.keys(node)) node[key] = this.read(node[key]);
    }
    return node;
  }

  #readTag([tag, first, second, third]: Any[]): unknown {
    switch (tag) {
      case "undefined":
        return undefined;
      case "number":
        return Number(first);
      case "bigint":
        return BigInt(first);
      case "ref": {
        const object = typeof first === "number" && this.#objects[first];
        if (!object) throw new Error(`there is no object ${first}`);
        return object;
      }
      case "Object":
        return this.#readInto(first);
    }
    return this.#readInstance(tag, first, second, third);
  }

  #readInstance(tag: string, first: Any, second: Any, third: Any): unknown {
    const at = this.#objects.push(undefined) - 1;
    const keep = <T>(object: T): T => (this.#objects[at] = object);
    const type = TYPES.find((type) => type.tag === tag);
    if (type) {
      const object = keep(type.create());
      type.fill(object, this.read(first));
      return object;
    }
    const Class = (globalThis as Any)[tag];
    if (ERRORS.test(tag)) {
      const error = keep(
        tag === "AggregateError" ? new Class([]) : new Class(),
      );
      this.#define(error, first, false);
      return this.#define(error, second, true);
    }
    if (BOXED.test(tag)) {
      const value = this.read(first);
      return keep(tag === "Date" ? new Date(value as number) : Object(value));
    }
    if (VIEWS.test(tag)) {
      const buffer = this.read(first);
      if (buffer instanceof ArrayBuffer) {
        return keep(new Class(buffer, second, third));
      }
    }
    switch (tag) {
      case "Array": {
        // Length 4e9 must not take memory: an index that is not enumerable
        // makes the runtime keep the array as a table.
        const array = keep(
          Object.defineProperty([], 0, { configurable: true }),
        );
        array.length = first;
        delete array[0];
        return this.#define(array, second, true);
      }
      case "ArrayBuffer": {
        const bytes = fromBase64(first);
        if (second === undefined) return keep(bytes.buffer);
        const buffer = new ArrayBuffer(bytes.length, { maxByteLength: second });
        new Uint8Array(buffer).set(bytes);
        return keep(buffer);
      }
      case "RegExp":
        return keep(new RegExp(first, second));
      case "Map": {
        const map = keep(new Map());
        for (let at = 0; at < first.length;) {
          map.set(this.read(first[at++]), this.read(first[at++]));
        }
        return map;
      }
      case "Set": {
        const set = keep(new Set());
        for (const value of first) set.add(this.read(value));
        return set;
      }
    }
    throw new Error(`there is no type ${JSON.stringify(tag)}`);
  }

  #define(object: object, properties: Any, enumerable: boolean): object {
    for (const key of Object.keys(properties)) {
      Object.defineProperty(object, key, {
        value: this.read(properties[key]),
        writable: true,
        configurable: true,
        enumerable,
      });
    }
    return object;
  }
}
