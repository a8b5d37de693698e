/**
 * `StorageRedis`: the contract, by every kind of client, and what it asks of
 * the server.
 *
 * @module
 */

import { action, Config, Context, DotFlow } from "@dotflow/dotflow";
import {
  type RedisClient,
  StorageRedis,
  type StorageRedisOptions,
} from "@dotflow/dotflow/providers/storage-redis";
import assert from "node:assert/strict";
import { cleanup, runtime, spawnRuntime, test } from "./harness.ts";
import {
  address,
  assertHides,
  type ClientKind,
  command,
  openClient,
  skip,
  startRedis,
} from "./redis.ts";
import { resumesElsewhere, testStorage } from "./storage_contract.ts";

const prefixes = new WeakMap<object, string>();
const some = (storage: unknown) => new Context({ storage, taskId: "task" });

/** Opens a storage with keys of its own; it is closed after the test. */
function open(options: StorageRedisOptions = { url: address }): StorageRedis {
  const prefix = options.prefix ?? `test:${crypto.randomUUID()}:`;
  const storage = new StorageRedis({ ...options, prefix });
  prefixes.set(storage, prefix);
  cleanup(() => storage.close());
  return storage;
}

testStorage("StorageRedis", {
  open: () => open(),
  reopen: (storage) => open({ url: address, prefix: prefixes.get(storage) }),
  skip,
});

for (const kind of ["redis", "ioredis", "Bun"] as ClientKind[]) {
  const elsewhere = kind === "Bun" && runtime !== "bun" &&
    "only Bun has a client of its own";
  testStorage(`StorageRedis with a client (${kind})`, {
    open: async () => open({ client: await openClient(kind) }),
    reopen: async (storage) => {
      const prefix = prefixes.get(storage);
      return open({ client: await openClient(kind), prefix });
    },
    skip: skip || elsewhere,
  });
}

test("StorageRedis refuses options that make no sense", async () => {
  const refused = (options: object, pattern: RegExp) =>
    assert.throws(() => new StorageRedis(options), {
      code: "INVALID_OPTION",
      message: pattern,
    });
  refused({ uri: "x" }, /"uri".*url, host, port/);
  refused({ url: "redis://a", host: "b" }, /several servers/);
  refused({ client: { call: () => {} }, port: 1 }, /several servers/);
  refused({ host: "" }, /host/);
  refused({ host: "a b" }, /host/);
  refused({ host: "user:secret@a" }, /host/);
  refused({ port: 0 }, /port/);
  refused({ port: 65_536 }, /port/);
  for (const prefix of [1, "a\n", "a\ud800", "x".repeat(1_024)]) {
    refused({ prefix }, /prefix/);
  }
  refused({ ttl: 0 }, /ttl/);
  refused({ ttl: "soon" }, /ttl/);
  refused({ timeout: 0 }, /timeout/);
  refused({ client: {} }, /client/);
  refused({ client: { call() {}, isCluster: true } }, /cluster/);
  for (
    const url of [
      "canary",
      "http://:canary@host",
      "redis:canary",
      "redis://:canary@a b",
    ]
  ) {
    try {
      new StorageRedis({ url });
      assert.fail(`"${url}" was taken`);
    } catch (error) {
      assert.equal((error as { code?: string }).code, "INVALID_OPTION");
      await assertHides(error as Error, "canary");
    }
  }
  assert.equal(new StorageRedis().persistent, true);
  assert.equal(new StorageRedis({ host: "::1" }).swapsAtomically, true);
});

test("StorageRedis keeps numbers and a text", { skip }, async () => {
  const storage = open();
  const key = "daily-users/run_1/extract";
  const context = some({ "né": [1, 2n] });
  await storage.atomicSwap(key, null, context);
  const at = prefixes.get(storage) + key;
  const [nonces, text, more] = String(await command("GET", at)).split("\n");
  assert.match(nonces, /^[0-9a-f]{32}$/);
  assert.equal(text, context.toText());
  assert.equal(more, undefined);
  // What a swap came after is kept, but not for ever.
  for (let before = context, n = 0; n < 40; n++) {
    const next = some(n);
    assert.equal(await storage.atomicSwap(key, before, next), true);
    before = next;
  }
  const [last] = String(await command("GET", at)).split("\n");
  assert.match(last, /^[0-9a-f]{32}(,[0-9a-f]{32}){31}$/);
});

