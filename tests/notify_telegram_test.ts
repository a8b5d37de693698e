import {
  NotifyTelegram,
  type NotifyTelegramOptions,
} from "@dotflow/dotflow/providers/notify-telegram";
import assert from "node:assert/strict";
import { test } from "./harness.ts";
import { openInbox } from "./inbox.ts";
import {
  CANARY,
  COMMON_REFUSALS,
  QUICK,
  refuses,
  taskOf,
  tell,
} from "./notifiers.ts";

const TOKEN = "123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11";

test("NotifyTelegram: sends what the Bot API asks for", async () => {
  const inbox = await openInbox("telegram", { token: TOKEN });
  const place = { token: TOKEN, chatId: -100123, threadId: 7 };
  const apiUrl = `${inbox.url}/`;
  const notify = new NotifyTelegram({ ...place, ...QUICK, apiUrl });
  const [{ method, path, headers, value }] = await tell(
    { inbox, notify },
    { error: "no rows\nat all" },
  );
  assert.equal(method, "POST");
  assert.equal(path, `/bot${TOKEN}/sendMessage`);
  assert.equal(headers["content-type"], "application/json");
  assert.deepEqual(value, {
    chat_id: -100123,
    message_thread_id: 7,
    text: "❌ Failed\nWorkflow: nightly\nTask: extract\n" +
      "Error: TypeError: no rows\n  at all",
    link_preview_options: { is_disabled: true },
    markup: [],
  });
});

test("NotifyTelegram: what is no name, tag or command can be copied", async () => {
  const inbox = await openInbox("telegram");
  const place = { token: TOKEN, chatId: 1, apiUrl: inbox.url };
  const notify = new NotifyTelegram({ ...place, ...QUICK });
  const error = "open '/data/a b.csv' and a/b for mail@example.com, see " +
    "https://example.com/a?b=1#c; $5, ${x}, # 1, @ noon";
  const [{ value }] = await tell({ inbox, notify }, { error });
  assert.ok(value.text.includes(error), value.text);
});

test("NotifyTelegram: a long text of names is as long as it may be", async () => {
  const inbox = await openInbox("telegram");
  const place = { token: TOKEN, chatId: 1, apiUrl: inbox.url };
  const notify = new NotifyTelegram({ ...place, ...QUICK });
  const error = "@name ".repeat(2_000);
  const [{ value }] = await tell({ inbox, notify }, { error });
  assert.deepEqual(value.markup, []);
  assert.ok(value.text.length > 3_500 && value.text.length <= 4_096);
  assert.ok(value.text.endsWith("…"));
});

test("NotifyTelegram: goes to Telegram where nobody says otherwise", async () => {
  const urls: string[] = [];
  const notify = new NotifyTelegram({
    token: TOKEN,
    chatId: 1,
    fetch: (url) => {
      urls.push(url);
      return Promise.resolve(Response.json({ ok: true, result: {} }));
    },
  });
  notify.hookStatusTask(taskOf());
  await notify.flush();
  assert.deepEqual(urls, [
    `https://api.telegram.org/bot${TOKEN}/sendMessage`,
  ]);
});

test("NotifyTelegram: bad options are refused by name, and never shown", async () => {
  const good: NotifyTelegramOptions = { token: TOKEN, chatId: 1 };
  const make = (options: unknown) =>
    new NotifyTelegram(options as NotifyTelegramOptions);
  make(good);
  make({ ...good, token: "1:a", chatId: "@name_1", threadId: 1 });
  make({ ...good, chatId: "-1001234567890", apiUrl: "http://127.0.0.1:8081" });
  await refuses(make, good, {
    ...COMMON_REFUSALS,
    token: [
      undefined,
      "",
      CANARY,
      `123:${CANARY}/x`,
      `${CANARY}:123`,
      "0123:abc",
      `bot123:${CANARY}`,
      ` 123:${CANARY}`,
      `123:${"x".repeat(80)}`,
      123456,
      {},
    ],
    chatId: [
      undefined,
      null,
      true,
      NaN,
      Infinity,
      1.5,
      0,
      2 ** 53,
      "",
      " ",
      "name",
      "@",
      "@1name",
      "1.5",
      `123:${CANARY}`,
      [1],
      { id: 1 },
      1n,
    ],
    threadId: [0, -1, 1.5, "7", null],
    apiUrl: [
      "",
      CANARY,
      `ftp://${CANARY}`,
      `http://example.com/${CANARY}`,
      `https://user:${CANARY}@example.com`,
      `https://${CANARY}@example.com`,
      `https://example.com/#${CANARY}`,
      `https://example.com/?a=${CANARY}`,
      "https://example.com/?",
      "https://example.com/#",
      8081,
    ],
  });
});
