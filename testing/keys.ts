/**
 * Contract tests: no id and no key is ever taken for another.
 *
 * @module
 */

import {
  check,
  checkEmpty,
  checkEqual,
  checkSame,
  contextOf,
} from "./check.ts";
import { type Bench, type ContractTest, contractTest } from "./contract.ts";

const LONG = "long".repeat(300);

/** Texts that file systems, stores and careless encodings confuse. */
const HOSTILE: readonly string[] = [
  "wf",
  "WF",
  "wf-1",
  "wf-1-2",
  "wf_1",
  "wf/1",
  "wf/",
  "/wf",
  "wf//1",
  "wf.",
  "wf ",
  " ",
  ".",
  "..",
  "../wf",
  "..\\wf",
  "C:\\wf",
  "%2e%2e",
  "_run",
  "con",
  "né",
  "ne\u0301",
  "\0",
  "\n",
  "😀",
  "\ud83d",
  "*?",
  LONG,
  `${LONG}a`,
  `${LONG}b`,
];

/** Stores something under every key, then looks whether all is still there. */
async function keepApart(
  { storage }: Bench,
  keys: readonly string[],
  nameOf: (index: number) => string,
): Promise<void> {
  const first = keys[0];
  await storage.post(first, contextOf(0, "0"));
  for (const [index, key] of keys.entries()) {
    if (index > 0) {
      checkEmpty(
        await storage.get(key),
        `${nameOf(index)} before it is stored`,
      );
    }
    await storage.post(key, contextOf(index, String(index)));
  }
  for (const [index, key] of keys.entries()) {
    const expected = contextOf(index, String(index));
    checkSame(await storage.get(key), expected, nameOf(index));
  }
  if (storage.listKeys === undefined) return;
  const listed = await storage.listKeys("");
  checkEqual([...listed].sort(), [...keys].sort(), "all keys");
}

/** Contract tests about keys. */
export const keyTests: readonly ContractTest[] = [
  contractTest("keys of hostile workflow ids are kept apart", [], (bench) => {
    const key = (workflowId: string) =>
      bench.storage.key({ workflowId, runId: "run", taskId: "task" });
    const name = (index: number) =>
      `workflow ${JSON.stringify(HOSTILE[index])}`;
    return keepApart(bench, HOSTILE.map(key), name);
  }),

  contractTest("keys of hostile task ids are kept apart", [], (bench) => {
    const key = (taskId: string) =>
      bench.storage.key({ workflowId: "wf", runId: "run", taskId });
    const name = (index: number) => `task ${JSON.stringify(HOSTILE[index])}`;
    return keepApart(bench, HOSTILE.map(key), name);
  }),

  contractTest("key never makes one key of two places", [], ({ storage }) => {
    const seen = new Map<string, string>();
    for (const workflowId of HOSTILE) {
      for (const taskId of HOSTILE) {
        const place = JSON.stringify([workflowId, taskId]);
        const key = storage.key({ workflowId, runId: "run", taskId });
        const other = seen.get(key);
        check(
          other === undefined,
          `${place} and ${other} have one key: ${key}`,
        );
        seen.set(key, place);
      }
    }
  }),

  contractTest(
    "a key that is the beginning of another is kept apart from it",
    [],
    (bench) => {
      const keys = ["wf/run/task", "wf/run/task-2", "wf/run/tas", "wf/ru/n"];
      return keepApart(bench, keys, (index) => keys[index]);
    },
  ),

  contractTest("any text is a key of its own", ["anyKey"], (bench) => {
    const keys = [...HOSTILE, ...HOSTILE.map((text) => `wf/${text}`)];
    const unique = [...new Set(keys)];
    return keepApart(bench, unique, (index) => JSON.stringify(unique[index]));
  }),
];