test("StorageRedis sends one command for each request", { skip }, async () => {
  const client = await openClient() as { sendCommand: CallableFunction };
  const sent: string[] = [];
  const storage = open({
    client: {
      sendCommand(args) {
        sent.push(args[0]);
        return client.sendCommand(args);
      },
    },
  });
  await storage.atomicSwap("w/a", null, some(1));
  await storage.post("w/b", some(2));
  const b = await storage.get("w/b");
  const next = some(3);
  assert.equal(await storage.atomicSwap("w/b", b, next), true);
  assert.equal(await storage.atomicSwap("w/b", next, some(4)), true);
  assert.equal(await storage.atomicSwap("w/b", next, some(5)), false);
  await storage.delete("w/b");
  assert.equal(
    sent.join(" "),
    "SET SET GET EVAL EVAL EVAL UNLINK",
  );
});

test(
  "StorageRedis compares texts where it wrote nothing",
  { skip },
  async () => {
    const storage = open();
    const before = some("before");
    await open({ url: address, prefix: prefixes.get(storage) })
      .post("w/a", before);
    const copy = Context.fromText(before.toText());
    assert.equal(await storage.atomicSwap("w/a", some("else"), some(1)), false);
    assert.equal(await storage.atomicSwap("w/a", copy, some("after")), true);
    assert.equal((await storage.get("w/a")).storage, "after");
    // What it knows of another key says nothing about this one.
    const both = some("both");
    await storage.post("w/a", both);
    await storage.post("w/b", both);
    assert.equal(await storage.atomicSwap("w/a", both, some("one")), true);
    await storage.post("w/b", some("b"));
    const b = await storage.get("w/b");
    assert.equal(await storage.atomicSwap("w/a", b, some(2)), false);
  },
);

test("StorageRedis lets a text expire after its ttl", { skip }, async () => {
  const storage = open({ url: address, ttl: "1h" });
  const prefix = prefixes.get(storage);
  const leftMs = async () => {
    const left = Number(await command("PTTL", `${prefix}w/a`));
    await command("PEXPIRE", `${prefix}w/a`, "60000");
    return left;
  };
  const isRenewed = async () => assert.ok(await leftMs() > 3_500_000);
  await storage.atomicSwap("w/a", null, some(1));
  await isRenewed();
  await storage.post("w/a", some(2));
  await isRenewed();
  const two = await storage.get("w/a");
  assert.ok(await leftMs() <= 60_000, "a read renewed it");
  await storage.atomicSwap("w/a", two, some(3));
  await isRenewed();

  const forever = open({ url: address, prefix });
  await forever.post("w/a", some(4));
  assert.equal(await command("PTTL", `${prefix}w/a`), -1);
});

test("StorageRedis lets no run record expire", { skip }, async () => {
  const prefix = `test:${crypto.randomUUID()}:`;
  const storage = open({ url: address, prefix, ttl: "1h" });
  const workflow = new DotFlow({
    workflowId: "daily",
    config: new Config({ storage }),
  });
  workflow.task.add(action("one", () => 1));
  await workflow.start();
  const left: Record<string, boolean> = {};
  for (const key of await storage.listKeys("daily/")) {
    const ms = Number(await command("PTTL", prefix + key));
    left[key.split("/").at(-1)!] = ms === -1;
  }
  assert.deepEqual(left, { _run: true, one: false });
  // Every way to write it.
  const foreverAfter = async (write: () => unknown) => {
    await write();
    assert.equal(await command("PTTL", `${prefix}w/_run`), -1);
  };
  const one = some(1);
  const two = some(2);
  await foreverAfter(() => storage.atomicSwap("w/_run", null, one));
  await foreverAfter(() => storage.atomicSwap("w/_run", one, two));
  await foreverAfter(() => storage.post("w/_run", one));
});

test("StorageRedis takes patterns for texts", { skip }, async () => {
  const mine = `test:${crypto.randomUUID()}`;
  const storages = ["*:", "a:", "?:", "[a]:", "\\*:", "a%25:", ""]
    .map((end) => open({ url: address, prefix: `${mine}:${end}` }));
  const keys = ["*", "a*", "a?", "ab", "a[b]", "a\\*", "a%25", "a%ud83d"];
  for (const storage of storages) {
    for (const key of keys) await storage.post(key, some(key));
  }
  for (const storage of storages.slice(0, -1)) {
    assert.deepEqual(await storage.listKeys(""), keys.toSorted());
    for (const key of keys) {
      const wanted = keys.filter((other) => other.startsWith(key)).toSorted();
      assert.deepEqual(await storage.listKeys(key), wanted, key);
    }
  }
  assert.equal(await storages[0].deletePrefix("a*"), 1);
  assert.equal(await storages[4].deletePrefix("a\\"), 1);
  const counts = await Promise.all(
    storages.slice(0, -1).map(async (one) => (await one.listKeys("")).length),
  );
  assert.deepEqual(counts, [7, 8, 8, 8, 7, 8]);
});

