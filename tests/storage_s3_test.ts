import { Context } from "@dotflow/dotflow";
import { type Fetch, StorageS3 } from "@dotflow/dotflow/providers/storage-s3";
import type { StorageSubject } from "@dotflow/dotflow/testing";
import { seed } from "./effort.ts";
import assert from "node:assert/strict";
import { type LabS3, openS3, radosgw, virtualHostFetch } from "./lab.ts";
import type { Fault, FaultKind, S3Options } from "./lab.ts";
import { test } from "./harness.ts";
import { FAULTS, testFaultyStorage, testStorage } from "./storage_contract.ts";

type Options = ConstructorParameters<typeof StorageS3>[0];

/** How each storage was made, so that a further one can be made the same. */
const made = new WeakMap<object, Options>();

function make(options: Options): StorageS3 {
  const storage = new StorageS3(options);
  made.set(storage, options);
  return storage;
}

const subject: StorageSubject = {
  lacks: ["anyKey"],
  open: async () => make((await openS3()).storage),
  reopen: (storage) => make(made.get(storage)!),
};

const ceph = radosgw();

testStorage("StorageS3", subject);

testStorage("StorageS3 on Ceph", {
  ...subject,
  skip: ceph.skip,
  open: () => make({ ...ceph.server!, prefix: `${crypto.randomUUID()}/` }),
});

const faulty: StorageSubject = {
  ...subject,
  open: async () => {
    const s3 = await openS3();
    await s3.faults({ rate: 0.3, kinds: FAULTS, seed: seed() });
    return make({ ...s3.storage, maxAttempts: 10 });
  },
};

testFaultyStorage(
  "StorageS3",
  faulty,
  /swap|create|count|delete|prefix|posts? |absent/,
);

const KEY = "wf/run/task";

function contextOf(value: unknown): Context {
  return new Context({ storage: value, taskId: "task", time: 1 });
}

async function open(
  options: S3Options = {},
  more: Partial<Options> = {},
): Promise<{ s3: LabS3; storage: StorageS3 }> {
  const s3 = await openS3(options);
  return { s3, storage: new StorageS3({ ...s3.storage, ...more }) };
}

/** The operations that the server has seen, in their order. */
async function opsOf(s3: LabS3): Promise<string[]> {
  return (await s3.history()).map(({ op }) => op);
}

const LEGAL_KEYS = [
  "wf",
  "WF",
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
  "wf/../../x",
  "a/.b/./c",
  "..\\wf",
  "C:\\wf",
  "%2e%2e",
  "%2E%2E",
  "%2E.",
  "%",
  "%25",
  "%u0000",
  "né",
  "ne\u0301",
  "\0",
  "\n",
  "\r\n",
  "😀",
  "\ud83d",
  "\ude00\ud83d",
  "\ufffe",
  "a+b",
  "a b",
  "a%20b",
  "*?!'()~",
  ";:@&=+$,#[]",
  "<a>&amp;\"'",
  "//..//./",
  "constructor",
  "__proto__",
];

async function keepApart(storage: StorageS3): Promise<void> {
  await Promise.all(
    LEGAL_KEYS.map((key) => storage.post(key, contextOf(key))),
  );
  for (const key of LEGAL_KEYS) {
    assert.equal((await storage.get(key)).storage, key);
  }
  assert.deepEqual(await storage.listKeys(""), [...LEGAL_KEYS].sort());
  for (const prefix of [".", "wf", "wf/", "/", "%", "%2", "\ud83d", "a", " "]) {
    const under = LEGAL_KEYS.filter((key) => key.startsWith(prefix)).sort();
    assert.deepEqual(await storage.listKeys(prefix), under, prefix);
  }
  const dotted = LEGAL_KEYS.filter((key) => key.startsWith(".")).length;
  assert.equal(await storage.deletePrefix("."), dotted);
  const left = LEGAL_KEYS.filter((key) => !key.startsWith("."));
  assert.deepEqual(await storage.listKeys(""), [...left].sort());
  for (const key of left) {
    assert.equal(await storage.delete(key), true, JSON.stringify(key));
  }
  assert.deepEqual(await storage.listKeys(""), []);
}

test("StorageS3: every legal key is kept apart", async () => {
  const { s3, storage } = await open();
  await s3.put("elsewhere", "not ours");
  await keepApart(storage);
  assert.deepEqual((await s3.objects()).map(({ key }) => key), ["elsewhere"]);
});

test(
  "StorageS3: every legal key is kept apart on Ceph",
  { skip: ceph.skip },
  () =>
    keepApart(
      new StorageS3({ ...ceph.server!, prefix: `${crypto.randomUUID()}/` }),
    ),
);

