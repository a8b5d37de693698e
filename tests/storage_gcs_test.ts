import { action } from "@dotflow/dotflow";
import type { StorageGCS } from "@dotflow/dotflow/providers/storage-gcs";
import assert from "node:assert/strict";
import { flowOn, throwsWith } from "./flow.ts";
import {
  contextOf,
  counts,
  openStorage,
  reopen,
  storageOn,
  valueAt,
} from "./gcs.ts";
import { test } from "./harness.ts";
import { testStorage } from "./storage_contract.ts";

testStorage("StorageGCS", {
  open: async () => (await openStorage()).storage,
  reopen,
  // A name has at most 1,024 bytes, and no line break.
  lacks: ["anyKey"],
});

// Keys

const LEGAL = [
  "a",
  "A",
  "a/b",
  "a//b",
  "a/",
  "/a",
  ".",
  "..",
  "../a",
  "a/../b",
  "a/./b",
  "%2e%2e",
  "a%2Fb",
  "a#b",
  "a?b=c&d",
  "a b",
  "a+b",
  "a\\b",
  "a*[b]!'()~",
  "né",
  "ne\u0301",
  "😀",
  "\uffff",
  "\0",
  "\t",
  "x".repeat(1_024 - "dotflow/".length),
  "é".repeat((1_024 - "dotflow/".length) / 2),
];

test("StorageGCS: every legal key is a place of its own", async () => {
  const { storage, lab } = await openStorage();
  await Promise.all(LEGAL.map((key) => storage.post(key, contextOf(key))));
  for (const key of LEGAL) assert.equal(await valueAt(storage, key), key);
  assert.deepEqual(await storage.listKeys(""), [...LEGAL].sort());
  for (const { key } of await lab.objects()) {
    assert.ok(key.startsWith("dotflow/"), key);
  }
  for (const key of LEGAL) assert.equal(await storage.delete(key), true, key);
  assert.deepEqual(await lab.objects(), []);
});

test("StorageGCS: what no object can be called is refused", async () => {
  const { storage, lab } = await openStorage();
  const bare = storageOn(lab, { prefix: "" });
  const keys: [StorageGCS, string][] = [
    [storage, "a\nb"],
    [storage, "a\rb"],
    [storage, "\ud83d"],
    [storage, "x".repeat(1_025)],
    [storage, "é".repeat(513)],
    [bare, ""],
    [bare, "."],
    [bare, ".."],
    [bare, ".well-known/acme-challenge/a"],
  ];
  const next = contextOf(1);
  for (const [at, key] of keys) {
    for (
      const call of [
        () => at.post(key, next),
        () => at.get(key),
        () => at.atomicSwap(key, null, next),
        () => at.delete(key),
      ]
    ) await throwsWith(call, "STORAGE", /as the name of an object: /);
  }
  assert.deepEqual(await lab.history(), []);
});

test("StorageGCS: half a surrogate pair reaches no other key", async () => {
  const { storage } = await openStorage();
  await storage.post("a\ufffd", contextOf(1));
  assert.deepEqual(await storage.listKeys("a\ud83d"), []);
  assert.equal(await storage.deletePrefix("a\ud83d"), 0);
  assert.deepEqual(await storage.listKeys(""), ["a\ufffd"]);
});

test("StorageGCS: keys are listed by code units, page by page", async () => {
  const { storage, lab } = await openStorage({}, { pageSize: 3 });
  const keys = ["\uffff", "😀", "a", "b", "c", "d", "e"];
  for (const key of keys) await storage.post(key, contextOf(1));
  // UTF-8 has them the other way round.
  const sorted = ["a", "b", "c", "d", "e", "😀", "\uffff"];
  assert.deepEqual(await storage.listKeys(""), sorted);
  assert.equal((await counts(lab)).list, 3);
});

test("StorageGCS: another prefix is another place", async () => {
  const { storage: one, lab } = await openStorage({ prefix: "one/" });
  const [two, all] = [
    storageOn(lab, { prefix: "one/two/" }),
    storageOn(lab, { prefix: "" }),
  ];
  await one.post("a", contextOf(1));
  await two.post("a", contextOf(2));
  assert.deepEqual(await all.listKeys(""), ["one/a", "one/two/a"]);
  assert.deepEqual(await two.listKeys(""), ["a"]);
  assert.equal(await two.deletePrefix("a"), 1);
  assert.deepEqual(await all.listKeys(""), ["one/a"]);
});

