/**
 * `StorageR2`: the contract over the bucket of the worker that runs the tests,
 * and what it does when R2 fails. The failures are put in between: the bucket
 * behind them is the real one of miniflare.
 *
 * @module
 */

import { Context } from "@dotflow/dotflow";
import {
  type R2Binding,
  StorageR2,
  type StorageR2Options,
} from "@dotflow/dotflow/providers/storage-r2";
import assert from "node:assert/strict";
import { test } from "./harness.ts";
import { r2Bucket } from "./lab.ts";
import { resumesElsewhere, testStorage } from "./storage_contract.ts";

/** Asked for late: a worker has its bindings only while it answers. */
const bucket = () => r2Bucket<R2Binding>().server!;
const isWorker = globalThis.navigator?.userAgent === "Cloudflare-Workers";
const skip = !isWorker && r2Bucket().skip;

const prefixes = new WeakMap<object, string>();
const some = (storage: unknown) => new Context({ storage, taskId: "task" });

function open(options: Partial<StorageR2Options> = {}): StorageR2 {
  const prefix = options.prefix ?? `test/${crypto.randomUUID()}/`;
  const storage = new StorageR2({ bucket: bucket(), ...options, prefix });
  prefixes.set(storage, prefix);
  return storage;
}

testStorage("StorageR2", {
  open: () => open(),
  reopen: (storage) => open({ prefix: prefixes.get(storage) }),
  lacks: ["anyKey"],
  skip,
});

/** What a fault does to an operation of the bucket. */
type Fault = (operate: () => Promise<unknown>) => Promise<unknown>;

const INTERNAL =
  "put: We encountered an internal error. Please try again. (10001)";
const fail = (message: string) => () => Promise.reject(new Error(message));
const commitThen = (message: string): Fault => async (operate) => {
  await operate();
  throw new Error(message);
};
const commitThenHang: Fault = async (operate) => {
  await operate();
  return new Promise(() => {});
};

/** The bucket, with faults for the next operations of a kind, and a history. */
class Between {
  readonly history: string[] = [];
  #faults: { operation: string; fault: Fault }[] = [];

  readonly bucket: R2Binding = Object.fromEntries(
    (["head", "get", "put", "delete", "list"] as const).map((operation) => [
      operation,
      (...args: unknown[]) => {
        this.history.push(operation);
        const index = this.#faults.findIndex((f) => f.operation === operation);
        const [found] = index < 0 ? [] : this.#faults.splice(index, 1);
        const target = bucket() as unknown as Record<string, CallableFunction>;
        const operate = () => target[operation](...args);
        return found ? found.fault(operate) : operate();
      },
    ]),
  ) as unknown as R2Binding;

  next(operation: string, ...faults: Fault[]): void {
    this.#faults.push(...faults.map((fault) => ({ operation, fault })));
  }
}

test("StorageR2 refuses options that make no sense", () => {
  const bucket = { head() {}, get() {}, put() {}, delete() {}, list() {} };
  const refused = (options: object, pattern: RegExp) =>
    assert.throws(() => new StorageR2(options as StorageR2Options), {
      code: "INVALID_OPTION",
      message: pattern,
    });
  refused({}, /bucket.*env\.BUCKET/);
  refused({ bucket: { ...bucket, list: 1 } }, /bucket/);
  refused({ bucket: "name" }, /bucket/);
  for (
    const prefix of [
      ...[null, "a\n", "a\ud800", "a//b/", "/a/", "a/../b/"],
      "x".repeat(1_024),
    ]
  ) {
    refused({ bucket, prefix }, /prefix/);
  }
  refused({ bucket, timeout: "soon" }, /timeout/);
  refused({ bucket, maxAttempts: 0 }, /maxAttempts/);
  refused({ bucket, region: "auto" }, /"region".*bucket, prefix/);
});

test("StorageR2 keeps the text of a context", { skip }, async () => {
  const storage = open();
  const context = some({ "né": [1, 2n] });
  await storage.atomicSwap("daily/run_1/extract", null, context);
  const name = `${prefixes.get(storage)}daily/run_1/extract`;
  const object = await bucket().get(name);
  assert.equal(await object?.text(), context.toText());
});

