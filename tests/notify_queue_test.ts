/**
 * When notifiers send: bursts in one message, no more often than the other end
 * bears, and nothing is lost.
 *
 * @module
 */

import { action, type Notify } from "@dotflow/dotflow";
import { NotifyTelegram } from "@dotflow/dotflow/providers/notify-telegram";
import assert from "node:assert/strict";
import process from "node:process";
import { rejectsWith, sleep } from "./flow.ts";
import { runtime, test } from "./harness.ts";
import { openInbox, type Received } from "./inbox.ts";
import {
  type Bench,
  countIn,
  failure,
  flush,
  movableClock,
  open,
  type Platform,
  PLATFORMS,
  QUICK,
  runWith,
  taskOf,
  telegram,
  tell,
  webhook,
} from "./notifiers.ts";

const SECOND = 1_000;

/** The time between two messages where nobody says it. */
const INTERVALS: Record<string, number> = {
  NotifyTelegram: 1 * SECOND,
  NotifyDiscord: 2 * SECOND,
  NotifySlack: 1 * SECOND,
  NotifyWebhook: 1 * SECOND,
};

/** How many changes all messages that were taken tell of. */
function told(platform: Platform, received: readonly Received[]): number {
  return received.filter(({ status }) => status >= 200 && status < 300)
    .map((request) => countIn(platform.shown(request)))
    .reduce((sum, count) => sum + count, 0);
}

/** The times between messages, in milliseconds. */
function gaps(received: readonly Received[]): number[] {
  return received.slice(1).map(({ timeMs }, n) => timeMs - received[n].timeMs);
}

async function tellAll({ notify }: Bench): Promise<void> {
  notify.hookStatusTask(taskOf());
  await flush(notify);
}

async function isTold(bench: Bench, platform: Platform, count: number) {
  const endMs = performance.now() + 10_000;
  while (told(platform, await bench.inbox.received()) < count) {
    assert.ok(performance.now() < endMs, "they are not told in time");
    await sleep(10);
  }
}

for (const platform of PLATFORMS) {
  const { name } = platform;

  test(`${name}: 37 tasks that fail are told of in one or two messages`, async () => {
    const options = { notificationType: "Failed" } as const;
    const { inbox, notify } = await open(platform, options);
    const steps = Array.from(
      { length: 37 },
      (_, n) => failure(`t${n}`, `failure ${n}`),
    );
    const { run, reports } = await runWith(notify, steps, { mode: "parallel" });
    assert.deepEqual([run.status, reports], ["Failed", []]);
    const received = await inbox.received();
    assert.equal(told(platform, received), 37);
    assert.ok(received.length <= 2, `${received.length} messages`);
    const refused = received.filter(({ status }) => status >= 300);
    assert.deepEqual(refused, []);
  });

  test(`${name}: a trickle is told of within the limits, and all of it`, async () => {
    const intervalMs = INTERVALS[name] / 20;
    const options = { interval: intervalMs };
    const bench = await open(platform, options, { timeFactor: 0.05 });
    for (let n = 0; n < 60; n++) {
      bench.notify.hookStatusTask(taskOf({ taskId: `t${n}` }));
      await sleep(5);
    }
    const received = await tell(bench);
    assert.equal(told(platform, received), 60);
    assert.ok(received.length > 2, `${received.length} messages`);
    for (const gap of gaps(received)) {
      assert.ok(gap >= intervalMs - 1, `${gap} ms`);
    }
    const order = received.map(platform.shown).join("\n").match(/\bt\d+/g)!;
    const numbers = order.map((id) => Number(id.slice(1)));
    assert.deepEqual(numbers, numbers.toSorted((one, two) => one - two));
  });

  test(`${name}: when it is told to wait it waits, and loses nothing`, async () => {
    const bench = await open(platform);
    const { inbox, notify } = bench;
    await inbox.fail([platform.busy(0.3), platform.busy(0.2)]);
    notify.hookStatusTask(taskOf({ taskId: "first" }));
    const flushed = flush(notify);
    await inbox.receives(1);
    notify.hookStatusTask(taskOf({ taskId: "second" }));
    await flushed;
    const received = await inbox.received();
    const [first, second] = gaps(received);
    assert.equal(received.length, 3);
    // A header has whole seconds only.
    assert.ok(first >= 299 && second >= 199, `${first} ms, ${second} ms`);
    const text = platform.shown(received[2]);
    assert.equal(countIn(text), 2);
    assert.ok(text.indexOf("first") < text.indexOf("second"), text);
    await flush(notify);
    assert.equal((await inbox.received()).length, 3);
  });

  test(`${name}: what is hammered at it arrives in spite of a strict limit`, async () => {
    const bench = await open(platform, QUICK, { timeFactor: 0.1 });
    for (let n = 0; n < 40; n++) {
      bench.notify.hookStatusTask(taskOf());
      await sleep(2);
      if (n % 4 === 0) flush(bench.notify);
    }
    await flush(bench.notify);
    assert.equal(told(platform, await bench.inbox.received()), 40);
  });

  test(`${name}: who asks to wait for too long is left alone`, async () => {
    const { inbox, notify } = await open(platform);
    await inbox.fail([platform.busy(300)]);
    notify.hookStatusTask(taskOf());
    const reason = /asked to wait for 300 s more; 1 change of status not told/;
    await rejectsWith(flush(notify), "DELIVERY", reason);
    notify.hookStatusTask(taskOf());
    notify.hookStatusTask(taskOf());
    const again = /asked to wait for (300|299) s more; 2 changes of status/;
    await rejectsWith(flush(notify), "DELIVERY", again);
    assert.equal((await inbox.received()).length, 1);
    await flush(notify);
  });
}

