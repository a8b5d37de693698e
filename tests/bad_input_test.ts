import {
  action,
  Config,
  DotFlow,
  NotifyDefault,
  StorageDefault,
} from "@dotflow/dotflow";
import { StorageFile } from "@dotflow/dotflow/providers/storage-file";
import fc from "fast-check";
import assert from "node:assert/strict";
import { flowOn, rejectsWith, throwsWith } from "./flow.ts";
import { tempDir, test } from "./harness.ts";
import { StorageText } from "./storages.ts";

/** Anything: the tests hand over what the types would refuse. */
// deno-lint-ignore no-explicit-any
type Any = any;

/** What is wrong, the code of the error, and what its message says. */
type Refusal = [() => unknown, string, RegExp];

const anyAction: Any = action;
const step = action("step", () => 1);

/** Starts a workflow of one step, which must not run. */
async function start(options: Any): Promise<unknown> {
  let ran = false;
  const workflow = new DotFlow();
  workflow.task.add(action(() => {
    ran = true;
  }));
  try {
    return await workflow.start(options);
  } finally {
    assert.equal(ran, false, "the step ran");
  }
}

const add = (step: Any, options?: Any) => new DotFlow().task.add(step, options);
const options = (given: Any) => action(given, () => 1);

const REFUSED: Record<string, Refusal[]> = {
  "a provider of another family": [
    [
      () => new Config({ storage: new NotifyDefault() as Any }),
      "NOT_CALLABLE_OBJECT",
      /an instance of NotifyDefault as storage: .*extends Storage$/,
    ],
    [
      () => new Config({ notify: [{} as Any] }),
      "NOT_CALLABLE_OBJECT",
      /a plain object \(at 0\) as notify/,
    ],
  ],
  "an unknown option": [
    [
      () => new Config({ storge: 1 } as Any),
      "INVALID_OPTION",
      /"storge" of Config: allowed are storage,/,
    ],
    [
      () => new DotFlow({ id: "x" } as Any),
      "INVALID_OPTION",
      /"id" of DotFlow: allowed are workflowId,/,
    ],
    [
      () => start({ modus: "parallel" }),
      "INVALID_OPTION",
      /"modus" of start: allowed are mode,/,
    ],
    [
      () => add(step, { group: "x" }),
      "INVALID_OPTION",
      /"group" of add: allowed are .*groupName/,
    ],
    [
      () => options({ retries: 3 }),
      "INVALID_OPTION",
      /"retries" of action: allowed are .*retry,/,
    ],
    [
      () => new StorageFile({ folder: "x" } as Any),
      "INVALID_OPTION",
      /"folder" of StorageFile: allowed are path/,
    ],
  ],
  "options that are no object": [
    [() => start(5), "INVALID_OPTION", /5 as options of start/],
    [() => start(null), "INVALID_OPTION", /null as options of start/],
    [() => add(step, "group"), "INVALID_OPTION", /"group" as options of add/],
    [() => new DotFlow("wf" as Any), "INVALID_OPTION", /"wf" as options/],
  ],
  "a step that is no action": [
    [
      () => add(() => 1),
      "MISSING_ACTION_DECORATOR",
      /as a step: wrap the function in action\(…\)$/,
    ],
    [() => add(undefined), "MISSING_ACTION_DECORATOR", /undefined as a step/],
    [() => add(null), "MISSING_ACTION_DECORATOR", /null as a step/],
    [() => add({}), "MISSING_ACTION_DECORATOR", /a plain object as a step/],
    [() => add(5), "MISSING_ACTION_DECORATOR", /5 as a step/],
    [() => add(""), "MISSING_ACTION_DECORATOR", /"" as a step/],
    [() => add([step, () => 1]), "MISSING_ACTION_DECORATOR", /as a step/],
    [
      () => add([[step]]),
      "MISSING_ACTION_DECORATOR",
      /an instance of Array as a step/,
    ],
    [() => add(class A {}), "MISSING_ACTION_DECORATOR", /function A as a step/],
  ],
  "an action of no function": [
    [
      () => action(5 as Any),
      "INVALID_OPTION",
      /5 as the step of an action: give a function/,
    ],
    [
      () => action("name" as Any),
      "INVALID_OPTION",
      /undefined as the step of an action/,
    ],
    [
      () => action("name", {} as Any, 5 as Any),
      "INVALID_OPTION",
      /5 as the step/,
    ],
    [() => anyAction(), "INVALID_OPTION", /undefined as the step/],
    [() => anyAction("a", {}, () => 1, () => 2), "INVALID_OPTION", /the step/],
  ],
  "a legacy decorator": [
    [
      () => anyAction({}, "method", { value: () => 1 }),
      "INVALID_OPTION",
      /"method" in the legacy way: remove "experimentalDecorators"/,
    ],
    [
      () => anyAction({ retry: 2 })({}, "method", { value: () => 1 }),
      "INVALID_OPTION",
      /decorate/,
    ],
  ],
  "a decorator where it cannot be": [
    [
      () => {
        class A {
          @anyAction
          static method() {}
        }
        return A;
      },
      "INVALID_OPTION",
      /"method" with @action: only public methods of instances/,
    ],
    [
      () => {
        class A {
          @anyAction
          get value() {
            return 1;
          }
        }
        return A;
      },
      "INVALID_OPTION",
      /"value" with @action/,
    ],
  ],
  "an unknown mode or policy": [
    [
      () => start({ mode: "paralel" }),
      "EXECUTION_MODE_NOT_EXIST",
      /"paralel" as mode: allowed are "sequential", .*"background"$/,
    ],
    [() => start({ mode: 5 }), "EXECUTION_MODE_NOT_EXIST", /5 as mode/],
    [() => start({ mode: "" }), "EXECUTION_MODE_NOT_EXIST", /"" as mode/],
    [
      () => start({ onInputChange: "ignore" }),
      "INVALID_ON_INPUT_CHANGE",
      /"ignore" as onInputChange: allowed are "raise", "reuse", "reset"$/,
    ],
    [
      () => start({ onWorkflowChange: "ignore" }),
      "INVALID_OPTION",
      /"ignore" as onWorkflowChange: allowed are "raise", "reuse", "reset"$/,
    ],
  ],
  "a number of attempts": [0, 1.5, -1, NaN, Infinity, "3", null, 2 ** 53].map(
    (retry): Refusal => [
      () => options({ retry }),
      "INVALID_OPTION",
      /as retry: give a whole number of 1 or more$/,
    ],
  ),
  "a number of tasks at once": [0, -1, 1.5, NaN, "2", null].map(
    (concurrency): Refusal => [
      () => start({ concurrency }),
      "INVALID_OPTION",
      /as concurrency: give a whole number of 1 or more$/,
    ],
  ),
  "a duration": [
    -1,
    NaN,
    Infinity,
    "",
    "soon",
    "5",
    "5 weeks",
    "-1s",
    "1s 2s",
    {},
    null,
    5n,
    "1e3s",
    true,
  ]
    .flatMap((given): Refusal[] => [
      [
        () => options({ timeout: given }),
        "INVALID_OPTION",
        /as timeout: give milliseconds \(1 or more\) or a string such as "250ms"/,
      ],
      [() => start({ timeout: given }), "INVALID_OPTION", /as timeout: /],
      [
        () => options({ maxRetryDelay: given }),
        "INVALID_OPTION",
        /as maxRetryDelay: /,
      ],
      [
        () => new Config({ drainTimeout: (given ?? "") as Any }),
        "INVALID_OPTION",
        /as drainTimeout: /,
      ],
      [
        () => options({ retryDelay: given ?? "" }),
        "INVALID_OPTION",
        /as retryDelay: give milliseconds \(0 or more\)/,
      ],
    ]),
  "a timeout of nothing": [
    [() => options({ timeout: 0 }), "INVALID_OPTION", /0 as timeout/],
    [() => start({ timeout: "0s" }), "INVALID_OPTION", /"0s" as timeout/],
  ],
  "an empty or odd name": [
    [
      () => new DotFlow({ workflowId: "" }),
      "INVALID_OPTION",
      /"" as workflowId: give a text that is not empty/,
    ],
    [
      () => new DotFlow({ workflowId: 5 as Any }),
      "INVALID_OPTION",
      /5 as workflowId/,
    ],
    [() => new DotFlow({ name: "" }), "INVALID_OPTION", /"" as name/],
    [() => action("", () => 1), "INVALID_OPTION", /"" as name/],
    [() => options({ name: "" }), "INVALID_OPTION", /"" as name/],
    [() => add(step, { name: "" }), "INVALID_OPTION", /"" as name/],
    [() => add(step, { groupName: "" }), "INVALID_OPTION", /"" as groupName/],
    [() => start({ fingerprint: "" }), "INVALID_OPTION", /"" as fingerprint/],
    [() => new StorageFile({ path: "" }), "INVALID_OPTION", /"" as path/],
  ],
  "what is no function, flag or signal": [
    [
      () => options({ retryIf: true }),
      "INVALID_OPTION",
      /true as retryIf: give a function/,
    ],
    [
      () => options({ backoff: "yes" }),
      "INVALID_OPTION",
      /"yes" as backoff: give true or false/,
    ],
    [
      () => options({ jitter: 1 }),
      "INVALID_OPTION",
      /1 as jitter: give true or false/,
    ],
    [() => add(step, { callback: 5 }), "INVALID_OPTION", /5 as callback/],
    [() => start({ onSuccess: "x" }), "INVALID_OPTION", /"x" as onSuccess/],
    [
      () => start({ onFailure: {} }),
      "INVALID_OPTION",
      /a plain object as onFailure/,
    ],
    [() => start({ resume: "yes" }), "INVALID_OPTION", /"yes" as resume/],
    [() => start({ keepGoing: 1 }), "INVALID_OPTION", /1 as keepGoing/],
    [
      () => start({ signal: {} }),
      "INVALID_OPTION",
      /a plain object as signal: give an AbortSignal/,
    ],
  ],
};