test("StorageS3: keys are as long as S3 allows, and no longer", async () => {
  const { s3, storage } = await open();
  const longest = "é".repeat((1024 - "dotflow/".length) / 2);
  await storage.post(longest, contextOf(1));
  assert.equal((await storage.get(longest)).storage, 1);
  assert.deepEqual(await storage.listKeys("é"), [longest]);
  await s3.forget();
  await assert.rejects(() => storage.post(`${longest}.`, contextOf(1)), {
    code: "STORAGE",
    message: /has 1025 bytes, and S3 allows 1024/,
  });
  await assert.rejects(() => storage.get(""), { message: /a key is empty/ });
  assert.deepEqual(await opsOf(s3), []);
});

test("StorageS3: what else lies under its prefix is left alone", async () => {
  const { s3, storage } = await open();
  const foreign = ["dotflow/", "dotflow/wf/../x", "dotflow/wf/%zz", "other"];
  for (const key of foreign) await s3.put(key, "not ours");
  await storage.post("wf/run/a", contextOf(1));
  assert.deepEqual(await storage.listKeys(""), ["wf/run/a"]);
  assert.equal(await storage.deletePrefix("wf/"), 1);
  const left = (await s3.objects()).map(({ key }) => key);
  assert.deepEqual(left.sort(), foreign.sort());
});

test("StorageS3: lists and deletes go through all pages", async () => {
  const { s3, storage } = await open({ pageSize: 7 });
  const keys = Array.from({ length: 30 }, (_, n) => `wf/run/+ ${n}&é`).sort();
  await Promise.all(keys.map((key) => storage.post(key, contextOf(1))));
  await s3.forget();
  assert.deepEqual(await storage.listKeys("wf/"), keys);
  assert.deepEqual(await opsOf(s3), Array(5).fill("ListObjectsV2"));
  await s3.forget();
  assert.equal(await storage.deletePrefix("wf/"), 30);
  assert.deepEqual((await opsOf(s3)).slice(5), ["DeleteObjects"]);
  assert.deepEqual(await s3.objects(), []);
});

test("StorageS3: deletePrefix takes a request per 1,000 keys", async () => {
  const { s3, storage } = await open();
  await Promise.all(
    Array.from({ length: 1_100 }, (_, n) => s3.put(`dotflow/wf/${n}`, "")),
  );
  assert.equal(await storage.deletePrefix("wf/"), 1_100);
  const figures = await s3.figures();
  assert.deepEqual(figures.ops, { ListObjectsV2: 2, DeleteObjects: 2 });
  assert.deepEqual(await s3.objects(), []);
});

test("StorageS3: what deletePrefix may not delete is an error", async () => {
  const { s3, storage } = await open({ deny: ["DeleteObject"] });
  await storage.post("wf/a", contextOf(1));
  await storage.post("wf/b", contextOf(1));
  await assert.rejects(() => storage.deletePrefix("wf/"), {
    code: "STORAGE",
    message: `Cannot delete "wf/"… in bucket "${s3.bucket}": 2 of 2 objects ` +
      "were refused (AccessDenied); allow s3:DeleteObject",
  });
});

test("StorageS3: each operation takes the requests that it says", async () => {
  const { s3, storage } = await open();
  const take = async (what: () => Promise<unknown>) => {
    await s3.forget();
    await what();
    return await opsOf(s3);
  };
  const [one, two] = [contextOf(1), contextOf(2)];
  const { atomicSwap } = storage;
  const swap = atomicSwap.bind(storage, KEY);
  assert.deepEqual(await take(() => storage.post("x", one)), ["PutObject"]);
  assert.deepEqual(await take(() => storage.get("x")), ["GetObject"]);
  assert.deepEqual(await take(() => storage.get("y")), ["GetObject"]);
  assert.deepEqual(await take(() => swap(null, one)), ["PutObject"]);
  assert.deepEqual(await take(() => swap(null, two)), [
    "PutObject",
    "GetObject",
  ]);
  assert.deepEqual(await take(() => swap(one, two)), ["PutObject"]);
  assert.deepEqual(await take(() => swap(one, two)), [
    "PutObject",
    "GetObject",
  ]);
  const read = await storage.get(KEY);
  assert.deepEqual(await take(() => swap(read, one)), ["PutObject"]);
  const unknown = contextOf(1);
  assert.deepEqual(await take(() => swap(unknown, two)), [
    "GetObject",
    "PutObject",
  ]);
  assert.deepEqual(await take(() => storage.listKeys("")), ["ListObjectsV2"]);
  assert.deepEqual(await take(() => storage.delete("x")), [
    "GetObject",
    "DeleteObject",
  ]);
  assert.deepEqual(await take(() => storage.delete("x")), ["GetObject"]);
  assert.deepEqual(await take(() => storage.deletePrefix("wf/")), [
    "ListObjectsV2",
    "DeleteObjects",
  ]);
  assert.deepEqual(await take(() => storage.deletePrefix("wf/")), [
    "ListObjectsV2",
  ]);
});

