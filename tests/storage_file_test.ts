/**
 * `StorageFile`: what it keeps, and where.
 *
 * @module
 */

import { Context } from "@dotflow/dotflow";
import { StorageFile } from "@dotflow/dotflow/providers/storage-file";
import assert from "node:assert/strict";
import { rejectsWith } from "./flow.ts";
import { cleanup, tempDir, test } from "./harness.ts";
import { files, open, some, valueOf } from "./journals.ts";

const needs = ["files"] as const;

test("StorageFile refuses options that it does not know", () => {
  const refused = (options: object, pattern: RegExp) =>
    assert.throws(() => new StorageFile(options), {
      code: "INVALID_OPTION",
      message: pattern,
    });
  refused({ pth: "x" }, /"pth".*path, fsync/);
  refused({ path: "" }, /path/);
  refused({ path: 1 }, /path/);
  refused({ fsync: "yes" }, /fsync/);
  refused({ compactAfterBytes: -1 }, /compactAfterBytes/);
  assert.equal(new StorageFile().persistent, true);
});

test("StorageFile makes nothing on disk by reading", { needs }, async () => {
  const path = `${await tempDir()}/out`;
  const storage = open(path);
  assert.equal(await valueOf(storage, "w/a"), "absent");
  assert.deepEqual(await storage.listKeys(""), []);
  assert.deepEqual(await storage.listKeys("w/"), []);
  assert.equal(await storage.delete("w/a"), false);
  assert.equal(await storage.deletePrefix("w/"), 0);
  assert.equal(await storage.atomicSwap("w/a", some(1), some(2)), false);
  await assert.rejects((await files()).stat(path), { code: "ENOENT" });
});

test("StorageFile writes what comes at once in one go", { needs }, async () => {
  const path = await tempDir();
  const storage = open(path, { fsync: true });
  const posts = Array.from(
    { length: 1000 },
    (_, at) => storage.post(`w/${at}`, some(at)),
  );
  await Promise.all(posts);
  const text = await (await files()).readFile(`${path}/w/1.jsonl`, "utf8");
  const lines = text.split("\n").map((line) => JSON.parse(line));
  assert.equal(lines.length, 1001);
  const writes = lines.filter(({ after }) => after !== undefined).length;
  assert.ok(writes <= 3, `${writes} writes`);
  const other = open(path);
  assert.equal((await other.listKeys("w/")).length, 1000);
  for (let at = 0; at < 1000; at++) {
    const context = other.get(`w/${at}`);
    assert.ok(context instanceof Context, "an open journal answers at once");
    assert.equal(context.storage, at);
  }
});

test("StorageFile gives each reader a copy of its own", { needs }, async () => {
  const path = await tempDir();
  const writer = open(path);
  await writer.post("w/a", some({ list: [1] }));
  for (const storage of [writer, open(path)]) {
    const first = await storage.get("w/a");
    first.storage.list.push(2);
    assert.deepEqual(await valueOf(storage, "w/a"), { list: [1] });
    assert.deepEqual(await valueOf(storage, "w/a"), { list: [1] });
  }
});

test(
  "StorageFile keeps hostile keys apart and in place",
  { needs },
  async () => {
    const dir = await tempDir();
    const storage = open(`${dir}/out`);
    const keys = [
      ..."|/|//|.|..|../..|a/../b|/etc/passwd|con|C:\\x|a|A|a/|a/b|é|e\u0301"
        .split("|"),
      "\0",
      "a\0b/c",
      "a\nb",
      "💥/💥",
      "\ud800",
      "\ud800/x",
      "\udc00",
      '","value":{',
      "x".repeat(100_000),
      "x".repeat(100_000) + "/y",
      "__proto__",
      "constructor/prototype",
    ];
    for (const key of keys) {
      assert.equal(await storage.atomicSwap(key, null, some(key)), true, key);
    }
    const other = open(`${dir}/out`);
    assert.deepEqual(await other.listKeys(""), keys.toSorted());
    for (const key of keys) assert.equal(await valueOf(other, key), key);
    assert.deepEqual(await (await files()).readdir(dir), ["out"]);
    assert.equal(await other.deletePrefix("x"), 2);
    assert.equal(await valueOf(storage, "x".repeat(100_000)), "absent");
    assert.equal(await valueOf(storage, "a"), "a");
    await assert.rejects(storage.deletePrefix(""), { code: "INVALID_OPTION" });
  },
);

