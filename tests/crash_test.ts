import assert from "node:assert/strict";
import { StorageFile } from "@dotflow/dotflow/providers/storage-file";
import { killOften } from "./crash.ts";
import { effort, tell } from "./effort.ts";
import { test, type TestOptions } from "./harness.ts";

const options: TestOptions = {
  needs: ["files", "processes"],
  timeout: 60_000 * effort(),
};

for (const course of ["sequential", "parallel", "parallel_group"]) {
  test(
    `kill -9: a ${course} run ends, and repeats nothing that had completed`,
    options,
    async () => {
      const kills = 10 * effort();
      const figures = await killOften({ place: "file", course, kills });
      await tell(`kill -9, ${course}`, figures);
    },
  );
}

test(
  "kill -9: new runs, pruning and compaction leave what counts, no more",
  options,
  async () => {
    let compactions = 0;
    const figures = await killOften({
      place: "file",
      course: "again",
      kills: 10 * effort(),
      again: 4,
      async inspect({ spec: { options: { path } } }) {
        const { readdir, stat } = await import("node:fs/promises");
        const names = await readdir(`${path}/crash`);
        const journals = names.filter((name) => name.endsWith(".jsonl"));
        assert.equal(journals.length, 1, names.join());
        compactions += parseInt(journals[0]) - 1;
        const { size } = await stat(`${path}/crash/${journals[0]}`);
        assert.ok(size < 25_000, `the journal has ${size} bytes`);
        const storage = new StorageFile({ path });
        const keys = await storage.listKeys("");
        await storage.close();
        assert.equal(keys.length, 1 + 2 * 5, keys.join("\n"));
      },
    });
    assert.ok(compactions > 0, "nothing was compacted");
    await tell("kill -9, new runs", { ...figures, compactions });
  },
);
