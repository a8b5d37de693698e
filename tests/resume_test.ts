import {
  type Action,
  action,
  Config,
  DotFlow,
  type StartOptions,
  type Storage,
  StorageDefault,
} from "@dotflow/dotflow";
import { StorageFile } from "@dotflow/dotflow/providers/storage-file";
import assert from "node:assert/strict";
import { flowOn, rejectsWith } from "./flow.ts";
import { type Need, tempDir, test } from "./harness.ts";
import { StorageBare, StorageText, type Texts } from "./storages.ts";

/** A storage, opened anew for each process that a test stands for. */
type Reopen = () => Storage;

interface Kind {
  needs?: readonly Need[];
  make(): Promise<Reopen>;
}

const kinds: Record<string, Kind> = {
  StorageDefault: {
    make: () => {
      const storage = new StorageDefault();
      return Promise.resolve(() => storage);
    },
  },
  StorageFile: {
    needs: ["files"],
    make: async () => {
      const path = await tempDir();
      return () => new StorageFile({ path, fsync: false });
    },
  },
  "own with everything": {
    make: () => {
      const texts: Texts = new Map();
      return Promise.resolve(() => new StorageText(texts));
    },
  },
  "own with post and get": {
    make: () => {
      const texts: Texts = new Map();
      return Promise.resolve(() => new StorageBare(texts));
    },
  },
};

/** Registers a test for each kind of storage. */
function onEvery(name: string, body: (reopen: Reopen) => Promise<void>): void {
  for (const [kind, { needs, make }] of Object.entries(kinds)) {
    const run = async () => {
      const opened: Storage[] = [];
      const reopen = await make();
      try {
        await body(() => {
          const storage = reopen();
          opened.push(storage);
          return storage;
        });
      } finally {
        for (const storage of opened) await storage.close?.();
      }
    };
    test(`resume: ${name} (${kind})`, { needs }, run);
  }
}

/** A pipeline whose steps write down that they ran, and fail on demand. */
class Pipeline {
  readonly ran: string[] = [];
  readonly fails = new Set<string>();

  step(name: string, value?: (previous: unknown) => unknown): Action {
    return action(name, ({ previousContext }) => {
      this.ran.push(name);
      if (this.fails.has(name)) throw new Error(`${name} fails`);
      return value ? value(previousContext.storage) : `from ${name}`;
    });
  }

  /** Starts a new `DotFlow`, as another process would. */
  async start(
    storage: Storage,
    names: readonly string[],
    options: StartOptions = {},
  ) {
    this.ran.length = 0;
    const workflow = flowOn(storage);
    for (const name of names) workflow.task.add(this.step(name));
    const run = await workflow.start({ resume: true, ...options });
    return { run, workflow, ran: [...this.ran] };
  }
}

onEvery("what is finished does not run again", async (reopen) => {
  const line = new Pipeline();
  line.fails.add("c");
  const first = await line.start(reopen(), ["a", "b", "c", "d"]);
  assert.equal(first.run.status, "Failed");
  assert.equal(first.run.resumed, false);
  assert.deepEqual(first.ran, ["a", "b", "c"]);
  const again = await line.start(reopen(), ["a", "b", "c", "d"]);
  assert.deepEqual(again.ran, ["c"]);
  line.fails.clear();
  const last = await line.start(reopen(), ["a", "b", "c", "d"]);
  assert.deepEqual(last.ran, ["c", "d"]);
  assert.equal(last.run.status, "Completed");
  assert.equal(last.run.resumed, true);
  assert.equal(last.run.runId, first.run.runId);
  assert.deepEqual(last.workflow.resultStorage(), [
    "from a",
    "from b",
    "from c",
    "from d",
  ]);
  assert.deepEqual(last.run.tasks.map((task) => task.restored), [
    true,
    true,
    false,
    false,
  ]);
  assert.equal(last.run.tasks[0].currentContext.taskId, "a");
});

onEvery("a completed run runs nothing", async (reopen) => {
  const line = new Pipeline();
  const { run } = await line.start(reopen(), ["a", "b"]);
  for (const mode of ["sequential", "background"] as const) {
    const again = await line.start(reopen(), ["a", "b"], { mode });
    await again.run.finished;
    assert.deepEqual(again.ran, []);
    assert.equal(again.run.runId, run.runId);
    assert.equal(again.run.status, "Completed");
    assert.deepEqual(again.workflow.resultStorage(), ["from a", "from b"]);
  }
});

