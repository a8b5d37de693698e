/**
 * `StorageUnstorage`: the contract by several drivers, and what no driver may
 * change.
 *
 * @module
 */

import { Context } from "@dotflow/dotflow";
import {
  StorageUnstorage,
  type StorageUnstorageOptions,
  type UnstorageLike,
} from "@dotflow/dotflow/providers/storage-unstorage";
import assert from "node:assert/strict";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createStorage, prefixStorage } from "npm:unstorage@1.17.6";
import memory from "npm:unstorage@1.17.6/drivers/memory";
import { cleanup, tempDir, test } from "./harness.ts";
import {
  resumesElsewhere,
  type TestedStorage,
  testStorage,
} from "./storage_contract.ts";

const some = (storage: unknown) => new Context({ storage, taskId: "task" });
const items = new WeakMap<object, UnstorageLike>();

function open(storage: UnstorageLike = createStorage()): StorageUnstorage {
  const opened = new StorageUnstorage({ storage });
  items.set(opened, storage);
  return opened;
}

/** A storage in files, in a folder that is gone after the test. */
async function inFiles(base?: string): Promise<UnstorageLike> {
  const { default: fs } = await import("npm:unstorage@1.17.6/drivers/fs");
  return createStorage({ driver: fs({ base: base ?? await tempDir() }) });
}

