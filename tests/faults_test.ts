import {
  action,
  Config,
  Context,
  DotFlow,
  LogDefault,
  Notify,
  type StartOptions,
  type Storage,
  type Task,
} from "@dotflow/dotflow";
import { StorageFile } from "@dotflow/dotflow/providers/storage-file";
import assert from "node:assert/strict";
import { failing, flowOn, rejectsWith, sleep } from "./flow.ts";
import { spawnRuntime, tempDir, test } from "./harness.ts";
import { MetricsRecorder, Recorder } from "./recorder.ts";
import { StorageText } from "./storages.ts";

// The faults of the reference system, by their number in its description: each
// test fails where the fault is planted. Faults of providers that do not exist
// yet have none.

/** Starts a workflow of its own, as another process would. */
async function resume(
  storage: Storage,
  add: (workflow: DotFlow) => void,
  options: StartOptions = {},
): Promise<DotFlow> {
  const workflow = flowOn(storage);
  add(workflow);
  await workflow.start({ resume: true, ...options });
  return workflow;
}

test("fault 1: a resume in a new process re-runs nothing", {
  needs: ["processes"],
}, async () => {
  const path = await tempDir();
  const runs = async () => {
    const worker = await spawnRuntime("workers/resume.ts", [path]);
    await worker.line(/^Completed$/);
    await worker.exit;
    return worker.lines;
  };
  assert.deepEqual(await runs(), ["ran a", "ran b", "ran b-2", "Completed"]);
  assert.deepEqual(await runs(), ["Completed"]);
});

test("fault 1: a task has the same id wherever it is added", () => {
  const ids = () => {
    const workflow = new DotFlow();
    workflow.task.add(failing(0)).add(action(() => 1)).add(failing(0));
    return workflow.task.schema().map(({ taskId }) => taskId);
  };
  assert.deepEqual(ids(), ["failing", "task-2", "failing-2"]);
  assert.deepEqual(ids(), ids());
});

test("fault 2: every start runs the workflow", async () => {
  let count = 0;
  const workflow = flowOn(new StorageText());
  workflow.task.add(action(() => ++count));
  for (let n = 1; n <= 3; n++) {
    const run = await workflow.start();
    assert.equal(run.status, "Completed");
    assert.deepEqual(workflow.resultStorage(), [n]);
  }
  assert.equal(count, 3);
});

test("fault 3: a workflow id need not be a UUID", async () => {
  for (const workflowId of ["daily-users", "2024/01", "né 😀"]) {
    const workflow = new DotFlow({ workflowId });
    workflow.task.add(action(() => 1));
    const run = await workflow.start();
    assert.equal(run.workflowId, workflowId);
  }
});

test("fault 4: what is stored replaces what was there", {
  needs: ["files"],
}, async () => {
  const path = await tempDir();
  const key = "wf/run/a";
  for (const rows of [[1], [2], [3]]) {
    const storage = new StorageFile({ path, fsync: false });
    await storage.post(key, new Context({ storage: rows, taskId: "a" }));
    assert.deepEqual((await storage.get(key)).storage, rows);
    await storage.close();
    const again = new StorageFile({ path, fsync: false });
    assert.deepEqual((await again.get(key)).storage, rows);
    assert.deepEqual(await again.listKeys(""), [key]);
    await again.close();
  }
});

test("fault 4: a parallel task is written once", async () => {
  const posts: string[] = [];
  const storage = new class extends StorageText {
    override atomicSwap(...args: Parameters<StorageText["atomicSwap"]>) {
      posts.push(args[0].split("/").at(-1)!);
      return super.atomicSwap(...args);
    }
  }();
  await resume(storage, ({ task }) => {
    task.add([action("a", () => 1), action("b", () => 2)]);
  }, { mode: "parallel" });
  assert.deepEqual(posts.sort(), ["_run", "_run", "a", "b"]);
});