onEvery("without resume everything runs anew", async (reopen) => {
  const line = new Pipeline();
  const first = await line.start(reopen(), ["a", "b"]);
  const next = await line.start(reopen(), ["a", "b"], { resume: false });
  assert.deepEqual(next.ran, ["a", "b"]);
  assert.notEqual(next.run.runId, first.run.runId);
  assert.equal(next.run.resumed, false);
  const again = await line.start(reopen(), ["a", "b"]);
  assert.equal(again.run.runId, next.run.runId);
  assert.deepEqual(again.ran, []);
});

onEvery("values come back exactly, void ones too", async (reopen) => {
  const values: unknown[] = [
    undefined,
    null,
    -0,
    [1, [2, 3]],
    new Map([["a", 2n]]),
    new Date(0),
    { a: undefined },
  ];
  const ran: number[] = [];
  const start = async () => {
    const workflow = flowOn(reopen());
    for (const [index, value] of values.entries()) {
      workflow.task.add(action("step", () => {
        ran.push(index);
        return value;
      }));
    }
    await workflow.start({ resume: true });
    return workflow.resultStorage();
  };
  const fresh = await start();
  const resumed = await start();
  assert.deepEqual(fresh, values);
  assert.deepEqual(resumed, values);
  assert.ok(Object.is(resumed[2], -0));
  assert.equal(ran.length, values.length);
});

onEvery("every mode is resumed in its own way", async (reopen) => {
  for (const mode of ["sequential", "parallel", "parallel_group"] as const) {
    const line = new Pipeline();
    line.fails.add("b");
    const start = async () => {
      line.ran.length = 0;
      const workflow = flowOn(reopen(), `wf-${mode}`);
      for (const name of ["a", "b", "c", "d"]) {
        const groupName = name < "c" ? "one" : "two";
        workflow.task.add(line.step(name), { groupName });
      }
      await workflow.start({ mode, resume: true, keepGoing: true });
      return [...line.ran].sort();
    };
    assert.deepEqual(await start(), ["a", "b", "c", "d"], mode);
    assert.deepEqual(await start(), ["b"], mode);
    line.fails.clear();
    assert.deepEqual(await start(), ["b"], mode);
    assert.deepEqual(await start(), [], mode);
  }
});

onEvery("changed input is refused, used or dropped", async (reopen) => {
  const line = new Pipeline();
  const start = (input: unknown, options: StartOptions = {}) =>
    line.start(reopen(), ["a", "b"], { input, ...options });
  const first = await start({ day: 1, list: [{ x: 1, y: 2 }] });
  const same = await start({ list: [{ y: 2, x: 1 }], day: 1 });
  assert.deepEqual(same.ran, [], "the order of keys does not matter");

  const changed = { day: 2 };
  await rejectsWith(start(changed), "INPUT_CHANGED", /its input has changed/);
  assert.deepEqual(line.ran, []);
  const reused = await start(changed, { onInputChange: "reuse" });
  assert.deepEqual(reused.ran, []);
  assert.equal(reused.run.runId, first.run.runId);
  await rejectsWith(start(changed), "INPUT_CHANGED");

  const reset = await start(changed, { onInputChange: "reset" });
  assert.deepEqual(reset.ran, ["a", "b"]);
  assert.notEqual(reset.run.runId, first.run.runId);
  const after = await start(changed);
  assert.deepEqual(after.ran, []);
  assert.equal(after.run.runId, reset.run.runId);
});

onEvery("initial contexts are input too", async (reopen) => {
  let count = 0;
  const start = (rows: unknown, options: StartOptions = {}) => {
    const workflow = flowOn(reopen());
    workflow.task.add(action("a", () => ++count), { initialContext: rows });
    return workflow.start({ resume: true, ...options });
  };
  await start({ a: 1, b: 2 });
  await start({ b: 2, a: 1 });
  assert.equal(count, 1);
  for (const rows of [{ a: 1, b: 3 }, undefined, { a: 1 }, [1]]) {
    await rejectsWith(start(rows), "INPUT_CHANGED");
  }
  await start({ a: 9 }, { onInputChange: "reset" });
  assert.equal(count, 2);
});

onEvery("the caller may say what stands for the input", async (reopen) => {
  const line = new Pipeline();
  const start = (input: unknown, fingerprint: string) =>
    line.start(reopen(), ["a"], { input, fingerprint });
  await start({ at: 1 }, "v1");
  assert.deepEqual((await start({ at: 2 }, "v1")).ran, []);
  await rejectsWith(start({ at: 1 }, "v2"), "INPUT_CHANGED");
});