test("notify: the time between messages is that which the limits ask for", async () => {
  const benches: [bench: Bench, usualMs: number][] = [];
  for (const platform of PLATFORMS) {
    benches.push([await open(platform, {}), INTERVALS[platform.name]]);
  }
  for (const chatId of ["@a_channel", -100123, "-100123"]) {
    const inbox = await openInbox("telegram");
    const place = { token: "123456:ABC-DEF", chatId, apiUrl: inbox.url };
    benches.push([{ inbox, notify: new NotifyTelegram(place) }, 3 * SECOND]);
  }
  await Promise.all(benches.map(async ([bench, usualMs]) => {
    await tell(bench, {});
    const [gap] = gaps(await tell(bench, {}));
    assert.ok(gap >= usualMs - 1 && gap < usualMs + 2_000, `${gap} ms`);
  }));
});

test("notify: a server that fails may say when to ask again, and is told the same", async () => {
  const options = { ...QUICK, timeout: 200, maxAttempts: 3 };
  const { inbox, notify } = await open(webhook, options);
  const headers = { "retry-after": "1.4" };
  await inbox.fail([{ kind: "answer", status: 502, headers, times: 2 }]);
  notify.hookStatusTask(taskOf({ taskId: "first" }));
  const flushed = flush(notify);
  await inbox.receives(1);
  notify.hookStatusTask(taskOf({ taskId: "second" }));
  await flushed;
  await flush(notify);
  const received = await inbox.received();
  const bodies = received.map(({ text }) => JSON.parse(text));
  const ids = bodies.map(({ id }) => id);
  assert.deepEqual(ids, [ids[0], ids[0], ids[0], ids[3]]);
  assert.notEqual(ids[0], ids[3]);
  const tasks = bodies.map(({ tasks }) => tasks[0].task_id);
  assert.deepEqual(tasks, ["first", "first", "first", "second"]);
  const [one, two] = gaps(received);
  assert.ok(one >= 1_399 && two >= 1_399, `${one} ms, ${two} ms`);
});

test("notify: what is told together with more is no repetition", async () => {
  const { inbox, notify } = await open(webhook);
  await inbox.fail([webhook.busy(0.3)]);
  notify.hookStatusTask(taskOf());
  const flushed = flush(notify);
  await inbox.receives(1);
  notify.hookStatusTask(taskOf());
  await flushed;
  const received = await inbox.received();
  const [one, two] = received.map(({ text }) => JSON.parse(text).id);
  assert.equal(received.length, 2);
  assert.notEqual(one, two);
});

test("notify: what may have been told is not told together with more", async () => {
  const { inbox, notify } = await open(webhook);
  await inbox.fail([{ kind: "answer", status: 500 }, webhook.busy(0.3)]);
  notify.hookStatusTask(taskOf());
  const flushed = flush(notify);
  await inbox.receives(2);
  notify.hookStatusTask(taskOf());
  await flushed;
  await flush(notify);
  const received = await inbox.received();
  const counts = received.map((request) => countIn(webhook.shown(request)));
  assert.deepEqual(counts, [1, 1, 1, 1]);
  assert.equal(new Set(received.map(({ text }) => text)).size, 2);
});

