/**
 * Any value in short form: JSON where that can hold it, and no longer than it
 * may be, however large the value is.
 *
 * @module
 */

import { describe } from "../../src/describe.ts";
import { cut } from "./text.ts";

/** Stands for what throws when it is looked at. */
const UNREADABLE = "[unreadable]";
/** How deep objects are shown. */
const DEEPEST = 20;
/** What is over it takes too long to write out. */
const LARGEST = 10n ** 100n;

/**
 * Writes a value in short form. No more of it is looked at than is shown.
 *
 * @param value Any value.
 * @param limit The most that is written, in UTF-16 code units.
 * @returns The text; where it was cut, it ends with "…".
 */
export function shortForm(value: unknown, limit: number): string {
  let text = "";
  try {
    for (const piece of piecesOf(value, limit, [])) {
      text += piece;
      if (text.length > limit) break;
    }
  } catch {
    text += UNREADABLE;
  }
  return cut(text, limit);
}

function* piecesOf(
  value: unknown,
  limit: number,
  within: readonly object[],
): Generator<string> {
  switch (typeof value) {
    case "string":
      return yield JSON.stringify(value.slice(0, limit));
    case "bigint":
      return yield value > LARGEST || value < -LARGEST
        ? "[large bigint]"
        : `${value}n`;
    case "function":
      return yield `[${describe(value)}]`;
    case "object":
      break;
    default:
      return yield Object.is(value, -0) ? "-0" : String(value);
  }
  if (value === null) return yield "null";
  if (within.includes(value)) return yield "[circular]";
  if (within.length >= DEEPEST) return yield "[too deep]";
  try {
    yield* objectPieces(value, limit, [...within, value]);
  } catch {
    yield UNREADABLE;
  }
}

function* objectPieces(
  value: object,
  limit: number,
  within: readonly object[],
): Generator<string> {
  const inner = (item: unknown) => piecesOf(item, limit, within);
  const { toJSON } = value as { toJSON?: unknown };
  if (value instanceof Error) yield `${value.name}: ${value.message}`;
  else if (value instanceof RegExp) yield String(value);
  else if (value instanceof Map) yield* list("Map {", value, pair(inner), "}");
  else if (value instanceof Set) yield* list("Set [", value, inner, "]");
  else if (Array.isArray(value)) yield* list("[", value, inner, "]");
  else if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    const name = `${value.constructor.name} [`;
    yield* list(name, value as unknown as Iterable<unknown>, inner, "]");
  } else if (value instanceof ArrayBuffer || value instanceof DataView) {
    yield `[${value.byteLength} bytes]`;
  } else if (typeof toJSON === "function") yield* inner(toJSON.call(value));
  else yield* list("{", membersOf(value), pair(inner), "}");
}

/** Each is read when its turn comes: it may be one of very many, or slow. */
function* membersOf(value: object): Generator<[name: string, item: unknown]> {
  for (const name in value) {
    if (Object.hasOwn(value, name)) yield [name, Reflect.get(value, name)];
  }
}

function* list<T>(
  open: string,
  items: Iterable<T>,
  pieces: (item: T) => Iterable<string>,
  close: string,
): Generator<string> {
  let before = open;
  for (const item of items) {
    yield before;
    yield* pieces(item);
    before = ",";
  }
  yield before === open ? open + close : close;
}

function pair(inner: (item: unknown) => Iterable<string>) {
  return function* ([name, item]: [unknown, unknown]): Generator<string> {
    yield* inner(name);
    yield ":";
    yield* inner(item);
  };
}