test("StorageR2 keeps hostile keys apart", { skip }, async () => {
  const storage = open();
  const keys = [
    ..."/|//|.|..|../..|a/../b|/etc|a|A|a/|a//b|C:\\x|%2e|%|%u0041|*?"
      .split("|"),
    ..."é|e\u0301|\0|a\0b|\n|\x7f|💥/💥|\ud800|\ud800/x|\udc00|\ufffe|\uffff"
      .split("|"),
    "__proto__",
    "x".repeat(900),
    "é".repeat(450),
  ];
  for (const key of keys) {
    assert.equal(await storage.atomicSwap(key, null, some(key)), true, key);
  }
  assert.deepEqual(await storage.listKeys(""), keys.toSorted());
  for (const key of keys) {
    assert.equal((await storage.get(key)).storage, key);
    const wanted = keys.filter((other) => other.startsWith(key)).toSorted();
    assert.deepEqual(await storage.listKeys(key), wanted, key);
  }
  assert.deepEqual(await storage.listKeys("\ud83d"), ["💥/💥"]);
  // What was put there by others under a name that no key has.
  await bucket().put(`${prefixes.get(storage)}%zz`, "foreign");
  assert.equal((await storage.listKeys("")).length, keys.length);
});

test("StorageR2 refuses keys that R2 has no room for", { skip }, async () => {
  const between = new Between();
  for (const prefix of ["", "test/"]) {
    const storage = open({ bucket: between.bucket, prefix });
    for (const key of ["", "x".repeat(1_025), "é".repeat(513)]) {
      const refused = {
        code: "STORAGE",
        message: /Cannot use a key of \d+ byte/,
      };
      await assert.rejects(storage.get(key), refused);
      await assert.rejects(storage.post(key, some(1)), refused);
      await assert.rejects(storage.delete(key), refused);
      await assert.rejects(storage.atomicSwap(key, null, some(1)), refused);
    }
  }
  assert.deepEqual(between.history, []);
});

test("StorageR2 does one operation for each request", { skip }, async () => {
  const between = new Between();
  const storage = open({ bucket: between.bucket });
  await storage.atomicSwap("w/a", null, some(1));
  await storage.atomicSwap("w/a", null, some(1));
  await storage.post("w/b", some(2));
  const b = await storage.get("w/b");
  const next = some(3);
  assert.equal(await storage.atomicSwap("w/b", b, next), true);
  assert.equal(await storage.atomicSwap("w/b", next, some(4)), true);
  assert.equal(await storage.atomicSwap("w/b", next, some(5)), false);
  assert.equal(between.history.join(" "), "put put put get put put put");
});

test("StorageR2 compares texts where it wrote nothing", { skip }, async () => {
  const storage = open();
  const before = some("before");
  await open({ prefix: prefixes.get(storage) }).post("w/a", before);
  const copy = Context.fromText(before.toText());
  assert.equal(await storage.atomicSwap("w/a", some("else"), some(1)), false);
  assert.equal(await storage.atomicSwap("w/a", copy, some("after")), true);
  assert.equal((await storage.get("w/a")).storage, "after");
  await storage.post("w/b", some("b"));
  const b = await storage.get("w/b");
  assert.equal(await storage.atomicSwap("w/a", b, some(2)), false);
});

test("StorageR2 knows its own writes again", { skip }, async () => {
  const losses: [string, Fault][] = [
    ["error", commitThen(INTERNAL)],
    ["connection", commitThen("Network connection lost.")],
    ["silence", commitThenHang],
  ];
  const tries = Array.from({ length: 34 }, (_, n) => n);
  for (const [name, loss] of losses) {
    await Promise.all(tries.map(async (n) => {
      const between = new Between();
      const timeout = name === "silence" ? "500ms" : "10s";
      const storage = open({
        bucket: between.bucket,
        timeout,
        maxAttempts: 20,
      });
      between.next("put", loss);
      const first = some([name, n]);
      const created = await storage.atomicSwap("w/a", null, first);
      assert.equal(created, true, `create after ${name}`);
      if (name !== "silence") {
        assert.equal(between.history.join(" "), "put put head");
      }
      between.next("put", loss, loss);
      const next = some("next");
      const swapped = await storage.atomicSwap("w/a", first, next);
      assert.equal(swapped, true, `swap after ${name}`);
      assert.equal(await storage.atomicSwap("w/a", next, some("last")), true);
      assert.equal(await storage.atomicSwap("w/a", next, some("no")), false);
    }));
  }
});