test(
  "StorageRedis lists by prefixes that end within a sign",
  { skip },
  async () => {
    const storage = open();
    const keys = ["w/\ud83d", "w/\ud83dx", "w/😀", "w/😁"];
    await storage.post("w/x", some(1));
    for (const key of keys) await storage.post(key, some(key));
    assert.deepEqual(await storage.listKeys("w/\ud83d"), keys.toSorted());
    assert.deepEqual(await storage.listKeys("w/😀"), ["w/😀"]);
  },
);

test("StorageRedis calls what is not its own damaged", { skip }, async () => {
  const storage = open();
  const at = prefixes.get(storage) + "w/a";
  const text = some(1).toText();
  const nonce = "0123456789abcdef".repeat(2);
  for (
    const stored of [
      "",
      text,
      `${nonce},\n${text}`,
      `${nonce}\n`,
      `${nonce}\n${text.slice(0, -3)}`,
      `${nonce}\n${text.replace("task", "tusk")}`,
    ]
  ) {
    await command("SET", at, stored);
    await assert.rejects(async () => await storage.get("w/a"), {
      code: "CORRUPT_CHECKPOINT",
      message: new RegExp(`127\\.0\\.0\\.1:\\d+/${at}`),
    });
    assert.equal(await storage.atomicSwap("w/a", null, some(2)), false);
    assert.equal(await command("GET", at), stored, "it was left untouched");
  }
});

test(
  "StorageRedis goes on after close, and after lost connections",
  { skip },
  async () => {
    const storage = open();
    await storage.close();
    await storage.post("w/a", some(1));
    await storage.close();
    await storage.close();
    const held = Promise.all(
      Array.from({ length: 50 }, (_, n) => storage.post(`w/${n}`, some(n))),
    );
    await storage.close();
    await held;
    assert.equal((await storage.get("w/a")).storage, 1);
    assert.equal((await storage.listKeys("w/")).length, 51);
  },
);

test(
  "StorageRedis leaves a client that was handed in open",
  { skip },
  async () => {
    for (const kind of ["redis", "ioredis"] as const) {
      const client = await openClient(kind);
      const storage = open({ client });
      await storage.post("w/a", some(1));
      await storage.close();
      assert.equal((await open({ client }).get("w/a")).taskId, undefined);
      assert.equal((await storage.get("w/a")).storage, 1);
    }
  },
);

test(
  "StorageRedis resumes a workflow in another instance",
  { skip },
  async () => {
    const prefix = `test:${crypto.randomUUID()}:`;
    await resumesElsewhere(() => open({ url: address, prefix }));
  },
);

test("StorageRedis needs no more than it says", { skip }, async () => {
  const user = `user-${crypto.randomUUID()}`;
  const may = "+get +getrange +set +eval +scan +unlink".split(" ");
  const prefix = `test:${crypto.randomUUID()}:`;
  await command(
    ...["ACL", "SETUSER", user, "on", ">p w:/@%", "resetkeys"],
    ...[`~${prefix}*`, "-@all", ...may],
  );
  cleanup(() => command("ACL", "DELUSER", user));
  const login = `${user}:${encodeURIComponent("p w:/@%")}@`;
  const url = address.replace("//", `//${login}`);
  const storage = open({ url, prefix });
  assert.equal(await storage.atomicSwap("w/a", null, some(1)), true);
  assert.equal(await storage.atomicSwap("w/a", null, some(1)), false);
  const one = await storage.get("w/a");
  assert.equal(await storage.atomicSwap("w/a", one, some(2)), true);
  await storage.post("w/b", some(3));
  assert.deepEqual(await storage.listKeys(""), ["w/a", "w/b"]);
  assert.equal(await storage.delete("w/a"), true);
  assert.equal(await storage.deletePrefix("w/"), 1);
  const elsewhere = open({ url, prefix: "elsewhere:" });
  await assert.rejects(elsewhere.post("w/a", some(1)), {
    code: "STORAGE",
    message: /Cannot store "w\/a" in Redis at 127.*permissions.*NOPERM/,
  });
});

test(
  "StorageRedis takes a key once that SCAN gives twice",
  { skip },
  async () => {
    const client = await openClient() as { sendCommand: CallableFunction };
    const storage = open({
      client: {
        async sendCommand(args) {
          const reply = await client.sendCommand(args);
          if (args[0] === "SCAN") reply[1].push(...reply[1]);
          return reply;
        },
      },
    });
    await storage.post("w/a", some(1));
    await storage.post("w/b", some(2));
    assert.deepEqual(await storage.listKeys("w/"), ["w/a", "w/b"]);
    assert.equal(await storage.deletePrefix("w/"), 2);
  },
);

