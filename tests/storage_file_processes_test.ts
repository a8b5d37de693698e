/**
 * `StorageFile` among several processes, under kill -9, on a full disk and where
 * it may not write.
 *
 * @module
 */

import assert from "node:assert/strict";
import { effort } from "./effort.ts";
import { cleanup, runtime, tempDir, test } from "./harness.ts";
import {
  files,
  open,
  resultOf,
  some,
  startWorker,
  valueOf,
  type Work,
} from "./journals.ts";

const needs = ["files", "processes"] as const;

/** Rounds of killing; the environment may ask for more. */
const KILLS = 6 * effort();

const noMount = await whyNot("mount", ["--version"]);
const noDrop = await whyNot("setpriv", ["--bounding-set=-all", "true"]);

for (const compactAfter of [1e6, 400]) {
  test(
    `two processes create the same keys, compacting at ${compactAfter} bytes`,
    { needs },
    async () => {
      const { path, results } = await race({
        mode: "create",
        count: 150,
        compactAfter,
      }, ["a", "b"]);
      const [a, b] = results as number[][];
      const storage = open(path);
      for (let at = 0; at < 150; at++) {
        assert.equal(Number(a.includes(at)) + Number(b.includes(at)), 1);
        const winner = await valueOf(storage, `w/${at}`);
        assert.equal(winner, a.includes(at) ? "a" : "b");
      }
    },
  );

  test(
    `three processes count in step, compacting at ${compactAfter} bytes`,
    { needs },
    async () => {
      const { path } = await race({
        mode: "count",
        count: 100,
        compactAfter,
      }, ["a", "b", "c"]);
      assert.equal(await valueOf(open(path), "w/count"), 300);
      const names = await (await files()).readdir(`${path}/w`);
      assert.equal(names.length, 1, names.join());
      if (compactAfter < 1e6) assert.notEqual(names[0], "1.jsonl");
    },
  );
}

const timeout = 30_000 + 1000 * KILLS;

test("what was confirmed survives kill -9", { needs, timeout }, async () => {
  const { readFile, readdir, writeFile } = await files();
  const path = await tempDir();
  const go = `${path}/go`;
  await writeFile(go, "");
  let done = 0;
  for (let round = 0; round < KILLS; round++) {
    const worker = await startWorker({
      mode: "commit",
      path: `${path}/out`,
      go,
      count: done,
      compactAfter: 500,
    });
    await new Promise((wake) => setTimeout(wake, Math.random() * 150));
    await worker.kill();
    const ledger = await readFile(`${go}.ledger`, "utf8").catch(() => "");
    const confirmed = ledger.split("\n").filter(Boolean).map(Number);
    const storage = open(`${path}/out`);
    for (const at of confirmed) {
      assert.equal(await valueOf(storage, `w/step/${at}`), at);
    }
    const last = confirmed.at(-1) ?? -1;
    if (last >= 0) {
      assert.ok(await valueOf(storage, "w/latest") as number >= last);
    }
    done = (await storage.listKeys("w/step/")).length;
    assert.ok(done > last, `${done} after ${last}`);
  }
  assert.ok(done > 0);
  const journals = await readdir(`${path}/out/w`);
  assert.ok(journals.filter((name) => name.endsWith(".jsonl")).length <= 2);
});

test(
  "a full disk is one error, and what was stored stays",
  { needs, skip: noMount },
  async () => {
    const path = await mountSmall();
    const storage = open(path, { fsync: true });
    await storage.post("w/kept", some(1));
    const posts = [1, 2, 3].map((at) =>
      storage.post(`w/${at}`, some("x".repeat(200_000)))
    );
    const errors = new Set<unknown>();
    for (const post of posts) await post.catch((error) => errors.add(error));
    assert.equal(errors.size, 1);
    const [error] = errors as Set<Error & { code: string }>;
    assert.equal(error.code, "STORAGE");
    assert.match(error.message, /Cannot write .*\/w".*free space/);
    assert.equal((error.cause as { code: string }).code, "ENOSPC");
    assert.equal(await valueOf(storage, "w/kept"), 1);
    // Room is made by what is no longer needed.
    await (await files()).rm(`${path}/ballast`);
    await storage.post("w/later", some(2));
    const other = open(path);
    assert.equal(await valueOf(other, "w/kept"), 1);
    assert.equal(await valueOf(other, "w/later"), 2);
  },
);

test(
  "a read-only file system is one error, and what was stored stays",
  { needs, skip: noMount },
  async () => {
    const path = await mountSmall();
    const storage = open(path);
    await storage.post("w/kept", some(1));
    await storage.close();
    await command("mount", ["-o", "remount,ro", path]);
    const refused = { code: "STORAGE", message: /read-only/ };
    const reader = open(path);
    assert.equal(await valueOf(reader, "w/kept"), 1);
    await assert.rejects(reader.post("w/kept", some(2)), refused);
    await assert.rejects(reader.post("other/key", some(2)), refused);
    assert.equal(await valueOf(reader, "w/kept"), 1);
  },
);

test(
  "a folder without permission is one error, and what was stored stays",
  { needs, skip: noDrop },
  async () => {
    const { chmod, writeFile } = await files();
    const dir = await tempDir();
    const path = `${dir}/out`;
    const storage = open(path);
    await storage.post("w/kept", some(1));
    await writeFile(`${dir}/go`, "");
    const modes = [[`${path}/w/1.jsonl`, 0o444], [`${path}/w`, 0o555], [
      path,
      0o555,
    ]] as const;
    for (const [name, mode] of modes) await chmod(name, mode);
    const worker = await startWorker(
      { mode: "refused", path, go: `${dir}/go` },
      { under: ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] },
    );
    assert.deepEqual(await resultOf(worker), {
      value: 1,
      keys: ["w/kept"],
      codes: ["STORAGE EACCES", "STORAGE EACCES"],
      after: 1,
    });
  },
);

/** Has several workers do the same at the same time. */
async function race(
  work: Pick<Work, "mode" | "count" | "compactAfter">,
  names: string[],
) {
  const dir = await tempDir();
  const path = `${dir}/out`;
  const go = `${dir}/go`;
  const workers = await Promise.all(
    names.map((name) => startWorker({ ...work, path, go, name })),
  );
  await (await files()).writeFile(go, "");
  const results = await Promise.all(workers.map(resultOf));
  await Promise.all(workers.map(({ exit }) => exit));
  return { path, results };
}

/** Mounts a file system of 512 KB, half of it taken. */
async function mountSmall(): Promise<string> {
  const path = await tempDir();
  const options = ["-t", "tmpfs", "-o", "size=512k", "none", path];
  await command("mount", options);
  cleanup(() => command("umount", ["-l", path]));
  const { writeFile } = await files();
  await writeFile(`${path}/ballast`, new Uint8Array(200_000));
  return path;
}

async function command(name: string, args: string[]): Promise<void> {
  const { execFile } = await import("node:child_process");
  await new Promise<void>((resolve, reject) =>
    execFile(name, args, (error) => error ? reject(error) : resolve())
  );
}

/** Why a command of the administrator cannot be used; empty where it can. */
async function whyNot(name: string, args: string[]): Promise<string> {
  if (runtime === "workerd") return "";
  if (process.getuid?.() !== 0) return `only root may use ${name}`;
  return await command(name, args).then(
    () => "",
    () => `${name} does not work here`,
  );
}
