/**
 * Schedules whose hosts, clocks and storages do not do as they should.
 *
 * @module
 */

import { action, Context } from "@dotflow/dotflow";
import { SchedulerTrigger } from "@dotflow/dotflow/providers/scheduler-trigger";
import assert from "node:assert/strict";
import { test } from "./harness.ts";
import {
  claimsOf,
  every,
  host,
  pause,
  START,
  StorageMortal,
} from "./schedules.ts";
import { StorageCounting, StorageText } from "./storages.ts";
import { settle, VirtualClock } from "./virtual_clock.ts";

/** Cannot be reached now and then. */
class StorageOut extends StorageText {
  override readonly swapsAtomically = true;
  isOut = false;

  override async atomicSwap(...args: Parameters<StorageText["atomicSwap"]>) {
    if (this.isOut) throw new Error("the wire was cut");
    return await super.atomicSwap(...args);
  }

  override async get(key: string) {
    if (this.isOut) throw new Error("the wire was cut");
    return await super.get(key);
  }
}

/** Stops its host at the first claim, before it is written or after. */
class StorageFreezing extends StorageText {
  override readonly swapsAtomically = true;
  isFrozen = false;
  wake!: () => void;
  readonly #woken = new Promise<void>((resolve) => this.wake = resolve);

  constructor(readonly place: "before" | "after") {
    super();
  }

  override async atomicSwap(...args: Parameters<StorageText["atomicSwap"]>) {
    const isFirst = !this.isFrozen && args[0].includes("_tick");
    if (isFirst) this.isFrozen = true;
    if (isFirst && this.place === "before") await this.#woken;
    const done = await super.atomicSwap(...args);
    if (isFirst && this.place === "after") await this.#woken;
    return done;
  }
}

const doubled = (ran: string[]) =>
  ran.filter((slot, at) => ran.indexOf(slot) !== at);

/** Goes on for a time. */
async function goOn(clock: VirtualClock, ms: number): Promise<void> {
  await settle();
  const endMs = performance.now() + ms;
  while (performance.now() < endMs && await clock.step());
  await settle();
}

test("schedules: a run that loses its lease goes on, and is not dropped", async () => {
  const clock = new VirtualClock(Date.parse(START));
  const storage = new StorageOut();
  const stopAt = "2026-11-28T08:30:00Z";
  const one = host(every(3_600, { stopAt }), {
    storage,
    during: async () => {
      if (one.ran.length > 1) return await pause(120_000);
      setTimeout(() => storage.isOut = true, 1_000);
      setTimeout(() => storage.isOut = false, 45_000);
      await pause(600_000);
    },
  });
  const schedule = one.workflow.schedule();
  while (one.ran.length < 2) await clock.step();
  assert.ok(clock.now < Date.parse("2026-11-28T07:02:00Z"), "soon");
  assert.deepEqual(await claimsOf(storage), ["claimed"]);
  await clock.until(schedule);
  assert.deepEqual(one.ran, ["07:00:00Z", "07:00:00Z", "08:00:00Z"]);
  assert.deepEqual(await claimsOf(storage), ["ended", "ended"]);
  assert.deepEqual(one.log.lines.filter((line) => /dropped/.test(line)), []);
});

test("schedules: a host that wakes does not drop the tick that another one runs", async () => {
  const clock = new VirtualClock(Date.parse(START));
  const storage = new StorageFreezing("after");
  const options = { stopAt: "2026-11-28T07:30:00Z" };
  const one = host(every(3_600, options), { storage, owner: "one" });
  const schedules = [one.workflow.schedule()];
  while (!storage.isFrozen) await clock.step();
  const other = new StorageText(storage.texts);
  const two = host(every(3_600, options), {
    storage: other,
    owner: "two",
    during: () => pause(600_000),
  });
  schedules.push(two.workflow.schedule());
  while (two.ran.length === 0) await clock.step();
  storage.wake();
  await goOn(clock, 60_000);
  assert.deepEqual(await claimsOf(other), ["claimed"]);
  await clock.until(Promise.all(schedules));
  assert.deepEqual(await claimsOf(other), ["ended"]);
  assert.deepEqual([...one.ran, ...two.ran], ["07:00:00Z"]);
  assert.deepEqual(one.log.lines.filter((line) => /dropped/.test(line)), []);
});