test(
  "StorageR2 knows its write when others have swapped",
  { skip },
  async () => {
    const between = new Between();
    const storage = open({ bucket: between.bucket });
    const other = open({ prefix: prefixes.get(storage) });
    const goOnThen = (message: string): Fault => async (operate) => {
      await operate();
      for (let n = 0; n < 3; n++) {
        const before = await other.get("w/a");
        const next = some(before.storage + 1);
        // In turns with what it has read, and with what it has written.
        assert.equal(await other.atomicSwap("w/a", before, next), true);
        assert.equal(await other.atomicSwap("w/a", next, some([n])), true);
      }
      throw new Error(message);
    };
    for (const message of [INTERNAL, "Network connection lost."]) {
      between.next("put", goOnThen(message));
      const mine = some(1);
      assert.equal(await storage.atomicSwap("w/a", null, mine), true);
      assert.equal(await storage.atomicSwap("w/a", mine, some(0)), false);
      const read = await storage.get("w/a");
      between.next("put", goOnThen(message));
      assert.equal(await storage.atomicSwap("w/a", read, some(9)), true);
      assert.equal(await storage.atomicSwap("w/a", read, some(0)), false);
      await storage.delete("w/a");
    }
  },
);

test("StorageR2 takes no other's write for its own", { skip }, async () => {
  const between = new Between();
  const storage = open({ bucket: between.bucket });
  const other = open({ prefix: prefixes.get(storage) });
  const same = some("the same text");
  for (const message of [INTERNAL, "Network connection lost."]) {
    // The attempt fails, and before the next one somebody else is there.
    between.next("put", async () => {
      assert.equal(await other.atomicSwap("w/a", null, same), true);
      throw new Error(message);
    });
    assert.equal(await storage.atomicSwap("w/a", null, same), false);
    const read = await storage.get("w/a");
    between.next("put", async () => {
      await other.post("w/a", some("other"));
      throw new Error(message);
    });
    assert.equal(await storage.atomicSwap("w/a", read, some(1)), false);
    await storage.delete("w/a");
  }
});

test("StorageR2 tries again what may pass", { skip }, async () => {
  const between = new Between();
  const storage = open({ bucket: between.bucket });
  const unavailable = fail("get: Service unavailable. (10043)");
  between.next("put", fail(INTERNAL), fail("Network connection lost."));
  await storage.post("w/a", some(1));
  between.next("get", unavailable, async (operate) => {
    const object = await operate() as object;
    // The content breaks off.
    return Object.assign(Object.create(object), {
      text: fail("Network connection lost."),
    });
  });
  assert.equal((await storage.get("w/a")).storage, 1);
  between.next("list", unavailable);
  assert.deepEqual(await storage.listKeys(""), ["w/a"]);
  between.next("head", unavailable);
  between.next("delete", unavailable);
  assert.equal(await storage.delete("w/a"), true);
  assert.equal(
    between.history.join(" "),
    "put put put get get get list list head head delete delete",
  );
});

test("StorageR2 waits where it wrote too often", { skip }, async () => {
  const between = new Between();
  const storage = open({ bucket: between.bucket });
  await storage.post("w/a", some(1));
  const busy = "put: Reduce your concurrent request rate. (10058)";
  between.next("put", fail(busy));
  const start = performance.now();
  assert.equal(await storage.atomicSwap("w/a", null, some(2)), false);
  assert.ok(performance.now() - start >= 400);
  // Such an attempt was not carried out: there is nothing to look for.
  assert.equal(between.history.join(" "), "put put put");
});

