/**
 * Contract tests: listing and removing reach what they should and no more.
 *
 * @module
 */

import type { Storage } from "../src/contracts/storage.ts";
import {
  checkEmpty,
  checkEqual,
  checkRefused,
  checkSame,
  contextOf,
} from "./check.ts";
import { type ContractTest, contractTest } from "./contract.ts";

/** Keys of workflows of which one's name is the beginning of another's. */
const KEYS: readonly string[] = [
  "wf-1-2/run/a",
  "wf-1-2/run/b",
  "wf-1/_run",
  "wf-1/run-2/a",
  "wf-1/run/a",
  "wf-1/run/b",
  "wf-10/run/a",
  "wf/run/a",
];

async function fill(storage: Storage): Promise<void> {
  // Not in their order, so that a list that is not sorted shows.
  for (const key of [...KEYS].reverse()) {
    await storage.post(key, contextOf(key, key));
  }
}

function under(prefix: string): string[] {
  return KEYS.filter((key) => key.startsWith(prefix));
}

async function checkKept(storage: Storage, gone: string): Promise<void> {
  for (const key of KEYS) {
    const context = await storage.get(key);
    if (key.startsWith(gone)) checkEmpty(context, `${key}, removed`);
    else checkSame(context, contextOf(key, key), `${key}, not removed`);
  }
}

/** Contract tests about `listKeys`, `delete` and `deletePrefix`. */
export const removalTests: readonly ContractTest[] = [
  contractTest("a list of nothing is empty", ["listKeys"], async (bench) => {
    const { storage } = bench;
    checkEqual(await storage.listKeys!(""), [], "all keys");
    checkEqual(await storage.listKeys!("wf-1/"), [], "the keys of wf-1/");
    await storage.post("wf-1-2/run/a", contextOf(1));
    checkEqual(await storage.listKeys!("wf-1/"), [], "the keys of wf-1/");
  }),

  contractTest("keys are listed by prefix, in order", ["listKeys"], async (
    { storage },
  ) => {
    await fill(storage);
    for (const prefix of ["wf-1/", "wf-1/run/", "wf-1-2/", "wf/", ""]) {
      const keys = await storage.listKeys!(prefix);
      checkEqual(keys, under(prefix), `the keys of "${prefix}"`);
    }
  }),

  contractTest(
    "a prefix need not end at a slash",
    ["listKeys"],
    async ({ storage }) => {
      await fill(storage);
      for (const prefix of ["wf-1", "wf-1/run", "w", "wf-1/run/a", "x"]) {
        const keys = await storage.listKeys!(prefix);
        checkEqual(keys, under(prefix), `the keys of "${prefix}"`);
      }
    },
  ),

  contractTest("more than a thousand keys are listed", ["listKeys"], async (
    { storage },
  ) => {
    const keys = Array.from({ length: 1_100 }, (_, n) => `wf/run/task-${n}`);
    await Promise.all(keys.map((key) => storage.post(key, contextOf(1))));
    checkEqual(await storage.listKeys!("wf/run/"), keys.sort(), "the keys");
  }),

  contractTest("delete tells whether there was something", ["delete"], async (
    { storage },
  ) => {
    await fill(storage);
    const key = "wf-1/run/a";
    checkEqual(await storage.delete!(key), true, "the first delete");
    checkEqual(await storage.delete!(key), false, "the second delete");
    checkEqual(await storage.delete!("none/run/a"), false, "another delete");
    await checkKept(storage, key);
    await storage.post(key, contextOf("again"));
    checkSame(await storage.get(key), contextOf("again"), "stored again");
  }),

  contractTest("what was deleted is not listed", [
    "delete",
    "listKeys",
  ], async ({ storage }) => {
    await fill(storage);
    await storage.delete!("wf-1/run/a");
    const keys = under("wf-1/").filter((key) => key !== "wf-1/run/a");
    checkEqual(await storage.listKeys!("wf-1/"), keys, "the keys");
  }),

  contractTest(
    "deletePrefix removes what begins so, and counts it",
    ["deletePrefix"],
    async ({ storage }) => {
      await fill(storage);
      checkEqual(await storage.deletePrefix!("wf-1/"), 4, "the count");
      await checkKept(storage, "wf-1/");
      checkEqual(await storage.deletePrefix!("wf-1/"), 0, "the second count");
    },
  ),

  contractTest(
    "deletePrefix of a run leaves the other runs",
    ["deletePrefix"],
    async ({ storage }) => {
      await fill(storage);
      checkEqual(await storage.deletePrefix!("wf-1/run/"), 2, "the count");
      await checkKept(storage, "wf-1/run/");
    },
  ),

  contractTest(
    "deletePrefix refuses an empty prefix",
    ["deletePrefix"],
    async ({ storage }) => {
      await fill(storage);
      const remove = () => storage.deletePrefix!("");
      await checkRefused(remove, "INVALID_OPTION", "deletePrefix of nothing");
      await checkKept(storage, "none");
    },
  ),

  contractTest(
    "a further instance sees what was removed",
    ["persistent", "deletePrefix"],
    async ({ storage, reopen }) => {
      await fill(storage);
      const further = await reopen();
      await checkKept(further, "none");
      await storage.deletePrefix!("wf-1/");
      await checkKept(further, "wf-1/");
      await checkKept(await reopen(), "wf-1/");
    },
  ),
];
