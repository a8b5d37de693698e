import { action, Context, DotFlow } from "@dotflow/dotflow";
import assert from "node:assert/strict";
import { throwsWith } from "./flow.ts";
import { modulePath, test } from "./harness.ts";

test("endgame: an action takes undefined for its options", async () => {
  // deno-lint-ignore no-explicit-any
  const loose = action as (...given: any[]) => any;
  const fn = function named() {
    return 1;
  };
  assert.equal(loose("x", undefined, fn).settings.name, "x");
  assert.equal(loose(undefined, fn).settings.name, "named");
  assert.equal(loose(undefined, fn).settings.attempts, 1);
  for (
    const given of [
      [],
      [undefined],
      [null],
      [null, fn],
      ["x", null, fn],
      ["x"],
      ["x", undefined],
      ["x", undefined, undefined],
      ["x", fn, undefined],
      [undefined, undefined],
      [undefined, undefined, fn],
      [{}, null],
      [5, fn],
    ]
  ) {
    await throwsWith(() => loose(...given), "INVALID_OPTION");
  }
});

test("endgame: changes of the builder do not reach a start under way", {
  needs: ["sources", "files"],
}, async () => {
  const path = modulePath("steps/steps.ts");
  const changes: ((workflow: DotFlow) => void)[] = [
    ({ task }) => task.reverse(),
    ({ task }) => task.clear(),
    ({ task }) => void task.add(action("more", () => "more")),
  ];
  for (const change of changes) {
    const workflow = new DotFlow();
    workflow.task.add([`${path}#extract`, `${path}#total`]);
    const started = workflow.start();
    change(workflow);
    const run = await started;
    const taskIds = run.tasks.map((task) => task.taskId);
    assert.deepEqual(taskIds, ["extract", "total"]);
    assert.deepEqual(workflow.resultStorage(), [[1, 2, 3], 6]);
  }
});

test("endgame: a Context of no time is refused", async () => {
  for (const time of [new Date("x"), NaN]) {
    await throwsWith(
      () => new Context({ time }),
      "INVALID_OPTION",
      /^Cannot use .* as time: give a valid date$/,
    );
  }
  assert.equal(new Context({ time: new Date(5) }).time.getTime(), 5);
});

/** Frames a body as the text form of a Context, with the right checksum. */
function framed(body: string): string {
  let crc = -1;
  for (const byte of new TextEncoder().encode(body)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) {
      crc = crc >>> 1 ^ (crc & 1 && 0xedb88320);
    }
  }
  const hex = (~crc >>> 0).toString(16).padStart(8, "0");
  return `{"dotflow":1,"crc":"${hex}",${body.slice(1)}`;
}

test("endgame: a broken body is corrupt under a right checksum too", async () => {
  const good = framed('{"time":5,"value":[1]}');
  assert.deepEqual(Context.fromText(good).storage, [1]);
  const bad: [string, RegExp][] = [
    ['{"time":5,"value":[1}', /: it is no JSON;/],
    ['{"time":5}}', /: it is no JSON;/],
    ["{", /: it is no JSON;/],
    ['{"time":"soon","value":1}', /: its value does not decode;/],
    ['{"time":5,"coded":{"$":["nothing"]}}', /: its value does not decode;/],
  ];
  for (const [body, message] of bad) {
    await throwsWith(
      () => Context.fromText(framed(body), "wf/r/a"),
      "CORRUPT_CHECKPOINT",
      message,
    );
  }
});
