import {
  action,
  Config,
  type ConfigOptions,
  Context,
  DotFlow,
  Log,
  type LogFields,
  type Run,
  type Storage,
  StorageDefault,
  type TaskPlace,
  type WorkflowLockedError,
} from "@dotflow/dotflow";
import assert from "node:assert/strict";
import { flowOn, moment, rejectsWith, sleep } from "./flow.ts";
import { test } from "./harness.ts";
import { StorageBare, StorageText } from "./storages.ts";

/** A lease that a slow machine keeps, and a test can wait for. */
const LEASE_MS = 900;

const OPTIONS: ConfigOptions = { lease: LEASE_MS, owner: "somebody" };

/** The record as it stands. */
// deno-lint-ignore no-explicit-any
async function recordOf(storage: Storage): Promise<any> {
  return (await storage.get("wf/_run")).storage;
}

/** Lets an owner that nobody here knows hold the workflow, as after a crash. */
async function leaveOwner(storage: Storage, leaseMs = LEASE_MS): Promise<void> {
  await flowOn(storage).start();
  const context = await storage.get("wf/_run");
  const record = await recordOf(storage);
  const owner = { id: "other", name: "another", since: 0, leaseMs };
  await storage.post("wf/_run", contextOf(context, { ...record, owner }));
}

/** A record in place of another. */
function contextOf(context: Context, record: unknown): Context {
  const { taskId, workflowId, runId } = context;
  return new Context({ storage: record, taskId, workflowId, runId });
}

/** A run that goes on until it is told to end. */
async function ownerOn(storage: Storage) {
  const begun = moment();
  const gate = moment();
  const workflow = flowOn(storage, "wf", OPTIONS);
  let epoch = -1;
  let signal!: AbortSignal;
  workflow.task.add(action("a", async (step) => {
    ({ epoch, signal } = step);
    begun.resolve();
    await gate.promise;
    return "from the owner";
  }));
  const ended = workflow.start({ resume: true });
  ended.catch(() => {});
  await begun.promise;
  return { workflow, ended, gate, epoch, signal };
}

function other(storage: Storage, ran: string[] = []): DotFlow {
  const workflow = flowOn(storage, "wf", OPTIONS);
  workflow.task.add(action("a", ({ epoch }) => {
    ran.push(`a in ${epoch}`);
    return "from the other";
  }));
  return workflow;
}

/** Holds back what is asked of it, when it is told to. */
class StorageSlow extends StorageText {
  /** What a swap of the record waits for. */
  gate: PromiseLike<void> | undefined;

  override async atomicSwap(
    key: string,
    expected: Context | null,
    next: Context,
  ): Promise<boolean> {
    if (key.endsWith("_run")) await this.gate;
    return await super.atomicSwap(key, expected, next);
  }
}

test("ownership: a live owner is seen by its renewals, and named", async () => {
  const storage = new StorageText();
  const { ended, gate } = await ownerOn(storage);
  const ran: string[] = [];
  const before = Date.now();
  const error = await rejectsWith(
    other(storage, ran).start({ resume: true }),
    "WORKFLOW_LOCKED",
  );
  assert.match(error.message, /^Cannot start workflow "wf": somebody has /);
  assert.equal((error as WorkflowLockedError).owner, "somebody");
  const since = (error as WorkflowLockedError).since!.getTime();
  assert.ok(Math.abs(before - since) < 5_000, "since when");
  gate.resolve();
  assert.equal((await ended).status, "Completed");
  assert.deepEqual(ran, []);
  const record = await recordOf(storage);
  assert.equal(record.owner, null);
  assert.ok(record.renewals >= 1, `${record.renewals} renewals`);
});

test("ownership: wait 0 does not wait, and a deadline is kept", async () => {
  const storage = new StorageText();
  const { ended, gate } = await ownerOn(storage);
  const begin = performance.now();
  await rejectsWith(
    other(storage).start({ wait: 0 }),
    "WORKFLOW_LOCKED",
  );
  const atOnce = performance.now() - begin;
  assert.ok(atOnce < LEASE_MS / 4, `${atOnce} ms`);
  await rejectsWith(
    other(storage).start({ wait: 2 * LEASE_MS }),
    "WORKFLOW_LOCKED",
  );
  const waited = performance.now() - begin;
  assert.ok(waited > 1.9 * LEASE_MS, `${waited} ms`);
  gate.resolve();
  await ended;
});

