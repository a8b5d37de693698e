import type { TaskStatus } from "@dotflow/dotflow";
import {
  NotifyDiscord,
  type NotifyDiscordOptions,
} from "@dotflow/dotflow/providers/notify-discord";
import assert from "node:assert/strict";
import { test } from "./harness.ts";
import { openInbox } from "./inbox.ts";
import {
  ANY_RATE,
  COMMON_REFUSALS,
  QUICK,
  refuses,
  type TaskLike,
  tell,
  URL_REFUSALS,
} from "./notifiers.ts";

const PLACE = "/api/webhooks/123456789/token-ABC";

test("NotifyDiscord: sends an embed as in the reference system", async () => {
  const inbox = await openInbox("discord", ANY_RATE);
  const options = { ...QUICK, showResult: true };
  const notify = new NotifyDiscord({
    ...options,
    webhookUrl: `${inbox.url}${PLACE}?thread_id=7`,
    username: "nightly 🌙",
  });
  const bench = { inbox, notify };
  const [{ method, path, headers, value: { body } }] = await tell(bench, {
    workflowId: "a_b",
    error: "no `rows`\n```at all",
  });
  assert.equal(method, "POST");
  assert.equal(path, `${PLACE}?thread_id=7&wait=true`);
  assert.equal(headers["content-type"], "application/json");
  assert.deepEqual(body, {
    username: "nightly 🌙",
    embeds: [{
      title: "❌ Failed",
      color: 0xe74c3c,
      description: "**Workflow:** a\\_b\n**Task:** extract",
      fields: [{
        name: "Error",
        value: "```\nTypeError: no `\u200brows`\u200b\n" +
          "`\u200b`\u200b`\u200bat all\n```",
      }],
    }],
    allowed_mentions: { parse: [] },
  });
  await inbox.forget();
  const completed = { status: "Completed", result: [1] } as const;
  const [{ value: { body: { embeds } } }] = await tell(bench, completed);
  assert.deepEqual(embeds[0].fields, [
    { name: "Result", value: "```\n[1]\n```" },
  ]);
});

test("NotifyDiscord: lengths are counted in code points", async () => {
  const inbox = await openInbox("discord", ANY_RATE);
  const webhookUrl = `${inbox.url}${PLACE}`;
  const notify = new NotifyDiscord({ ...QUICK, webhookUrl });
  const shown = async (length: number, ...more: TaskLike[]) => {
    await inbox.forget();
    const task = { taskId: "😀".repeat(length) };
    const [{ value }] = await tell({ inbox, notify }, task, ...more);
    return [...value.description].filter((char) => char === "😀").length;
  };
  assert.equal(await shown(256), 256);
  assert.equal(await shown(257), 255);
  assert.equal(await shown(60, {}), 60);
  assert.equal(await shown(61, {}), 59);
});

test("NotifyDiscord: each status has a colour, and the gravest counts", async () => {
  const inbox = await openInbox("discord", ANY_RATE);
  const webhookUrl = `${inbox.url}${PLACE}`;
  const notify = new NotifyDiscord({ ...QUICK, webhookUrl });
  const colorOf = async (...statuses: TaskStatus[]) => {
    await inbox.forget();
    const tasks = statuses.map((status) => ({ status }));
    const [{ value: { body } }] = await tell({ inbox, notify }, ...tasks);
    const [{ color, description }] = body.embeds;
    assert.equal(description.split("\n").length >= statuses.length, true);
    return color;
  };
  const gravest: TaskStatus[] = [
    "Failed",
    "Retry",
    "Paused",
    "Completed",
    "In progress",
    "Not started",
  ];
  const colors = new Set<number>();
  for (const [index, status] of gravest.entries()) {
    const color = await colorOf(status);
    colors.add(color);
    assert.equal(await colorOf(...gravest.slice(index)), color);
    assert.equal(await colorOf(...gravest.slice(index).reverse()), color);
  }
  assert.equal(colors.size, 6);
});

test("NotifyDiscord: bad options are refused by name, and never shown", async () => {
  const good: NotifyDiscordOptions = {
    webhookUrl: `https://discord.com${PLACE}`,
  };
  const make = (options: unknown) =>
    new NotifyDiscord(options as NotifyDiscordOptions);
  make(good);
  make({ ...good, username: "😀".repeat(80) });
  make({ webhookUrl: "http://localhost:8080/hook?wait=false" });
  await refuses(make, good, {
    ...COMMON_REFUSALS,
    webhookUrl: URL_REFUSALS,
    username: ["", " ", "x".repeat(81), "My Discord", "Clyde", 5, null],
  });
});

test("NotifyDiscord: words of its address stay in messages", async () => {
  const inbox = await openInbox("discord");
  const webhookUrl = `${inbox.url}/api/webhooks/123/token-ABC?wait=true`;
  const notify = new NotifyDiscord({ ...QUICK, webhookUrl });
  const [{ text }] = await tell({ inbox, notify }, { error: "it is true" });
  assert.ok(text.includes("it is true"), text);
});
