import assert from "node:assert/strict";
import { type Need, spawnRuntime, tempDir, test } from "./harness.ts";

const needs: Need[] = ["sources", "processes"];

/** Runs an example to its end, in a folder of its own. */
async function run(
  example: string,
  { cwd, args = [] }: { cwd: string; args?: string[] },
) {
  const program = await spawnRuntime(`../examples/${example}`, args, { cwd });
  const { code, signal } = await program.exit;
  return { ...program, code, signal, lines: program.lines };
}

/** Runs an example that is expected to succeed. */
async function succeed(example: string): Promise<readonly string[]> {
  const { code, lines, stderr } = await run(example, { cwd: await tempDir() });
  assert.equal(code, 0, stderr);
  return lines;
}

test("examples: the first workflow completes", { needs }, async () => {
  const lines = await succeed("first_workflow.ts");
  assert.equal(lines[0], "Completed");
  assert.match(lines[1], /^extract: [\d.]+ ms$/);
  assert.match(lines[2], /^transform: [\d.]+ ms$/);
  assert.doesNotMatch(lines.slice(3).join(), /Grace/);
});

test("examples: parallel groups end each for itself", { needs }, async () => {
  const lines = await succeed("parallel_groups.ts");
  assert.equal(lines[0], "Failed");
  assert.ok(lines.includes("Oslo describe-2 Completed Oslo: 4 °C"));
  assert.ok(lines.includes("Atlantis load-3 Failed Cannot find Atlantis"));
});

test("examples: the methods of a class are a step", { needs }, async () => {
  const lines = await succeed("class_step.ts");
  assert.match(lines.join(), /^Completed .*38\.75.*38\.75 EUR/s);
});

test("examples: a storage with post and get resumes", { needs }, async () => {
  const lines = await succeed("own_storage.ts");
  assert.deepEqual(lines.slice(0, 5), [
    "load runs",
    "add runs",
    "Failed",
    "add runs",
    "Completed",
  ]);
  assert.equal(lines.at(-1), "3 keys");
});

test("examples: a stopped run goes on", { needs }, async () => {
  const lines = await succeed("resume.ts");
  const count = (line: string) => lines.filter((one) => one === line).length;
  assert.equal(count("book-flight runs, attempt 1"), 1);
  assert.equal(count("book-hotel runs, attempt 1"), 1);
  assert.equal(count("pay runs, attempt 1"), 2);
  assert.equal(lines.at(-1), "same run: true");
});

test("examples: a run is watched by one function", { needs }, async () => {
  assert.deepEqual(await succeed("watching.ts"), [
    "load: In progress",
    "load: 0.5 (half of it)",
    "load: Completed",
    "check: In progress",
    'check: Retry after "not yet"',
    "check: In progress",
    "check: Completed",
    "run: Completed",
  ]);
});

test("examples: a schedule ticks three times", { needs }, async () => {
  const lines = await succeed("schedule.ts");
  assert.equal(lines.length, 4);
  const ticks = lines.slice(0, 3).map((line) => {
    assert.match(line, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ: 0\.5$/);
    return Date.parse(line.slice(0, 20));
  });
  assert.deepEqual([...new Set(ticks)].sort(), ticks);
  assert.equal(lines[3], "the schedule has ended");
});

test("examples: a server is told of a run", { needs }, async () => {
  assert.deepEqual(await succeed("server.ts"), [
    'Completed {"total":2,"completed":2,"failed":0,"running":0}',
    "extract: Completed, repeated 0 times",
    "check: Completed, repeated 1 times",
  ]);
});

test("examples: the worker answers a request", async () => {
  const { default: worker } = await import("../examples/worker.ts");
  const request = new Request("https://example.com/", {
    method: "POST",
    body: "To be or not to be",
  });
  const response = await worker.fetch(request);
  assert.equal(response.status, 200);
  assert.deepEqual(await response.json(), {
    status: "Completed",
    counts: { to: 2, be: 2, or: 1, not: 1 },
  });
});

/** The ids of the tasks that the demo shows with a word. */
function idsWith(word: string, lines: readonly string[]): string[] {
  return lines
    .map((line) => line.trim().split(/ {2,}/))
    .filter((parts) => parts[1] === word)
    .map((parts) => parts[3])
    .sort();
}

test("examples: the demo goes on after its crash, with the same result", {
  needs,
  timeout: 60_000,
}, async () => {
  const { readFile } = await import("node:fs/promises");
  const demo = "demo/main.ts";
  const read = async (cwd: string) => [
    await readFile(`${cwd}/.output/flights.txt`, "utf8"),
    await readFile(`${cwd}/.output/flights.svg`, "utf8"),
  ];
  const cwd = await tempDir();

  const crashed = await run(demo, { cwd, args: ["--fast", "--crash"] });
  assert.equal(crashed.signal, "SIGKILL", crashed.stderr);
  const committed = idsWith("Completed", crashed.lines);
  assert.ok(committed.includes("count-delays"));

  const resumed = await run(demo, { cwd, args: ["--fast"] });
  assert.equal(resumed.code, 0, resumed.stderr);
  const kept = idsWith("Not repeated", resumed.lines);
  const ran = idsWith("Completed", resumed.lines);
  assert.deepEqual(committed.filter((id) => !kept.includes(id)), []);
  assert.deepEqual(kept.filter((id) => ran.includes(id)), []);
  assert.equal(kept.length + ran.length, 10);
  assert.match(resumed.lines.at(-1)!, /tasks were not repeated \(.*count-dela/);
  const results = await read(cwd);
  assert.match(results[0], /^ 1 {2}ATL {2}Atlanta, GA +829,034 /m);
  assert.match(results[1], /^<svg [^]*<\/svg>\n$/);
  assert.doesNotMatch(results[1], /NaN|undefined|Infinity/);

  const afresh = await run(demo, { cwd, args: ["--fast"] });
  assert.equal(afresh.code, 0, afresh.stderr);
  assert.deepEqual(idsWith("Not repeated", afresh.lines), []);
  assert.equal(idsWith("Retry", afresh.lines).join(), "read-routes");
  assert.deepEqual(await read(cwd), results);
});

test("examples: the demo shows its dashboard until Ctrl-C", {
  needs,
  timeout: 60_000,
}, async () => {
  const args = ["--fast", "--dashboard"];
  const cwd = await tempDir();
  const demo = await spawnRuntime("../examples/demo/main.ts", args, { cwd });
  const [, base, token] = /(http.*)\/#token=(.*)/.exec(
    await demo.line(/^Dashboard: http/),
  )!;
  await demo.line(/there until Ctrl-C/);
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(`${base}/api/runs`, { headers });
  const { items } = await response.json();
  assert.deepEqual(
    items.map((run: { workflow_id: string; status: string }) => [
      run.workflow_id,
      run.status,
    ]),
    [["flights-report", "Completed"], ["flights", "Completed"]],
  );
  await demo.kill("SIGINT");
  assert.equal(demo.stderr, "");
  await assert.rejects(fetch(`${base}/health`));
});
