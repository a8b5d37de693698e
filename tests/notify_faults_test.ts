/**
 * Whatever goes wrong at the other end, the run goes on as without notifiers,
 * the log has one report, and nobody sees a secret.
 *
 * @module
 */

import { action, type RunEvent } from "@dotflow/dotflow";
import assert from "node:assert/strict";
import { rejectsWith, sleep, throwsWith } from "./flow.ts";
import { cleanup, test } from "./harness.ts";
import type { InboxFault } from "./inbox.ts";
import { unreachable } from "./lab.ts";
import {
  ANY_RATE,
  discord,
  failure,
  flush,
  open,
  type Platform,
  PLATFORMS,
  QUICK,
  runWith,
  showAll,
  slack,
  taskOf,
  telegram,
  tell,
  webhook,
} from "./notifiers.ts";
import { StorageText } from "./storages.ts";

/** Faults for good, and what the report says of them. */
const FAULTS: Record<string, [fault: InboxFault, reason: RegExp]> = {
  "500": [{ kind: "answer", status: 500 }, /status 500 \(2 attempts\)/],
  "502": [{ kind: "answer", status: 502 }, /status 502 \(2 attempts\)/],
  "reset": [{ kind: "reset" }, /ECONNRESET|network error/],
  "hang": [{ kind: "hang" }, /timeout after 200 ms \(2 attempts\)/],
  "slow": [{ kind: "slow", slowMs: 5_000 }, /timeout after 200 ms/],
  "truncated": [{ kind: "truncated" }, /cut off|ECONNRESET|network error/],
  "garbage": [{ kind: "garbage" }, /none of (Telegram|Discord|Slack)'s/],
  "redirect": [
    { kind: "redirect", location: `${unreachable}/elsewhere` },
    /status 307, a redirect, which is not followed/,
  ],
  "400": [
    { kind: "answer", status: 400, body: '{"description":"not like this"}' },
    /status 400: not like this \(see to /,
  ],
  "401": [{ kind: "answer", status: 401, body: "" }, /status 401 \(see to /],
  "403": [
    { kind: "answer", status: 403, body: '{"message":"go\\u0007\\naway"}' },
    /status 403: go away \(see to /,
  ],
  "404": [
    { kind: "answer", status: 404, body: "<html>Not here</html>" },
    /status 404 \(see to /,
  ],
  "410": [
    { kind: "answer", status: 410, body: "channel_is_archived" },
    /status 410: channel_is_archived \(see to /,
  ],
  "501": [{ kind: "answer", status: 501 }, /status 501 \(see to /],
  "echo": [{ kind: "echo" }, /status 400: POST /],
  "long echo": [{ kind: "echo", status: 403 }, /status 403: POST /],
};

/** A busy machine takes its time, too. */
const OPTIONS = { interval: 0, timeout: "3s", maxAttempts: 2 };

/** Options with which a fault does not take long. */
function optionsFor(what: string) {
  return /hang|slow/.test(what) ? { ...OPTIONS, timeout: 200 } : OPTIONS;
}

/** Asserts that nothing of what was left behind holds a secret. */
function hidesSecrets(platform: Platform, url: string, ...left: unknown[]) {
  const id = url.split("/").at(-1)!;
  const all = left.map(showAll).join("\n");
  for (const secret of [...platform.secrets, id]) {
    for (const form of [secret, encodeURIComponent(secret)]) {
      assert.ok(!all.includes(form), `${form} in ${all}`);
    }
  }
}

for (const platform of PLATFORMS) {
  test(`${platform.name}: a run ends as ever, whatever goes wrong`, async () => {
    const cases = Object.entries(FAULTS).filter(([what]) =>
      // A webhook takes any answer for a good one, if its status is.
      platform !== webhook || what !== "garbage"
    );
    await Promise.all(cases.map(async ([what, [fault, reason]]) => {
      const { inbox, notify } = await open(
        platform,
        optionsFor(what),
        ANY_RATE,
      );
      await inbox.fail([{ ...fault, times: 1_000 }]);
      const storage = new StorageText();
      const events: RunEvent[] = [];
      const { run, lines, reports } = await runWith(notify, [
        action("load", () => [1, 2]),
        failure("check", "no rows"),
        action("store", () => "done"),
      ], { config: { storage }, onEvent: (event) => void events.push(event) });
      const statuses = run.tasks.map(({ status }) => status);
      assert.deepEqual(statuses, ["Completed", "Failed", "Completed"], what);
      assert.equal(reports.length, 1, what);
      const [{ message, level, fields }] = reports;
      assert.equal(level, "ERROR");
      assert.equal(message, `Cannot deliver events to ${platform.name}`);
      assert.equal(fields.exception, "DeliveryError");
      assert.match(String(fields.reason), reason);
      assert.match(String(fields.reason), /\d changes? of status not told$/);
      assert.ok((await inbox.received()).length > 0, what);
      notify.hookStatusTask(taskOf());
      const words = /^Cannot deliver to /;
      const error = await rejectsWith(flush(notify), "DELIVERY", words);
      assert.equal(error.cause, undefined);
      const seen = [run, run.tasks, lines, events, storage, notify, error];
      hidesSecrets(platform, inbox.url, ...seen);
      // And it recovers.
      await inbox.fail([]);
      await inbox.forget();
      await tell({ inbox, notify }, { error: "it works again" });
      const [last] = await inbox.received();
      assert.ok(platform.shown(last).includes("it works again"), what);
    }));
  });

  test(`${platform.name}: a fault that passes is not even noticed`, async () => {
    const passing = Object.entries(FAULTS).filter(([what]) =>
      /^50[02]|reset|hang|slow|truncated/.test(what)
    );
    await Promise.all(passing.map(async ([what, [fault]]) => {
      const options = { ...optionsFor(what), maxAttempts: 3 };
      const { inbox, notify } = await open(platform, options, ANY_RATE);
      await inbox.fail([fault]);
      notify.hookStatusTask(taskOf({ error: what }));
      await flush(notify);
      const last = (await inbox.received()).at(-1)!;
      assert.equal(last.fault, undefined, what);
      assert.ok(platform.shown(last).includes(what));
    }));
  });

  if (platform !== webhook) {
    test(`${platform.name}: what may have been taken is not sent again for its answer`, async () => {
      const { inbox, notify } = await open(platform, OPTIONS, ANY_RATE);
      await inbox.fail([{ kind: "garbage", times: 9 }]);
      notify.hookStatusTask(taskOf());
      const words = /the answer is none of \w+'s \(see to .*; 1 change of/;
      await rejectsWith(flush(notify), "DELIVERY", words);
      await flush(notify);
      assert.equal((await inbox.received()).length, 1);
    });
  }

  test(`${platform.name}: nothing is shown of a network that is not there`, async () => {
    const { inbox } = await open(platform);
    const failing = platform.make(inbox.url, {
      ...OPTIONS,
      fetch: (url, init) => {
        const cause = new Error(`connect to ${url}`);
        const error = new TypeError(`fetch failed: ${url}`, { cause });
        return Promise.reject(Object.assign(error, { url, init }));
      },
    });
    const nowhere = platform.make(unreachable, OPTIONS);
    for (const notify of [failing, nowhere]) {
      const { lines, reports } = await runWith(notify, [action("a", () => 1)]);
      assert.equal(reports.length, 1);
      assert.match(
        String(reports[0].fields.reason),
        /(ECONNREFUSED|network error|ECONNRESET) \(2 attempts\)/,
      );
      hidesSecrets(platform, inbox.url, lines, notify);
    }
  });

  test(`${platform.name}: a fault is told of once, by the next call`, async () => {
    const { inbox, notify } = await open(platform, OPTIONS);
    await inbox.fail([{ kind: "answer", status: 403, times: 2 }]);
    notify.hookStatusTask(taskOf());
    await inbox.receives(1);
    const endMs = performance.now() + 10_000;
    const next = async () => {
      while (performance.now() < endMs) {
        notify.hookStatusTask(taskOf());
        await sleep(5);
      }
    };
    await throwsWith(next, "DELIVERY", /status 403/);
    await flush(notify).catch(() => {});
    await flush(notify);
  });
}

test("notify: a run's end waits no longer than it may", async () => {
  const { inbox, notify } = await open(telegram);
  await inbox.fail([telegram.busy(2)]);
  const config = { drainTimeout: 300 };
  const steps = [action("a", () => 1)];
  const { run, reports } = await runWith(notify, steps, { config });
  assert.equal((await inbox.received()).length, 1);
  assert.equal(run.status, "Completed");
  assert.match(
    String(reports[0].fields.reason),
    /has not delivered everything/,
  );
  // It goes on by itself all the same.
  const received = await inbox.receives(2);
  assert.ok(telegram.shown(received[1]).includes("nightly"));
});

test("notify: that nobody answers is told at the end of the run", async () => {
  const { inbox, notify } = await open(telegram, {});
  await inbox.fail([{ kind: "hang", times: 99 }]);
  // The first message is under way when the run ends.
  const steps = [action("a", () => sleep(500))];
  const { reports } = await runWith(notify, steps);
  const words = /timeout after 2000 ms \(2 attempts\); 1 change of status not/;
  assert.match(String(reports[0].fields.reason), words);
});

test("notify: what a run could not wait for is told in the next one", async () => {
  const options = { ...QUICK, timeout: 2_700 };
  const { inbox, notify } = await open(telegram, options);
  await inbox.fail([{ kind: "hang", times: 2 }]);
  const reasons = async () => {
    const { reports } = await runWith(notify, [action("a", () => 1)]);
    return reports.map(({ fields }) => String(fields.reason)).join();
  };
  assert.match(await reasons(), /has not delivered everything/);
  await sleep(1_500);
  assert.match(await reasons(), /timeout after 2700 ms \(2 attempts\); 2 /);
  assert.equal(await reasons(), "");
});

test("NotifyDiscord: a webhook that is unknown is not asked again", async () => {
  const { inbox, notify } = await open(discord, QUICK, { token: "another" });
  for (let n = 0; n < 3; n++) {
    const { reports } = await runWith(notify, [action("a", () => 1)]);
    const [{ fields }] = reports;
    assert.match(String(fields.reason), /status 404: Unknown Webhook \(see to/);
  }
  assert.equal((await inbox.received()).length, 1);
});

test("notify: what a service says of a refusal is told", async () => {
  const other = { token: "999:other" };
  const refusals: [Platform, Record<string, unknown>, RegExp][] = [
    [telegram, other, /Telegram: status 401: Unauthorized \(see to token/],
    [telegram, { chats: [1] }, /status 400: Bad Request: chat not found/],
    [slack, other, /to Slack: status 403: invalid_token \(see to webhookUrl/],
  ];
  for (const [platform, options, message] of refusals) {
    const { notify } = await open(platform, QUICK, options);
    notify.hookStatusTask(taskOf());
    await rejectsWith(flush(notify), "DELIVERY", message);
  }
});

test("notify: an answer that is made to hurt holds nobody up", async () => {
  const timeOf = async (unit: string) => {
    const description = unit.repeat(1_000_000 / unit.length);
    const notify = telegram.make(unreachable, {
      ...QUICK,
      fetch: () =>
        Promise.resolve(Response.json({ description }, { status: 400 })),
    });
    const startMs = performance.now();
    notify.hookStatusTask(taskOf());
    await rejectsWith(flush(notify), "DELIVERY", /status 400: /);
    return performance.now() - startMs;
  };
  await timeOf("plain ");
  const floorMs = await timeOf("plain ");
  for (
    const unit of ["a.", "eyJ-", "eyJ.", "token ", "bot:", "http:", "AKIA"]
  ) {
    const ratio = await timeOf(unit) / (floorMs + 100);
    assert.ok(ratio < 10, `${unit}: ${ratio} times as long`);
  }
});

test("notify: a redirect is not followed, and its target sees nothing", async () => {
  const elsewhere = await open(webhook);
  for (const platform of PLATFORMS) {
    for (const status of [301, 302, 303, 307, 308]) {
      const { inbox, notify } = await open(platform, OPTIONS);
      const location = `${elsewhere.inbox.url}/stolen`;
      await inbox.fail([{ kind: "redirect", status, location }]);
      notify.hookStatusTask(taskOf());
      const flushed = flush(notify);
      await rejectsWith(flushed, "DELIVERY", /a redirect/);
      assert.equal((await inbox.received()).length, 1);
    }
  }
  assert.deepEqual(await elsewhere.inbox.received(), []);
});

test("notify: what is lost is counted until somebody is told of it", async () => {
  const { inbox } = await open(webhook);
  const notify = webhook.make(inbox.url, {
    ...OPTIONS,
    fetch: async (url, init) => {
      await sleep(50);
      return await fetch(url, init);
    },
  });
  await inbox.fail([{ kind: "answer", status: 400, times: 2 }]);
  for (let n = 0; n < 3; n++) notify.hookStatusTask(taskOf());
  // While the first message is under way, and before it fails.
  await sleep(120);
  notify.hookStatusTask(taskOf());
  await inbox.receives(2);
  await sleep(20);
  const words = /status 400 .*; 4 changes of status not told$/;
  await rejectsWith(flush(notify), "DELIVERY", words);
});

test("notify: what goes wrong before a message is sent shows nothing", async () => {
  const { notify, inbox } = await open(webhook);
  const { importKey } = crypto.subtle;
  const [, secret] = webhook.secrets;
  crypto.subtle.importKey = () => Promise.reject(new Error(`no key ${secret}`));
  cleanup(() => crypto.subtle.importKey = importKey);
  notify.hookStatusTask(taskOf());
  const words = /the message cannot be made; 1 change/;
  const error = await rejectsWith(flush(notify), "DELIVERY", words);
  hidesSecrets(webhook, inbox.url, error);
});