test("ownership: who waits is served when the owner has ended", async () => {
  const storage = new StorageText();
  const { ended, gate } = await ownerOn(storage);
  const ran: string[] = [];
  const waiting = other(storage, ran).start({ resume: true, wait: "1m" });
  await sleep(LEASE_MS);
  gate.resolve();
  assert.equal((await ended).status, "Completed");
  const run = await waiting;
  assert.deepEqual(ran, [], "the owner had finished everything");
  assert.equal(run.tasks[0].currentContext.storage, "from the owner");
});

test("ownership: a dead owner is waited for one lease, then replaced", async () => {
  const storage = new StorageText();
  await leaveOwner(storage);
  const ran: string[] = [];
  const begin = performance.now();
  await other(storage, ran).start();
  const waited = performance.now() - begin;
  assert.ok(waited >= LEASE_MS, `${waited} ms`);
  assert.ok(waited < 3 * LEASE_MS, `${waited} ms`);
  assert.deepEqual(ran, ["a in 2"]);
});

test("ownership: the log tells for whom a start waits", async () => {
  const storage = new StorageText();
  await leaveOwner(storage);
  const lines: unknown[] = [];
  class LogNotices extends Log {
    debug(): void {}
    info(message: string, fields?: LogFields): void {
      if (message.startsWith("Waiting")) lines.push(fields);
      throw new Error("a log that fails changes nothing");
    }
    warning(): void {}
    error(): void {}
  }
  const log = new LogNotices();
  const workflow = flowOn(storage, "wf", { ...OPTIONS, log });
  workflow.task.add(action("a", () => {}));
  assert.equal((await workflow.start()).status, "Completed");
  const since = new Date(0).toISOString();
  const leaseMs = LEASE_MS;
  assert.deepEqual(lines, [
    { workflowId: "wf", owner: "another", since, leaseMs },
  ]);
});

test("ownership: the lease of the record counts, not one's own", async () => {
  const storage = new StorageText();
  await leaveOwner(storage, 60_000);
  await rejectsWith(
    other(storage).start({ wait: 2 * LEASE_MS }),
    "WORKFLOW_LOCKED",
  );
});

test("ownership: an owner whose process is gone is not waited for", async () => {
  const storage = new class extends StorageText {
    asked: string[] = [];
    override holder(): string {
      return "process 1";
    }
    override isGone(holder: string): boolean {
      this.asked.push(holder);
      return true;
    }
  }();
  await flowOn(storage).start();
  const context = await storage.get("wf/_run");
  const record = await recordOf(storage);
  const owner = {
    id: "other",
    name: "another",
    since: 0,
    leaseMs: 60_000,
    process: "process 2",
  };
  await storage.post("wf/_run", contextOf(context, { ...record, owner }));
  const ran: string[] = [];
  await other(storage, ran).start({ wait: 0 });
  assert.deepEqual(ran, ["a in 2"]);
  assert.deepEqual(storage.asked, ["process 2"]);
});

test("ownership: an owner of this process that failed is not waited for", async () => {
  const storage = new StorageSlow();
  const { ended, gate } = await ownerOn(storage);
  storage.gate = Promise.reject(new Error("the wire was cut"));
  storage.gate.then(undefined, () => {});
  gate.resolve();
  await rejectsWith(ended, "STORAGE");
  assert.notEqual((await recordOf(storage)).owner, null, "no last word");
  storage.gate = undefined;
  const ran: string[] = [];
  const run = await other(storage, ran).start({ resume: true, wait: 0 });
  assert.equal(run.status, "Completed");
  assert.deepEqual(ran, []);
});

test("ownership: each owner has a higher epoch, also over clear", async () => {
  const storage = new StorageText();
  const ran: string[] = [];
  await other(storage, ran).start();
  await other(storage, ran).start();
  await other(storage, ran).clear();
  assert.equal((await recordOf(storage)).epoch, 3);
  await other(storage, ran).start({ resume: true });
  assert.deepEqual(ran, ["a in 1", "a in 2", "a in 4"]);
});

test("ownership: clear does not pull the rug from under an owner", async () => {
  const storage = new StorageText();
  const { ended, gate } = await ownerOn(storage);
  await rejectsWith(
    other(storage).clear(),
    "WORKFLOW_LOCKED",
  );
  gate.resolve();
  assert.equal((await ended).status, "Completed");
});

