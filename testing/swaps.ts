/**
 * Contract tests: of those who write at once, exactly one wins.
 *
 * @module
 */

import type { Storage } from "../src/contracts/storage.ts";
import { checkEmpty, checkEqual, checkSame, contextOf } from "./check.ts";
import { type ContractTest, contractTest } from "./contract.ts";

const KEY = "wf/run/task";
const WRITERS = 32;

/** Lets everybody create the same key at once, and looks who has won. */
async function createAtOnce(storages: readonly Storage[]): Promise<void> {
  const won = await Promise.all(
    Array.from(
      { length: WRITERS },
      (_, n) =>
        storages[n % storages.length].atomicSwap!(KEY, null, contextOf(n)),
    ),
  );
  const winners = won.flatMap((ok, n) => ok ? [n] : []);
  checkEqual(winners.length, 1, "the number of those who created it");
  for (const storage of storages) {
    checkSame(await storage.get(KEY), contextOf(winners[0]), "the value");
  }
}

/** Counts up with every storage at once, each as often as it is told. */
async function countAtOnce(
  storages: readonly Storage[],
  times: number,
): Promise<void> {
  await storages[0].post(KEY, contextOf(0));
  const count = async (storage: Storage) => {
    for (let done = 0; done < times;) {
      const before = await storage.get(KEY);
      const next = contextOf(before.storage + 1);
      if (await storage.atomicSwap!(KEY, before, next)) done++;
    }
  };
  await Promise.all(storages.map(count));
  const expected = contextOf(storages.length * times);
  for (const storage of storages) {
    checkSame(await storage.get(KEY), expected, "the count");
  }
}

/** Contract tests about `atomicSwap`. */
export const swapTests: readonly ContractTest[] = [
  contractTest("a swap for nothing creates, once", ["atomicSwap"], async (
    { storage },
  ) => {
    const create = (value: unknown) =>
      storage.atomicSwap!(KEY, null, contextOf(value));
    checkEqual(await create(undefined), true, "the first create");
    checkEqual(await create("second"), false, "the second create");
    checkSame(await storage.get(KEY), contextOf(undefined), "the value");
  }),

  contractTest("a swap needs what was expected", ["atomicSwap"], async (
    { storage },
  ) => {
    await storage.post(KEY, contextOf("one"));
    const one = await storage.get(KEY);
    const swap = (value: unknown) =>
      storage.atomicSwap!(KEY, one, contextOf(value));
    checkEqual(await swap("two"), true, "a swap of what is there");
    checkSame(await storage.get(KEY), contextOf("two"), "the value");
    checkEqual(await swap("three"), false, "a swap of what was there");
    checkSame(await storage.get(KEY), contextOf("two"), "the value");
  }),

  contractTest("what a swap wrote can be expected at once", [
    "atomicSwap",
  ], async ({ storage }) => {
    let last = null;
    for (let n = 0; n < 5; n++) {
      const next = contextOf(n);
      checkEqual(await storage.atomicSwap!(KEY, last, next), true, `swap ${n}`);
      last = next;
    }
    checkSame(await storage.get(KEY), contextOf(4), "the value");
  }),

  contractTest("nothing is swapped where nothing is", ["atomicSwap"], async (
    { storage },
  ) => {
    await storage.post(`${KEY}-2`, contextOf("elsewhere"));
    const elsewhere = await storage.get(`${KEY}-2`);
    const swap = storage.atomicSwap!(KEY, elsewhere, contextOf("new"));
    checkEqual(await swap, false, "a swap of an absent key");
    checkEmpty(await storage.get(KEY), "the value");
  }),

  contractTest("what was deleted can only be created", [
    "atomicSwap",
    "delete",
  ], async ({ storage }) => {
    await storage.post(KEY, contextOf("old"));
    const old = await storage.get(KEY);
    await storage.delete!(KEY);
    const next = contextOf("new");
    checkEqual(await storage.atomicSwap!(KEY, old, next), false, "a swap");
    checkEqual(await storage.atomicSwap!(KEY, null, next), true, "a create");
    checkSame(await storage.get(KEY), next, "the value");
  }),

  contractTest("a swap of one key leaves the others", ["atomicSwap"], async (
    { storage },
  ) => {
    await storage.post(`${KEY}-2`, contextOf("other"));
    await storage.atomicSwap!(KEY, null, contextOf("new"));
    checkSame(await storage.get(`${KEY}-2`), contextOf("other"), "the other");
  }),

  contractTest(
    "of many that create at once, one wins",
    ["atomicSwap"],
    ({ storage }) => createAtOnce([storage]),
  ),

  contractTest(
    "of many that create at once in two instances, one wins",
    ["atomicSwap", "persistent"],
    async ({ storage, reopen }) => createAtOnce([storage, await reopen()]),
  ),

  contractTest(
    "no count is lost when many count at once",
    ["atomicSwap"],
    ({ storage }) => countAtOnce([storage, storage, storage, storage], 5),
  ),

  contractTest(
    "no count is lost when two instances count at once",
    ["atomicSwap", "persistent"],
    async ({ storage, reopen }) => countAtOnce([storage, await reopen()], 10),
  ),

  contractTest(
    "a further instance swaps only what is there now",
    ["atomicSwap", "persistent"],
    async ({ storage, reopen }) => {
      await storage.post(KEY, contextOf("one"));
      const further = await reopen();
      const one = await further.get(KEY);
      await storage.post(KEY, contextOf("two"));
      const late = further.atomicSwap!(KEY, one, contextOf("late"));
      checkEqual(await late, false, "a swap of what was there");
      const create = further.atomicSwap!(KEY, null, contextOf("late"));
      checkEqual(await create, false, "a create");
      const two = await further.get(KEY);
      checkSame(two, contextOf("two"), "the value");
      const swap = further.atomicSwap!(KEY, two, contextOf("three"));
      checkEqual(await swap, true, "a swap of what is there");
      checkSame(await storage.get(KEY), contextOf("three"), "the value");
    },
  ),
];
