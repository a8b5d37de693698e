/**
 * Exact sameness of values, for the tests of what is stored.
 *
 * @module
 */

import assert from "node:assert/strict";

// deno-lint-ignore no-explicit-any
type Any = any;

const BOXED = [Date, Number, String, Boolean, BigInt];

/** The properties of errors that are not enumerable; runtimes add others. */
const HIDDEN = ["name", "message", "stack", "cause", "errors"];

/**
 * Asserts that two values cannot be told apart but by their identity: the same
 * types, contents and order, and the same objects in the same places. Objects
 * without prototype count as plain ones, as structured clone makes them.
 *
 * @param actual The value.
 * @param expected What it should be like.
 */
export function assertSame(actual: unknown, expected: unknown): void {
  compare(actual, expected, new Map(), new Map());
}

function compare(
  actual: Any,
  expected: Any,
  there: Map<unknown, unknown>,
  back: Map<unknown, unknown>,
): void {
  if (typeof expected !== "object" || expected === null) {
    assert.ok(
      Object.is(actual, expected),
      `${String(actual)} is not ${String(expected)}`,
    );
    return;
  }
  if (there.has(expected) || back.has(actual)) {
    assert.equal(there.get(expected), actual, "another object");
    assert.equal(back.get(actual), expected, "another object");
    return;
  }
  there.set(expected, actual);
  back.set(actual, expected);
  const next = (one: unknown, two: unknown) => compare(one, two, there, back);

  const prototype = Object.getPrototypeOf(expected) ?? Object.prototype;
  assert.equal(Object.getPrototypeOf(actual), prototype);
  if (ArrayBuffer.isView(expected)) {
    assert.equal(actual.byteOffset, expected.byteOffset);
    assert.equal(actual.byteLength, expected.byteLength);
    return next(actual.buffer, expected.buffer);
  }
  if (expected instanceof ArrayBuffer) {
    const bytes = (buffer: ArrayBuffer) => [...new Uint8Array(buffer)];
    return assert.deepEqual(bytes(actual), bytes(expected));
  }
  if (expected instanceof RegExp) {
    assert.equal(actual.source, expected.source);
    return assert.equal(actual.flags, expected.flags);
  }
  if (expected instanceof Map || expected instanceof Set) {
    return next([...actual].flat(), [...expected].flat());
  }
  if (BOXED.some((type) => expected instanceof type)) {
    return next(actual.valueOf(), expected.valueOf());
  }
  if (Array.isArray(expected)) assert.equal(actual.length, expected.length);

  const keys = Object.keys(expected);
  assert.deepEqual(Object.keys(actual), keys);
  if (expected instanceof Error) {
    const hidden = (error: object) =>
      HIDDEN.filter((key) => Object.hasOwn(error, key));
    assert.deepEqual(hidden(actual), hidden(expected));
    keys.push(...hidden(expected));
  }
  for (const key of keys) next(actual[key], expected[key]);
}