test("ownership: an owner that lost it stops, and starts no further task", async () => {
  const storage = new StorageText();
  const started: string[] = [];
  const begun = moment();
  const gate = moment();
  let signal!: AbortSignal;
  const workflow = flowOn(storage, "wf", OPTIONS);
  workflow.task
    .add(action("a", async (step) => {
      signal = step.signal;
      begun.resolve();
      await gate.promise;
      return "late";
    }))
    .add(action("b", () => void started.push("b")));
  const ended = workflow.start();
  ended.catch(() => {});
  await begun.promise;
  // As a takeover leaves it.
  const context = await storage.get("wf/_run");
  const record = await recordOf(storage);
  const owner = { ...record.owner, id: "other", name: "another" };
  const taken = { ...record, owner, epoch: record.epoch + 1, nonce: "n" };
  await storage.post("wf/_run", contextOf(context, taken));
  const error = await rejectsWith(
    ended,
    "WORKFLOW_LOCKED",
  );
  assert.match(error.message, /another has taken it over/);
  assert.equal(signal.aborted, true);
  assert.equal(signal.reason, error);
  gate.resolve();
  await sleep(20);
  assert.deepEqual(started, []);
  assert.deepEqual(await recordOf(storage), taken, "nothing is overwritten");
  assert.equal(workflow.result().status, "Failed");
});

test("ownership: an owner without answers stops before its lease ends", async () => {
  const storage = new StorageSlow();
  const { ended, signal, gate } = await ownerOn(storage);
  storage.gate = new Promise(() => {});
  const begin = performance.now();
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
  const lasted = performance.now() - begin;
  assert.ok(lasted < LEASE_MS * 0.98, `${lasted} ms`);
  storage.gate = undefined;
  const error = await rejectsWith(
    ended,
    "WORKFLOW_LOCKED",
  );
  assert.match(error.message, /did not renew its lease of 900 ms in time/);
  gate.resolve();
});

test("ownership: an owner that overslept asks before the next task", async () => {
  const storage = new StorageText();
  const epochs: number[] = [];
  const workflow = flowOn(storage, "wf", { lease: 200 });
  const busy = action("busy", ({ epoch }) => {
    epochs.push(epoch);
    const end = performance.now() + 250;
    while (performance.now() < end);
  });
  workflow.task.add(busy).add(busy, { name: "again" });
  // Nobody was there to take over: work that blocks the clock is no crash.
  const run = await workflow.start();
  assert.equal(run.status, "Completed");
  assert.deepEqual(epochs, [1, 1]);
  assert.ok((await recordOf(storage)).renewals >= 1);
});

test("ownership: who was overtaken asleep starts no further task", async () => {
  const storage = new StorageText();
  const started: string[] = [];
  const workflow = flowOn(storage, "wf", { lease: 200 });
  workflow.task
    .add(action("a", () => {
      const record = Context.fromText(storage.texts.get("wf/_run")!, "wf");
      const taken = { ...record.storage, owner: null, nonce: "n" };
      const end = performance.now() + 250;
      while (performance.now() < end);
      storage.texts.set("wf/_run", contextOf(record, taken).toText());
    }))
    .add(action("b", () => void started.push("b")));
  await rejectsWith(workflow.start(), "WORKFLOW_LOCKED");
  assert.deepEqual(started, []);
});

test("ownership: a renewal whose answer is lost is made again", async () => {
  const storage = new class extends StorageText {
    cuts = 3;
    override async atomicSwap(
      key: string,
      expected: Context | null,
      next: Context,
    ): Promise<boolean> {
      const swapped = await super.atomicSwap(key, expected, next);
      if (next.storage?.renewals > 0 && this.cuts-- > 0) {
        throw new Error("the wire was cut");
      }
      return swapped;
    }
  }();
  const { ended, gate } = await ownerOn(storage);
  await sleep(1.5 * LEASE_MS);
  gate.resolve();
  assert.equal((await ended).status, "Completed");
  assert.ok(storage.cuts < 0, "all cuts were made");
});

test("ownership: a run that is cancelled gives its workflow back", async () => {
  const storage = new StorageText();
  const workflow = flowOn(storage, "wf", OPTIONS);
  const begun = moment();
  workflow.task.add(action("a", () => {
    begun.resolve();
    return new Promise(() => {});
  }));
  const run = await workflow.start({ mode: "background" });
  await begun.promise;
  run.cancel("enough");
  await run.finished;
  const record = await recordOf(storage);
  assert.equal(record.owner, null);
  assert.equal(record.status, "Cancelled");
  assert.equal((await other(storage).start({ wait: 0 })).status, "Completed");
});

