import { action, type Context } from "@dotflow/dotflow";
import type { StorageGCS } from "@dotflow/dotflow/providers/storage-gcs";
import type { StorageSubject } from "@dotflow/dotflow/testing";
import assert from "node:assert/strict";
import { seed } from "./effort.ts";
import { flowOn, rejectsWith } from "./flow.ts";
import {
  contextOf,
  counts,
  openStorage,
  reopen,
  storageOn,
  valueAt,
} from "./gcs.ts";
import { test } from "./harness.ts";
import type { FaultKind, FaultRule, LabGcs } from "./lab.ts";
import { FAULTS, testFaultyStorage } from "./storage_contract.ts";

const LOST: readonly FaultKind[] = [
  "commit-500",
  "commit-reset",
  "commit-hang",
  "late",
  "truncated",
  "garbage",
];

/** So many writes, each with an answer that gets lost. */
const WRITES = 100;

/** Lets the answer of one write of each key get lost, by one fault after another. */
function losing(keys: readonly string[], nth: number): FaultRule[] {
  return keys.map((key, n) => ({
    match: { op: "insert", key: `dotflow/${key}`, nth },
    fault: LOST[n % LOST.length],
  }));
}

const KEYS = Array.from({ length: WRITES }, (_, n) => `wf/run/task-${n}`);

/** The object that a request writes. */
function nameIn(body: unknown): string | undefined {
  if (!(body instanceof Uint8Array)) return undefined;
  return /"name":"([^"]+)"/.exec(new TextDecoder().decode(body))?.[1];
}

/** How often each key was written. */
async function writes(lab: LabGcs): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for (const { key } of await lab.versions()) {
    found.set(key, (found.get(key) ?? 0) + 1);
  }
  return found;
}

test("StorageGCS: a create whose answer got lost is known as one's own", {
  timeout: 60_000,
}, async () => {
  const { storage, lab } = await openStorage({ timeout: "2s" });
  await lab.faults({ rules: losing(KEYS, 1) });
  const next = contextOf("mine");
  const made = await Promise.all(
    KEYS.map((key) => storage.atomicSwap(key, null, next)),
  );
  assert.equal(made.filter(Boolean).length, WRITES);
  assert.deepEqual([...new Set((await writes(lab)).values())], [1]);
  // Another create finds them there.
  assert.equal(await storage.atomicSwap(KEYS[0], null, next), false);
});

test("StorageGCS: a swap whose answer got lost is known as one's own", {
  timeout: 60_000,
}, async () => {
  const { storage, lab } = await openStorage({ timeout: "2s" });
  await lab.faults({ rules: losing(KEYS, 2) });
  const swap = async (key: string) => {
    const [one, two, three] = [1, 2, 3].map(contextOf);
    await storage.post(key, one);
    return [
      await storage.atomicSwap(key, one, two),
      // What it wrote is known of, also where its answer got lost.
      await storage.atomicSwap(key, two, three),
      await storage.atomicSwap(key, one, three),
    ];
  };
  const swapped = await Promise.all(KEYS.map(swap));
  for (const answers of swapped) assert.deepEqual(answers, [true, true, false]);
  assert.deepEqual([...new Set((await writes(lab)).values())], [3]);
  // It reads where a condition was false, and nowhere else.
  const history = await lab.history();
  const refused = history.filter(({ status }) => status === 412);
  const { media } = await counts(lab);
  assert.ok(media >= WRITES && media <= refused.length, `${media} reads`);
});

test("StorageGCS: a write that the runtime repeats by itself is one's own", async () => {
  const { lab } = await openStorage();
  const storage = storageOn(lab, {
    // As Deno does when a connection is reset, without a word.
    fetch: async (url, init) => {
      if (init.method === "POST") await (await fetch(url, init)).text();
      return await fetch(url, init);
    },
  });
  const [one, two] = [contextOf(1), contextOf(2)];
  assert.equal(await storage.atomicSwap("a", null, one), true);
  assert.equal(await storage.atomicSwap("a", one, two), true);
  assert.equal(await storage.atomicSwap("a", one, two), false);
  assert.equal((await lab.versions()).length, 2);
});