// Requests

test("StorageGCS: a commit is one request, and so is a read", async () => {
  const { storage, lab } = await openStorage();
  const one = contextOf(1);
  await storage.post("posted", one);
  await storage.atomicSwap("created", null, one);
  await storage.atomicSwap("created", one, contextOf(2));
  const read = await storage.get("posted");
  await storage.atomicSwap("posted", read, contextOf(3));
  await storage.get("absent");
  assert.deepEqual(await counts(lab), { token: 1, insert: 4, media: 2 });
});

test("StorageGCS: what is not known of is read before a swap", async () => {
  const { storage, lab } = await openStorage();
  const one = contextOf(1);
  await storageOn(lab).post("a", one);
  await storageOn(lab).post("b", contextOf("other"));
  assert.equal(await storage.atomicSwap("a", one, contextOf(2)), true);
  // Known of by now, but as the content of another key.
  await storage.post("c", one);
  assert.equal(await storage.atomicSwap("b", one, contextOf(3)), false);
  assert.equal(await storage.atomicSwap("none", one, contextOf(4)), false);
  assert.equal((await counts(lab)).media, 3);
});

test("StorageGCS: more than 1,000 keys are listed and removed, 32 at once", {
  timeout: 60_000,
}, async () => {
  const { storage, lab } = await openStorage({}, { latencyMs: 5 });
  const keys = Array.from({ length: 1_100 }, (_, n) => `wf/run/task-${n}`);
  const text = contextOf(1).toText();
  for (let at = 0; at < keys.length; at += 100) {
    const some = keys.slice(at, at + 100);
    await Promise.all(some.map((key) => lab.put(`dotflow/${key}`, text)));
  }
  await lab.put("dotflow/wf/run-2/task", text);
  assert.deepEqual(await storage.listKeys("wf/run/"), keys.sort());
  assert.equal((await counts(lab)).list, 2);
  assert.equal(await storage.deletePrefix("wf/run/"), 1_100);
  const { ops, maxInFlight } = await lab.figures();
  assert.equal(ops.list, 4);
  assert.equal(ops.delete, 1_100);
  assert.ok(maxInFlight <= 32, `${maxInFlight} requests at once`);
  assert.deepEqual(await storage.listKeys(""), ["wf/run-2/task"]);
});

test("StorageGCS: what others removed meanwhile is not counted", async () => {
  const { storage, lab } = await openStorage();
  for (const key of ["a/1", "a/2", "a/3"]) {
    await storage.post(key, contextOf(1));
  }
  const slow = storageOn(lab, {
    fetch: async (url, init) => {
      if (init.method === "DELETE") await lab.remove("dotflow/a/2");
      return await fetch(url, init);
    },
  });
  assert.equal(await slow.deletePrefix("a/"), 2);
});

test("StorageGCS: an object is private to caches, and says what it is", async () => {
  const { storage, lab } = await openStorage();
  let sent = "";
  const watched = storageOn(lab, {
    fetch: (url, init) => {
      if (url.includes("/upload/")) {
        sent = new TextDecoder().decode(init.body as Uint8Array<ArrayBuffer>);
      }
      return fetch(url, init);
    },
  });
  await watched.post("a", contextOf("é"));
  assert.match(sent, /"contentType":"text\/plain; charset=utf-8"/);
  assert.match(sent, /"cacheControl":"no-store, no-transform"/);
  assert.equal(await valueAt(storage, "a"), "é");
});

test("StorageGCS: a workflow is begun on one machine and ended on another", async () => {
  const { storage, lab } = await openStorage();
  const ran: string[] = [];
  const broken = action({ name: "two" }, () => {
    ran.push("broken");
    throw new Error("the machine is gone");
  });
  const two = action({ name: "two" }, () => ran.push("two"));
  const one = action("one", () => ran.push("one"));
  const first = flowOn(storage);
  first.task.add(one).add(broken);
  await first.start();
  const second = flowOn(storageOn(lab));
  second.task.add(one).add(two);
  assert.equal((await second.start({ resume: true })).status, "Completed");
  assert.deepEqual(ran, ["one", "broken", "two"]);
});