test("ownership: a run that fails to read its results gives it back", async () => {
  const storage = new StorageText();
  await other(storage).start();
  const [key] = storage.listKeysNow().filter((key) => key.endsWith("/a"));
  storage.texts.set(key, "damaged");
  const record = await recordOf(storage);
  const context = await storage.get("wf/_run");
  const failed = { ...record, status: "Failed" };
  await storage.post("wf/_run", contextOf(context, failed));
  await rejectsWith(
    other(storage).start({ resume: true }),
    "CORRUPT_CHECKPOINT",
  );
  assert.equal((await recordOf(storage)).owner, null);
});

test("ownership: who is cancelled while it waits does not wait", async () => {
  const storage = new StorageText();
  const { ended, gate } = await ownerOn(storage);
  const controller = new AbortController();
  const { signal } = controller;
  const waiting = other(storage).start({ wait: "1h", signal });
  waiting.catch(() => {});
  await sleep(50);
  const begin = performance.now();
  controller.abort("enough");
  const error = await rejectsWith(waiting, "WORKFLOW_CANCELLED");
  assert.equal(error.cause, "enough");
  assert.ok(performance.now() - begin < 1_000);
  const late = other(storage).start({ wait: "1h", timeout: 50 });
  await rejectsWith(late, "WORKFLOW_TIMEOUT");
  gate.resolve();
  assert.equal((await ended).status, "Completed");
});

test("ownership: a run that is opened too late is given back", async () => {
  const storage = new StorageSlow();
  const slow = moment();
  storage.gate = slow.promise;
  const workflow = flowOn(storage, "wf", { ...OPTIONS, drainTimeout: 20 });
  workflow.task.add(action("a", () => {}));
  const late = workflow.start({ timeout: 20 });
  await rejectsWith(late, "WORKFLOW_TIMEOUT");
  slow.resolve();
  storage.gate = undefined;
  while ((await recordOf(storage))?.owner !== null) await sleep(5);
  assert.equal((await recordOf(storage)).epoch, 1, "it had been claimed");
});

test("ownership: a finished run is read without being owned", async () => {
  const storage = new StorageText();
  await other(storage).start();
  const before = storage.texts.get("wf/_run");
  const ran: string[] = [];
  await other(storage, ran).start({ resume: true });
  assert.equal(storage.texts.get("wf/_run"), before);
  assert.deepEqual(ran, []);
});

test("ownership: a finished run that is cancelled changes nothing", async () => {
  const storage = new StorageText();
  await other(storage).start();
  const before = storage.texts.get("wf/_run");
  const signal = AbortSignal.abort();
  const run = await other(storage).start({ resume: true, signal });
  assert.equal(run.status, "Cancelled");
  assert.equal(storage.texts.get("wf/_run"), before);
});

test("ownership: a claim whose answer is lost holds up nobody here", async () => {
  const storage = new class extends StorageText {
    cuts = 1;
    override async atomicSwap(
      key: string,
      expected: Context | null,
      next: Context,
    ): Promise<boolean> {
      const swapped = await super.atomicSwap(key, expected, next);
      if (this.cuts-- > 0) throw new Error("the wire was cut");
      return swapped;
    }
  }();
  await rejectsWith(other(storage).start(), "STORAGE");
  assert.notEqual((await recordOf(storage)).owner, null, "it was claimed");
  const run = await other(storage).start({ resume: true, wait: 0 });
  assert.equal(run.status, "Completed");
});

test("ownership: who was overtaken replaces nothing under keys of one's own", async () => {
  const storage = new class extends StorageText {
    override key({ taskId }: TaskPlace): string {
      return `mine/${taskId}`;
    }
  }();
  const begun = moment();
  const gate = moment();
  const late = flowOn(storage, "wf", { lease: 200 });
  late.task.add(action("a", async () => {
    begun.resolve();
    await gate.promise;
    // Asleep until long after the lease, and awake in the middle of the step.
    const end = performance.now() + 250;
    while (performance.now() < end);
    return "late";
  }));
  const ended = late.start();
  ended.catch(() => {});
  await begun.promise;
  const record = await storage.get("wf/_run");
  const taken = { ...await recordOf(storage), owner: null, runId: "newer" };
  await storage.post("wf/_run", contextOf(record, taken));
  const newer = { storage: "newer", taskId: "a", workflowId: "wf" };
  await storage.post("mine/a", new Context({ ...newer, runId: "newer" }));
  gate.resolve();
  await rejectsWith(ended, "WORKFLOW_LOCKED");
  assert.equal((await storage.get("mine/a")).storage, "newer");
});

