/**
 * What counts as the same input on a resume.
 *
 * @module
 */

import { action, DotFlow, DotFlowError } from "@dotflow/dotflow";
import fc from "fast-check";
import assert from "node:assert/strict";
import { effort } from "./effort.ts";
import { test } from "./harness.ts";

const value = fc.anything({
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  maxDepth: 3,
});

/** The same value, with the keys of every object in the opposite order. */
function turned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turned);
  if (Object.prototype.toString.call(value) !== "[object Object]") return value;
  const entries = Object.entries(value as object).reverse();
  return Object.fromEntries(entries.map(([key, part]) => [key, turned(part)]));
}

/** Starts with one input, resumes with another, and gives the error's code. */
async function codeOf(first: unknown, second: unknown): Promise<string> {
  const workflow = new DotFlow();
  workflow.task.add(action("step", () => 1));
  await workflow.start({ input: first });
  try {
    await workflow.start({ input: second, resume: true });
    return "the same";
  } catch (error) {
    assert.ok(error instanceof DotFlowError, String(error));
    return error.code;
  }
}

test("fingerprint: the order of keys does not matter", async () => {
  await fc.assert(
    fc.asyncProperty(fc.dictionary(fc.string(), value), async (input) => {
      assert.equal(await codeOf(input, turned(input)), "the same");
    }),
    { numRuns: 200 * effort() },
  );
});

test("fingerprint: anything else does", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.dictionary(fc.string(), value, { minKeys: 1 }),
      fc.nat(),
      async (input, at) => {
        const keys = Object.keys(input);
        const key = keys[at % keys.length];
        const { [key]: part, ...without } = input;
        assert.equal(await codeOf(input, without), "INPUT_CHANGED");
        const wrapped = { ...without, [key]: [part] };
        assert.equal(await codeOf(input, wrapped), "INPUT_CHANGED");
      },
    ),
    { numRuns: 100 * effort() },
  );
});
