// deno-lint-ignore-file no-control-regex
import assert from "node:assert/strict";
import { cliHere, step } from "./cli.ts";
import { tempDir, test } from "./harness.ts";

const NEEDS = { needs: ["processes"] } as const;

const FORGED = "a\x1b[2Jb\x1b]0;c\x07d\re\nf\x9bg";

/** How the whole of it is written where nothing may act on a terminal. */
const SHOWN =
  /a\\u001b\[2Jb\\u001b\]0;c\\u0007d(\\r|\\u000d)e(\\n|\\u000a)f\\u009bg/;

/** No control character but the ends of lines. */
function assertHarmless(text: string): void {
  assert.doesNotMatch(text, /[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
}

test(
  "control characters of steps and ids reach no terminal",
  NEEDS,
  async () => {
    const path = await tempDir();
    const { code, out, err } = await cliHere([
      ...["start", "--step", step("hostile"), "--path", path, "--plain"],
      ...["--workflow-id", FORGED],
    ]);
    assert.equal(code, 0, err);
    assertHarmless(out + err);
    assert.match(out, new RegExp(`^hostile: ${SHOWN.source}\n$`));
    const told = err.trimEnd().split("\n");
    assert.deepEqual([told.length, told[1]], [6, "hostile: started"]);
    assert.match(told[2], /^warning hostile: a.*g field=a.*g$/);
    for (const index of [0, 5]) {
      assert.match(told[index], new RegExp(`^${SHOWN.source}: `));
    }
    const list = await cliHere(["runs", "list", "--path", path]);
    assertHarmless(list.out);
    assert.equal(list.out.trimEnd().split("\n").length, 2);
    assert.match(list.out, SHOWN);
    const show = await cliHere(["runs", "show", FORGED, "--path", path]);
    assertHarmless(show.out);
    const lines = show.out.split("\n");
    assert.match(lines[0], new RegExp(`^workflow +${SHOWN.source}$`));
    const result = lines.find((line) => line.startsWith("✓"))!;
    assert.match(result, SHOWN);
  },
);

test("control characters of logs reach no terminal", NEEDS, async () => {
  const path = `${await tempDir()}/forged.log`;
  const { writeFile } = await import("node:fs/promises");
  const forged = FORGED.replace("\n", "");
  const record = {
    timestamp: FORGED,
    level: FORGED,
    message: FORGED,
    field: FORGED,
  };
  const time = "2026-01-01T00:00:00.000Z";
  await writeFile(
    path,
    [`${time} INFO ${forged}`, forged, JSON.stringify(record), ""].join("\n"),
  );
  const { code, out, err } = await cliHere(["logs", "--path", path]);
  assert.equal(code, 0, err);
  assertHarmless(out);
  const lines = out.trimEnd().split("\n");
  assert.equal(lines.length, 3);
  const four = Array(4).fill(SHOWN.source).join(".*");
  assert.match(lines[2], new RegExp(`^${four}$`));
  const json = await cliHere(["logs", "--path", path, "--json"]);
  assertHarmless(json.out);
});