for (const [what, refusals] of Object.entries(REFUSED)) {
  test(`bad input: ${what} is refused`, async () => {
    for (const [call, code, message] of refusals) {
      await throwsWith(call, code, message);
    }
  });
}

test("bad input: a refused add leaves the workflow as it was", () => {
  const { task } = new DotFlow();
  task.add(step);
  for (
    const bad of [
      () => task.add([step, 5 as Any]),
      () => task.add(step, { name: "" }),
      () => task.add(step, { wrong: 1 } as Any),
    ]
  ) assert.throws(bad);
  assert.deepEqual(task.schema().map(({ taskId }) => taskId), ["step"]);
});

test("bad input: what can be read is taken", async () => {
  const workflow = new DotFlow();
  const every = {
    name: "a",
    retry: 1,
    timeout: "1.5 s",
    retryDelay: "0ms",
    backoff: true,
    maxRetryDelay: "1d",
    jitter: true,
    retryIf: () => true,
  };
  workflow.task.add(action(every, () => 1), {
    name: undefined,
    groupName: undefined,
    callback: undefined,
  });
  assert.equal(workflow.task.schema()[0].timeout, 1_500);
  const run = await workflow.start({
    mode: undefined,
    concurrency: Infinity,
    timeout: undefined,
    signal: new AbortController().signal,
    input: undefined,
  });
  assert.equal(run.status, "Completed");
});

