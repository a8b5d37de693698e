import { action, DotFlow } from "@dotflow/dotflow";
import assert from "node:assert/strict";
import { rejectsWith } from "./flow.ts";
import { modulePath, runtime, tempDir, test } from "./harness.ts";

const needs = ["sources", "files"] as const;

/** A module of the tests, relative to the working directory. */
async function relativePath(module: string): Promise<string> {
  const { relative } = await import("node:path");
  const path = relative(process.cwd(), modulePath(module));
  return path.startsWith(".") ? path : `./${path}`;
}

for (const separator of ["#", ":"]) {
  test(`import: a string with "${separator}" names a step`, {
    needs,
  }, async () => {
    const path = await relativePath("steps/steps.ts");
    const workflow = new DotFlow();
    workflow.task.add(`${path}${separator}extract`)
      .add(`${path}${separator}total`);
    const run = await workflow.start();
    assert.equal(run.status, "Completed");
    assert.deepEqual(workflow.resultStorage(), [[1, 2, 3], 6]);
    assert.deepEqual(run.tasks.map((task) => task.taskId), [
      "extract",
      "total",
    ]);
  });
}

test("import: a path may be absolute, or a URL", { needs }, async () => {
  const path = modulePath("steps/steps.ts");
  const workflow = new DotFlow();
  workflow.task.add([`${path}#extract`, `file://${path}#extract`]);
  const run = await workflow.start();
  assert.equal(run.status, "Completed");
  assert.deepEqual(run.tasks.map((task) => task.taskId), [
    "extract",
    "extract-2",
  ]);
});

test("import: strings and actions may stand in one list", {
  needs,
}, async () => {
  const path = await relativePath("steps/steps.ts");
  const workflow = new DotFlow();
  workflow.task.add([action("own", () => [4]), `${path}#total`]);
  await workflow.start();
  assert.deepEqual(workflow.resultStorage(), [[4], 4]);
});

test("import: a module that is not there is named", { needs }, async () => {
  const workflow = new DotFlow();
  workflow.task.add("./no/such/module.ts#step");
  const error = await rejectsWith(
    workflow.start(),
    "IMPORT_MODULE",
    /^Cannot import "\.\/no\/such\/module\.ts#step": /,
  );
  assert.ok(error.cause);
});

test("import: a slip is answered by what was meant", { needs }, async () => {
  const { writeFile } = await import("node:fs/promises");
  const path = `${await tempDir()}/typed.ts`;
  await writeFile(path, "export const step: number = 1;");
  const slips: [string, RegExp][] = [
    ["steps.js#extract", /did you mean "\.\/steps\.js#extract"\?$/],
    ["./steps.js", /write "\.\/steps\.js#name"$/],
  ];
  // Later versions do load it.
  if (runtime === "node" && !Reflect.get(process.features, "typescript")) {
    slips.push([`${path}#step`, /loads no TypeScript, use JavaScript$/]);
  }
  for (const [slip, expected] of slips) {
    const workflow = new DotFlow();
    workflow.task.add(slip);
    await rejectsWith(workflow.start(), "IMPORT_MODULE", expected);
  }
});

test("import: a module that throws says why", { needs }, async () => {
  const path = await relativePath("steps/broken.ts");
  const workflow = new DotFlow();
  workflow.task.add(`${path}#step`);
  const expected = /broken\.\ws#step": the module is broken$/;
  await rejectsWith(workflow.start(), "IMPORT_MODULE", expected);
});

test("import: an export that is not there is named", { needs }, async () => {
  const path = await relativePath("steps/steps.ts");
  const workflow = new DotFlow();
  workflow.task.add(`${path}#extrakt`);
  const expected = /does not export "extrakt", but .*extract/;
  await rejectsWith(workflow.start(), "IMPORT_MODULE", expected);
});

test("import: what is no action is refused", { needs }, async () => {
  const path = await relativePath("steps/steps.ts");
  const workflow = new DotFlow();
  workflow.task.add(`${path}#plain`);
  await rejectsWith(workflow.start(), "MISSING_ACTION_DECORATOR", /plain/);
});

test("import: a callback that is no function is refused", {
  needs,
}, async () => {
  const path = await relativePath("steps/steps.ts");
  const workflow = new DotFlow();
  workflow.task.add(action(() => 1), { callback: `${path}#seen` });
  await rejectsWith(workflow.start(), "IMPORT_MODULE", /#seen/);
});

test("import: a string without a name is refused", async () => {
  for (const specifier of ["./steps.ts", "steps", "C:\\steps\\one.ts"]) {
    const workflow = new DotFlow();
    workflow.task.add(specifier);
    await rejectsWith(workflow.start(), "IMPORT_MODULE");
  }
});

test("import: nothing is imported before a run starts", () => {
  const workflow = new DotFlow();
  workflow.task.add("./no/such/module.ts#load");
  assert.deepEqual(workflow.task.schema(), [{
    taskId: "load",
    name: "load",
    groupName: "default",
    step: "./no/such/module.ts#load",
    retry: undefined,
    timeout: undefined,
  }]);
});
