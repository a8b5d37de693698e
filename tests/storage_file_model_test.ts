/**
 * Two instances of `StorageFile` on one folder: neither answers from what it has
 * seen before, and both together are what one Map is.
 *
 * @module
 */

import type { Context } from "@dotflow/dotflow";
import fc from "fast-check";
import assert from "node:assert/strict";
import { effort } from "./effort.ts";
import { cleanup, tempDir, test } from "./harness.ts";
import { files, open, some, valueOf } from "./journals.ts";

const needs = ["files"] as const;

test("StorageFile says no only after a look", { needs }, async () => {
  const path = await tempDir();
  const [one, two] = [open(path), open(path)];
  await two.post("w/a", some(1));
  await one.delete("w/a");
  assert.equal(await two.atomicSwap("w/a", null, some(2)), true);
  const third = some(3);
  await one.post("w/a", third);
  assert.equal(await two.atomicSwap("w/a", third, some(4)), true);
  await one.post("w/b", some(5));
  assert.equal(await two.delete("w/b"), true);
  await one.post("w/b", some(6));
  assert.equal(await two.deletePrefix("w/b"), 1);
  assert.equal(await one.atomicSwap("w/a", third, some(7)), false);
  assert.equal(await valueOf(one, "w/a"), 4);
});

test("StorageFile says yes only to what counts", { needs }, async () => {
  // Nobody notices by the clock that the file has been replaced.
  const { now } = performance;
  cleanup(() => performance.now = now);
  performance.now = () => 0;
  const path = await tempDir();
  const one = open(path, { compactAfterBytes: 300 });
  const two = open(path);
  const { readdir } = await files();
  const replace = async () => {
    const before = await readdir(`${path}/w`);
    let after = before;
    for (let at = 0; after.join() === before.join(); at++) {
      await one.post("w/ballast", some(at));
      after = await readdir(`${path}/w`);
    }
    while (after.length > 1) after = await readdir(`${path}/w`);
  };
  await two.post("w/kept", some(0));
  const kept = await two.get("w/kept");
  await replace();
  await two.post("w/a", some(1));
  assert.equal(await valueOf(one, "w/a"), 1);
  await replace();
  assert.equal(await two.atomicSwap("w/b", null, some(2)), true);
  assert.equal(await valueOf(one, "w/b"), 2);
  await replace();
  assert.equal(await two.atomicSwap("w/kept", kept, some(3)), true);
  assert.equal(await valueOf(one, "w/kept"), 3);
  await replace();
  // The first of these meets the seal before the second is written.
  const [created] = await Promise.all([
    two.atomicSwap("w/kept", null, some(4)),
    two.post("w/a", some(5)),
  ]);
  assert.equal(created, false);
  assert.equal(await valueOf(one, "w/a"), 5);
  await replace();
  assert.equal(await two.delete("w/b"), true);
  assert.equal(await valueOf(one, "w/b"), "absent");
  await replace();
  assert.equal(await two.deletePrefix("w/"), 3);
  assert.deepEqual(await one.listKeys(""), []);
});

test(
  "StorageFile does as a Map does, by two instances",
  { needs },
  async () => {
    const key = fc.constantFrom("w/a", "w/b/c", "w/b/d", "x/a", "é", "..");
    const prefix = fc.constantFrom("w/", "w/b/", "w", "x", "é", "zz");
    const operation = fc.record({
      who: fc.nat(1),
      looks: fc.boolean(),
      key,
      prefix,
      what: fc.constantFrom(
        ...["post", "post", "create", "swap", "stale", "burst"],
        ...["delete", "deletePrefix", "close"],
      ),
    });
    const property = fc.asyncProperty(
      fc.array(operation, { maxLength: 40 }),
      fc.constantFrom(0, 300, 1e6),
      async (operations, compactAfterBytes) => {
        const path = await tempDir();
        const storages = [0, 1].map(() => open(path, { compactAfterBytes }));
        const model = new Map<string, Context>();
        let old = some("never stored");
        let count = 0;
        for (const { who, key, looks, prefix, what } of operations) {
          const storage = storages[who];
          const next = some(`value ${count++}`);
          const before = model.get(key);
          if (what === "post") {
            await storage.post(key, next);
            model.set(key, next);
          } else if (what === "create") {
            const stored = await storage.atomicSwap(key, null, next);
            assert.equal(stored, before === undefined);
            if (stored) model.set(key, next);
          } else if (what === "swap" && before !== undefined) {
            assert.equal(await storage.atomicSwap(key, before, next), true);
            model.set(key, next);
            old = before;
          } else if (what === "stale") {
            assert.equal(await storage.atomicSwap(key, old, next), false);
          } else if (what === "burst") {
            const results = await Promise.all([
              storage.atomicSwap(key, null, next),
              storage.atomicSwap(key, null, some("second")),
              storage.post(key, next),
            ]);
            assert.equal(results[0], before === undefined);
            assert.equal(results[1], false);
            model.set(key, next);
          } else if (what === "delete") {
            assert.equal(await storage.delete(key), model.delete(key));
          } else if (what === "deletePrefix") {
            const keys = [...model.keys()].filter((k) => k.startsWith(prefix));
            for (const key of keys) model.delete(key);
            assert.equal(await storage.deletePrefix(prefix), keys.length);
          } else if (what === "close") {
            await storage.close();
          }
          // Whoever has not looked must find out all the same.
          if (!looks) continue;
          assert.deepEqual(
            (await storages[1 - who].get(key)).storage,
            model.get(key)?.storage,
          );
          const keys = [...model.keys()].filter((k) => k.startsWith(prefix));
          assert.deepEqual(await storages[who].listKeys(prefix), keys.sort());
        }
        await Promise.all(storages.map((storage) => storage.close()));
      },
    );
    await fc.assert(property, { numRuns: 60 * effort() });
  },
);