/** A storage behind HTTP, as unstorage itself serves it. */
async function behindHttp(): Promise<UnstorageLike> {
  const { createServer } = (await import("node:http")).default;
  const { createStorageServer } = await import("npm:unstorage@1.17.6/server");
  const { default: http } = await import("npm:unstorage@1.17.6/drivers/http");
  const { handle } = createStorageServer(createStorage());
  const server = createServer((request: IncomingMessage, response) => {
    (handle as (one: IncomingMessage, two: ServerResponse) => void)(
      request,
      response,
    );
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  cleanup(async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });
  const { port } = server.address() as { port: number };
  return createStorage({ driver: http({ base: `http://127.0.0.1:${port}` }) });
}

const base = {
  reopen: (storage) => open(items.get(storage)),
  lacks: ["atomicSwap"],
} satisfies Partial<TestedStorage>;

const subjects: Record<string, TestedStorage> = {
  memory: { ...base, open: () => open() },
  "lru-cache": {
    ...base,
    async open() {
      const { default: lru } = await import(
        "npm:unstorage@1.17.6/drivers/lru-cache"
      );
      return open(createStorage({ driver: lru({ max: 10_000 }) }));
    },
  },
  "a mount": {
    ...base,
    open() {
      const storage = createStorage();
      storage.mount("dotflow", memory());
      return open(storage);
    },
  },
  prefixStorage: {
    ...base,
    open: () => open(prefixStorage(createStorage(), "app")),
  },
  fs: {
    ...base,
    open: async () => open(await inFiles()),
    // Names of files have no room for any key.
    lacks: ["atomicSwap", "anyKey"],
    needs: ["files"],
  },
  http: {
    ...base,
    open: async () => open(await behindHttp()),
    // URLs have no room for any key.
    lacks: ["atomicSwap", "anyKey"],
    needs: ["processes"],
  },
};

for (const [driver, subject] of Object.entries(subjects)) {
  testStorage(`StorageUnstorage with ${driver}`, subject);
}

test("StorageUnstorage refuses options that make no sense", () => {
  const storage = createStorage();
  const refused = (options: object, pattern: RegExp) =>
    assert.throws(
      () => new StorageUnstorage(options as StorageUnstorageOptions),
      { code: "INVALID_OPTION", message: pattern },
    );
  refused({}, /storage: give what createStorage/);
  refused({ storage: new Map() }, /createStorage/);
  refused({ driver: memory() }, /"driver".*storage, prefix/);
  for (const prefix of ["app", ":", "a/b:", "a::", "..:", "a:.:", "a?:", 1]) {
    refused({ storage, prefix }, /prefix: give an empty text, or names/);
  }
  for (const prefix of ["", "app:", "my.app:Dot_Flow-1:"]) {
    new StorageUnstorage({ storage, prefix });
  }
});

test("StorageUnstorage says that it has no ownership", () => {
  const storage = open();
  assert.equal((storage as { atomicSwap?: unknown }).atomicSwap, undefined);
  assert.equal(storage.swapsAtomically, false);
  assert.equal(storage.persistent, true);
});

test("StorageUnstorage refuses a driver that only reads", () => {
  const message = /driver "archive" of unstorage: it only reads/;
  const refused = { code: "INVALID_OPTION", message };
  const { setItem: _, ...reads } = memory();
  const archive = { ...reads, name: "archive" };
  const storage = createStorage({ driver: archive });
  assert.throws(() => open(storage), refused);
  const flagged = { ...memory(), name: "archive", options: { readOnly: true } };
  assert.throws(() => open(createStorage({ driver: flagged })), refused);
  storage.mount("dotflow", memory());
  open(storage);
});

test("StorageUnstorage keeps keys and texts as they are", async () => {
  const driver = memory();
  const storage = open(createStorage({ driver }));
  const context = some({ "né": [1, 2n] });
  await storage.post("daily/_run", context);
  const key = "dotflow:daily:__run_";
  assert.deepEqual(await driver.getKeys("", {}), [key]);
  assert.equal(await driver.getItem(key), `dotflow ${context.toText()}`);
});

test("StorageUnstorage keeps hostile keys apart in files", {
  needs: ["files"],
}, async () => {
  const { readdir } = await import("node:fs/promises");
  const folder = await tempDir();
  const storage = open(await inFiles(`${folder}/out`));
  const keys = [
    ..."|/|//|.|..|../..|a/../b|/etc|a|A|a/|a//b|a:b|a\\b|a/b|a/b/c|a_|a_/b"
      .split("|"),
    ..."_|__|_z|_61|a?b|a$|*|é|e\u0301|\0|\n|💥/💥|\ud800|\ud800/x|\udc00"
      .split("|"),
    ..."\ufeff|a\ufeffé|_c3_a9|con|C:\\x|.git|node_modules|.meta|x.lock"
      .split("|"),
    "__proto__",
  ];
  for (const key of keys) await storage.post(key, some(key));
  assert.deepEqual(await storage.listKeys(""), keys.toSorted());
  for (const key of keys) {
    assert.equal((await storage.get(key)).storage, key);
    const wanted = keys.filter((other) => other.startsWith(key)).toSorted();
    assert.deepEqual(await storage.listKeys(key), wanted, key);
  }
  assert.deepEqual(await storage.listKeys("\ud83d"), ["💥/💥"]);
  assert.deepEqual(await readdir(folder), ["out"]);
  assert.deepEqual(await readdir(`${folder}/out`), ["dotflow"]);
  const names = await readdir(`${folder}/out/dotflow`, { recursive: true });
  for (const name of names) assert.match(name, /^[a-z0-9_/-]+$/);
  const folded = names.map((name) => name.toLowerCase().normalize("NFD"));
  assert.equal(new Set(folded).size, names.length);
  for (const key of keys) {
    assert.equal(await storage.delete(key), true, key);
    assert.equal(await storage.delete(key), false, key);
  }
});

test("StorageUnstorage leaves what is not its own", async () => {
  const storage = createStorage();
  const [mine, other] = ["", "dotflow:"].map((prefix) =>
    new StorageUnstorage({ storage, prefix })
  );
  await storage.setItem("app:settings", "x");
  await storage.setItem("app_", "x");
  await storage.setItem("dotflow:settings", "x");
  await mine.post("w/a", some(1));
  await other.post("w/a", some(2));
  assert.deepEqual(await other.listKeys(""), ["w/a"]);
  assert.deepEqual(await mine.listKeys("w"), ["w/a"]);
  assert.equal(await other.deletePrefix("w"), 1);
  assert.equal(await other.deletePrefix("settings"), 0);
  assert.equal((await mine.get("w/a")).storage, 1);
  assert.equal(await storage.getItem("dotflow:settings"), "x");
});

test("StorageUnstorage calls what is not its own damaged", async () => {
  const driver = memory();
  const storage = open(createStorage({ driver }));
  const text = `dotflow ${some(1).toText()}`;
  for (
    const stored of [
      "",
      some(1).toText(),
      text.slice(0, -3),
      text.replace("task", "tusk"),
      { some: "object" },
    ]
  ) {
    await driver.setItem!("dotflow:w:a_", stored as string, {});
    await assert.rejects(storage.get("w/a"), {
      code: "CORRUPT_CHECKPOINT",
      message: /dotflow:w:a_/,
    });
    assert.equal(await driver.getItem("dotflow:w:a_"), stored);
  }
});

test("StorageUnstorage reads texts that come as bytes", async () => {
  const text = `dotflow ${some("né").toText()}`;
  const bytes = new TextEncoder().encode(text);
  for (const item of [bytes, bytes.buffer, new Blob([bytes])]) {
    const driver = { ...memory(), getItem: () => item };
    const storage = open(createStorage({ driver }));
    assert.equal((await storage.get("w/a")).storage, "né");
  }
});

test("StorageUnstorage says what failed, without secrets", async () => {
  const failing = () => {
    throw new Error("[GET] https://canary:canary@host/canary?key=canary: 401");
  };
  const driver = memory();
  const storage = open(createStorage({
    driver: {
      ...driver,
      getItem: () => new Error("EACCES: permission denied"),
      setItem: failing,
      hasItem: failing,
      getKeys: failing,
    },
  }));
  const refused = (verb: string, reason: string) => ({
    code: "STORAGE",
    message: `Cannot ${verb} "w/a" in unstorage: ${reason}`,
  });
  const https = "[GET] https://host/… 401";
  await assert.rejects(
    storage.get("w/a"),
    refused("read", "EACCES: permission denied"),
  );
  await assert.rejects(storage.post("w/a", some(1)), refused("store", https));
  await assert.rejects(storage.delete("w/a"), refused("remove", https));
  await assert.rejects(storage.listKeys("w/a"), refused("list", https));
  await assert.rejects(storage.deletePrefix("w/a"), refused("list", https));
});

test("StorageUnstorage resumes a workflow in another instance", async () => {
  const storage = createStorage();
  await resumesElsewhere(() => open(storage));
});
