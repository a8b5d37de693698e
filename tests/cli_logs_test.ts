import assert from "node:assert/strict";
import { cliHere, openListeners } from "./cli.ts";
import { tempDir, test } from "./harness.ts";

const NEEDS = { needs: ["processes"] } as const;

const TIME = "2026-01-01T00:00:00.000Z";

test(
  "dotflow logs shows the lines of other programs, whatever their level",
  NEEDS,
  async () => {
    const path = `${await tempDir()}/other.log`;
    const { writeFile } = await import("node:fs/promises");
    await writeFile(
      path,
      [
        `{"timestamp":"${TIME}","level":"info","message":"small"}`,
        '{"level":30,"time":1,"message":"a number"}',
        '{"level":"INFO","message":"no time"}',
        '{"level":"ERROR","message":"grave"}',
        '{"message":"no level","port":80}',
        "Listening on port 80",
        `${TIME} INFO not grave`,
        "",
      ].join("\n"),
    );
    const grave = [
      `${TIME} info small`,
      "30 a number time=1",
      "ERROR grave",
      "no level port=80",
      "Listening on port 80",
    ];
    const show = async (...flags: string[]) => {
      const { code, out } = await cliHere(["logs", "--path", path, ...flags]);
      assert.equal(code, 0);
      return out.trimEnd().split("\n");
    };
    assert.deepEqual(await show("--level", "warning"), grave);
    assert.deepEqual(await show(), [
      ...grave.slice(0, 2),
      "INFO no time",
      ...grave.slice(2),
      `${TIME} INFO not grave`,
    ]);
  },
);

test(
  "dotflow logs leaves nothing behind however long it follows",
  NEEDS,
  async () => {
    const path = `${await tempDir()}/grows.log`;
    const { writeFile } = await import("node:fs/promises");
    await writeFile(path, "");
    const listeners = openListeners();
    const following = cliHere(["logs", "--path", path, "--follow"]);
    await listeners.added(5);
    process.emit("SIGINT");
    assert.equal((await following).code, 0);
    assert.ok(listeners.most <= 2, `${listeners.most} listeners at once`);
  },
);
