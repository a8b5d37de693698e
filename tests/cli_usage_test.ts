import assert from "node:assert/strict";
import { cli, cliHere, step } from "./cli.ts";
import { cleanup, tempDir, test } from "./harness.ts";

const NEEDS = { needs: ["processes"] } as const;

type WrongUse = readonly [args: readonly string[], says: RegExp];

/** Each wrong use, and a part of the line that it is answered with. */
const wrongUses = (): readonly WrongUse[] => [
  [["frobnicate"], /unknown command 'frobnicate'/],
  [["strat"], /Did you mean start\?/],
  [["start", "--stepp", "x"], /unknown option '--stepp'.*mean --step/],
  [["start", "left", "over"], /too many arguments/],
  [["start", "--step"], /--step <module#export>' argument missing/],
  [["start"], /give --step/],
  [
    ["start", "--step", step("double"), "--workflow", step("workflow")],
    /--step and --workflow/,
  ],
  [["start", "--step", "./missing.ts#step"], /"\.\/missing\.ts#step"/],
  [["start", "--step", "./missing.ts"], /names no export/],
  [["start", "--step", step("nothing")], /does not export "nothing"/],
  [["start", "--step", step("plain")], /plain/],
  [["start", "--step", step("noAction")], /noAction/],
  [["start", "--workflow", step("plain")], /it is 42, and no DotFlow/],
  [["start", "--workflow", step("failingFactory")], /not today/],
  [["start", "--step", step("double"), "--mode", "sideways"], /"sideways"/],
  [
    ["start", "--step", step("double"), "--timeout", "10x"],
    /"10x" as --timeout: /,
  ],
  [["start", "--step", step("double"), "--wait", "soon"], /"soon" as --wait: /],
  [["start", "--step", step("double"), "--concurrency", "0"], /--concurrency/],
  [["start", "--step", step("double"), "--concurrency", "1e2"], /"1e2"/],
  [["start", "--step", step("double"), "--input", '{"a":'], /begins like JSON/],
  [
    ["start", "--step", step("double"), "--input", "@no.json"],
    /"no\.json".*ex/,
  ],
  [
    ["start", "--step", step("double"), "--input", "@bad.json"],
    /no JSON in it/,
  ],
  [["start", "--step", step("double"), "--storage", "tape"], /"tape" as --st/],
  [["start", "--step", step("double"), "--storage", "s3"], /without --bucket/],
  [["start", "--step", step("double"), "--bucket", "b"], /--bucket with/],
  [
    ["start", "--step", step("double"), "--storage", "gcs", "--path", "x"],
    /--path with --storage gcs/,
  ],
  [
    ["start", "--workflow", step("workflow"), "--storage", "file"],
    /--storage with --workflow/,
  ],
  [
    ["start", "--workflow", step("workflow"), "--initial-context", "1"],
    /--initial-context with --workflow/,
  ],
  [["start", "--step", step("double"), "--resume"], /without --workflow-id/],
  [
    ["start", "--step", step("double"), "--resume", "--workflow-id", "a"],
    /from memory/,
  ],
  [
    ["start", "--step", step("double"), "--path", "bad.json/x"],
    /bad\.json/,
  ],
  [
    ["start", "--step", step("double"), "--callback", step("plain")],
    /it is 42, no function/,
  ],
  [
    ["start", "--step", step("double"), "--on-input-change", "x"],
    /"x" as --on-input-change: /,
  ],
  [["schedule", "--step", step("double")], /give --cron/],
  [
    ["schedule", "--step", step("double"), "--cron", "* *"],
    /"\* \*" as --cron: give 5 or 6 fields/,
  ],
  [
    ["schedule", "--step", step("double"), "--cron", "61 * * * *"],
    /as --cron: its minute is out of range; give/,
  ],
  [
    ["schedule", "--step", step("double"), "--cron", "x * * * *"],
    /as --cron: .*\(x\) contains illegal characters; give/,
  ],
  [
    ["schedule", "--step", step("double"), "--every=1s", "--start-at=soon"],
    /"soon" as --start-at: /,
  ],
  [["schedule", "--step", step("double"), "--every", "0"], /0 as --every: /],
  [
    ["schedule", "--step", step("double"), "--cron", "0 0 30 2 *"],
    /0 0 30 2/,
  ],
  [
    [
      "schedule",
      "--step",
      step("double"),
      "--every",
      "1s",
      "--cron",
      "* * * * *",
    ],
    /--cron and --every/,
  ],
  [["schedule", "--step", step("double"), "--every", "0s"], /"0s"/],
  [
    [
      "schedule",
      "--step",
      step("double"),
      "--every",
      "1s",
      "--timezone",
      "UTC",
    ],
    /--timezone without --cron/,
  ],
  [
    ["schedule", "--workflow", step("workflow"), "--overlap", "skip"],
    /--overlap without/,
  ],
  [
    ["schedule", "--step", step("double"), "--every", "1s", "--overlap", "x"],
    /"x" as --overlap: /,
  ],
  [["logs", "--path", "none.log"], /"none\.log": it does not exist/],
  [["logs", "--path", "."], /directory/],
  [["logs", "--path", "bad.json", "--level", "LOUD"], /"LOUD" as --level/],
  [["logs", "--path", "bad.json", "--lines", "-1"], /--lines/],
  [["server", "--host", "0.0.0.0"], /without a token/],
  [
    ["server", "--host", "0.0.0.0", "--open-without-token"],
    /without a token/,
  ],
  [["server", "--host", "a b", "--token", "t"], /--host/],
  [["server", "--port", "70000", "--token", "t"], /"70000" as --port/],
  [["server"], /make up a token where nobody sees it/],
  [["server", "--token", "t", "--open-without-token"], /at once/],
  [["runs"], /runs/],
  [["runs", "remove", "x"], /unknown command "runs remove"; there are list/],
  [["runs", "show"], /missing required argument 'id'/],
  [["runs", "show", "nobody"], /"nobody"/],
  [["runs", "list", "--storage", "default"], /memory of one process/],
  [["runs", "list", "--path", "nowhere"], /"nowhere" as --path: it does not/],
  [["runs", "list", "--path", "bad.json"], /bad\.json/],
  [["init"], /--runtime deno, node, bun or workers/],
  [["init", "--runtime", "perl"], /"perl" as --runtime/],
  [["init", "bad.json", "--runtime", "node"], /bad\.json": it is a file, no/],
  [
    ["start", "--step", step("double"), "--run-id", "a"],
    /--run-id without --workflow-id/,
  ],
  [["init", ".", "--runtime", "node"], /package\.json is there already/],
  [["login", "--url", "http://far.example"], /https:/],
  [["login", "--url", "https://me:secret@far.example"], /without user/],
];

test("each wrong use is answered by one line and exit code 2", {
  ...NEEDS,
  timeout: 60_000,
}, async () => {
  const { writeFile } = await import("node:fs/promises");
  const folder = await tempDir();
  const before = process.cwd();
  process.chdir(folder);
  cleanup(() => process.chdir(before));
  await writeFile("bad.json", "{");
  await writeFile("package.json", "{}");
  for (const [args, says] of wrongUses()) {
    const { code, out, err } = await cliHere(args);
    const shown = `dotflow ${args.join(" ")}\n${out}${err}`;
    assert.equal(code, 2, shown);
    assert.equal(out, "", shown);
    assert.match(err, /^Cannot [^\n]*[^\n.]\n$/, shown);
    assert.match(err, says, shown);
    assert.doesNotMatch(err, /secret|\n {4}at /, shown);
  }
});

test("a wrong use ends the process with exit code 2", NEEDS, async () => {
  const { code, out, err } = await cli(["start", "--sideways"]);
  assert.deepEqual([code, out], [2, ""]);
  assert.match(err, /^Cannot read the command line: unknown option .*\n$/);
});

test("--verbose shows the stack of an error", NEEDS, async () => {
  const args = ["start", "--step", "./missing.ts#step"];
  const { code, err } = await cli([...args, "--verbose"]);
  assert.equal(code, 2);
  assert.match(err, /^Cannot import .*\nImportModuleError: .*\n.* at /);
});

test("help and version are answered on standard output", NEEDS, async () => {
  for (const args of [["--help"], ["help"], [], ["start", "--help"], ["-V"]]) {
    const { code, out, err } = await cliHere(args);
    assert.deepEqual([code, err], [0, ""]);
    assert.match(
      out,
      args[0] === "-V" ? /^\d+\.\d+\.\d+\n$/ : /^Usage: dotflow/,
    );
  }
});

test("the environment's secrets are in no error", NEEDS, async () => {
  const env = {
    AWS_ACCESS_KEY_ID: "AKIACANARYCANARY",
    AWS_SECRET_ACCESS_KEY: "canary-secret-key",
    SERVER_USER_TOKEN: "canary-token",
  };
  const wrong = [
    [
      ...["start", "--verbose", "--step", step("double"), "--storage", "s3"],
      ...["--bucket", "b", "--region", "x", "--timeout", "5s"],
      ...["--endpoint", "http://127.0.0.1:9"],
    ],
    ["server", "--verbose", "--token", "canary token", "--port", "x"],
  ];
  for (const args of wrong) {
    const { code, out, err } = await cli(args, { env });
    assert.equal(code === 1 || code === 2, true);
    assert.doesNotMatch(out + err, /canary/i);
  }
});
