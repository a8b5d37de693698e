/**
 * How the remote API is shown values: fast where JSON has all that is in them,
 * and with the same text as where it has not.
 *
 * @module
 */

import fc from "fast-check";
import assert from "node:assert/strict";
import { toJsonText } from "../providers/server/json_text.ts";
import { test } from "./harness.ts";

const MOST = 5_000_000;

/** Written part by part, since it is far inside of what JSON lacks. */
function slowly(value: unknown): string {
  const [before, after] = ['["1",'.repeat(9), "]".repeat(9)];
  let whole = value;
  for (let n = 0; n < 9; n++) whole = [1n, whole];
  const text = toJsonText(whole, MOST)!;
  assert.ok(text.startsWith(before) && text.endsWith(after));
  return text.slice(before.length, -after.length);
}

test("server text: however a value is written, its text is the same", () => {
  const anything = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withNullPrototype: true,
    withSparseArray: true,
    withTypedArray: true,
    withBoxedValues: true,
    stringUnit: "binary",
    values: [
      fc.string({ unit: "binary" }),
      fc.double(),
      fc.boolean(),
      fc.constantFrom<unknown>(
        "\ud800",
        "\\ud800",
        null,
        undefined,
        () => 1,
        Symbol("s"),
        { toJSON: () => ({ a: 1 }) },
        { __proto__: { inherited: 1 }, own: 2 },
        Object.assign(new Date(0), { toJSON: () => "own" }),
        new Date(NaN),
        /a/,
        new RangeError("e"),
      ),
    ],
  });
  const odd = [NaN, -0, "\ud800", "\\ud800", undefined, 1n, new Date(NaN)];
  fc.assert(
    fc.property(anything, (value) => {
      const text = toJsonText(value, MOST)!;
      JSON.parse(text);
      assert.equal(text, slowly(value));
    }),
    { examples: odd.map((value): [unknown] => [[value, { value }]]) },
  );
});

test("server text: it has as many characters as it may, and not one more", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    const text = JSON.stringify(value);
    assert.equal(toJsonText(value, text.length), text);
    assert.equal(toJsonText(value, text.length - 1), undefined);
  }));
});

test("server text: what has no end ends all the same", () => {
  const endless: unknown = new Proxy([], {
    get: (_, key) => key === "length" ? Infinity : key === "0" ? endless : 1,
  });
  assert.equal(toJsonText(endless, 100_000), undefined);
  assert.equal(toJsonText(new Array(2 ** 32 - 1), 100_000), undefined);
  const twice: object[] = [{}];
  for (let n = 0; n < 60; n++) twice.push({ a: twice[n], b: twice[n] });
  assert.equal(toJsonText(twice[60], 100_000), undefined);
});
