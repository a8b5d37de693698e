// deno-lint-ignore-file no-control-regex
import assert from "node:assert/strict";
import {
  begin,
  cli,
  commandOf,
  environmentOf,
  jsonLines,
  step,
} from "./cli.ts";
import { tempDir, test } from "./harness.ts";

const NEEDS = { needs: ["processes"] } as const;

test(
  "dotflow start runs a chain of steps and writes results",
  NEEDS,
  async () => {
    const { code, out, err } = await cli([
      "start",
      ...["--step", step("double"), "--step", step("double")],
      ...["--workflow-id", "chain"],
    ]);
    assert.equal(code, 0, err);
    assert.equal(out, "double: 42\ndouble-2: 84\n");
    const told = err.replace(/\d+ ms/g, "T").trimEnd().split("\n");
    assert.deepEqual(told, [
      "chain: starts, 2 tasks, sequential",
      "double: started",
      "double: completed in T",
      "double-2: started",
      "double-2: completed in T",
      "chain: completed in T (2 completed)",
    ]);
  },
);

test(
  "dotflow start finds steps from the working directory",
  NEEDS,
  async () => {
    const folder = await tempDir();
    const { symlink } = await import("node:fs/promises");
    const [path] = step("plain").split("#");
    const name = path.split("/").at(-1)!;
    await symlink(path, `${folder}/${name}`);
    const place = { cwd: folder };
    const { code, out } = await cli(
      ["start", "--step", `./${name}:double`],
      place,
    );
    assert.deepEqual({ code, out }, { code: 0, out: "double: 42\n" });
  },
);

test(
  "dotflow start hands on input, initial context and callback",
  NEEDS,
  async () => {
    const folder = await tempDir();
    const { writeFile } = await import("node:fs/promises");
    await writeFile(`${folder}/input.json`, '{"from":"file"}');
    const { code, out, err } = await cli([
      ...["start", "--json", "--step", step("echo")],
      ...["--initial-context", "just text", "--input", "@input.json"],
      ...["--callback", step("note")],
    ], { cwd: folder });
    assert.equal(code, 0, err);
    const events = jsonLines(out);
    assert.deepEqual(events.at(-1).tasks[0].result, {
      initial: "just text",
      input: { from: "file" },
    });
    assert.match(err, /^callback echo Completed$/m);
  },
);

