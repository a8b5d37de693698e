import {
  action,
  Config,
  type Context,
  DotFlow,
  type Task,
} from "@dotflow/dotflow";
import assert from "node:assert/strict";
import { failing, flowOn, rejectsWith, sleep } from "./flow.ts";
import { test } from "./harness.ts";
import { StorageBare, StorageText } from "./storages.ts";

const ANSWERS: [unknown, string][] = [
  [undefined, "undefined"],
  [null, "null"],
  [{ storage: 1 }, "a plain object"],
  ["text", '"text"'],
];

for (const [answer, what] of ANSWERS) {
  test(`endgame: a storage whose get gives ${what} is told so`, async () => {
    const message = new RegExp(`: its get gave ${what}, not a Context$`);
    const storage = new class extends StorageBare {
      blank = "";
      override get(key: string): Promise<Context> {
        return key.endsWith(this.blank)
          ? Promise.resolve(answer as Context)
          : super.get(key);
      }
    }();
    const start = (resume: boolean) => {
      const workflow = flowOn(storage);
      workflow.task.add(action("a", () => 1));
      return workflow.start({ resume });
    };
    storage.blank = "/_run";
    await rejectsWith(start(false), "STORAGE", message);
    storage.blank = "/none";
    await start(false);
    storage.blank = "/a";
    await rejectsWith(start(true), "STORAGE", message);
  });
}

test("endgame: a storage that refuses a write and knows nothing is told so", async () => {
  const storage = new class extends StorageText {
    override get(key: string): Promise<Context> {
      if (key.endsWith("/a")) return Promise.resolve(undefined as never);
      return super.get(key);
    }
    override atomicSwap(
      key: string,
      expected: Context | null,
      next: Context,
    ): Promise<boolean> {
      if (key.endsWith("/a")) return Promise.resolve(false);
      return super.atomicSwap(key, expected, next);
    }
  }();
  const workflow = flowOn(storage);
  workflow.task.add(action("a", () => 1));
  await rejectsWith(workflow.start(), "STORAGE", /its get gave undefined/);
});

test("endgame: a storage whose key throws is told so", async () => {
  let broken = true;
  const storage = new class extends StorageText {
    override key(task: Task): string {
      if (broken) throw new Error("no key for this");
      return `own-${task.taskId}`;
    }
  }();
  const start = (resume: boolean) => {
    const workflow = flowOn(storage);
    workflow.task.add(action("a", () => 1));
    return workflow.start({ resume });
  };
  const message = /^Cannot make the key of "a": no key for this$/;
  await rejectsWith(start(false), "STORAGE", message);
  broken = false;
  await start(false);
  broken = true;
  await rejectsWith(start(true), "STORAGE", message);
});

test("endgame: of many attempts, the record keeps the last ten", async () => {
  const storage = new StorageText();
  const workflow = flowOn(storage);
  workflow.task.add(
    action("a", { retry: 50, retryDelay: 0 }, ({ attempt }) => {
      throw new Error(`failure ${attempt}`);
    }),
  );
  const run = await workflow.start();
  assert.equal(run.tasks[0].errors.length, 50);
  const { errors } = (await storage.get("wf/_run")).storage;
  assert.deepEqual(
    errors[0][1].map(({ message }: Error) => message),
    Array.from({ length: 10 }, (_, n) => `failure ${41 + n}`),
  );
});

/** Starts batches that overlap, and counts the runs that are left behind. */
async function runsLeft(
  workflowId: string | undefined,
  keepRuns: number,
  batches: readonly number[],
): Promise<number> {
  const storage = new class extends StorageText {
    override async deletePrefix(prefix: string): Promise<number> {
      await sleep(2);
      return await super.deletePrefix(prefix);
    }
  }();
  const config = new Config({ storage, keepRuns, ownership: false });
  const workflow = new DotFlow({ workflowId, config });
  workflow.task.add(action("a", () => sleep(5)));
  for (const length of batches) {
    await Promise.all(Array.from({ length }, () => workflow.start()));
  }
  const keys = storage.listKeysNow().filter((key) => !key.endsWith("/_run"));
  return new Set(keys.map((key) => key.split("/")[1])).size;
}

for (const workflowId of [undefined, "wf"]) {
  const id = workflowId === undefined ? "a generated" : "a given";
  test(`endgame: overlapping starts under ${id} id leave no runs behind`, async () => {
    assert.equal(await runsLeft(workflowId, 1, [3, 1]), 1);
    assert.equal(await runsLeft(workflowId, 2, [3, 1]), 2);
  });

  test(`endgame: starts that overlap a removal under ${id} id leave no runs behind`, async () => {
    assert.equal(await runsLeft(workflowId, 1, [1, 3, 1]), 1);
    assert.equal(await runsLeft(workflowId, 2, [1, 3, 4, 1]), 2);
  });
}

test("endgame: what ran beside a failed task is not repeated", async () => {
  const storage = new StorageText();
  const ran: string[] = [];
  const a = failing(1, { name: "a" }, "late");
  const b = action("b", ({ previousContext }) => {
    ran.push("b");
    return [previousContext.taskId, previousContext.storage];
  });
  const c = action("c", () => void ran.push("c"));
  const start = (resume: boolean) => {
    const workflow = flowOn(storage);
    workflow.task.add(a).add(b).add(c);
    return workflow.start({ resume, keepGoing: true });
  };
  const first = await start(false);
  assert.equal(first.status, "Failed");
  const second = await start(true);
  assert.equal(second.status, "Completed");
  assert.deepEqual(ran, ["b", "c"]);
  assert.deepEqual(a.attempts.length, 2);
  assert.deepEqual(second.tasks.map((task) => task.restored), [
    false,
    true,
    true,
  ]);
  assert.deepEqual(
    second.tasks.map((task) => task.currentContext.storage),
    ["late", [undefined, undefined], undefined],
  );
});
