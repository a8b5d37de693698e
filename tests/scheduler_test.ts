/**
 * Schedules, on a clock of our own: what becomes of each tick, on one host and
 * on several.
 *
 * @module
 */

import {
  action,
  Config,
  DotFlow,
  type Run,
  type Schedulable,
  Scheduler,
  type StartOptions,
  StorageDefault,
} from "@dotflow/dotflow";
import { SchedulerCron } from "@dotflow/dotflow/providers/scheduler-cron";
import { SchedulerInterval } from "@dotflow/dotflow/providers/scheduler-interval";
import { SchedulerTrigger } from "@dotflow/dotflow/providers/scheduler-trigger";
import assert from "node:assert/strict";
import { rejectsWith, throwsWith } from "./flow.ts";
import { refuseUnhandled, test } from "./harness.ts";
import {
  claimsOf,
  every,
  host,
  pause,
  START,
  StorageMortal,
  two,
} from "./schedules.ts";
import { StorageFailing, StorageText } from "./storages.ts";
import { settle, VirtualClock } from "./virtual_clock.ts";

test("schedules: options that cannot be used are refused", async () => {
  const cron = (options: object) => () =>
    new SchedulerCron({ cron: "* * * * *", ...options });
  const interval = (options: object) => () =>
    new SchedulerInterval({ every: "1s", ...options });
  const refused: [() => unknown, RegExp][] = [
    [cron({ cron: undefined }), /undefined as cron/],
    [cron({ cron: "a b" }), /"a b" as cron: give 5 or 6 fields/],
    [cron({ cron: "* * *" }), /as cron: .*give 5 or 6/],
    [cron({ cron: "0 0 0 1 1 ? 2030" }), /as cron: .*give 5 or 6/],
    [cron({ cron: "61 * * * *" }), /as cron: .*give 5 or 6/],
    [cron({ cron: "0 0 30 2 *" }), /as cron: there is no such date/],
    [cron({ timezone: "Mars/Olympus" }), /"Mars\/Olympus" as timezone/],
    [cron({ overlap: "never" }), /"never" as overlap: allowed are "skip"/],
    [cron({ limit: 0 }), /0 as limit/],
    [cron({ maxRuns: 1.5 }), /1\.5 as maxRuns/],
    [cron({ catchUp: 1 }), /1 as catchUp/],
    [cron({ startAt: "soon" }), /"soon" as startAt: give a date/],
    [cron({ stopAt: {} }), /as stopAt/],
    [cron({ stopTimeout: -1 }), /-1 as stopTimeout/],
    [cron({ signals: "SIGINT" }), /"SIGINT" as signals/],
    [cron({ every: "1s" }), /option "every" of SchedulerCron/],
    [interval({ every: 0 }), /0 as every/],
    [interval({ every: 1.5 }), /1\.5 as every: give whole milliseconds/],
    [interval({ cron: "* * * * *" }), /option "cron" of SchedulerInterval/],
    [() => new SchedulerTrigger({ limit: 1 } as object), /option "limit"/],
  ];
  for (const [call, message] of refused) {
    await throwsWith(call, "INVALID_OPTION", message);
  }
  const { workflow } = host(every(1));
  for (const options of [{ runId: "1" }, { exclusive: true }, { wait: "x" }]) {
    await rejectsWith(workflow.schedule(options), "INVALID_OPTION");
  }
});

test("schedules: a scheduler of one's own needs start only", async () => {
  class SchedulerTwice extends Scheduler {
    async start(workflow: Schedulable, options?: StartOptions): Promise<void> {
      await workflow.start(options);
      await workflow.start(options);
    }
    stop(): void {}
  }
  const { workflow, ran } = host(new SchedulerTwice());
  await workflow.schedule();
  assert.equal(ran.length, 2);
});

test("schedules: an interval counts from the epoch, or from its start", async () => {
  const clock = new VirtualClock(Date.parse(START));
  const stopAt = "2026-11-28T06:33:00Z";
  const plain = host(every(40, { stopAt }));
  await clock.until(plain.workflow.schedule());
  assert.deepEqual(plain.ran, ["06:31:20Z", "06:32:00Z", "06:32:40Z"]);
  const startAt = new Date("2026-11-28T06:33:05.250Z");
  const anchored = host(every(40, { startAt, maxRuns: 2 }));
  await clock.until(anchored.workflow.schedule());
  assert.deepEqual(anchored.ran, ["06:33:05.250Z", "06:33:45.250Z"]);
});