test(
  "dotflow start --json writes nothing but JSON to standard output",
  NEEDS,
  async () => {
    const { code, out, err } = await cli([
      ...["start", "--json", "--keep-going", "--workflow-id", "machine"],
      ...["loud", "broken", "odd", "echo"].flatMap((name) => [
        "--step",
        step(name),
      ]),
    ]);
    assert.equal(code, 1, err);
    assert.equal(err, "loud says hello\nand writes\n");
    assert.doesNotMatch(out, /[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
    const events = jsonLines(out);
    assert.deepEqual(
      events.map(({ event, task_id }) => [event, task_id].join(" ").trim()),
      [
        "run_started",
        ...["task_started loud", "task_ended loud"],
        ...["task_started broken", "task_retry broken", "task_ended broken"],
        ...["task_started odd", "task_ended odd"],
        ...["task_started echo", "log echo", "task_ended echo"],
        "run_ended",
      ],
    );
    const { status, workflow_id, tasks } = events.at(-1);
    assert.equal(status, "Failed");
    assert.equal(workflow_id, "machine");
    assert.equal(tasks[0].result, "done");
    assert.equal(tasks[1].status, "Failed");
    assert.equal(tasks[1].errors.length, 2);
    const [first, second] = tasks[1].errors;
    assert.deepEqual(
      Object.keys(first),
      ["attempt", "exception", "message", "traceback", "failed_at"],
    );
    assert.equal(second.message, "no \x1b[2J luck");
    assert.ok(Date.parse(first.failed_at) <= Date.parse(second.failed_at));
    const retry = events.find(({ event }) => event === "task_retry");
    assert.equal(retry.error.attempt, 1);
    assert.deepEqual(tasks[2].result, {
      big: "1",
      map: [["a", "1970-01-01T00:00:00.000Z"]],
      text: "line\n\x1b[31m",
    });
  },
);

test(
  "dotflow start escapes what tasks say, and knows colours",
  NEEDS,
  async () => {
    const args = ["start", "--step", step("broken"), "--step", step("odd")];
    const plain = await cli(args);
    assert.equal(plain.code, 1);
    assert.doesNotMatch(plain.out + plain.err, /\x1b/);
    const forced = await cli(args, { env: { FORCE_COLOR: "1" } });
    assert.match(forced.err, /\x1b\[31mfailed\x1b\[0m/);
    assert.doesNotMatch(forced.err, /\x1b\[2J/);
    const refused = [
      cli([...args, "--no-color"], { env: { FORCE_COLOR: "1" } }),
      cli(args, { env: { FORCE_COLOR: "1", NO_COLOR: "1" } }),
    ];
    for (const { err } of await Promise.all(refused)) {
      assert.doesNotMatch(err, /\x1b/);
    }
  },
);

test(
  "dotflow start takes a workflow, or a function that gives one",
  NEEDS,
  async () => {
    for (const name of ["workflow", "factory"]) {
      const { code, out, err } = await cli(["start", "--workflow", step(name)]);
      assert.deepEqual([code, out], [0, "double: 42\ndouble-2: 84\n"], err);
    }
  },
);

test(
  "dotflow start ends although a step leaves a timer behind",
  NEEDS,
  async () => {
    const { code } = await cli(["start", "--step", step("leaky")]);
    assert.equal(code, 0);
  },
);

test("dotflow start --resume goes on with what files have", NEEDS, async () => {
  const cwd = await tempDir();
  const args = [
    ...["start", "--step", step("double"), "--path", "kept"],
    ...["--workflow-id", "again"],
  ];
  assert.equal((await cli(args, { cwd })).code, 0);
  const { code, out, err } = await cli([...args, "--resume"], { cwd });
  assert.equal(code, 0);
  assert.equal(out, "double: 42\n");
  assert.match(err, /^again: goes on, 1 task, sequential\ndouble: restored\n/);
});

test(
  "the first signal cancels a run, and says so by the exit code",
  NEEDS,
  async () => {
    for (const [name, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
      const running = await begin(["start", "--step", step("slow")]);
      await running.until(/halfway/);
      running.signal(name);
      const ended = await running.ended;
      assert.equal(ended.code, code, ended.err);
      assert.match(ended.err, /Stopping: .*\n(.*\n)*.*: cancelled in /);
    }
  },
);

test("a second signal kills what does not heed the first", NEEDS, async () => {
  const running = await begin([
    ...["start", "--step", step("slow"), "--callback", step("never")],
  ]);
  await running.until(/halfway/);
  running.signal("SIGINT");
  await running.until(/Stopping: .*/);
  running.signal("SIGINT");
  const { code, err } = await running.ended;
  assert.equal(code, 130);
  assert.doesNotMatch(err, /cancelled in/);
});

test(
  "dotflow runs lists, shows and clears what a storage keeps",
  NEEDS,
  async () => {
    const cwd = await tempDir();
    const place = { cwd };
    const start = (id: string, ...names: string[]) =>
      cli([
        ...["start", "--storage", "file", "--workflow-id", id],
        ...names.flatMap((name) => ["--step", step(name)]),
      ], place);
    await start("first one", "double", "double");
    await start("second", "odd", "broken", "double");
    const list = await cli(["runs", "list", "--json"], place);
    const [second, first] = jsonLines(list.out);
    assert.deepEqual(
      [first.workflow_id, first.status, first.done, first.total, first.owner],
      ["first one", "Completed", 2, 2, null],
    );
    assert.deepEqual(
      [second.workflow_id, second.status, second.done, second.total],
      ["second", "Failed", 1, 3],
    );
    const table = await cli(["runs", "list"], place);
    assert.match(table.out, /^WORKFLOW +RUN +STATUS +DONE +WHEN +OWNER\n/);
    assert.match(table.out, /^first one +\S+ +Completed +2\/2 +\d{4}-/m);

    const show = await cli(["runs", "show", "second"], place);
    assert.match(show.out, /^✓ odd: { big: 1n, map: Map\(1\)/m);
    assert.match(show.out, /^✗ broken: Error: no \[2J luck \(2 attempts\)$/m);
    assert.match(show.out, /^· double$/m);
    const shown = await cli(["runs", "show", "second", "--json"], place);
    const { tasks } = JSON.parse(shown.out);
    assert.deepEqual(
      tasks.map(({ status }: { status: string }) => status),
      ["Completed", "Failed", "Not completed"],
    );

    const asked = await cli(["runs", "clear", "second"], place);
    assert.equal(asked.code, 2);
    assert.match(asked.err, /^Cannot ask .*--yes\n$/);
    assert.equal(
      (await cli(["runs", "clear", "second", "--yes"], place)).code,
      0,
    );
    const rest = jsonLines((await cli(["runs", "list", "--json"], place)).out);
    assert.deepEqual(rest.map(({ workflow_id }) => workflow_id), ["first one"]);
  },
);

test(
  "dotflow runs clear refuses while a run owns the workflow",
  NEEDS,
  async () => {
    const cwd = await tempDir();
    const running = await begin([
      ...["start", "--workflow", step("held"), "--input", `${cwd}/go`],
    ], { cwd });
    await running.until(/waiting: started/);
    const [listed] = jsonLines(
      (await cli(["runs", "list", "--json"], { cwd })).out,
    );
    assert.equal(listed.status, "In progress");
    assert.match(listed.owner, /process \d+$/);
    const { code, err } = await cli(["runs", "clear", "busy", "--yes"], {
      cwd,
    });
    assert.equal(code, 2);
    assert.match(err, /^Waiting .*\nCannot .*busy.*\n$/);
    const { writeFile } = await import("node:fs/promises");
    await writeFile(`${cwd}/go`, "");
    const ended = await running.ended;
    assert.deepEqual([ended.code, ended.out], [0, "waiting: seen\n"]);
  },
);

test("dotflow runs knows the owner that was killed", NEEDS, async () => {
  const cwd = await tempDir();
  const running = await begin([
    ...["start", "--storage", "file", "--workflow-id", "killed"],
    ...["--step", step("slow")],
  ], { cwd });
  await running.until(/halfway/);
  running.signal("SIGKILL");
  await running.ended;
  const { out } = await cli(["runs", "list"], { cwd });
  assert.match(out, /^killed .* In progress .*\(gone\)$/m);
});

test(
  "a slow reader is given all, and one that leaves harms nothing",
  NEEDS,
  async () => {
    const words = commandOf(["start", "--step", step("large")]);
    const command = words.map((word) => `'${word}'`).join(" ");
    // The exit code of the command stands behind what the reader has to say.
    const through = async (reader: string) => {
      const { execFile } = await import("node:child_process");
      const script = `{ ${command}; echo $? >&2; } | { ${reader}; }`;
      return await new Promise<string[]>((resolve) => {
        execFile(
          "sh",
          ["-c", script],
          { env: environmentOf({}) },
          (_, out, err) => resolve([out.trim(), err]),
        );
      });
    };
    const [size, slow] = await through("sleep 0.5; wc -c");
    assert.equal(size, `${"large: \n".length + 3_000_000}`);
    assert.match(slow, /\n0\n$/);
    const [begin, gone] = await through("head -c 5");
    assert.equal(begin, "large");
    assert.match(gone, /completed in .*\n0\n$/);
  },
);
