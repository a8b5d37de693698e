/**
 * `run.toMermaid()`: the run as a flowchart.
 *
 * @module
 */

import { action, DotFlow, type Mode, StorageDefault } from "@dotflow/dotflow";
import assert from "node:assert/strict";
import fc from "fast-check";
import { failing, flowOn, moment } from "./flow.ts";
import { test } from "./harness.ts";

const done = (name: string) => action(name, () => name);

/** The chart without durations, which differ from run to run. */
async function draw(workflow: DotFlow, mode?: Mode): Promise<string[]> {
  const run = await workflow.start({ mode });
  const text = run.toMermaid().replaceAll(/[\d.]+ m?s\b/g, "TIME")
    .replaceAll("<br/>TIME, ", "<br/>").replaceAll("<br/>TIME", "");
  return text.split("\n");
}

test("a flowchart has a box for each task, with status and attempts", async () => {
  const workflow = new DotFlow();
  workflow.task.add(done("load")).add(failing(1, { name: "clean", retry: 2 }));
  workflow.task.add(failing(1, { name: "save" })).add(done("tell"));
  const lines = await draw(workflow);
  assert.deepEqual(lines.slice(0, 6), [
    "flowchart LR",
    't1["✅ load"]:::completed',
    't2["✅ clean<br/>2 attempts"]:::completed',
    't3["❌ save"]:::failed',
    't4["⚪ tell"]',
    "t1 --> t2 --> t3 --> t4",
  ]);
  assert.deepEqual(lines.slice(6).map((line) => line.split(" ", 2)), [
    ["classDef", "completed"],
    ["classDef", "failed"],
  ]);
});

test("groups have frames; arrows follow the mode", async () => {
  const workflow = new DotFlow();
  for (const groupName of ["one", "two"]) {
    workflow.task.add(done("a"), { groupName }).add(done("b"), { groupName });
  }
  const arrows = async (mode: Mode) =>
    (await draw(workflow, mode)).filter((line) => /-.*>/.test(line));
  assert.deepEqual(await arrows("sequential"), [
    "t1 --> t2",
    "t3 --> t4",
    "t2 -.-> t3",
  ]);
  assert.deepEqual(await arrows("parallel_group"), ["t1 --> t2", "t3 --> t4"]);
  assert.deepEqual(await arrows("parallel"), []);
  const frames = (await draw(workflow)).filter((line) =>
    /^(subgraph|end)/.test(line)
  );
  assert.deepEqual(frames, [
    'subgraph g1["one"]',
    "end",
    'subgraph g2["two"]',
    "end",
  ]);
});

test("a run that goes on can be drawn", async () => {
  const workflow = new DotFlow();
  const [looked, drawn] = [moment(), moment()];
  workflow.task.add(done("load")).add(action("look", async () => {
    looked.resolve();
    await drawn.promise;
  }));
  const run = await workflow.start({ mode: "background" });
  await looked.promise;
  assert.match(run.toMermaid(), /t2\["🔵 look"\]:::in_progress/);
  drawn.resolve();
  await run.finished;
});

test("a restored task says so", async () => {
  const workflow = flowOn(new StorageDefault());
  workflow.task.add(done("load"));
  await workflow.start();
  const run = await workflow.start({ resume: true });
  assert.match(run.toMermaid(), /t1\["✅ load<br\/>restored"\]/);
});

test("no name can change the chart, or be HTML in it", async () => {
  await fc.assert(fc.asyncProperty(
    fc.string({ minLength: 1, unit: "binary" }),
    fc.string({ minLength: 1 }),
    async (name, groupName) => {
      const workflow = new DotFlow();
      workflow.task.add(done(`<b>"]${name}`), { groupName })
        .add(done("end"));
      const [, frame, box, ...rest] = await draw(workflow);
      assert.match(frame, /^subgraph g1\["[^"\][<>&`\n\r]*"\]$/);
      assert.match(box, /^t1\["✅ #60;b#62;#34;#93;[^"\][<>&`\n\r]*"\]/);
      assert.equal(rest.filter((line) => line.startsWith("t2[")).length, 1);
    },
  ));
});