test("schedules: waits may be longer than timers are", async () => {
  const clock = new VirtualClock(Date.parse(START));
  const scheduler = new SchedulerCron({
    cron: "0 0 1 3 *",
    timezone: "UTC",
    maxRuns: 2,
    signals: false,
  });
  const { workflow } = host(scheduler);
  const runIds: string[] = [];
  workflow.task.add(action(({ runId }) => void runIds.push(runId)));
  await clock.until(workflow.schedule());
  assert.deepEqual(runIds, ["2027-03-01T00:00:00Z", "2028-03-01T00:00:00Z"]);
});

test("schedules: a clock that is put back has no tick twice", async () => {
  const clock = new VirtualClock(Date.parse(START));
  const { workflow, ran } = host(every(60, { maxRuns: 5 }), {
    during: (runId) => {
      if (runId.includes("06:33")) clock.set(Date.parse(START));
    },
  });
  await clock.until(workflow.schedule());
  const minutes = [32, 33, 34, 35, 36].map((minute) => `06:${minute}:00Z`);
  assert.deepEqual(ran, minutes);
});

for (const catchUp of [false, true]) {
  test(
    `schedules: a clock that is put forward is noticed, catchUp ${catchUp}`,
    async () => {
      const clock = new VirtualClock(Date.parse(START));
      const options = { maxRuns: 3, catchUp };
      const { workflow, ran, log } = host(every(3_600, options));
      const schedule = workflow.schedule();
      await settle();
      clock.set(Date.parse("2026-11-28T10:20:00Z"));
      await clock.step();
      const seen = Date.parse("2026-11-28T10:20:30Z");
      assert.ok(clock.now <= seen, "within half a minute");
      assert.equal(ran.length, catchUp ? 1 : 0);
      await clock.until(schedule);
      const all = ["10", "11", "12", "13"].map((hour) => `${hour}:00:00Z`);
      assert.deepEqual(ran, catchUp ? all.slice(0, 3) : all.slice(1));
      assert.deepEqual(log.lines, [
        "WARNING Ticks of the schedule were missed: 2026-11-28T07:00:00Z " +
        "2026-11-28T10:00:00Z",
      ]);
    },
  );
}

test("schedules: failing runs and storages are told, and end nothing", async () => {
  const clock = new VirtualClock(Date.parse(START));
  const storage = new StorageFailing();
  let tick = 0;
  storage.fails = (method, key) =>
    method === "swap" && key.includes("_tick/") && key.includes("06_3a34");
  const scheduler = every(60, { maxRuns: 3 });
  const { workflow, ran, log } = host(scheduler, {
    storage,
    during: () => {
      tick++;
      if (tick === 1) throw new Error("token=abcdefghijklmn");
    },
  });
  await clock.until(workflow.schedule());
  assert.deepEqual(ran, ["06:32:00Z", "06:33:00Z", "06:35:00Z"]);
  assert.match(log.lines[0], /^ERROR Scheduled run has ended as Failed: .*32/);
  const told = log.lines.join("\n");
  assert.match(told, /ERROR Cannot run a scheduled tick: .*the wire was cut/);
  assert.doesNotMatch(told, /abcdefghijklmn/);
});

test("schedules: stop waits for what runs, and cancels what takes too long", async () => {
  refuseUnhandled();
  for (const takesMs of [10_000, 60_000]) {
    const clock = new VirtualClock(Date.parse(START));
    const scheduler = every(60, { overlap: "queue" });
    const reasons: unknown[] = [];
    const { workflow, ran, log } = host(scheduler, {
      during: async (_, signal) => {
        signal.addEventListener("abort", () => reasons.push(signal.reason));
        await pause(takesMs);
      },
    });
    const schedule = workflow.schedule();
    while (ran.length === 0) await clock.step();
    const began = clock.now;
    const stopped = scheduler.stop();
    await clock.until(Promise.all([schedule, stopped]));
    const tookMs = clock.now - began;
    assert.deepEqual(ran, ["06:32:00Z"]);
    if (takesMs === 10_000) {
      assert.equal(tookMs, 10_000);
      assert.equal(reasons.length, 0);
    } else {
      assert.ok(tookMs >= 30_000 && tookMs < 40_000, `${tookMs}`);
      assert.equal(reasons.length, 1);
      assert.match(log.lines[0], /Scheduled run has ended as Cancelled/);
    }
  }
});

test("schedules: stop ends several workflows of one scheduler", async () => {
  const clock = new VirtualClock(Date.parse(START));
  const scheduler = every(60);
  const hosts = ["a", "b"].map((workflowId) => host(scheduler, { workflowId }));
  const schedules = hosts.map(({ workflow }) => workflow.schedule());
  while (hosts.some(({ ran }) => ran.length < 2)) await clock.step();
  await clock.until(scheduler.stop());
  await clock.until(Promise.all(schedules));
  // It can be used again.
  const again = hosts[0].workflow.schedule();
  while (hosts[0].ran.length < 3) await clock.step();
  await clock.until(Promise.all([scheduler.stop(), again]));
});

