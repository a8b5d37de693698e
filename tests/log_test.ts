import {
  action,
  Config,
  DotFlow,
  LogDefault,
  type LogLevel,
} from "@dotflow/dotflow";
import fc from "fast-check";
import assert from "node:assert/strict";
import { failing, rejectsWith, throwsWith } from "./flow.ts";
import { tempDir, test } from "./harness.ts";
import { catchConsole } from "./recorder.ts";

/** Logs one line at each level. */
function logAll(log: LogDefault): void {
  log.debug("d");
  log.info("i");
  log.warning("w");
  log.error("e");
}

test("log: levels below the least are left out", () => {
  const levels: LogLevel[] = ["DEBUG", "INFO", "WARNING", "ERROR"];
  for (const [index, level] of levels.entries()) {
    const lines = catchConsole();
    const log = new LogDefault({ level });
    logAll(log);
    const methods = ["debug", "info", "warn", "error"].slice(index);
    assert.deepEqual(lines.map(([method]) => method), methods);
    for (const [other, one] of levels.entries()) {
      assert.equal(log.enabled(one), other >= index);
    }
  }
});

test("log: a simple line is for people", () => {
  const lines = catchConsole();
  new LogDefault({}).info("Copied rows", {
    workflowId: "wf 1",
    rows: 3,
    path: 'a="b"',
    none: undefined,
    list: [1, { a: 2 }],
  });
  const [[, line]] = lines;
  assert.match(line, /^\d{4}-\d\d-\d\dT[\d:.]+Z INFO Copied rows /);
  const rest = line.slice(line.indexOf("workflow_id"));
  assert.equal(
    rest,
    'workflow_id="wf 1" rows=3 path="a=\\"b\\"" list="[1,{\\"a\\":2}]"',
  );
});