test("StorageGCS: a write that others have swapped is one's own", async () => {
  const { storage: other, lab } = await openStorage();
  let lost = 0;
  const storage = storageOn(lab, {
    // The write is done, others go on from it, and its answer gets lost.
    fetch: async (url, init) => {
      const answer = await fetch(url, init);
      if (nameIn(init.body) === undefined || lost > 0) return answer;
      await answer.body?.cancel();
      for (; lost < 3; lost++) {
        const before = await other.get("a");
        const next = contextOf(before.storage + 1);
        // In turns with what it has read, and with what it has written.
        assert.equal(await other.atomicSwap("a", before, next), true);
        assert.equal(await other.atomicSwap("a", next, contextOf([])), true);
      }
      throw new TypeError("connection reset");
    },
  });
  const mine = contextOf(1);
  assert.equal(await storage.atomicSwap("a", null, mine), true);
  assert.equal(await storage.atomicSwap("a", mine, contextOf(0)), false);
  const read = await storage.get("a");
  lost = 0;
  assert.equal(await storage.atomicSwap("a", read, contextOf(9)), true);
  assert.equal(await storage.atomicSwap("a", read, contextOf(0)), false);
});

test("StorageGCS: another's write is never taken for one's own", async () => {
  const { lab } = await openStorage();
  const text = contextOf("theirs").toText();
  const cut = new Set<string>();
  const storage = storageOn(lab, {
    // The first attempt gets lost, and before the next one somebody writes.
    fetch: async (url, init) => {
      const key = nameIn(init.body);
      if (key === undefined || cut.has(key)) return await fetch(url, init);
      cut.add(key);
      const numbers = `${crypto.randomUUID().replaceAll("-", "")}\n`;
      await lab.put(key, cut.size % 2 === 0 ? numbers + text : text);
      throw new TypeError("connection reset");
    },
  });
  const mine = contextOf("mine");
  const made = await Promise.all(
    KEYS.map((key) => storage.atomicSwap(key, null, mine)),
  );
  assert.equal(made.filter(Boolean).length, 0);
  const found = await lab.objects();
  assert.equal(found.length, WRITES);
  for (const object of found) assert.ok(object.text.endsWith(text));
});

test("StorageGCS: a write that is gone again is not said to be there", async () => {
  const { lab } = await openStorage();
  const storage = storageOn(lab, {
    fetch: async (url, init) => {
      if (init.method === "POST" && url.includes("/upload/")) {
        if ((await lab.objects()).length === 0) {
          await lab.put("dotflow/a", "theirs");
          throw new TypeError("connection reset");
        }
      } else if (url.includes("alt=media")) await lab.remove("dotflow/a");
      return await fetch(url, init);
    },
  });
  const made = await storage.atomicSwap("a", null, contextOf("mine"));
  assert.equal(made, false);
});

test("StorageGCS: broken answers to reads and lists are asked for again", {
  timeout: 60_000,
}, async () => {
  const { storage, lab } = await openStorage({
    timeout: "2s",
    maxAttempts: 12,
  });
  await storage.post("a/1", contextOf(1));
  await storage.post("a/2", contextOf(2));
  for (
    const fault of [
      "500",
      "503",
      "429",
      "reset",
      "hang",
      "truncated",
      "slow",
      "garbage",
    ] as const
  ) {
    const ops = ["media", "list", "delete"];
    const rules = ops.map((op) => ({ match: { op, nth: 1 }, fault }));
    await lab.faults({ rules });
    assert.equal(await valueAt(storage, "a/1"), 1, fault);
    assert.deepEqual(await storage.listKeys("a/"), ["a/1", "a/2"], fault);
    await storage.delete("a/1");
    assert.equal(await valueAt(storage, "a/1"), undefined, fault);
    await storage.post("a/1", contextOf(1));
  }
});

test("StorageGCS: a page from somebody in between decides nothing", async () => {
  const { lab } = await openStorage();
  let status: number | undefined;
  const storage = storageOn(lab, {
    fetch: (url, init) => {
      if (url.includes("/token/") || status === undefined) {
        return fetch(url, init);
      }
      const page = new Response("<!doctype html>", { status });
      status = undefined;
      return Promise.resolve(page);
    },
  });
  await storage.post("a", contextOf(1));
  status = 404;
  assert.equal(await valueAt(storage, "a"), 1);
  status = 412;
  assert.equal(await storage.atomicSwap("b", null, contextOf(2)), true);
});

test("StorageGCS: content that is too short is asked for again", async () => {
  const { lab } = await openStorage();
  await lab.put("dotflow/a", contextOf(1).toText());
  let cuts = 0;
  const storage = storageOn(lab, {
    // A body without a length of its own, which ended early.
    fetch: async (url, init) => {
      const response = await fetch(url, init);
      if (!url.includes("alt=media") || cuts++ > 0) return response;
      const { headers } = response;
      const length = "x-goog-stored-content-length";
      const encoding = "x-goog-stored-content-encoding";
      return new Response((await response.text()).slice(0, 20), {
        headers: {
          "x-goog-generation": headers.get("x-goog-generation")!,
          [length]: headers.get(length)!,
          [encoding]: headers.get(encoding)!,
        },
      });
    },
  });
  assert.equal(await valueAt(storage, "a"), 1);
  assert.equal(cuts, 2);
});

