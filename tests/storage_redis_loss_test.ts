/**
 * `StorageRedis` where replies are lost: the connection breaks for real, and
 * clients of several kinds send again by themselves, or leave it to the storage.
 *
 * @module
 */

import { Context } from "@dotflow/dotflow";
import {
  type RedisClient,
  StorageRedis,
} from "@dotflow/dotflow/providers/storage-redis";
import assert from "node:assert/strict";
import { cleanup, test } from "./harness.ts";
import {
  type Loss,
  openClient,
  type Proxy,
  skip,
  startProxy,
  startRedis,
} from "./redis.ts";

/** How often each write is tried, for each kind of client. */
const TIMES = 34;
const KINDS = ["url", "redis", "ioredis"];
const some = (storage: unknown) => new Context({ storage, taskId: "task" });

/** A storage behind a proxy, by each kind of client. */
async function openBehind(
  proxy: Proxy,
  kind: string,
  timeout = "5s",
): Promise<StorageRedis> {
  const prefix = `test:${crypto.randomUUID()}:`;
  const server = kind === "redis" || kind === "ioredis"
    ? { client: await openClient(kind, proxy.url) }
    : { url: proxy.url };
  const storage = new StorageRedis({ ...server, prefix, timeout });
  cleanup(() => storage.close());
  return storage;
}

for (const kind of KINDS) {
  test(
    `StorageRedis knows its own writes again (${kind})`,
    { skip },
    async () => {
      const proxy = await startProxy();
      const storage = await openBehind(proxy, kind);
      const lose = (loss: Loss, key: string) => proxy.lose(loss, key);
      for (let n = 0; n < TIMES; n++) {
        const key = `w/create-${n};`;
        lose("cut after", key);
        const first = some(n);
        const created = await storage.atomicSwap(key, null, first);
        assert.equal(created, true, `create ${n}`);
        assert.equal(await storage.atomicSwap(key, null, some(-1)), false);

        lose("cut after", key);
        const swapped = await storage.atomicSwap(key, first, some("next"));
        assert.equal(swapped, true, `swap ${n}`);
        assert.equal(await storage.atomicSwap(key, first, some(-1)), false);

        lose("cut after", key);
        await storage.post(key, some("posted"));
        lose("cut after", key);
        assert.equal((await storage.get(key)).storage, "posted");
      }
      assert.ok(proxy.lost);
      assert.ok(proxy.connections > TIMES * 4, `${proxy.connections}`);
    },
  );

  test(
    `StorageRedis takes no other's write for its own (${kind})`,
    { skip },
    async () => {
      const proxy = await startProxy();
      const storage = await openBehind(proxy, kind);
      for (const loss of ["cut after", "cut before"] as const) {
        const key = `w/${loss};`;
        const same = some("the same text");
        await storage.post(key, same);
        proxy.lose(loss, key);
        assert.equal(await storage.atomicSwap(key, null, same), false, loss);
        const other = some("other");
        await storage.post(key, other);
        proxy.lose(loss, key);
        assert.equal(await storage.atomicSwap(key, same, same), false, loss);
        proxy.lose(loss, key);
        assert.equal(await storage.atomicSwap(key, other, same), true, loss);
        assert.ok(proxy.lost);
        assert.equal((await storage.get(key)).storage, "the same text");
      }
    },
  );
}

test(
  "StorageRedis knows its write when others have swapped",
  { skip },
  async () => {
    const prefix = `test:${crypto.randomUUID()}:`;
    const client = await openClient() as { sendCommand: CallableFunction };
    const other = new StorageRedis({ client: client as RedisClient, prefix });
    let lost = 0;
    const storage = new StorageRedis({
      prefix,
      client: {
        // It is carried out, others go on from it, and its reply gets lost.
        async sendCommand(args) {
          const reply = await client.sendCommand(args);
          if (lost > 0 || !/^(SET|EVAL)$/.test(args[0])) return reply;
          for (; lost < 3; lost++) {
            const before = await other.get("w/a");
            const next = some(before.storage + 1);
            // In turns with what it has read, and with what it has written.
            assert.equal(await other.atomicSwap("w/a", before, next), true);
            assert.equal(await other.atomicSwap("w/a", next, some([])), true);
          }
          throw new Error("Socket closed unexpectedly");
        },
      },
    });
    const mine = some(1);
    assert.equal(await storage.atomicSwap("w/a", null, mine), true);
    assert.equal(await storage.atomicSwap("w/a", mine, some(0)), false);
    const read = await storage.get("w/a");
    lost = 0;
    assert.equal(await storage.atomicSwap("w/a", read, some(9)), true);
    assert.equal(await storage.atomicSwap("w/a", read, some(0)), false);
  },
);

test(
  "StorageRedis opens a new connection where one is silent",
  { skip },
  async () => {
    const proxy = await startProxy();
    const storage = await openBehind(proxy, "url", "400ms");
    for (const write of [1, 2, 3]) {
      proxy.lose("silence", "w/a;");
      const reads = ["w/b", "w/c"].map((key) => storage.get(key));
      const created = await storage.atomicSwap(
        `w/a;${write}`,
        null,
        some(write),
      );
      assert.equal(created, true);
      for (const { taskId } of await Promise.all(reads)) {
        assert.equal(taskId, undefined);
      }
    }
    assert.ok(proxy.lost);
    assert.equal(proxy.connections, 4);
  },
);

test(
  "StorageRedis goes on where a list loses its connection",
  { skip },
  async () => {
    const proxy = await startProxy();
    const storage = await openBehind(proxy, "url");
    const keys = Array.from({ length: 3_000 }, (_, n) => `w/${n}`);
    await Promise.all(keys.map((key) => storage.post(key, some(key))));
    proxy.lose("cut after", "SCAN");
    assert.deepEqual(await storage.listKeys("w/"), keys.toSorted());
    proxy.lose("cut before", "UNLINK");
    assert.equal(await storage.deletePrefix("w/"), keys.length);
    assert.deepEqual(await storage.listKeys("w/"), []);
  },
);

test("StorageRedis waits for a server that starts anew", { skip }, async () => {
  const { default: net } = await import("node:net");
  const proxy = await startProxy();
  const storage = await openBehind(proxy, "url");
  await storage.post("w/a", some(1));
  // A port that refuses at first, as that of a server that starts.
  const free = net.createServer();
  await new Promise<void>((done) => free.listen(0, "127.0.0.1", done));
  const { port } = free.address() as { port: number };
  await new Promise((done) => free.close(done));
  const late = new StorageRedis({ port, timeout: "5s" });
  cleanup(() => late.close());
  const read = late.get("w/a");
  await storage.get("w/a");
  await startRedis("--port", String(port));
  assert.equal((await read).taskId, undefined);
});