test("schedules: a host that wakes does not run a tick again, though its name is forgotten", async () => {
  const clock = new VirtualClock(Date.parse(START));
  const storage = new StorageFreezing("after");
  const one = host(every(1), { storage, owner: "one" });
  one.workflow.schedule();
  while (!storage.isFrozen) await clock.step();
  const other = new StorageText(storage.texts);
  const stopAt = "2026-11-28T06:36:00Z";
  const two = host(every(1, { stopAt }), { storage: other, owner: "two" });
  await clock.until(two.workflow.schedule());
  assert.ok(two.ran.length > 200, `${two.ran.length}`);
  storage.wake();
  await goOn(clock, 60_000);
  assert.ok(one.ran.length > 0);
  assert.deepEqual(doubled([...one.ran, ...two.ran]), []);
});

test("schedules: a claim that comes hours late is not run", async () => {
  const clock = new VirtualClock(Date.parse(START));
  const storage = new StorageFreezing("before");
  const options = { overlap: "parallel", catchUp: true } as const;
  const other = new StorageText(storage.texts);
  const one = host(every(60, options), { storage, owner: "one" });
  one.workflow.schedule();
  while (!storage.isFrozen) await clock.step();
  const two = host(every(60, options), { storage: other, owner: "two" });
  two.workflow.schedule();
  // It was missed by a moment.
  const trigger = new SchedulerTrigger({ overlap: "parallel" });
  const scheduledTime = "2026-11-28T06:32:00Z";
  await clock.until(trigger.fire(two.workflow, { scheduledTime }));
  while (clock.now < Date.parse("2026-11-28T10:00:00Z")) await clock.step();
  assert.ok(!storage.listKeysNow().some((key) => key.includes("06_3a32")));
  storage.wake();
  await goOn(clock, 60_000);
  assert.deepEqual(doubled([...one.ran, ...two.ran]), []);
  assert.ok(one.log.lines.some((line) => /missed: .*06:32:00Z/.test(line)));
});

test("schedules: what cannot go on after a change is told once and let go", async () => {
  const clock = new VirtualClock(Date.parse(START));
  const storage = new StorageMortal();
  storage.diesOf = (key) => key.endsWith("work");
  const one = host(every(60), { storage, owner: "one" });
  one.workflow.schedule();
  while (!storage.isDead) await clock.step();
  const other = new StorageText(storage.texts);
  const stopAt = "2026-11-28T06:35:30Z";
  const two = host(every(60, { stopAt }), { storage: other, owner: "two" });
  const ran: string[] = [];
  two.workflow.task.clear();
  two.workflow.task.add(action("renamed", ({ runId }) => {
    ran.push(runId.slice(11));
  }));
  await clock.until(two.workflow.schedule());
  assert.deepEqual(one.ran, ["06:32:00Z"]);
  assert.deepEqual(ran, ["06:33:00Z", "06:34:00Z", "06:35:00Z"]);
  const told = two.log.lines.filter((line) => !/^INFO/.test(line));
  assert.equal(told.length, 1, told.join("\n"));
  assert.match(told[0], /ERROR .*tick: 2026-11-28T06:32:00Z .*"work" was/);
  assert.ok((await claimsOf(other)).every((stage) => stage === "ended"));
});

test("schedules: a clock that was a year ahead does not silence them", async () => {
  const clock = new VirtualClock(Date.parse("2027-11-28T06:31:00.500Z"));
  const { workflow, ran, log } = host(every(60, { maxRuns: 3 }), {
    during: (runId) => {
      if (runId.startsWith("2027")) clock.set(Date.parse(START));
    },
  });
  const schedule = workflow.schedule();
  await goOn(clock, 600_000);
  assert.deepEqual(ran, ["06:32:00Z", "06:32:00Z", "06:33:00Z"]);
  assert.equal(log.lines.length, 1);
  assert.match(log.lines[0], /^WARNING The clock was set back far/);
  await schedule;
});

test("schedules: a clock that is set back is told, once", async () => {
  const clock = new VirtualClock(Date.parse(START));
  const { workflow, ran, log } = host(every(60, { maxRuns: 2 }), {
    during: () => {
      if (ran.length === 1) clock.set(clock.now - 3_600_000);
    },
  });
  const startMs = performance.now();
  await clock.until(workflow.schedule());
  assert.deepEqual(ran, ["06:32:00Z", "06:33:00Z"]);
  assert.ok(performance.now() - startMs > 3_600_000);
  assert.equal(log.lines.length, 1);
  assert.match(log.lines[0], /^WARNING The clock was set back: the schedule/);
});

