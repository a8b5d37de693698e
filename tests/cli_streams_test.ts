import assert from "node:assert/strict";
import {
  cli,
  cliHere,
  commandOf,
  environmentOf,
  jsonLines,
  step,
} from "./cli.ts";
import { cleanup, runtime, tempDir, test } from "./harness.ts";

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

test("dotflow start --json writes what is deep, and a RegExp", {
  ...NEEDS,
}, async () => {
  const { code, out } = await cliHere([
    ...["start", "--json", "--step", step("deep")],
  ]);
  assert.equal(code, 0);
  const [{ result }] = jsonLines(out).at(-1).tasks;
  assert.deepEqual((result as unknown[]).flat(Infinity), ["/x/g"]);
  assert.match(out, new RegExp(`\\[{100}"/x/g"\\]{100}`));
});

test("--no-color holds for errors too", NEEDS, async () => {
  const env = { FORCE_COLOR: "1" };
  const wrong = ["runs", "show", "nobody", "--path", await tempDir()];
  const coloured = await cli(wrong, { env });
  const plain = await cli([...wrong, "--no-color"], { env });
  assert.equal(coloured.err, `\x1b[31m${plain.err.trimEnd()}\x1b[0m\n`);
  assert.match(plain.err, /^Cannot find a run/);
});

test("dotflow help tells which commands give 0 at Ctrl-C", NEEDS, async () => {
  const { out } = await cliHere(["help"]);
  const told = out.replace(/\s+/g, " ");
  assert.match(told, /130 ended by Ctrl-C, 143 by SIGTERM\. server, schedule/);
  assert.match(
    told,
    /and logs --follow are meant to be ended so: they give 0\./,
  );
});

/** Runs a command, of whose output only the first line is read. */
async function toHead(
  args: readonly string[],
  cwd: string,
): Promise<{ head: string; ended: Promise<number> }> {
  const { spawn } = await import("node:child_process");
  const [command, ...rest] = commandOf(args);
  const child = spawn(command, rest, {
    cwd,
    env: environmentOf({}),
    stdio: ["ignore", "pipe", "ignore"],
  });
  const ended = new Promise<number>((resolve) => {
    child.on("exit", (code) => resolve(code ?? -1));
  });
  cleanup(async () => {
    if (child.exitCode === null) process.kill(child.pid!, "SIGKILL");
    await ended;
  });
  const head = await new Promise<string>((resolve) => {
    child.stdout!.once("data", (chunk) => resolve(`${chunk}`));
  });
  child.stdout!.destroy();
  return { head, ended };
}

test(
  "dotflow logs --follow ends when nobody reads any more",
  NEEDS,
  async () => {
    const cwd = await tempDir();
    const { appendFile, writeFile } = await import("node:fs/promises");
    await writeFile(`${cwd}/grows.log`, "first\n");
    const args = ["logs", "--path", "grows.log", "--follow"];
    const { head, ended } = await toHead(args, cwd);
    assert.equal(head, "first\n");
    const writing = setInterval(
      () => void appendFile(`${cwd}/grows.log`, "more\n"),
      50,
    );
    cleanup(() => clearInterval(writing));
    assert.equal(await ended, 0);
  },
);

test(
  "a run goes on when nobody reads its output any more",
  NEEDS,
  async () => {
    const cwd = await tempDir();
    const { writeFile } = await import("node:fs/promises");
    const { ended } = await toHead([
      ...["start", "--json", "--step", step("waiting"), "--input", `${cwd}/go`],
      ...["--step", step("double"), "--storage", "file"],
      ...["--workflow-id", "unread"],
    ], cwd);
    await writeFile(`${cwd}/go`, "");
    assert.equal(await ended, 0);
    const { out } = await cli(["runs", "list", "--json"], { cwd });
    const [{ status, done }] = jsonLines(out);
    assert.deepEqual([status, done], ["Completed", 2]);
  },
);