const faulty: StorageSubject = {
  open: async () => {
    const { storage, lab } = await openStorage({ maxAttempts: 10 });
    await lab.faults({ rate: 0.3, kinds: FAULTS, seed: seed() });
    return storage;
  },
  reopen: (storage) => reopen(storage, { maxAttempts: 10 }),
  lacks: ["anyKey"],
};

testFaultyStorage(
  "StorageGCS",
  faulty,
  /swap|create|count|prefix|posts? |absent/,
);

test("StorageGCS: with 30 % faults a workflow ends as without", {
  timeout: 120_000,
}, async () => {
  const { lab } = await openStorage();
  await lab.faults({ rate: 0.3, seed: 7 });
  const run = async (n: number) => {
    const storage = storageOn(lab, { maxAttempts: 10 });
    const workflow = flowOn(storage, `wf-${n}`);
    for (let step = 0; step < 5; step++) {
      workflow.task.add(action(`step-${step}`, ({ previousContext }) => {
        return (previousContext.storage ?? n) + 1;
      }));
    }
    const { status } = await workflow.start();
    return [status, workflow.resultStorage()];
  };
  const ends = await Promise.all(Array.from({ length: 10 }, (_, n) => run(n)));
  ends.forEach((end, n) => {
    assert.deepEqual(end, ["Completed", [1, 2, 3, 4, 5].map((by) => n + by)]);
  });
  const { faults } = await lab.figures();
  assert.ok(Object.keys(faults).length >= 8, JSON.stringify(faults));
});

test("StorageGCS: writes of one object wait for their turn", {
  timeout: 60_000,
}, async () => {
  const { storage, lab } = await openStorage({}, { writeIntervalMs: 1_000 });
  const swapAll = async (key: string) => {
    let last: Context | null = null;
    for (let n = 0; n < 3; n++) {
      const next = contextOf(n);
      assert.equal(await storage.atomicSwap(key, last, next), true, key);
      last = next;
    }
  };
  await Promise.all(KEYS.slice(0, 20).map(swapAll));
  const refused = (await lab.history()).filter(({ status }) => status === 429);
  assert.ok(refused.length >= 20, `${refused.length} were refused`);
  assert.equal((await counts(lab)).media, undefined);
});

test("StorageGCS: an error says that a write may have been done", async () => {
  const { lab } = await openStorage();
  const storage: StorageGCS = storageOn(lab, { maxAttempts: 2 });
  await lab.faults({ rate: 1, kinds: ["500"], match: { op: "insert" } });
  await rejectsWith(
    storage.post("a", contextOf(1)),
    "STORAGE",
    /^Cannot store "dotflow\/a" in bucket "[^"]+": no good answer from 127[^ ]+ status 500 \(2 attempts\); it may have been done all the same$/,
  );
  await lab.faults({ rate: 1, kinds: ["429"], match: { op: "insert" } });
  await rejectsWith(
    storage.post("a", contextOf(1)),
    "STORAGE",
    /status 429 \(2 attempts\)$/,
  );
});

test("StorageGCS: a list is never cut short, and never endless", async () => {
  const { storage, lab } = await openStorage({}, { pageSize: 2 });
  const keys = ["wf/1", "wf/2", "wf/3", "wf/4", "wf/5"];
  for (const key of keys) await storage.post(key, contextOf(key));
  /** Changes the token of each answer to a list. */
  const listWith = (change: (next: unknown, answer: number) => unknown) => {
    let answers = 0;
    const altered = async (url: string, init: RequestInit) => {
      const response = await fetch(url, init);
      if (!url.includes("fields=items")) return response;
      const page = await response.json();
      page.nextPageToken = change(page.nextPageToken, ++answers);
      return Response.json(page);
    };
    return storageOn(lab, { fetch: altered }).listKeys("wf/");
  };
  const once = (next: unknown, answer: number) => answer === 1 ? 7 : next;
  assert.deepEqual(await listWith(once), keys);
  for (const turns of [1, 2]) {
    const tokens: unknown[] = [];
    let answers = 0;
    const endless = listWith((next) => {
      if (next !== undefined && tokens.length < turns) tokens.push(next);
      return tokens[++answers % tokens.length];
    });
    const message = /Cannot list .* the server gives the same page again/;
    await rejectsWith(endless, "STORAGE", message);
    assert.ok(answers < 6);
  }
});