for (
  const options of [
    { missingIfMatch: 404 },
    { missingIfMatch: 412 },
    { quotedEtags: false },
    { etags: "opaque" },
  ] as const
) {
  const [[name, value]] = Object.entries(options);
  test(`StorageS3: a swap knows its state with ${name} ${value}`, async () => {
    const { storage } = await open(options);
    const [one, two, three] = [1, 2, 3].map(contextOf);
    await storage.post(KEY, one);
    assert.equal(await storage.atomicSwap(KEY, one, two), true);
    assert.equal(await storage.atomicSwap(KEY, one, three), false);
    assert.equal(await storage.atomicSwap("other", two, three), false);
    assert.equal((await storage.get(KEY)).storage, 2);
    await storage.delete(KEY);
    assert.equal(await storage.atomicSwap(KEY, two, three), false);
    assert.equal((await storage.get(KEY)).taskId, undefined);
  });
}

test("StorageS3: what was read elsewhere may be expected here", async () => {
  const { storage } = await open({ etags: "opaque" });
  await storage.post("wf/a", contextOf(1));
  await storage.post("wf/b", contextOf(1));
  const one = await storage.get("wf/a");
  assert.equal(await storage.atomicSwap("wf/b", one, contextOf(2)), true);
  assert.equal(await storage.atomicSwap("wf/b", one, contextOf(3)), false);
});

test("StorageS3: a conflict (409) is tried again", async () => {
  const { s3, storage } = await open();
  const rule = { match: { op: "PutObject", nth: 1 }, fault: "409" } as const;
  await s3.faults({ rules: [rule] });
  assert.equal(await storage.atomicSwap(KEY, null, contextOf(1)), true);
  await s3.faults({ rules: [{ ...rule, match: { op: "PutObject" } }] });
  // Who has lost learns it from what is there.
  assert.equal(await storage.atomicSwap(KEY, null, contextOf(2)), false);
  await assert.rejects(
    () => storage.atomicSwap("wf/other", null, contextOf(2)),
    {
      code: "STORAGE",
      message: `Cannot swap "wf/other" in bucket "${s3.bucket}": others kept ` +
        "writing it",
    },
  );
});

const DONE: readonly (FaultKind | Fault)[] = [
  "commit-500",
  "commit-reset",
  "commit-hang",
  "truncated",
  "garbage",
  { kind: "late", lateMs: 5 },
];
const NOT_DONE: readonly FaultKind[] = ["500", "503", "reset", "hang"];

/** Lets the first attempt of every write have a fault. */
async function failFirst(s3: LabS3, count: number, fault: FaultKind | Fault) {
  await s3.faults({
    rules: Array.from({ length: count }, (_, n) => ({
      match: { op: "PutObject", key: `dotflow/wf/${n}`, nth: 1 },
      fault,
    })),
  });
}

const COUNT = 100;
const each = <T>(what: (n: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: COUNT }, (_, n) => what(n)));

for (const fault of DONE) {
  const kind = typeof fault === "string" ? fault : fault.kind;
  test(`StorageS3: after ${kind}, one's own write is known`, async () => {
    const { s3, storage } = await open();
    const quick = new StorageS3({
      ...s3.storage,
      timeout: kind === "commit-hang" ? "1s" : "10s",
    });
    const first = Array.from({ length: COUNT }, (_, n) => contextOf(n));
    const next = contextOf("next");
    await failFirst(s3, COUNT, fault);
    const created = await each((n) =>
      quick.atomicSwap(`wf/${n}`, null, first[n])
    );
    assert.deepEqual(created, Array(COUNT).fill(true));
    await failFirst(s3, COUNT, fault);
    const swapped = await each((n) =>
      quick.atomicSwap(`wf/${n}`, first[n], next)
    );
    assert.deepEqual(swapped, Array(COUNT).fill(true));
    const read = await each((n) => storage.get(`wf/${n}`));
    assert.ok(read.every(({ storage }) => storage === "next"));
    const versions = await s3.versions();
    assert.equal(versions.length, 2 * COUNT);
  });
}