test(
  "StorageFile goes on after close, and without its folder",
  { needs },
  async () => {
    const path = `${await tempDir()}/out`;
    const storage = open(path);
    await storage.post("w/a", some(1));
    await storage.close();
    assert.equal(await valueOf(storage, "w/a"), 1);
    await (await files()).rm(path, { recursive: true });
    await new Promise((wake) => setTimeout(wake, 60));
    assert.equal(await valueOf(storage, "w/a"), "absent");
    await storage.post("w/a", some(2));
    assert.equal(await valueOf(open(path), "w/a"), 2);
  },
);

test(
  "StorageFile confirms nothing before the disk does",
  { needs },
  async () => {
    const { default: fs } = await import("node:fs");
    const { fdatasync, openSync } = fs;
    cleanup(() => Object.assign(fs, { fdatasync, openSync }));
    const path = await tempDir();
    const storage = open(path, { fsync: true });
    await storage.post("w/a", some(1));
    let synced = () => {};
    const sync = ((_fd: number, done: (error: Error | null) => void) => {
      synced = () => done(null);
    }) as typeof fdatasync;
    fs.fdatasync = sync;
    let confirmed = false;
    const post = storage.post("w/b", some(2)).then(() => confirmed = true);
    await new Promise((wake) => setTimeout(wake, 20));
    assert.equal(confirmed, false);
    synced();
    await post;

    fs.fdatasync = ((_fd, done) => {
      done(Object.assign(new Error("bad disk"), { code: "EIO" }));
    }) as typeof fdatasync;
    const posts = ["w/c", "w/d"].map((key) => storage.post(key, some(3)));
    const outcomes = await Promise.allSettled(posts);
    const reasons = outcomes.map((outcome) =>
      outcome.status === "rejected" && outcome.reason
    );
    assert.equal(reasons[0]?.code, "STORAGE");
    assert.match(reasons[0].message, /Cannot write .*\/w": bad disk \(EIO\)/);
    assert.equal(reasons[1], reasons[0]);
    let opened = 0;
    fs.openSync = (...args) => {
      opened++;
      return openSync(...args);
    };
    fs.fdatasync = fdatasync;
    assert.equal(await valueOf(storage, "w/b"), 2);
    assert.equal(opened, 1, "after a failure the file is read anew");
    await storage.post("w/d", some(4));
    assert.equal(await valueOf(open(path), "w/d"), 4);
  },
);

test("StorageFile keeps few of many journals open", { needs }, async () => {
  const storage = open(await tempDir());
  const names = Array.from({ length: 200 }, (_, at) => `w${at}/key`);
  await Promise.all(names.map((name) => storage.post(name, some(name))));
  for (const name of names) assert.equal(await valueOf(storage, name), name);
  const { readdir, readlink } = await files();
  const fds = await readdir("/proc/self/fd").catch(() => []);
  const links = await Promise.all(
    fds.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => "")),
  );
  const count = links.filter((link) => link.endsWith("/1.jsonl")).length;
  assert.ok(count <= 64, `${count} files are open`);
  assert.equal((await storage.listKeys("w")).length, 200);
});

test("StorageFile says where no folder can be made", {
  needs: ["files"],
}, async () => {
  const { symlink } = await import("node:fs/promises");
  const folder = await tempDir();
  await symlink(`${folder}/nowhere`, `${folder}/link`);
  const context = new Context({ storage: 1, taskId: "a" });
  for (const path of [`${folder}/link/flows`, `${folder}/link/a/b`]) {
    const storage = new StorageFile({ path });
    const posted = Promise.resolve(storage.post("wf/run/a", context));
    await rejectsWith(posted, "STORAGE", /flows|link/);
  }
});

test("StorageFile compacts what no longer counts", { needs }, async () => {
  const path = await tempDir();
  const [one, two] = [
    open(path, { compactAfterBytes: 2000 }),
    open(path, { compactAfterBytes: 2000 }),
  ];
  await one.post("w/kept", some(new Map([["é", 1n]])));
  for (let at = 0; at < 100; at++) {
    await (at % 3 ? one : two).post("w/a", some(at));
    assert.equal(await valueOf(at % 2 ? one : two, "w/a"), at);
  }
  const { readdir, stat } = await files();
  const names = await readdir(`${path}/w`);
  assert.equal(names.length, 1, names.join());
  assert.ok(parseInt(names[0]) > 3, names[0]);
  assert.ok((await stat(`${path}/w/${names[0]}`)).size < 5000);
  assert.deepEqual(
    await valueOf(open(path), "w/kept"),
    new Map([["é", 1n]]),
  );
});