test("schedules: the signal of the options ends it, and cancels", async () => {
  const clock = new VirtualClock(Date.parse(START));
  const abort = new AbortController();
  const { workflow, ran } = host(every(60), {
    during: () => {
      abort.abort();
      return new Promise(() => {});
    },
  });
  await clock.until(workflow.schedule({ signal: abort.signal }));
  assert.equal(ran.length, 1);
  await clock.until(workflow.schedule({ signal: abort.signal }));
  assert.equal(ran.length, 1);
});

test("schedules: an id that was generated ticks in memory, in parallel too", async () => {
  const clock = new VirtualClock(Date.parse(START));
  const storage = new StorageDefault();
  const config = new Config({
    storage,
    scheduler: every(1, { overlap: "parallel", limit: 3, maxRuns: 200 }),
  });
  const workflow = new DotFlow({ config });
  let [now, most] = [0, 0];
  workflow.task.add(action(async () => {
    most = Math.max(most, ++now);
    await pause(1_500);
    now--;
  }));
  await clock.until(workflow.schedule());
  assert.equal(most, 2);
  assert.equal((await storage.listKeys("")).length, 10, "what is left behind");
});

test("schedules: a tick is skipped on every host while a run goes on", async () => {
  const clock = new VirtualClock(Date.parse(START));
  const storage = new StorageText();
  const stopAt = "2026-11-28T06:35:00Z";
  const during = () => pause(70_000);
  const hosts = two(() => every(30, { stopAt }), { during }, storage);
  await clock.until(
    Promise.all(hosts.map(({ workflow }) => workflow.schedule())),
  );
  const ran = hosts.flatMap((host) => host.ran).sort();
  assert.deepEqual(ran, ["06:31:30Z", "06:33:00Z", "06:34:30Z"]);
  const told = hosts.flatMap(({ log }) => log.lines).sort();
  const dropped = told.filter((line) => /is dropped: another run/.test(line));
  assert.ok(dropped.length >= 3, told.join("\n"));
  assert.deepEqual(told.filter((line) => /ERROR|WARN/.test(line)), []);
  assert.ok((await claimsOf(storage)).every((stage) => stage === "ended"));
});

test("schedules: in a queue, every host holds one tick at most", async () => {
  const clock = new VirtualClock(Date.parse(START));
  const stopAt = "2026-11-28T06:35:00Z";
  let [now, most] = [0, 0];
  const during = async () => {
    most = Math.max(most, ++now);
    await pause(40_000);
    now--;
  };
  const hosts = two(
    () => every(30, { stopAt, overlap: "queue" }),
    { during },
  );
  await clock.until(
    Promise.all(hosts.map(({ workflow }) => workflow.schedule())),
  );
  const ran = hosts.flatMap((host) => host.ran).sort();
  const all = ["31:30", "32:00", "32:30", "33:00", "33:30", "34:00", "34:30"];
  assert.deepEqual(ran, all.map((time) => `06:${time}Z`));
  assert.equal(most, 1);
});

test("schedules: in parallel, each tick runs once on some host", async () => {
  const clock = new VirtualClock(Date.parse(START));
  const storage = new StorageText();
  const hosts = two(
    () => every(60, { overlap: "parallel", stopAt: "2026-11-28T10:00:00Z" }),
    { during: () => pause(90_000) },
    storage,
  );
  await clock.until(
    Promise.all(hosts.map(({ workflow }) => workflow.schedule())),
  );
  const ran = hosts.flatMap((host) => host.ran);
  assert.equal(new Set(ran).size, 208);
  assert.equal(ran.length, 208);
  // Of what is older than an hour, not all is left.
  const claims = await claimsOf(storage);
  assert.ok(claims.length < 120, `${claims.length} claims`);
  const keys = storage.listKeysNow();
  assert.ok(keys.length < 3 * 120, `${keys.length} keys`);
});

for (const overlap of ["skip", "queue", "parallel"] as const) {
  for (
    const [place, dies] of [
      ["between claim and run", (key: string) => key.includes("_tick")],
      ["inside a run", (key: string) => key.endsWith("work")],
    ] as const
  ) {
    test(
      `schedules: a host that dies ${place} loses nothing, ${overlap}`,
      async () => {
        const clock = new VirtualClock(Date.parse(START));
        const storage = new StorageMortal();
        storage.diesOf = dies;
        const options = { overlap, stopAt: "2026-11-28T08:31:00Z" };
        const one = host(every(3_600, options), { storage, owner: "one" });
        one.workflow.schedule();
        while (!storage.isDead) await clock.step();
        const other = new StorageText(storage.texts);
        const two = host(every(3_600, options), {
          storage: other,
          owner: "two",
        });
        two.workflow.task.add(action("more", () => {}));
        await clock.until(two.workflow.schedule({ onWorkflowChange: "raise" }));
        const all = [...one.ran, ...two.ran];
        assert.deepEqual(all, ["07:00:00Z", "08:00:00Z"]);
        assert.deepEqual(await claimsOf(other), ["ended", "ended"]);
        const told = two.log.lines.filter((line) => !/^INFO/.test(line));
        assert.deepEqual(told, []);
      },
    );
  }
}

