/**
 * Runs with names: each begins once, goes on while it is the latest, and takes
 * the place of no other one that is not finished.
 *
 * @module
 */

import {
  action,
  Config,
  Context,
  DotFlow,
  type RunUnfinishedError,
  type Storage,
  StorageDefault,
} from "@dotflow/dotflow";
import assert from "node:assert/strict";
import { flowOn, moment, rejectsWith, sleep, throwsWith } from "./flow.ts";
import { tempDir, test, type TestOptions } from "./harness.ts";
import { openS3 } from "./lab.ts";
import { StorageText } from "./storages.ts";

const LEASE_MS = 400;

interface Kind {
  name: string;
  needs?: TestOptions["needs"];
  /** Opens two that share all they hold, as two hosts do. */
  open(): Promise<[Storage, Storage]>;
}

const OWNED: Kind[] = [
  {
    name: "a storage of one's own",
    open: () => {
      const storage = new StorageText();
      return Promise.resolve([storage, new StorageText(storage.texts)]);
    },
  },
  {
    name: "StorageFile",
    needs: ["files"],
    async open() {
      const { StorageFile } = await import(
        "@dotflow/dotflow/providers/storage-file"
      );
      const path = await tempDir();
      return [new StorageFile({ path }), new StorageFile({ path })];
    },
  },
  {
    name: "StorageS3",
    async open() {
      const { StorageS3 } = await import(
        "@dotflow/dotflow/providers/storage-s3"
      );
      const { storage } = await openS3();
      return [new StorageS3(storage), new StorageS3(storage)];
    },
  },
];

const ALL: Kind[] = [...OWNED, {
  name: "memory",
  open: () => {
    const storage = new StorageDefault();
    return Promise.resolve([storage, storage]);
  },
}];

/** A workflow of two tasks that writes down what it runs. */
function flow(
  storage: Storage,
  ran: string[] = [],
  during: (task: string, runId: string) => unknown = () => {},
): DotFlow {
  const workflow = flowOn(storage, "wf", { lease: LEASE_MS, log: [] });
  for (const name of ["a", "b"]) {
    workflow.task.add(action(name, async ({ runId }) => {
      ran.push(`${name} of ${runId}`);
      await during(name, runId);
      return `${name} of ${runId}`;
    }));
  }
  return workflow;
}

/** Leaves a run behind that stands after its first task, as a crash does. */
async function leave(storage: Storage, runId: string): Promise<void> {
  const workflow = flow(storage, [], (task) => {
    if (task === "b") throw new Error("the end");
  });
  await workflow.start({ runId });
  const key = "wf/_run";
  const before = await storage.get(key);
  const { taskId, workflowId } = before;
  const record = { ...before.storage, status: "In progress" };
  const next = { storage: record, taskId, workflowId, runId };
  await storage.post(key, new Context(next));
}

