/**
 * Notifiers in a Worker: what is still to be told rides on `waitUntil`, and what
 * a request leaves behind is told by a later one.
 *
 * @module
 */

import { action, type Notify } from "@dotflow/dotflow";
import assert from "node:assert/strict";
import { sleep } from "./flow.ts";
import { test } from "./harness.ts";
import { type LabInbox, openInbox } from "./inbox.ts";
import {
  ANY_RATE,
  countIn,
  type Outcome,
  type Platform,
  PLATFORMS,
  runWith,
  telegram,
} from "./notifiers.ts";
import type { Line } from "./recorder.ts";
import { call, noWorker, serve } from "./workerd/requests.ts";

/** Notifiers and outcomes of this worker, by the address of the inbox. */
const notifiers = new Map<string, Notify>();
const outcomes = new Map<string, Outcome[]>();

/** Runs a workflow whose notifier all requests share. */
serve("notify-run", async (request, context) => {
  const params = new URL(request.url).searchParams;
  const [name, url] = [params.get("name")!, params.get("url")!];
  const platform = PLATFORMS.find((platform) => platform.name === name)!;
  if (!notifiers.has(url)) {
    notifiers.set(url, platform.make(url, { interval: 0, timeout: 300 }));
    outcomes.set(url, []);
  }
  const abandonedMs = params.get("abandonedMs");
  const outcome = await runWith(
    notifiers.get(url)!,
    [action("work", () => sleep(Number(params.get("workMs"))))],
    abandonedMs === null
      ? { waitUntil: (work) => context.waitUntil(work) }
      : { mode: "background" },
  );
  if (abandonedMs !== null) await sleep(Number(abandonedMs));
  outcomes.get(url)!.push(outcome);
  return Response.json(outcome.run.status);
});

/** What the logs of all runs say of failing notifiers. */
serve("notify-reports", (request) => {
  const url = new URL(request.url).searchParams.get("url")!;
  const reports = outcomes.get(url)!.flatMap(({ reports }) => reports);
  const lines = outcomes.get(url)!.flatMap(({ lines }) => lines);
  const failed = lines.filter(({ level }) => level === "ERROR");
  return Response.json([...reports, ...failed].map(({ fields }) => fields));
});

/** How many changes have been told of. */
async function told(platform: Platform, inbox: LabInbox): Promise<number> {
  const received = await inbox.received();
  return received.filter(({ status }) => status >= 200 && status < 300)
    .map((request) => countIn(platform.shown(request)))
    .reduce((sum, count) => sum + count, 0);
}

async function isTold(
  platform: Platform,
  inbox: LabInbox,
  count: number,
): Promise<void> {
  const endMs = performance.now() + 10_000;
  while (await told(platform, inbox) < count) {
    assert.ok(performance.now() < endMs, "they are not told in time");
    await sleep(20);
  }
}

/** The first report of a failing notifier. */
async function report(place: Record<string, string>): Promise<string> {
  const endMs = performance.now() + 10_000;
  for (;;) {
    const reports = await call("notify-reports", place) as Line["fields"][];
    if (reports.length > 0) return String(reports[0].reason);
    assert.ok(performance.now() < endMs, "it is not reported in time");
    await sleep(20);
  }
}

const SKIPPED = { skip: noWorker };

for (const platform of PLATFORMS) {
  const { name, kind } = platform;

  test(
    `${name}: in a Worker a message arrives after the response`,
    SKIPPED,
    async () => {
      const inbox = await openInbox(kind, ANY_RATE);
      const { url } = inbox;
      await inbox.fail([platform.busy(0.3)]);
      assert.equal(await call("notify-run", { name, url }), "Completed");
      const atResponse = await told(platform, inbox);
      assert.equal(atResponse, 0);
      await isTold(platform, inbox, 2);
      assert.deepEqual(await call("notify-reports", { url }), []);
    },
  );
}

/**
 * What a request is told that ends while its task is at work. One that ends at
 * once has told nobody that the task has begun.
 */
const ABANDONED = { workMs: "10000", abandonedMs: "0" };