test("schedules: the next tick first goes on with what a dead host has left", async () => {
  const clock = new VirtualClock(Date.parse(START));
  const storage = new StorageMortal();
  storage.diesOf = (key) => key.endsWith("work");
  const options = { stopAt: "2026-11-28T06:31:30Z" };
  const one = host(every(10, options), { storage, owner: "one" });
  one.workflow.schedule();
  while (!storage.isDead) await clock.step();
  const other = new StorageText(storage.texts);
  const two = host(every(10, options), { storage: other, owner: "two" });
  await clock.until(two.workflow.schedule());
  assert.deepEqual([...one.ran, ...two.ran], ["06:31:10Z", "06:31:20Z"]);
  assert.deepEqual(await claimsOf(other), ["ended", "ended"]);
  assert.deepEqual(two.log.lines.filter((line) => !/^INFO/.test(line)), []);
});

for (const catchUp of [false, true]) {
  test(
    `schedules: a tick while no host is there is missed, catchUp ${catchUp}`,
    async () => {
      const clock = new VirtualClock(Date.parse(START));
      const storage = new StorageText();
      const before = host(every(3_600, { maxRuns: 1 }), { storage });
      await clock.until(before.workflow.schedule());
      clock.sleepUntil(Date.parse("2026-11-28T12:20:00Z"));
      const options = { catchUp, stopAt: "2026-11-28T13:10:00Z" };
      const hosts = two(() => every(3_600, options), {}, storage);
      await clock.until(
        Promise.all(hosts.map(({ workflow }) => workflow.schedule())),
      );
      const ran = hosts.flatMap((host) => host.ran);
      assert.deepEqual(
        ran,
        catchUp ? ["12:00:00Z", "13:00:00Z"] : [
          "13:00:00Z",
        ],
      );
      assert.match(hosts[0].log.lines[0], /WARNING Ticks .* missed: .*12:00/);
    },
  );
}

test("triggers: a tick that is told twice runs once", async () => {
  const trigger = new SchedulerTrigger();
  const storage = new StorageText();
  const hosts = two(() => every(1), {}, storage);
  const scheduledTime = Date.parse("2026-11-28T06:31:00Z");
  const fire = (at: number) =>
    trigger.fire(hosts[at].workflow, { scheduledTime });
  const fired = await Promise.all([fire(0), fire(1), fire(0)]);
  const again = await fire(1);
  const ran = hosts.flatMap((host) => host.ran);
  assert.deepEqual(ran, ["06:31:00Z"]);
  assert.ok(fired.includes(true));
  assert.equal(again, false);
  assert.deepEqual(await claimsOf(storage), ["ended"]);
  assert.equal(await trigger.fire(hosts[0].workflow), true, "this minute");
  await rejectsWith(
    trigger.fire(hosts[0].workflow, { runId: "1" } as object),
    "INVALID_OPTION",
  );
});

test("triggers: what a dead host has left goes on when it is told again", async () => {
  const clock = new VirtualClock(Date.parse(START));
  const storage = new StorageMortal();
  storage.diesOf = (key) => key.endsWith("work");
  const trigger = new SchedulerTrigger();
  const scheduledTime = "2026-11-28T06:31:00Z";
  const one = host(every(1), { storage });
  trigger.fire(one.workflow, { scheduledTime });
  await settle();
  assert.ok(storage.isDead);
  const two = host(every(1), { storage: new StorageText(storage.texts) });
  const told = two.workflow;
  assert.equal(await clock.until(trigger.fire(told, { scheduledTime })), true);
  assert.deepEqual([...one.ran, ...two.ran], ["06:31:00Z"]);
});

test("schedules: background runs are waited for", async () => {
  const clock = new VirtualClock(Date.parse(START));
  const { workflow, ran } = host(every(30, { maxRuns: 2 }), {
    during: () => pause(50_000),
  });
  const runs: Run[] = [];
  const start = workflow.start.bind(workflow);
  workflow.start = async (options) => {
    const run = await start(options);
    runs.push(run);
    return run;
  };
  await clock.until(workflow.schedule({ mode: "background" }));
  assert.deepEqual(ran, ["06:31:30Z", "06:32:30Z"]);
  assert.deepEqual(runs.map(({ status }) => status), [
    "Completed",
    "Completed",
  ]);
});