test("fault 5: a failed task never counts as completed", async () => {
  const storage = new StorageText();
  const step = failing(3);
  for (const status of ["Failed", "Failed", "Failed", "Completed"]) {
    const workflow = await resume(storage, ({ task }) => {
      task.add(step).add(action("after", () => "ran"));
    });
    assert.equal(workflow.result().status, status);
  }
  assert.equal(step.attempts.length, 4);
});

test("fault 6: lists and special values reach the next task", async () => {
  const values = [[1, [2]], [], new Date(5), new Set([1n]), undefined, -0];
  const storage = new StorageText();
  const seen: unknown[] = [];
  const line = (fails: boolean) => ({ task }: DotFlow) => {
    for (const value of values) {
      task.add(action("give", () => value), { groupName: `${task.count()}` });
    }
    for (const [index] of values.entries()) {
      task.add(
        action("take", ({ previousContext }) => {
          if (fails) throw new Error("later");
          seen.push(previousContext.storage);
        }),
        { groupName: `${index}` },
      );
    }
  };
  await resume(storage, line(true), { keepGoing: true });
  await resume(storage, line(false));
  assert.deepEqual(seen, values);
  assert.ok(Object.is(seen.at(-1), -0));
});

test("fault 7: a step that returns nothing is checkpointed", async () => {
  const storage = new StorageText();
  let count = 0;
  const line = ({ task }: DotFlow) => {
    task.add(action("void", () => {
      count++;
    }));
  };
  await resume(storage, line);
  await resume(storage, line);
  assert.equal(count, 1);
});

test("fault 8: a timeout stops the step, and is retried", async () => {
  const aborted: unknown[] = [];
  const workflow = new DotFlow();
  workflow.task.add(action("slow", {
    retry: 3,
    retryDelay: 0,
    timeout: 10,
  }, async ({ attempt, signal }) => {
    signal.addEventListener("abort", () => aborted.push(attempt));
    if (attempt < 3) await new Promise(() => {});
    return attempt;
  }));
  await workflow.start();
  assert.deepEqual(aborted, [1, 2]);
  assert.deepEqual(workflow.resultStorage(), [3]);
});

test("fault 9: the text of an error does not decide", async () => {
  for (const word of ["previous_context", "initial_context"]) {
    let count = 0;
    const workflow = new DotFlow();
    workflow.task.add(action({ retry: 2, retryDelay: 0 }, () => {
      count++;
      throw new TypeError(`unexpected keyword argument '${word}'`);
    }));
    const run = await workflow.start();
    assert.equal(count, 2);
    assert.deepEqual(
      run.tasks[0].errors.map(({ exception, message }) => [exception, message]),
      Array(2).fill(["TypeError", `unexpected keyword argument '${word}'`]),
    );
  }
});

test("fault 10: parallel tasks may give large results", async () => {
  const workflow = flowOn(new StorageText());
  const large = "x".repeat(2_000_000);
  for (let n = 0; n < 4; n++) {
    workflow.task.add(action("large", () => ({ n, large })));
  }
  const run = await workflow.start({ mode: "parallel" });
  assert.equal(run.status, "Completed");
  for (const [n, value] of workflow.resultStorage().entries()) {
    assert.ok(value.n === n && value.large === large);
  }
});

test("fault 10: sequential_group runs one group after another", async () => {
  const trace: string[] = [];
  const workflow = new DotFlow();
  for (const groupName of ["one", "two"]) {
    workflow.task.add(
      action(async () => {
        trace.push(`+${groupName}`);
        await sleep(5);
        trace.push(`-${groupName}`);
      }),
      { groupName },
    );
  }
  await workflow.start({ mode: "sequential_group" });
  assert.deepEqual(trace, ["+one", "-one", "+two", "-two"]);
});