for (const { name, needs, open } of ALL) {
  const options = { needs };

  test(`named runs: each begins once, on ${name}`, options, async () => {
    const [storage] = await open();
    const ran: string[] = [];
    const workflow = flow(storage, ran);
    const first = await workflow.start({ runId: "X: 1" });
    assert.equal(first.runId, "X: 1");
    assert.equal(first.status, "Completed");
    const again = await workflow.start({ runId: "X: 1" });
    assert.equal(again.status, "Completed");
    assert.deepEqual(workflow.resultStorage(), ["a of X: 1", "b of X: 1"]);
    await workflow.start({ runId: "2" });
    await rejectsWith(workflow.start({ runId: "X: 1" }), "RUN_ENDED", /others/);
    const { runId } = await workflow.start();
    for (const used of ["X: 1", "2"]) {
      await rejectsWith(workflow.start({ runId: used }), "RUN_ENDED");
    }
    await workflow.start({ runId: "3" });
    assert.deepEqual(ran, [
      "a of X: 1",
      "b of X: 1",
      "a of 2",
      "b of 2",
      `a of ${runId}`,
      `b of ${runId}`,
      "a of 3",
      "b of 3",
    ]);
  });

  test(
    `named runs: one that was left goes on, on ${name}`,
    options,
    async () => {
      const [storage, other] = await open();
      await leave(storage, "left");
      const ran: string[] = [];
      const workflow = flow(other, ran);
      const error = await rejectsWith(
        workflow.start({ runId: "next" }),
        "RUN_UNFINISHED",
        /"left" is not finished; start that one first$/,
      );
      assert.equal((error as unknown as RunUnfinishedError).runId, "left");
      const run = await workflow.start({ runId: "left" });
      assert.equal(run.resumed, true);
      assert.deepEqual(ran, ["b of left"]);
      await workflow.start({ runId: "next" });
      await rejectsWith(workflow.start({ runId: "left" }), "RUN_ENDED");
      // Whoever names nothing begins anew, as ever.
      await leave(storage, "left too");
      assert.notEqual((await workflow.start()).runId, "left too");
    },
  );

  test(
    `named runs: a failed one goes on with resume only, on ${name}`,
    options,
    async () => {
      const [storage] = await open();
      const ran: string[] = [];
      let fails = true;
      const workflow = flow(storage, ran, (task) => {
        if (fails && task === "b") throw new Error("not yet");
      });
      assert.equal((await workflow.start({ runId: "1" })).status, "Failed");
      await rejectsWith(
        workflow.start({ runId: "1" }),
        "RUN_ENDED",
        /it has ended as Failed; set resume/,
      );
      fails = false;
      const run = await workflow.start({ runId: "1", resume: true });
      assert.equal(run.status, "Completed");
      assert.deepEqual(ran, ["a of 1", "b of 1", "b of 1"]);
      // A failed one is finished: another may follow.
      fails = true;
      await workflow.start({ runId: "2" });
      assert.equal((await workflow.start({ runId: "3" })).status, "Failed");
    },
  );

  test(
    `named runs: those that own only themselves go on at once, on ${name}`,
    options,
    async () => {
      const [storage, other] = await open();
      const ran: string[] = [];
      const both = moment();
      const during = async (task: string) => {
        if (task !== "a") return;
        if (ran.length === 3) both.resolve();
        await both.promise;
      };
      const starts = ["1", "2"].map((runId) =>
        flow(storage, ran, during).start({ runId, exclusive: false })
      );
      const owner = flow(other, ran, during).start({ runId: "owner" });
      const runs = await Promise.all([...starts, owner]);
      assert.deepEqual(runs.map((run) => run.status), [
        "Completed",
        "Completed",
        "Completed",
      ]);
      if (storage.persistent) {
        const again = await flow(other, ran)
          .start({ runId: "2", exclusive: false });
        assert.equal(again.resumed, true);
      }
      assert.equal(ran.length, 6);
      const workflow = flow(other);
      await workflow.clear();
      const keys = await other.listKeys!("");
      const wanted = storage.persistent ? ["wf/_run"] : keys;
      assert.deepEqual(keys, wanted);
      await workflow.start({ runId: "2", exclusive: false });
      await workflow.start({ runId: "owner" });
    },
  );
}

for (const { name, needs, open } of OWNED) {
  test(
    `named runs: many who start the same ones begin each once, on ${name}`,
    { needs },
    async () => {
      const storages = await open();
      const ran: string[] = [];
      const count = 12;
      for (let round = 0; round < 3; round++) {
        const exclusive = round < 2;
        await Promise.all(Array.from({ length: count }, async (_, at) => {
          const workflow = flow(storages[at % 2], ran);
          const runId = `${round}`;
          const run = await workflow.start({ runId, exclusive, wait: "1m" });
          assert.equal(run.status, "Completed");
        }));
        assert.deepEqual(ran.splice(0), [`a of ${round}`, `b of ${round}`]);
      }
      const ends = await Promise.allSettled(
        Array.from(
          { length: count },
          (_, at) =>
            flow(storages[at % 2], ran).start({ runId: `x${at}`, wait: "1m" }),
        ),
      );
      assert.equal(ran.length, 2 * count);
      assert.ok(ends.every(({ status }) => status === "fulfilled"));
    },
  );

  test(
    `named runs: a live owner is not passed by, on ${name}`,
    { needs },
    async () => {
      const [storage, other] = await open();
      const [begun, gate] = [moment(), moment()];
      const first = flow(storage, [], async () => {
        begun.resolve();
        await gate.promise;
      }).start({ runId: "1", exclusive: false });
      await begun.promise;
      await rejectsWith(
        flow(other).start({ runId: "1", exclusive: false }),
        "WORKFLOW_LOCKED",
      );
      await rejectsWith(flow(other).clear(), "WORKFLOW_LOCKED");
      gate.resolve();
      assert.equal((await first).status, "Completed");
    },
  );
}

