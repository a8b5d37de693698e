import assert from "node:assert/strict";
import { killOften } from "./crash.ts";
import { effort, tell } from "./effort.ts";
import { test, type TestOptions } from "./harness.ts";
import { openStorage } from "./workers/open_storage.ts";

const options: TestOptions = {
  needs: ["processes"],
  timeout: 60_000 * effort(),
};

for (const course of ["sequential", "parallel", "parallel_group"]) {
  test(
    `kill -9 on S3: a ${course} run ends, and repeats nothing that was there when its owner came`,
    options,
    async () => {
      const kills = 10 * effort();
      const figures = await killOften({ place: "s3", course, kills });
      await tell(`kill -9 on S3, ${course}`, figures);
    },
  );
}

test(
  "kill -9 on S3: new runs and pruning leave what counts, no more",
  options,
  async () => {
    const figures = await killOften({
      place: "s3",
      course: "again",
      kills: 5 * effort(),
      again: 2,
      async inspect({ spec }) {
        const storage = await openStorage(spec);
        const keys = (await storage.listKeys!(""))
          .filter((key) => !key.startsWith("_probe/"));
        assert.equal(keys.length, 1 + 2 * 5, keys.join("\n"));
      },
    });
    await tell("kill -9 on S3, new runs", figures);
  },
);