test("notify: a message that takes long is not sent twice", async () => {
  const inbox = await openInbox("webhook");
  const notify = webhook.make(inbox.url, {
    ...QUICK,
    fetch: async (url, init) => {
      const response = await fetch(url, init);
      await sleep(1_800);
      return response;
    },
  });
  notify.hookStatusTask(taskOf());
  await Promise.all([flush(notify), flush(notify)]);
  assert.equal((await inbox.received()).length, 1);
});

test("notify: no message is tried more often than it may be", async () => {
  const options = { ...QUICK, timeout: 200, maxAttempts: 5 };
  const { inbox, notify } = await open(webhook, options);
  await inbox.fail([{ kind: "answer", status: 500, times: 99 }]);
  notify.hookStatusTask(taskOf());
  const words = /status 500 \(5 attempts\); 1 change/;
  await rejectsWith(flush(notify), "DELIVERY", words);
  assert.equal((await inbox.received()).length, 5);
});

test(
  "notify: a step that computes for long has nothing told twice",
  { skip: runtime === "workerd" && "its clock stands still meanwhile" },
  async () => {
    const inbox = await openInbox("webhook");
    await inbox.fail([{ kind: "slow", slowMs: 150, times: 9 }]);
    let begin = () => {};
    const isSent = new Promise<void>((resolve) => begin = resolve);
    const notify = webhook.make(inbox.url, {
      ...QUICK,
      timeout: 300,
      fetch: (url, init) => {
        setTimeout(begin, 20);
        return fetch(url, init);
      },
    });
    const { reports } = await runWith(notify, [
      action("wait", () => isSent),
      action("compute", () => {
        const endMs = performance.now() + 2_000;
        while (performance.now() < endMs);
      }),
    ]);
    assert.deepEqual(reports, []);
    const received = await inbox.received();
    assert.equal(
      new Set(received.map(({ text }) => text)).size,
      received.length,
    );
    assert.equal(told(webhook, received), 4);
  },
);

test("notify: who asks to wait, but not for how long, is left alone for a second", async () => {
  const bench = await open(telegram);
  await bench.inbox.fail([{ kind: "answer", status: 429 }]);
  await tellAll(bench);
  const [gap] = gaps(await bench.inbox.received());
  assert.ok(gap >= 999 && gap < 3_000, `${gap} ms`);
});

test("notify: a message is given up after a minute of waiting", async () => {
  const move = movableClock();
  const bench = await open(telegram);
  const { inbox, notify } = bench;
  await inbox.fail([{ ...telegram.busy(40), times: 5 }]);
  notify.hookStatusTask(taskOf());
  const later = /asked to wait for (40|39) s more; 1 change of status to be/;
  await rejectsWith(flush(notify), "DELIVERY", later);
  move(40_000);
  await inbox.receives(2);
  const never = /asked to wait for (40|39) s more; 1 change of status not/;
  await rejectsWith(flush(notify), "DELIVERY", never);
  move(41_000);
  await inbox.fail([]);
  await inbox.forget();
  assert.equal((await tell(bench, {})).length, 1);
});

test("notify: a clock that is set back stops nothing", async () => {
  const move = movableClock();
  const bench = await open(webhook, { ...QUICK, interval: "1h" });
  await tell(bench, {});
  move(-3_600_000);
  assert.equal((await tell(bench, {})).length, 2);
});

test("notify: a burst is one message also when nobody flushes", async () => {
  const bench = await open(telegram);
  for (let n = 0; n < 5; n++) {
    bench.notify.hookStatusTask(taskOf());
    await sleep(3);
  }
  await isTold(bench, telegram, 5);
  assert.equal((await bench.inbox.received()).length, 1);
  // And what comes after it is told of, too.
  await sleep(150);
  bench.notify.hookStatusTask(taskOf());
  await isTold(bench, telegram, 6);
});

test("notify: an interval longer than a minute loses nothing", async () => {
  const move = movableClock();
  const bench = await open(webhook, { ...QUICK, interval: "10m" });
  await tell(bench, {});
  bench.notify.hookStatusTask(taskOf());
  const start = performance.now();
  await flush(bench.notify);
  assert.ok(performance.now() - start < 3_000, "it was waited for");
  await sleep(150);
  assert.equal((await bench.inbox.received()).length, 1);
  move(600_000);
  await isTold(bench, webhook, 2);
});

