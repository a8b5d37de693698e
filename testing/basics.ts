/**
 * Contract tests: what was stored is what is read.
 *
 * @module
 */

import { Context } from "../src/context.ts";
import {
  check,
  checkEmpty,
  checkEqual,
  checkRefused,
  checkSame,
  contextOf,
} from "./check.ts";
import { type ContractTest, contractTest } from "./contract.ts";
import { specialValues } from "./values.ts";

const KEY = "wf/run/task";

/** Contract tests about `post` and `get`. */
export const basicTests: readonly ContractTest[] = [
  contractTest("it has what it is said to have", [], ({ storage, lacks }) => {
    const expected = !lacks.includes("persistent");
    checkEqual(storage.persistent, expected, "persistent");
    for (
      const method of [
        "atomicSwap",
        "delete",
        "deletePrefix",
        "listKeys",
      ] as const
    ) {
      // A run uses every method that is there, so none may go untested.
      const has = typeof storage[method] === "function";
      const what = `it has ${method}, or lacks names it`;
      checkEqual(has, !lacks.includes(method), what);
    }
  }),

  contractTest("an absent key gives an empty Context", [], async (bench) => {
    checkEmpty(await bench.storage.get(KEY), "an absent key");
    await bench.storage.post(`${KEY}-2`, contextOf(1));
    checkEmpty(await bench.storage.get(KEY), "an absent key");
  }),

  contractTest("a value is read as it was stored", [], async ({ storage }) => {
    for (const [name, value] of specialValues()) {
      const context = contextOf(value);
      await storage.post(KEY, context);
      checkSame(await storage.get(KEY), context, name);
    }
  }),

  contractTest("the origin of a value is kept", [], async ({ storage }) => {
    const time = new Date(Date.UTC(2020, 1, 29, 12, 30, 15, 250));
    const ids = { taskId: 'a "b"\n/c', workflowId: "né 😀", runId: "\0" };
    await storage.post(KEY, new Context({ storage: 1, ...ids, time }));
    const { taskId, workflowId, runId, time: read } = await storage.get(KEY);
    checkEqual({ taskId, workflowId, runId }, ids, "the ids");
    checkEqual(read, time, "the time");
  }),

  contractTest("a void result is not absent", [], async ({ storage }) => {
    await storage.post(KEY, contextOf(undefined, "void"));
    checkEqual((await storage.get(KEY)).taskId, "void", "the task");
  }),

  contractTest("post writes over what was there", [], async ({ storage }) => {
    await storage.post(KEY, contextOf({ long: "x".repeat(1_000) }));
    await storage.post(KEY, contextOf({ short: 1 }));
    checkSame(await storage.get(KEY), contextOf({ short: 1 }), "the value");
  }),

  contractTest("100 posts at once are all kept", [], async ({ storage }) => {
    const keys = Array.from({ length: 100 }, (_, n) => `wf/run/task-${n}`);
    await Promise.all(
      keys.map((key, n) => storage.post(key, contextOf(n, key))),
    );
    const read = await Promise.all(keys.map((key) => storage.get(key)));
    read.forEach((context, n) =>
      checkSame(context, contextOf(n, keys[n]), keys[n])
    );
  }),

  contractTest("the last of many posts of one key stays", [], async (bench) => {
    const { storage } = bench;
    for (let n = 0; n < 20; n++) await storage.post(KEY, contextOf(n));
    checkSame(await storage.get(KEY), contextOf(19), "the value");
  }),

  contractTest("a value of a megabyte is kept", [], async ({ storage }) => {
    const context = contextOf({ text: "0123456789abcdeé".repeat(65_536) });
    await storage.post(KEY, context);
    await storage.post(`${KEY}-2`, contextOf("after"));
    checkSame(await storage.get(KEY), context, "the value");
  }),

  contractTest(
    "a further instance reads what was stored",
    ["persistent"],
    async ({ storage, reopen }) => {
      for (const [name, value] of specialValues()) {
        await storage.post(`wf/run/${name}`, contextOf(value, name));
      }
      const further = await reopen();
      for (const [name, value] of specialValues()) {
        // The stacks of errors that were made apart differ.
        if (value instanceof Error) continue;
        const read = await further.get(`wf/run/${name}`);
        checkSame(read, contextOf(value, name), name);
      }
      checkEmpty(await further.get(KEY), "an absent key");
      checkEmpty(await storage.get(KEY), "an absent key");
      await further.post(KEY, contextOf("from the further one"));
      const back = await storage.get(KEY);
      checkSame(back, contextOf("from the further one"), "the other way");
    },
  ),

  contractTest(
    "what is read is a copy",
    ["persistent"],
    async ({ storage }) => {
      const value = { list: [1] };
      await storage.post(KEY, contextOf(value));
      value.list.push(2);
      const first = await storage.get(KEY);
      checkSame(first, contextOf({ list: [1] }), "after a change of the value");
      first.storage.list.push(3);
      const second = await storage.get(KEY);
      checkSame(second, contextOf({ list: [1] }), "after a change of the copy");
    },
  ),

  contractTest(
    "a value that cannot be kept is refused, and the earlier one stays",
    ["persistent"],
    async ({ storage }) => {
      await storage.post(KEY, contextOf("earlier"));
      const bad = contextOf({ users: [{ name: "a", socket: () => {} }] });
      const post = () => storage.post(KEY, bad);
      await checkRefused(post, "UNSTORABLE_VALUE", "post of a function");
      try {
        await post();
      } catch (error) {
        const { path } = error as { path?: string };
        check(path === "result.users[0].socket", `the error names ${path}`);
      }
      checkSame(await storage.get(KEY), contextOf("earlier"), "the value");
    },
  ),
];
