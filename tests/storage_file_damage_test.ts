/**
 * What `StorageFile` makes of files that a crash, a disk or somebody else has
 * changed.
 *
 * @module
 */

import { StorageFile } from "@dotflow/dotflow/providers/storage-file";
import assert from "node:assert/strict";
import { tempDir, test } from "./harness.ts";
import { files, linesOf, open, some, valueOf } from "./journals.ts";

const needs = ["files"] as const;

test(
  "StorageFile passes over a torn tail, at every byte",
  { needs },
  async () => {
    const { mkdir, readFile, writeFile } = await files();
    const path = await tempDir();
    const storage = open(`${path}/whole`);
    await storage.post("w/a", some("é"));
    await storage.post("w/b", some(2));
    const kept = (await readFile(`${path}/whole/w/1.jsonl`)).length;
    await Promise.all([
      storage.post("w/c", some({ sum: "x" })),
      storage.post("w/d", some(4)),
    ]);
    const whole = await readFile(`${path}/whole/w/1.jsonl`);
    for (let length = kept; length < whole.length; length++) {
      const copy = `${path}/${length}`;
      await mkdir(`${copy}/w`, { recursive: true });
      await writeFile(`${copy}/w/1.jsonl`, whole.subarray(0, length));
      const early = open(copy);
      assert.equal(await valueOf(early, "w/a"), "é");
      const late = open(copy);
      assert.equal(await valueOf(late, "w/b"), 2);
      assert.equal(await valueOf(late, "w/d"), "absent");
      const c = await valueOf(late, "w/c");
      await late.post("w/e", some(5));
      assert.equal(await valueOf(early, "w/e"), 5);
      assert.equal(await early.atomicSwap("w/d", null, some(6)), true);
      const third = open(copy);
      const values = ["w/a", "w/b", "w/c", "w/d", "w/e"].map((key) =>
        valueOf(third, key)
      );
      assert.deepEqual(await Promise.all(values), ["é", 2, c, 6, 5]);
    }
  },
);

test("StorageFile passes over a tail that never came", { needs }, async () => {
  const { appendFile } = await files();
  const path = await tempDir();
  const storage = open(path);
  await storage.post("w/a", some(1));
  // What a power loss may leave where only the length had been written.
  await appendFile(`${path}/w/1.jsonl`, new Uint8Array(100));
  assert.equal(await valueOf(open(path), "w/a"), 1);
  await open(path).post("w/b", some(2));
  await storage.post("w/c", some(3));
  const other = open(path);
  const values = ["w/a", "w/b", "w/c"].map((key) => valueOf(other, key));
  assert.deepEqual(await Promise.all(values), [1, 2, 3]);
});

test(
  "StorageFile takes any other damage for what it is",
  { needs },
  async () => {
    const path = await tempDir();
    await makeJournal(path);
    const { bytes, refuses } = await damager(path);
    const last = linesOf(bytes).at(-1)![0];
    for (let at = 0; at < last; at += 3) {
      const damaged = bytes.slice();
      damaged[at] ^= at % 2 ? 0x80 : 1;
      await refuses(damaged, `a flipped bit at byte ${at}`);
    }
    for (const [, end] of linesOf(bytes).slice(0, -1)) {
      const damaged = bytes.slice();
      damaged[end] = 32;
      await refuses(damaged, `a lost line break at byte ${end}`);
    }
  },
);

test("StorageFile misses lines that are gone or moved", { needs }, async () => {
  const path = await tempDir();
  await makeJournal(path);
  const { bytes, refuses } = await damager(path);
  const lines = new TextDecoder().decode(bytes).split("\n");
  const encoder = new TextEncoder();
  for (let at = 0; at < lines.length - 1; at++) {
    const without = lines.toSpliced(at, 1);
    await refuses(encoder.encode(without.join("\n")), `without line ${at}`);
    const swapped = lines.toSpliced(at, 2, lines[at + 1], lines[at]);
    await refuses(encoder.encode(swapped.join("\n")), `line ${at} moved`);
  }
});

test("StorageFile takes the last write as a whole", { needs }, async () => {
  const path = await tempDir();
  const storage = open(path);
  await storage.post("w/a", some(1));
  await Promise.all(
    [2, 3, 4, 5].map((at) => storage.post(`w/${at}`, some(at))),
  );
  const { bytes, refuses } = await damager(path);
  const lines = new TextDecoder().decode(bytes).split("\n");
  const encoder = new TextEncoder();
  for (const at of [2, 3, 4]) {
    const without = lines.toSpliced(at, 1);
    await refuses(encoder.encode(without.join("\n")), `without line ${at}`);
    const swapped = lines.toSpliced(at, 2, lines[at + 1], lines[at]);
    await refuses(encoder.encode(swapped.join("\n")), `line ${at} moved`);
    const changed = lines.with(at, lines[at].replace('"put"', '"pot"'));
    await refuses(encoder.encode(changed.join("\n")), `line ${at} changed`);
  }
});

test(
  "StorageFile knows damage from tearing among writers",
  { needs },
  async () => {
    const path = await tempDir();
    const [one, two] = [open(path), open(path)];
    await one.post("w/0", some(0));
    await two.get("w/0");
    await one.post("w/a", some(1));
    // The second one has not read that, so its record proves nothing about it.
    await two.post("w/b", some(2));
    await one.post("w/c", some(3));
    const { bytes, refuses } = await damager(path);
    const [start] = linesOf(bytes)[2];
    bytes[start + 30] ^= 1;
    await refuses(bytes, "a damaged line that only the third writer had read");
  },
);

test(
  "StorageFile refuses files of others and of the future",
  { needs },
  async () => {
    const path = await tempDir();
    await makeJournal(path);
    const { bytes, refuses } = await damager(path);
    const encoder = new TextEncoder();
    const text = new TextDecoder().decode(bytes);
    const future = text.replace('"version":1', '"version":7');
    await refuses(encoder.encode(future), "a future version", /version 7/);
    await refuses(encoder.encode('{"a":1}\n'), "a foreign file", /header/);
    await refuses(new Uint8Array(), "an empty file", /header/);
  },
);

/** Four writes: one, two, a batch of three, and one. */
async function makeJournal(path: string): Promise<void> {
  const storage = open(path);
  await storage.post("w/a", some("é"));
  await storage.post("w/b", some({ list: [1, 2, 3] }));
  await Promise.all(
    ["c", "d", "e"].map((name) => storage.post(`w/${name}`, some(name))),
  );
  await storage.post("w/f", some("last"));
  await storage.close();
}

/** Checks that a damaged journal is refused, and stays as it is. */
async function damager(path: string) {
  const { readFile, writeFile } = await files();
  const file = `${path}/w/1.jsonl`;
  const refuses = async (
    damaged: Uint8Array,
    what: string,
    reason = /damaged|header|version/,
  ) => {
    await writeFile(file, damaged);
    const storage = new StorageFile({ path, fsync: false });
    const refusal = (error: Error & { code: string }) => {
      assert.equal(error.code, "CORRUPT_CHECKPOINT", `${what}: ${error}`);
      assert.match(error.message, reason);
      assert.ok(error.message.includes("w/1.jsonl"), error.message);
      return true;
    };
    await assert.rejects(async () => await storage.get("w/a"), refusal, what);
    await assert.rejects(storage.post("w/z", some(1)), refusal, what);
    await assert.rejects(storage.listKeys("w/"), refusal, what);
    await storage.close();
    assert.deepEqual(new Uint8Array(await readFile(file)), damaged, what);
  };
  return { bytes: new Uint8Array(await readFile(file)), refuses };
}
