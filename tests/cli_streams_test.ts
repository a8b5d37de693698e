import assert from "node:assert/strict";
import { cli, jsonLines, step } from "./cli.ts";
import { runtime, test } from "./harness.ts";

const NEEDS = { needs: ["processes"] } as const;

test(
  "dotflow start --json keeps each method of the console from its output",
  NEEDS,
  async () => {
    const args = ["start", "--json", "--step", step("chatty")];
    const { code, out, err } = await cli(args);
    assert.equal(code, 0, err);
    assert.deepEqual(
      jsonLines(out).map(({ event }) => event),
      ["run_started", "task_started", "task_ended", "run_ended"],
    );
    const printed = [
      ...["log", "info", "debug", "dirxml", "count: 1", "group"],
      ...["groupCollapsed", "trace", "assert", "stream"],
      ...runtime === "bun" ? ["write"] : [],
    ];
    for (const text of printed) assert.match(err, new RegExp(`by ${text}\n`));
    assert.match(err, /^\{ by: ['"]dir['"] \}$/m);
    assert.match(err, /^│.*table.*│$/m);
    assert.match(err, /^by time: [\d.]+ms log\nby time: [\d.]+ms$/m);
    assert.match(err, /^ {2}indented$/m);
  },
);