onEvery("each change of the workflow is named", async (reopen) => {
  const line = new Pipeline();
  const base = [["a", "one"], ["b", "one"], ["c", "two"], ["d", "two"]];
  const start = (tasks: string[][], options: StartOptions = {}) => {
    line.ran.length = 0;
    const workflow = flowOn(reopen());
    for (const [name, groupName] of tasks) {
      workflow.task.add(line.step(name), { groupName });
    }
    return workflow.start({ resume: true, ...options });
  };
  await start(base);
  const [a, b, c, d] = base;
  const changes: [string[][], StartOptions, RegExp][] = [
    [[a, b, c], {}, /task "d" was removed or renamed/],
    [[["x", "one"], b, c, d], {}, /task "a" was removed or renamed/],
    [[b, a, c, d], {}, /task "a" was moved to another place in its group/],
    [[a, ["x", "one"], b, c, d], {}, /task "b" was moved to another place/],
    [[a, ["b", "two"], c, d], {}, /"b" was moved from group "one" to "two"/],
    [[c, d, a, b], {}, /group "one" was moved to another place/],
    [base, { mode: "parallel" }, /mode was "sequential" and is "parallel"/],
  ];
  for (const [tasks, options, difference] of changes) {
    await rejectsWith(start(tasks, options), "WORKFLOW_CHANGED", difference);
    assert.deepEqual(line.ran, []);
  }
  await start(base, { mode: "sequential_group" });
  assert.deepEqual(line.ran, [], "the same order under another name");
});

onEvery("a changed workflow may go on, or begin anew", async (reopen) => {
  const line = new Pipeline();
  const first = await line.start(reopen(), ["a", "b", "c"]);
  const reused = await line.start(reopen(), ["c", "new", "a"], {
    onWorkflowChange: "reuse",
  });
  assert.deepEqual(reused.ran, ["new"]);
  assert.equal(reused.run.runId, first.run.runId);
  assert.deepEqual(reused.workflow.resultStorage(), [
    "from c",
    "from new",
    "from a",
  ]);
  const same = await line.start(reopen(), ["c", "new", "a"]);
  assert.deepEqual(same.ran, []);

  const reset = await line.start(reopen(), ["a"], {
    onWorkflowChange: "reset",
  });
  assert.deepEqual(reset.ran, ["a"]);
  assert.notEqual(reset.run.runId, first.run.runId);
});

onEvery("tasks that were appended are run", async (reopen) => {
  const line = new Pipeline();
  await line.start(reopen(), ["a", "b"]);
  const { ran, run } = await line.start(reopen(), ["a", "b", "c"]);
  assert.deepEqual(ran, ["c"]);
  assert.equal(run.tasks[2].previousContext.storage, "from b");
  await rejectsWith(line.start(reopen(), ["a", "b"]), "WORKFLOW_CHANGED");
});

onEvery("clear forgets everything", async (reopen) => {
  const line = new Pipeline();
  const first = await line.start(reopen(), ["a", "b"]);
  const other = flowOn(reopen(), "wf-1");
  other.task.add(line.step("other"));
  await other.start();
  const workflow = flowOn(reopen());
  await workflow.clear();
  await workflow.clear();
  const next = await line.start(reopen(), ["x"], { input: "another" });
  assert.deepEqual(next.ran, ["x"]);
  assert.equal(next.run.resumed, false);
  assert.notEqual(next.run.runId, first.run.runId);
  line.ran.length = 0;
  const kept = flowOn(reopen(), "wf-1");
  kept.task.add(line.step("other"));
  await kept.start({ resume: true });
  assert.deepEqual(line.ran, [], "another workflow's");
});

test("resume: a generated id is nobody else's", async () => {
  const storage = new StorageText();
  let count = 0;
  const make = () => {
    const own = new DotFlow({ config: new Config({ storage }) });
    own.task.add(action("a", () => ++count));
    return own;
  };
  const one = make();
  await one.start();
  await one.start({ resume: true });
  assert.equal(count, 1, "the same object goes on");
  await make().start({ resume: true });
  assert.equal(count, 2);
  const records = [...storage.texts.keys()].filter((key) => /_run$/.test(key));
  assert.deepEqual(records, [], "no record of an id that nobody can know");
});