test("bad input: no text is too odd for a message", async () => {
  const anything = fc.anything({ withBigInt: true, withDate: true });
  await fc.assert(fc.asyncProperty(anything, async (given) => {
    if (given === undefined || given === 1) return;
    const error = await throwsWith(
      () => options({ backoff: given === true ? 1 : given || 5 }),
      "INVALID_OPTION",
    );
    assert.ok(error.message.length < 500);
  }));
});

test("bad input: a value on its way to a disk is checked", async () => {
  const workflow = flowOn(new StorageText());
  workflow.task.add(step, { initialContext: { rows: [() => 1] } });
  const path = /initialContext.*\.rows\[0\]/;
  await rejectsWith(workflow.start(), "UNSTORABLE_VALUE", path);
  const other = flowOn(new StorageText());
  other.task.add(step);
  const input = { list: [Symbol("s")] };
  await rejectsWith(
    other.start({ input }),
    "UNSTORABLE_VALUE",
    /input\.list\[0\]/,
  );
  const run = await other.start({ input, fingerprint: "own" });
  assert.equal(run.status, "Completed");
});

test("bad input: memory takes any input", async () => {
  const workflow = flowOn(new StorageDefault());
  workflow.task.add(action(({ input }) => input.call()));
  const run = await workflow.start({ input: { call: () => 5 } });
  assert.equal(run.status, "Completed");
  assert.deepEqual(workflow.resultStorage(), [5]);
});

test("bad input: no id leaves the folder of its storage", {
  needs: ["files"],
}, async () => {
  const { readdir } = await import("node:fs/promises");
  const parent = await tempDir();
  const storage = new StorageFile({ path: `${parent}/store`, fsync: false });
  const ids = ["..", "../up", "/tmp/abs", "a/b", ".", "\0", "x".repeat(9_000)];
  for (const id of ids) {
    const workflow = flowOn(storage, id);
    for (const name of ids) workflow.task.add(action(name, () => [id, name]));
    await workflow.start();
  }
  for (const id of ids) {
    const workflow = flowOn(storage, id);
    for (const name of ids) workflow.task.add(action(name, () => "again"));
    await workflow.start({ resume: true });
    assert.deepEqual(workflow.resultStorage(), ids.map((name) => [id, name]));
  }
  await storage.close();
  assert.deepEqual(await readdir(parent), ["store"]);
  const folders = await readdir(`${parent}/store`);
  assert.equal(folders.length, ids.length);
});