test(
  "StorageR2 says what is wrong, at once or in the end",
  { skip },
  async () => {
    const between = new Between();
    const storage = open({ bucket: between.bucket, maxAttempts: 2 });
    const at = prefixes.get(storage);
    const refused = async (work: Promise<unknown>, message: string) => {
      const error = await work.then(() => assert.fail(), (error) => error);
      assert.equal(error.code, "STORAGE");
      assert.equal(error.message, message);
      assert.equal(error.cause, undefined);
    };
    between.next("put", fail("put: Metadata too large. (10012)"));
    await refused(
      storage.post("w/a", some(1)),
      `Cannot store "${at}w/a" in R2: put: Metadata too large. (10012)`,
    );
    between.next("list", () => Promise.reject(new TypeError("wrong")));
    await refused(storage.listKeys("w/"), `Cannot list "${at}w/" in R2: wrong`);
    assert.equal(between.history.join(" "), "put list");

    const url = "https://canary:canary@host/canary?key=canary";
    between.next("get", fail(url), fail(url));
    await refused(
      storage.get("w/a"),
      `Cannot read "${at}w/a" in R2: https://host/…`,
    );
    between.next("head", fail(INTERNAL), fail(INTERNAL));
    await refused(
      storage.delete("w/a"),
      `Cannot remove "${at}w/a" in R2: ${INTERNAL}`,
    );
    const silent = open({
      bucket: between.bucket,
      prefix: at,
      maxAttempts: 2,
      timeout: 50,
    });
    const hang = () => new Promise(() => {});
    between.next("get", hang, hang);
    await refused(
      silent.get("w/a"),
      `Cannot read "${at}w/a" in R2: no answer within 50 ms`,
    );
  },
);

test("StorageR2 calls what is not its own damaged", { skip }, async () => {
  const storage = open();
  const name = `${prefixes.get(storage)}w/a`;
  const text = some(1).toText();
  for (const stored of ["", "x", text.slice(0, -3), text.replace("sk", "x")]) {
    await bucket().put(name, stored);
    await assert.rejects(storage.get("w/a"), {
      code: "CORRUPT_CHECKPOINT",
      message: new RegExp(name),
    });
    assert.equal(await storage.atomicSwap("w/a", null, some(2)), false);
    assert.equal(await (await bucket().get(name))?.text(), stored);
  }
});

test("StorageR2 removes more than a thousand at once", { skip }, async () => {
  const between = new Between();
  const storage = open({ bucket: between.bucket });
  const keys = Array.from({ length: 1_050 }, (_, n) => `w/${n}`);
  await Promise.all(keys.map((key) => storage.post(key, some(key))));
  await storage.post("x/1", some(1));
  between.history.length = 0;
  assert.equal(await storage.deletePrefix("w/"), 1_050);
  assert.equal(between.history.join(" "), "list list delete delete");
  assert.deepEqual(await storage.listKeys(""), ["x/1"]);
});

test("StorageR2 never cuts a list short", { skip }, async () => {
  const between = new Between();
  const storage = open({ bucket: between.bucket });
  await storage.post("w/a", some(1));
  const page = (more: object): Fault => async (operate) => ({
    ...await operate() as object,
    ...more,
  });
  const cut = page({ truncated: true, cursor: undefined });
  between.next("list", cut);
  assert.deepEqual(await storage.listKeys("w/"), ["w/a"]);
  between.next("list", cut, cut, cut, cut);
  await assert.rejects(storage.listKeys("w/"), {
    code: "STORAGE",
    message: /^Cannot list ".*w\/" in R2: .* without its cursor$/,
  });
});

test("StorageR2 never lists without end", { skip }, async () => {
  const list = (cursors: string[]) => {
    let pages = 0;
    const bucket = {
      ...new Between().bucket,
      list: () => {
        const cursor = cursors[pages++ % cursors.length];
        return Promise.resolve({ objects: [], truncated: true, cursor });
      },
    };
    return open({ bucket }).listKeys("w/");
  };
  for (const cursors of [["a"], ["a", "b"]]) {
    await assert.rejects(list(cursors), {
      code: "STORAGE",
      message: /Cannot list ".*w\/" in R2: .*same page again and again/,
    });
  }
});

test("StorageR2 resumes a workflow in another instance", { skip }, async () => {
  const prefix = `test/${crypto.randomUUID()}/`;
  await resumesElsewhere(() => open({ prefix }));
});