test("schedules: a standby does not wait for a clock that is set back", async () => {
  const clock = new VirtualClock(Date.parse(START));
  const storage = new StorageMortal();
  const other = new StorageText(storage.texts);
  storage.diesOf = (key) => key.includes("_tick");
  const one = host(every(3_600), { storage, owner: "one" });
  one.workflow.schedule();
  while (!storage.isDead) await clock.step();
  const two = host(every(3_600), { storage: other, owner: "two" });
  two.workflow.schedule();
  await settle();
  clock.set(clock.now - 7_200_000);
  const startMs = performance.now();
  while (two.ran.length === 0) await clock.step();
  assert.ok(performance.now() - startMs < 120_000);
  assert.deepEqual(two.ran, ["07:00:00Z"]);
});

test("schedules: a tick that could not be claimed is run once it can", async () => {
  const clock = new VirtualClock(Date.parse(START));
  const storage = new StorageOut();
  const stopAt = "2026-11-28T08:30:00Z";
  const one = host(every(3_600, { stopAt }), { storage });
  const schedule = one.workflow.schedule();
  await settle();
  storage.isOut = true;
  while (clock.now < Date.parse("2026-11-28T07:05:00Z")) await clock.step();
  assert.deepEqual(one.ran, []);
  storage.isOut = false;
  while (clock.now < Date.parse("2026-11-28T07:06:00Z")) await clock.step();
  assert.deepEqual(one.ran, ["07:00:00Z"]);
  await clock.until(schedule);
  assert.deepEqual(one.ran, ["07:00:00Z", "08:00:00Z"]);
  assert.deepEqual(await claimsOf(storage), ["ended", "ended"]);
});

test("schedules: a tick that was dropped is not missed after a restart", async () => {
  const clock = new VirtualClock(Date.parse(START));
  const storage = new StorageText();
  const before = host(every(60, { stopAt: "2026-11-28T06:33:30Z" }), {
    storage,
    during: () => pause(70_000),
  });
  await clock.until(before.workflow.schedule());
  assert.deepEqual(before.ran, ["06:32:00Z"]);
  const options = { catchUp: true, stopAt: "2026-11-28T06:34:30Z" };
  const after = host(every(60, options), { storage });
  await clock.until(after.workflow.schedule());
  assert.deepEqual(after.ran, ["06:34:00Z"]);
  assert.deepEqual(after.log.lines, []);
});

test("schedules: old claims are removed behind those that have not ended", async () => {
  const clock = new VirtualClock(Date.parse(START));
  const storage = new StorageText();
  const options = { overlap: "parallel", maxRuns: 200 } as const;
  await clock.until(host(every(1, options), { storage }).workflow.schedule());
  const old = await storage.listKeys("wf/_tick/");
  assert.equal(old.length, 200);
  for (const key of old.slice(0, 100)) {
    const claim = await storage.get(key);
    const unended = { ...claim.storage, stage: "claimed" };
    const { taskId, workflowId, runId } = claim;
    const ids = { taskId, workflowId, runId };
    const next = new Context({ storage: unended, ...ids });
    assert.ok(await storage.atomicSwap(key, claim, next));
  }
  clock.sleepUntil(Date.parse("2026-11-29T06:31:00Z"));
  // The runs of then are removed, though those of today own the workflow.
  const after = host(every(3_600, { maxRuns: 60 }), { storage });
  await clock.until(after.workflow.schedule());
  const left = await storage.listKeys("wf/_tick/");
  assert.deepEqual(left.filter((key) => old.includes(key)), old.slice(0, 100));
  const runs = storage.listKeysNow().filter((key) => /5a\/_run$/.test(key));
  assert.equal(runs.length, 100, "of those that have not ended");
});

test("triggers: old ticks are looked for once in a while", async () => {
  let lists = 0;
  class StorageListed extends StorageText {
    override listKeys(prefix: string) {
      if (prefix.endsWith("_tick/")) lists++;
      return super.listKeys(prefix);
    }
  }
  const storage = new StorageListed();
  const trigger = new SchedulerTrigger();
  const { workflow } = host(every(1), { storage });
  for (let minute = 0; minute < 160; minute++) {
    const scheduledTime = Date.parse(START) + minute * 60_000;
    assert.ok(await trigger.fire(workflow, { scheduledTime }));
  }
  assert.ok(lists > 0 && lists < 40, `${lists}`);
});

test("schedules: in a queue, those that stand by do not poll all the time", async () => {
  const clock = new VirtualClock(Date.parse(START));
  const storage = new StorageCounting();
  const hosts = Array.from(
    { length: 6 },
    (_, at) =>
      host(every(60, { overlap: "queue" }), {
        storage,
        owner: `${at}`,
        during: () => pause(7_200_000),
      }),
  );
  for (const { workflow } of hosts) workflow.schedule();
  await goOn(clock, 1_800_000);
  storage.take();
  await goOn(clock, 600_000);
  const { get } = storage.take();
  assert.ok(get < 4_000, `${get}`);
});