test("fault 11: metrics are given the duration of a task", async () => {
  const recorder = new Recorder();
  const metrics = new MetricsRecorder(recorder);
  const workflow = new DotFlow({ config: new Config({ metrics }) });
  workflow.task.add(action(() => sleep(10))).add(
    action(async () => {
      await sleep(10);
      throw new Error("no");
    }),
  );
  await workflow.start();
  assert.deepEqual(recorder.tasks.map(({ call }) => call), [
    "metrics completed",
    "metrics failed",
  ]);
  for (const { task } of recorder.tasks) assert.ok(task.duration >= 8);
});

test("fault 12: nothing global is replaced", {
  needs: ["processes"],
}, async () => {
  const worker = await spawnRuntime("workers/globals.ts");
  assert.equal(await worker.line(/^changed/), "changed: nothing");
});

test("fault 13: a slow watcher does not hold up the run", async () => {
  class NotifySlow extends Notify {
    hookStatusTask(_task: Task): Promise<void> {
      return sleep(50);
    }
  }
  const config = new Config({
    notify: new NotifySlow(),
    log: new LogDefault({ level: "ERROR" }),
  });
  const workflow = new DotFlow({ config });
  for (let n = 0; n < 5; n++) workflow.task.add(action(() => n));
  const run = await workflow.start();
  assert.ok(run.duration < 250, `it took ${run.duration} ms`);
});

test("fault 14: a torn file is never handed on as a value", {
  needs: ["files"],
}, async () => {
  const { readdir, readFile, truncate, writeFile } = await import(
    "node:fs/promises"
  );
  const ran: string[] = [];
  const line = ({ task }: DotFlow) => {
    for (const name of ["a", "b", "c"]) {
      task.add(action(name, () => {
        ran.push(name);
        return { text: `from ${name}` };
      }));
    }
  };
  const path = await tempDir();
  const run = async () => {
    const storage = new StorageFile({ path, fsync: false });
    try {
      return (await resume(storage, line)).resultStorage();
    } finally {
      await storage.close();
    }
  };
  const results = await run();
  const folder = `${path}/${(await readdir(path))[0]}`;
  const names = await readdir(folder);
  const journal = `${folder}/${names[0]}`;
  const bytes = await readFile(journal);

  for (let size = bytes.length - 1; size > bytes.length / 2; size -= 37) {
    await writeFile(journal, bytes);
    await truncate(journal, size);
    assert.deepEqual(await run(), results, `cut at ${size}`);
  }
  assert.ok(ran.length > 3, "what was torn off ran again");

  const broken = new Uint8Array(bytes);
  const at = bytes.indexOf("from b");
  broken.set(new TextEncoder().encode("from X"), at);
  await writeFile(journal, broken);
  ran.length = 0;
  await rejectsWith(run(), "CORRUPT_CHECKPOINT", /.*/);
  assert.deepEqual(ran, []);
  assert.deepEqual(new Uint8Array(await readFile(journal)), broken);
});

test("fault 15: clear of one workflow leaves the others", async () => {
  const storage = new StorageText();
  let count = 0;
  const start = (id: string) => {
    const workflow = flowOn(storage, id);
    workflow.task.add(action("a", () => ++count));
    return workflow.start({ resume: true });
  };
  for (const id of ["wf-1", "wf-1-2", "wf-1/2", "wf-10"]) await start(id);
  await flowOn(storage, "wf-1").clear();
  for (const id of ["wf-1-2", "wf-1/2", "wf-10"]) await start(id);
  assert.equal(count, 4, "the others are there");
  await start("wf-1");
  assert.equal(count, 5, "it is gone");
});

test("fault 16: a changed input is not ignored", async () => {
  const storage = new StorageText();
  const line = (rows: number) => ({ task }: DotFlow) => {
    task.add(action("a", ({ initialContext }) => initialContext.storage), {
      initialContext: rows,
    });
  };
  await resume(storage, line(1));
  await rejectsWith(resume(storage, line(2)), "INPUT_CHANGED");
  await rejectsWith(resume(storage, line(1), { input: 2 }), "INPUT_CHANGED");
  const same = await resume(storage, line(1));
  assert.deepEqual(same.resultStorage(), [1]);
});