test("StorageRedis keeps no process alive", { skip }, async () => {
  const prefix = `test:${crypto.randomUUID()}:`;
  const worker = await spawnRuntime("workers/redis_commit.ts", [
    address,
    prefix,
  ]);
  await worker.line(/^stored: 1$/);
  assert.deepEqual(await worker.exit, { code: 0, signal: null });
  assert.equal((await open({ url: address, prefix }).get("w/a")).storage, 1);
});

/** Bad input: a message, how long it may take, and no secret. */
async function refusedWithin(
  ms: number,
  pattern: RegExp,
  work: Promise<unknown>,
): Promise<void> {
  const start = performance.now();
  const error = await work.then(
    () => assert.fail("it was not refused"),
    (error) => error,
  );
  const duration = performance.now() - start;
  assert.equal(error.code, "STORAGE", error.stack);
  assert.match(error.message, pattern);
  assert.ok(duration < ms, `it took ${duration} ms`);
  await assertHides(error, "canary");
}

test(
  "StorageRedis says what is wrong, in time, without secrets",
  { skip },
  async () => {
    const host = new URL(address).host;
    const prefix = `test:${crypto.randomUUID()}:`;
    const open = (options: StorageRedisOptions) => {
      const storage = new StorageRedis({
        prefix,
        timeout: "600ms",
        ...options,
      });
      cleanup(() => storage.close());
      return storage;
    };
    const gone = open({ url: "redis://canary:canary@127.0.0.1:1" });
    const none =
      /Cannot read "w\/a" in Redis at 127\.0\.0\.1:1: no answer.*REFUSED/;
    await refusedWithin(1_500, none, gone.get("w/a"));

    const noName = open({ url: "redis://:canary@nowhere.invalid" });
    const named = /Cannot list "" in Redis at nowhere\.invalid:6379: no answer/;
    await refusedWithin(1_500, named, noName.listKeys(""));

    const stranger = open({ url: address.replace("//", "//me:canary@") });
    const password = /Cannot store "w\/a" in Redis at .*password.*WRONGPASS/;
    await refusedWithin(500, password, stranger.post("w/a", some("canary")));

    const database = open({ url: `${address}/999` });
    const range = new RegExp(
      `${host}: it replied "ERR DB index is out of range"`,
    );
    await refusedWithin(500, range, database.get("w/a"));

    await command("LPUSH", `${prefix}w/list`, "canary");
    const typed = open({ url: address });
    const wrong =
      /Cannot \w+ "w\/list" in Redis at .*another prefix \(WRONGTYPE/;
    await refusedWithin(500, wrong, typed.get("w/list"));
    const list = "w/list";
    await refusedWithin(500, wrong, typed.atomicSwap(list, null, some(1)));
    await refusedWithin(500, wrong, typed.atomicSwap(list, some(0), some(1)));

    const replica = await startRedis("--replicaof", "127.0.0.1", "1");
    const reader = open({ url: replica });
    assert.equal((await reader.get("w/a")).taskId, undefined);
    const readOnly = /Cannot store "w\/a".*replica.*primary \(READONLY\)/;
    await refusedWithin(1_500, readOnly, reader.post("w/a", some("canary")));

    const locked = await startRedis("--requirepass", "canary");
    const noAuth = /password; put it into the url \(NOAUTH\)/;
    await refusedWithin(500, noAuth, open({ url: locked }).get("w/a"));

    const full = await startRedis("--maxmemory", "1");
    const outOfMemory = /its memory is full; raise its maxmemory \(OOM\)/;
    const post = open({ url: full }).post("w/a", some(1));
    await refusedWithin(500, outOfMemory, post);

    const cluster = await startRedis("--cluster-enabled", "yes");
    const node = open({ url: cluster });
    const noCluster = /cluster.*\((CLUSTERDOWN|MOVED)\)/;
    await refusedWithin(500, noCluster, node.post("w/a", some(1)));
  },
);

test("StorageRedis says when a client was closed", { skip }, async () => {
  const { createClient } = await import("redis");
  const url = address.replace("//", "//me:canary@");
  const storage = open({ client: createClient({ url }) as RedisClient });
  const closed = /Redis at the given client: the client is closed; connect it/;
  await refusedWithin(500, closed, storage.get("w/a"));
});

test("StorageRedis says that a client gives no texts", { skip }, async () => {
  const bytes = new TextEncoder().encode("x");
  const client = { sendCommand: () => Promise.resolve(bytes) };
  await refusedWithin(500, /gives no texts/, open({ client }).get("w/a"));
});