test("named runs: in memory, one that goes on is not begun twice", async () => {
  for (const workflowId of ["wf", undefined]) {
    const [begun, gate] = [moment(), moment()];
    const workflow = new DotFlow({ workflowId });
    const ran: string[] = [];
    workflow.task.add(action("a", async () => {
      ran.push("a");
      begun.resolve();
      await gate.promise;
    }));
    const starts = [1, 2, 3].map(() => workflow.start({ runId: "1" }));
    for (const start of starts) start.catch(() => {});
    await begun.promise;
    const locked = rejectsWith(starts[2], "WORKFLOW_LOCKED", /this process/);
    await Promise.all([locked, rejectsWith(starts[1], "WORKFLOW_LOCKED")]);
    await rejectsWith(workflow.start({ runId: "2" }), "WORKFLOW_LOCKED");
    gate.resolve();
    await starts[0];
    await workflow.start({ runId: "1" });
    assert.deepEqual(ran, ["a"]);
    await workflow.start({ runId: "2" });
  }
});

test("named runs: a hundred names are remembered, and no more", async () => {
  const storage = new StorageText();
  const workflow = flow(storage);
  for (let at = 0; at < 101; at++) await workflow.start({ runId: `${at}` });
  await rejectsWith(workflow.start({ runId: "1" }), "RUN_ENDED");
  await workflow.start({ runId: "0" });
  const { named } = (await storage.get("wf/_run")).storage;
  assert.equal(named.length, 100);
});

test("named runs: one that has changed is let go by reset only", async () => {
  const storage = new StorageText();
  await leave(storage, "left");
  const changed = () => {
    const workflow = flowOn(storage, "wf", { log: [] });
    workflow.task.add(action("other", () => 1));
    return workflow;
  };
  await rejectsWith(changed().start({ runId: "left" }), "WORKFLOW_CHANGED");
  await rejectsWith(changed().start({ runId: "new" }), "RUN_UNFINISHED");
  const onWorkflowChange = "reset";
  await rejectsWith(
    changed().start({ runId: "left", onWorkflowChange }),
    "RUN_ENDED",
    /cannot begin anew under its name/,
  );
  const run = await changed().start({ runId: "new", onWorkflowChange });
  assert.equal(run.status, "Completed");
  await leave(storage, "input");
  await rejectsWith(
    flow(storage).start({ runId: "new 2", input: 1 }),
    "RUN_UNFINISHED",
  );
  await flow(storage)
    .start({ runId: "new 2", input: 1, onInputChange: "reset" });
});

test("named runs: bad names are refused", async () => {
  const workflow = new DotFlow({ config: new Config({ log: [] }) });
  for (
    const [options, message] of [
      [{ runId: "" }, /"" as runId: give a text that is not empty/],
      [{ runId: 1 }, /1 as runId/],
      [{ exclusive: "no" }, /"no" as exclusive/],
      [{ exclusive: false }, /false as exclusive: give a runId too/],
    ] as const
  ) {
    await throwsWith(
      // deno-lint-ignore no-explicit-any
      () => workflow.start(options as any),
      "INVALID_OPTION",
      message,
    );
  }
});

test("named runs: a record that knows of no names still reads", async () => {
  const storage = new StorageText();
  const { runId } = await flow(storage).start();
  assert.equal((await storage.get("wf/_run")).storage.named, undefined);
  assert.equal((await flow(storage).start({ runId })).resumed, true);
  assert.equal((await flow(storage).start({ runId: "1" })).resumed, false);
  await rejectsWith(
    flow(storage).start({ runId: "1", input: 1 }),
    "INPUT_CHANGED",
  );
});

test("named runs: one goes on once in a process, whichever object starts it", async () => {
  const storage = new StorageDefault();
  let [now, most] = [0, 0];
  const starts = ["one", "two"].map(() => {
    const config = new Config({ storage, log: [] });
    const workflow = new DotFlow({ workflowId: "wf", config });
    workflow.task.add(action("work", async () => {
      most = Math.max(most, ++now);
      await sleep(20);
      now--;
    }));
    return workflow.start({ runId: "1" });
  });
  const [one, two] = await Promise.allSettled(starts);
  assert.equal(one.status, "fulfilled");
  assert.equal((two as PromiseRejectedResult).reason.code, "WORKFLOW_LOCKED");
  assert.equal(most, 1);
});