test("notify: a long time that is asked for is told of, and not waited for", async () => {
  const move = movableClock();
  const bench = await open(telegram);
  const { inbox, notify } = bench;
  await inbox.fail([telegram.busy(30)]);
  const start = performance.now();
  for (let n = 1; n <= 2; n++) {
    const { reports } = await runWith(notify, [action("a", () => 1)]);
    const reason = String(reports[0].fields.reason);
    const changes = `${2 * n} changes of status to be told then`;
    assert.match(reason, /the server asked to wait for (30|29|28) s more; /);
    assert.ok(reason.endsWith(changes), reason);
  }
  assert.ok(performance.now() - start < 4_000, "it was waited for");
  move(30_000);
  await isTold(bench, telegram, 4);
});

test("notify: a flush does not wait for what comes later", async () => {
  const inbox = await openInbox("webhook");
  let requests = 0;
  const notify = webhook.make(inbox.url, {
    ...QUICK,
    fetch: (url, init) => {
      // There is always something new, but for ever would be too long.
      if (++requests < 50) notify.hookStatusTask(taskOf());
      return fetch(url, init);
    },
  });
  notify.hookStatusTask(taskOf());
  await flush(notify);
  assert.ok(requests < 10, `${requests} requests`);
  while (told(webhook, await inbox.received()) < 50) await flush(notify);
});

test("notify: the time between messages is kept also where one takes long", async () => {
  const inbox = await openInbox("webhook");
  let delayMs = 150;
  const notify = webhook.make(inbox.url, {
    interval: 200,
    fetch: async (url, init) => {
      await sleep(delayMs);
      delayMs = 0;
      return await fetch(url, init);
    },
  });
  await tell({ inbox, notify }, {});
  const [gap] = gaps(await tell({ inbox, notify }, {}));
  assert.ok(gap >= 199, `${gap} ms`);
});

test("notify: a Discord that has no room left is not asked", async () => {
  const [, discord] = PLATFORMS;
  // Five in 300 ms, as headers tell.
  const bench = await open(discord, QUICK, { timeFactor: 0.15 });
  for (let n = 0; n < 12; n++) await tell(bench, {});
  const received = await bench.inbox.received();
  assert.deepEqual(received.map(({ status }) => status), Array(12).fill(200));
  assert.ok(received[11].timeMs - received[0].timeMs >= 500);
});

test("notify: many runs share a notifier, and are all told of", async () => {
  const bench = await open(telegram, QUICK, { timeFactor: 1e-6 });
  const outcomes = await Promise.all(
    Array.from(
      { length: 20 },
      (_, n) =>
        runWith(bench.notify, [failure(`t${n}`, "no"), failure("u", "no")], {
          workflowId: `wf-${n}`,
        }),
    ),
  );
  for (const { reports } of outcomes) assert.deepEqual(reports, []);
  const received = await bench.inbox.received();
  assert.equal(told(telegram, received), 80);
  assert.ok(received.length < 20, `${received.length} messages`);
});

test("notify: a flood costs a message, and next to no memory", async () => {
  const bench = await open(webhook, { ...QUICK, showResult: true });
  const { notify, inbox } = bench;
  // Kept, they would be 1.6 GB.
  const flood = (notify: Notify) => {
    for (let n = 0; n < 100_000; n++) {
      const result = new Uint8Array(16_384);
      notify.hookStatusTask(taskOf({ status: "Completed", result }));
    }
  };
  const before = process.memoryUsage().rss;
  flood(notify);
  const grown = process.memoryUsage().rss - before;
  await flush(notify);
  const received = await inbox.received();
  assert.ok(received.length <= 2, `${received.length} messages`);
  assert.equal(told(webhook, received), 100_000);
  const { counts, tasks, omitted } = JSON.parse(received[0].text);
  assert.deepEqual(counts, { Completed: 100_000 });
  assert.deepEqual([tasks.length, omitted], [20, 99_980]);
  assert.ok(received[0].text.length < 200_000);
  // workerd does not tell; there, it would be over the limit of a Worker.
  if (runtime !== "workerd") {
    assert.ok(grown < 800_000_000, `${Math.round(grown / 1e6)} MB`);
  }
});