test("log: a JSON line has the fields of the reference system", async () => {
  const lines = catchConsole();
  const log = new LogDefault({ level: "DEBUG", format: "json" });
  const workflow = new DotFlow({
    workflowId: "wf",
    config: new Config({ log }),
  });
  workflow.task.add(failing(1, { name: "a", retry: 2 }))
    .add(failing(9, { name: "b" }));
  const run = await workflow.start();
  const records = lines.map(([, line]) => JSON.parse(line));
  assert.deepEqual(
    records.map(({ level, message, task_id }) => [level, message, task_id]),
    [
      ["INFO", "Workflow started", undefined],
      ["INFO", "In progress", "a"],
      ["WARNING", "Retry", "a"],
      ["INFO", "In progress", "a"],
      ["INFO", "Completed", "a"],
      ["INFO", "In progress", "b"],
      ["ERROR", "Failed", "b"],
      ["INFO", "Workflow ended", undefined],
    ],
  );
  const { timestamp, duration, ...failed } = records.at(-2);
  assert.match(timestamp, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  assert.equal(typeof duration, "number");
  assert.deepEqual(failed, {
    level: "ERROR",
    message: "Failed",
    workflow_id: "wf",
    run_id: run.runId,
    task_id: "b",
    status: "Failed",
    retry_count: 0,
    error: { exception: "Error", message: "failure 1" },
  });
  assert.equal(records.at(-1).status, "Failed");
});

test("log: durations are in seconds", async () => {
  const lines = catchConsole();
  const log = new LogDefault({ format: "json" });
  const workflow = new DotFlow({ config: new Config({ log }) });
  workflow.task.add(action(async () => {
    await new Promise((resolve) => setTimeout(resolve, 40));
  }));
  await workflow.start();
  const record = lines.map(([, line]) => JSON.parse(line))
    .find(({ status }) => status === "Completed");
  assert.ok(record.duration >= 0.03 && record.duration < 5, record.duration);
});

/** What could end a line, begin an escape sequence, or turn its direction. */
// deno-lint-ignore no-control-regex
const CONTROL = /[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

const attack = fc.string({
  unit: fc.constantFrom(
    ...'ab ="\\{}[]:,\r\n\t\0\x1b\x07\x7f\x85\x9b\u2028\u2029\u202e\u2066',
    "\x1b[31m",
    "\x1b]0;title\x07",
    "\r\nINFO forged",
  ),
});

for (const format of ["simple", "json"] as const) {
  test(`log: no text forges a line (${format})`, () => {
    const lines = catchConsole();
    const log = new LogDefault({ format });
    fc.assert(fc.property(attack, attack, attack, (one, two, three) => {
      lines.length = 0;
      log.info(one, {
        workflowId: two,
        [three]: one,
        nested: { [one]: [two] },
        error: new Error(three),
      });
      assert.equal(lines.length, 1);
      assert.doesNotMatch(lines[0][1], CONTROL);
      if (format === "json") {
        const record = JSON.parse(lines[0][1]);
        assert.equal(record.workflow_id, two);
      }
    }));
  });

  test(`log: no task forges a line (${format})`, async () => {
    const lines = catchConsole();
    const log = new LogDefault({ format, level: "DEBUG" });
    const evil = "\r\nERROR forged\x1b[2J\u202e";
    const workflow = new DotFlow({
      workflowId: `wf${evil}`,
      config: new Config({ log }),
    });
    workflow.task.add(
      action(`task${evil}`, ({ log, progress }) => {
        progress(0.5, evil);
        log.info(evil, { [evil]: evil });
        throw Object.assign(new Error(evil), { name: evil });
      }),
      { groupName: evil },
    );
    await workflow.start();
    assert.equal(lines.length, 6);
    for (const [, line] of lines) assert.doesNotMatch(line, CONTROL);
  });
}

test("log: whatever it is given becomes a line", () => {
  for (const format of ["simple", "json"] as const) {
    const lines = catchConsole();
    const log = new LogDefault({ format });
    const cycle: Record<string, unknown> = { a: [1n, Symbol("s")] };
    cycle.self = cycle;
    const shared = { n: 1 };
    const unreadable = {
      get broken() {
        throw new Error("no");
      },
    };
    log.info("odd", {
      cycle,
      unreadable,
      twice: [shared, shared],
      fn: () => {},
      big: 2n,
      huge: "x".repeat(10_000_000),
      date: new Date(0),
      toJSON: { toJSON: () => "own" },
    });
    assert.equal(lines.length, 1, format);
    const [[, line]] = lines;
    assert.ok(line.length < 100_000, `${format}: ${line.length}`);
    assert.ok(line.includes("1970-01-01"), `${format}: ${line.slice(0, 300)}`);
    if (format === "json") JSON.parse(line);
  }
});

test("log: lines are appended to a file, whose folder is made", {
  needs: ["files"],
}, async () => {
  const { readFile } = await import("node:fs/promises");
  const lines = catchConsole();
  const path = `${await tempDir()}/deep/er/run.log`;
  for (const n of [1, 2]) {
    const log = new LogDefault({ output: "file", path, format: "json" });
    const workflow = new DotFlow({
      workflowId: `wf-${n}`,
      config: new Config({ log }),
    });
    workflow.task.add(action("a", ({ log }) => {
      for (let i = 0; i < 100; i++) log.info(`line ${i}`);
    }));
    await workflow.start();
  }
  assert.deepEqual(lines, []);
  const text = await readFile(path, "utf8");
  assert.ok(text.endsWith("\n"));
  const records = text.trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.equal(records.length, 2 * 104);
  const own = records.filter(({ message }) => message.startsWith("line "));
  const expected = Array.from({ length: 100 }, (_, i) => `line ${i}`);
  assert.deepEqual(own.map(({ message }) => message), [
    ...expected,
    ...expected,
  ]);
});

test("log: both means console and file", { needs: ["files"] }, async () => {
  const { readFile } = await import("node:fs/promises");
  const lines = catchConsole();
  const path = `${await tempDir()}/run.log`;
  const log = new LogDefault({ output: "both", path });
  log.info("one");
  log.debug("none");
  log.error("two");
  await log.flush();
  const written = (await readFile(path, "utf8")).trimEnd().split("\n");
  assert.deepEqual(lines.map(([, line]) => line), written);
  assert.equal(written.length, 2);
});

test("log: no burst is too fast for a file", { needs: ["files"] }, async () => {
  const { readFile } = await import("node:fs/promises");
  const path = `${await tempDir()}/run.log`;
  const log = new LogDefault({ output: "file", path });
  const workflow = new DotFlow({ config: new Config({ log }) });
  for (let n = 0; n < 5_000; n++) workflow.task.add(failing(1));
  await workflow.start({ mode: "parallel", keepGoing: true });
  const text = await readFile(path, "utf8");
  assert.equal(text.match(/ ERROR Failed /g)?.length, 5_000);
  assert.ok(!text.includes("Cannot deliver"));
});

test(
  "log: what a file cannot take is counted",
  { needs: ["files"] },
  async () => {
    const { readFile, writeFile } = await import("node:fs/promises");
    const folder = await tempDir();
    await writeFile(`${folder}/file`, "");
    const away = new LogDefault({
      output: "file",
      path: `${folder}/file/x.log`,
    });
    away.error("one");
    away.error("two");
    const words = /the log's file: E\w+: .*; 2 lines are lost$/;
    await rejectsWith(away.flush(), "DELIVERY", words);
    await away.flush();
    const path = `${folder}/slow.log`;
    const flooded = new LogDefault({ output: "file", path });
    const line = "x".repeat(1_000_000);
    let failures = 0;
    for (let n = 0; n < 20; n++) {
      try {
        flooded.error(line);
      } catch (error) {
        failures++;
        assert.match(String(error), /the disk is too slow; 1 line is lost$/);
      }
    }
    await flooded.flush();
    assert.equal(failures, 5);
    flooded.error(line); // there is room again
    await flooded.flush();
    const text = await readFile(path, "utf8");
    assert.equal(text.length, 16 * 1_000_032);
  },
);

const PLACE = `${"a".repeat(32)}-${"b".repeat(16)}`;

test("log: a place in a trace is what W3C takes for one", () => {
  const lines = catchConsole();
  const log = new LogDefault({ format: "json" });
  const cases: [traceparent: string, isOne: boolean][] = [
    [`00-${PLACE}-01`, true],
    [`00-${PLACE}-00`, true],
    [`01-${PLACE}-01-of-later-days`, true],
    [`00-${PLACE}-01-extra`, false],
    [`00-${PLACE}-01-`, false],
    [`ff-${PLACE}-01`, false],
    [`00-${"0".repeat(32)}-${"b".repeat(16)}-01`, false],
    [`00-${"a".repeat(32)}-${"0".repeat(16)}-01`, false],
    [`00-${PLACE.toUpperCase()}-01`, false],
    [`00-${PLACE}-1`, false],
    [`00-${PLACE}-011`, false],
    ["", false],
  ];
  for (const [traceparent, isOne] of cases) {
    log.info("here", { traceparent });
    const { trace_id, span_id } = JSON.parse(lines.at(-1)![1]);
    const expected = isOne ? PLACE.split("-") : [undefined, undefined];
    assert.deepEqual([trace_id, span_id], expected, traceparent);
  }
});

test("log: a file that cannot be written harms nobody", {
  needs: ["files"],
}, async () => {
  const { writeFile } = await import("node:fs/promises");
  const lines = catchConsole();
  const folder = await tempDir();
  await writeFile(`${folder}/file`, "");
  const log = [
    new LogDefault({ output: "file", path: `${folder}/file/run.log` }),
    new LogDefault({ level: "ERROR" }),
  ];
  const workflow = new DotFlow({ config: new Config({ log }) });
  workflow.task.add(action(() => 1));
  const run = await workflow.start();
  assert.equal(run.status, "Completed");
  const reports = lines.filter(([, line]) => line.includes("Cannot deliver"));
  assert.equal(reports.length, 1);
});

test("log: bad options are refused", async () => {
  const bad: [object, RegExp][] = [
    [{ level: "LOUD" }, /"LOUD" as level: allowed are "DEBUG"/],
    [{ output: "printer" }, /"printer" as output: allowed are "console"/],
    [{ format: "xml" }, /"xml" as format: allowed are "simple"/],
    [{ output: "file", path: "" }, /"" as path/],
    [{ path: "x.log" }, /"x\.log" as path/],
    [{ file: "x.log" }, /option "file" of LogDefault/],
  ];
  for (const [options, message] of bad) {
    await throwsWith(
      () => new LogDefault(options as never),
      "INVALID_OPTION",
      message,
    );
  }
});

test("log: by default errors go to the console, and nothing else", async () => {
  const lines = catchConsole();
  const workflow = new DotFlow({ workflowId: "wf" });
  workflow.task.add(action("a", ({ log }) => log.warning("w")))
    .add(failing(9, { name: "b" }));
  await workflow.start();
  assert.deepEqual(lines.map(([method]) => method), ["error"]);
  assert.match(lines[0][1], / ERROR Failed .*task_id=b .*failure 1/);
});