for (const fault of NOT_DONE) {
  test(`StorageS3: after ${fault}, another's write is not one's own`, async () => {
    const { s3, storage } = await open();
    const quick = new StorageS3({
      ...s3.storage,
      timeout: fault === "hang" ? "1s" : "10s",
    });
    // The other has written the very same.
    await each((n) => storage.atomicSwap(`wf/${n}`, null, contextOf(n)));
    await failFirst(s3, COUNT, fault);
    const created = await each((n) =>
      quick.atomicSwap(`wf/${n}`, null, contextOf(n))
    );
    assert.deepEqual(created, Array(COUNT).fill(false));
    const read = await each((n) => quick.get(`wf/${n}`));
    const next = contextOf("next");
    await each((n) => storage.post(`wf/${n}`, next));
    await failFirst(s3, COUNT, fault);
    const swapped = await each((n) =>
      quick.atomicSwap(`wf/${n}`, read[n], next)
    );
    assert.deepEqual(swapped, Array(COUNT).fill(false));
  });
}

/** Changes what the server says, for the answers that are numbered. */
function between(
  change: (text: string, answer: number) => string,
): { fetch: Fetch; answers: () => number } {
  let answers = 0;
  const fetch: Fetch = async (url, init) => {
    const response = await globalThis.fetch(url, init);
    const text = change(await response.text(), ++answers);
    const headers = new Headers(response.headers);
    headers.delete("content-length");
    return new Response(text, { status: response.status, headers });
  };
  return { fetch, answers: () => answers };
}

test("StorageS3: a list is never cut short, and never endless", async () => {
  const { s3, storage } = await open();
  await s3.setOptions({ pageSize: 2 });
  const keys = ["wf/1", "wf/2", "wf/3", "wf/4", "wf/5"];
  for (const key of keys) await storage.post(key, contextOf(key));
  const token = /<NextContinuationToken>.*<\/NextContinuationToken>/;
  const listWith = (way: { fetch: Fetch }) =>
    new StorageS3({ ...s3.storage, fetch: way.fetch }).listKeys("wf/");

  // A first answer that does not say how it goes on, or is rubbish.
  for (
    const wrong of [
      (text: string) => text.replace(token, ""),
      (text: string) => text.replace(token, "<NextContinuationToken/>"),
      (text: string) => text.replace("wf/1", "wf&#x110000;"),
      (text: string) => text.replace("wf/1", "wf&#99999999999;"),
    ]
  ) {
    const once = between((text, answer) => answer === 1 ? wrong(text) : text);
    assert.deepEqual(await listWith(once), keys);
    assert.equal(once.answers(), 4);
    const always = between(wrong);
    await assert.rejects(() => listWith(always), {
      code: "STORAGE",
      message: /no good answer.*a list .*\(3 attempts\)$/,
    });
  }

  // The same page again, or two in turns.
  for (const turns of [1, 2]) {
    const tokens: string[] = [];
    const endless = between((text) => {
      const [found] = token.exec(text) ?? [];
      if (found !== undefined && tokens.length < turns) tokens.push(found);
      return text.replace(token, () => tokens.at(-1)!)
        .replace(">false<", `>true<`)
        .replace(
          "</ListBucketResult>",
          (end) => token.test(text) ? end : tokens[0] + end,
        );
    });
    await assert.rejects(() => listWith(endless), {
      code: "STORAGE",
      message: /^Cannot list "wf\/"… in bucket ".*same page again and again$/,
    });
    assert.ok(endless.answers() < 6);
  }
});

test("StorageS3: the bucket may be in the host", async () => {
  const { s3 } = await open();
  const port = new URL(s3.endpoint).port;
  const storage = new StorageS3({
    ...s3.storage,
    endpoint: `http://localhost:${port}`,
    pathStyle: false,
    fetch: virtualHostFetch,
  });
  await storage.post("wf/..", contextOf(1));
  assert.equal((await storage.get("wf/..")).storage, 1);
  assert.deepEqual(await storage.listKeys(""), ["wf/.."]);
  assert.equal(await storage.deletePrefix("wf/"), 1);
});

test("StorageS3: a damaged object is an error, and stays", async () => {
  const { s3, storage } = await open();
  await s3.put(`dotflow/${KEY}`, "{}");
  await assert.rejects(() => storage.get(KEY), {
    code: "CORRUPT_CHECKPOINT",
    message: /"dotflow\/wf\/run\/task"/,
  });
  assert.equal((await s3.objects())[0].text, "{}");
});

test("StorageS3: a clock that is wrong is corrected once", async () => {
  const { s3, storage } = await open();
  const now = Date.now;
  try {
    Date.now = () => now() - 3_600_000;
    await storage.post(KEY, contextOf(1));
    assert.equal((await storage.get(KEY)).storage, 1);
  } finally {
    Date.now = now;
  }
  const statuses = (await s3.history()).map(({ status }) => status);
  assert.deepEqual(statuses, [403, 200, 200]);
});