test("ownership: the time to wait for another counts as time of the run", async () => {
  const storage = new StorageText();
  const { ended, gate } = await ownerOn(storage);
  const begin = performance.now();
  const workflow = flowOn(storage, "wf", OPTIONS);
  workflow.task.add(action("b", () => new Promise(() => {})));
  const options = { wait: "1m", timeout: 2 * LEASE_MS };
  const waiting = workflow.start({ ...options, onWorkflowChange: "reset" });
  await sleep(LEASE_MS);
  gate.resolve();
  await ended;
  const run = await waiting;
  assert.equal(run.status, "Failed");
  const took = performance.now() - begin;
  assert.ok(took < 2.5 * LEASE_MS, `${took} ms`);
});

test("ownership: a run that is opened over its time starts nothing", async () => {
  const storage = new StorageSlow();
  const slow = moment();
  storage.gate = slow.promise;
  const ran: string[] = [];
  const late = other(storage, ran).start({ timeout: 30 });
  await sleep(60);
  slow.resolve();
  assert.equal((await late).status, "Failed");
  assert.deepEqual(ran, []);
});

test("ownership: a race that is lost for ever ends with the time", async () => {
  const storage = new class extends StorageText {
    swaps = 0;
    override atomicSwap(): Promise<boolean> {
      this.swaps++;
      return Promise.resolve(false);
    }
  }();
  const late = other(storage).start({ timeout: 100 });
  await rejectsWith(late, "WORKFLOW_TIMEOUT");
  const { swaps } = storage;
  await sleep(100);
  assert.equal(storage.swaps, swaps);
});

test("ownership: of many that start at once, one at a time runs", async () => {
  const storage = new StorageText();
  const epochs: number[] = [];
  let now = 0;
  const start = () => {
    const workflow = flowOn(storage, "wf", OPTIONS);
    workflow.task.add(action("a", async ({ epoch }) => {
      assert.equal(++now, 1, "runs at once");
      epochs.push(epoch);
      await sleep(1);
      now--;
    }));
    return workflow.start({ wait: "1m" });
  };
  const runs: Run[] = await Promise.all(Array.from({ length: 12 }, start));
  assert.deepEqual(epochs, Array.from({ length: 12 }, (_, n) => n + 1));
  assert.ok(runs.every(({ status }) => status === "Completed"));
});

test("ownership: storages that cannot keep it have none", async () => {
  const storages: [Storage, ConfigOptions][] = [
    [new StorageBare(), {}],
    [new StorageDefault(), {}],
    [new StorageText(), { ownership: false }],
  ];
  for (const [storage, options] of storages) {
    const gate = moment();
    const epochs: number[] = [];
    const begun = [moment(), moment()];
    const start = (n: number) => {
      const workflow = flowOn(storage, "wf", options);
      workflow.task.add(action("a", async ({ epoch }) => {
        epochs.push(epoch);
        begun[n].resolve();
        await gate.promise;
      }));
      return workflow.start();
    };
    const both = [start(0), start(1)];
    await Promise.all(begun.map(({ promise }) => promise));
    gate.resolve();
    await Promise.all(both);
    assert.deepEqual(epochs, [0, 0]);
    assert.equal((await recordOf(storage)).owner, null);
  }
});

test("ownership: Config and start refuse what they cannot use", async () => {
  for (
    const options of [
      { lease: 99 },
      { lease: "soon" },
      { lease: 0 },
      { lease: Infinity },
      { ownership: "no" },
      { owner: "" },
    ]
  ) {
    const [name] = Object.keys(options);
    assert.throws(
      () => new Config(options as ConfigOptions),
      { code: "INVALID_OPTION", message: new RegExp(name) },
    );
  }
  const { lease, ownership } = { lease: "30s", ownership: true };
  assert.deepEqual(new Config(), new Config({ lease, ownership }));
  for (const wait of [-1, "soon", Infinity, null]) {
    await rejectsWith(
      // deno-lint-ignore no-explicit-any
      new DotFlow().start({ wait: wait as any }),
      "INVALID_OPTION",
    );
  }
});