/** How a request may leave its message behind. */
const LEFT_BEHIND = {
  "before it is sent": { abandonedMs: "0", faults: [] },
  "while it is sent": {
    abandonedMs: "200",
    faults: [{ kind: "hang", times: 9 } as const],
  },
  "while it waits": {
    abandonedMs: "200",
    faults: [{ ...telegram.busy(0.7), times: 9 }],
  },
};

for (const [when, { abandonedMs, faults }] of Object.entries(LEFT_BEHIND)) {
  test(
    `notify: what a Worker's request leaves behind ${when}, the next one tells`,
    SKIPPED,
    async () => {
      const inbox = await openInbox("telegram", ANY_RATE);
      const place = { name: "NotifyTelegram", url: inbox.url };
      await inbox.fail(faults);
      await call("notify-run", { ...place, ...ABANDONED, abandonedMs });
      const { length } = await inbox.received();
      assert.equal(length, faults.length);
      // By itself, nothing goes on any more.
      await sleep(1_500);
      assert.equal((await inbox.received()).length, length);
      await inbox.fail([]);
      const before = performance.now();
      await call("notify-run", place);
      await isTold(telegram, inbox, 3);
      assert.ok(performance.now() - before < 3_000);
      assert.deepEqual(await call("notify-reports", place), []);
    },
  );
}

test(
  "notify: what a Worker's request leaves behind is no more often tried for it",
  SKIPPED,
  async () => {
    const inbox = await openInbox("webhook");
    const place = { name: "NotifyWebhook", url: inbox.url };
    await inbox.fail([{ kind: "hang", times: 99 }]);
    await call("notify-run", { ...place, ...ABANDONED, abandonedMs: "200" });
    const [{ text: left }] = await inbox.receives(1);
    await call("notify-run", place);
    assert.match(await report(place), /timeout after 300 ms \(2 attempts\)/);
    const texts = (await inbox.received()).map(({ text }) => text);
    assert.equal(texts.filter((text) => text === left).length, 2);
  },
);

test(
  "notify: a request of a Worker that comes soon waits for no dead one",
  SKIPPED,
  async () => {
    const inbox = await openInbox("telegram", ANY_RATE);
    const place = { name: "NotifyTelegram", url: inbox.url };
    await inbox.fail([{ kind: "hang" }]);
    const abandoned = { ...ABANDONED, abandonedMs: "200" };
    await call("notify-run", { ...place, ...abandoned });
    assert.equal((await inbox.received()).length, 1);
    const before = performance.now();
    await call("notify-run", place);
    await isTold(telegram, inbox, 3);
    // The time of an attempt, and a second.
    const took = performance.now() - before;
    assert.ok(took > 800 && took < 3_000, `it took ${took} ms`);
    assert.deepEqual(await call("notify-reports", place), []);
  },
);

test(
  "notify: after a request that ended, a Worker tells by itself again",
  SKIPPED,
  async () => {
    const inbox = await openInbox("telegram", ANY_RATE);
    const place = { name: "NotifyTelegram", url: inbox.url };
    await call("notify-run", { ...place, ...ABANDONED });
    // As long as somebody may be at work on it.
    await sleep(1_500);
    const running = call("notify-run", { ...place, workMs: "1000" });
    const first = await Promise.race([running, isTold(telegram, inbox, 2)]);
    assert.equal(first, undefined, "it is told at the end only");
    await running;
    await isTold(telegram, inbox, 3);
  },
);

test(
  "notify: many requests of a Worker at once share a notifier",
  SKIPPED,
  async () => {
    const inbox = await openInbox("telegram", ANY_RATE);
    const place = { name: "NotifyTelegram", url: inbox.url };
    await inbox.fail([telegram.busy(0.1), { kind: "reset" }]);
    await Promise.all(
      Array.from({ length: 10 }, () => call("notify-run", place)),
    );
    await isTold(telegram, inbox, 20);
    assert.equal(await told(telegram, inbox), 20);
    assert.deepEqual(await call("notify-reports", place), []);
  },
);
