import assert from "node:assert/strict";
import {
  cleanup,
  modulePath,
  runtime,
  spawnRuntime,
  tempDir,
  test,
} from "./harness.ts";

let previous = "";

test("harness: a worker runs in the same runtime until it is killed", {
  needs: ["processes"],
}, async () => {
  const worker = await spawnRuntime("workers/ticks.ts", ["two words"]);
  assert.equal(
    await worker.line(/^tick 2 /),
    `tick 2 in ${runtime} two words`,
  );
  await worker.kill();
  assert.deepEqual(await worker.exit, { code: null, signal: "SIGKILL" });
});

test("harness: a worker that ends is reported with what it wrote", {
  needs: ["processes"],
}, async () => {
  const worker = await spawnRuntime("workers/ticks.ts", ["fail"]);
  await assert.rejects(
    worker.line(/never written/),
    /the process ended[^]*planned/,
  );
});

test("harness: a worker cannot start where its program is missing", {
  needs: ["processes"],
}, async () => {
  await assert.rejects(
    spawnRuntime("workers/ticks.ts", [], { under: ["/no/such/program"] }),
    /ENOENT/,
  );
});

test("harness: a temporary folder is there during its test", {
  needs: ["files"],
}, async () => {
  const { stat } = await import("node:fs/promises");
  previous = await tempDir();
  assert.ok((await stat(previous)).isDirectory());
});

test("harness: a temporary folder is gone after its test", {
  needs: ["files"],
}, async () => {
  const { stat } = await import("node:fs/promises");
  assert.notEqual(previous, "");
  await assert.rejects(stat(previous), { code: "ENOENT" });
});

test("harness: a module of the tests can be loaded by its path", {
  needs: ["sources"],
}, async () => {
  const harness = await import(`file://${modulePath("harness.ts")}`);
  assert.equal(harness.runtime, runtime);
});

const order: string[] = [];

test("harness: what was registered last is cleaned up first", () => {
  cleanup(() => order.push("first"));
  cleanup(() => order.push("last"));
});

test("harness: cleaning up is done when the next test begins", () => {
  assert.deepEqual(order, ["last", "first"]);
});
