import {
  NotifySlack,
  type NotifySlackOptions,
} from "@dotflow/dotflow/providers/notify-slack";
import assert from "node:assert/strict";
import { test } from "./harness.ts";
import { openInbox } from "./inbox.ts";
import {
  ANY_RATE,
  COMMON_REFUSALS,
  open,
  QUICK,
  refuses,
  slack,
  tell,
  URL_REFUSALS,
} from "./notifiers.ts";

const PLACE = "/services/T000/B000/tokenABC";

test("NotifySlack: sends blocks, and a text for notifications", async () => {
  const inbox = await openInbox("slack", { token: "tokenABC" });
  const webhookUrl = `${inbox.url}${PLACE}`;
  const notify = new NotifySlack({ ...QUICK, webhookUrl });
  const [{ method, path, headers, value: { body } }] = await tell(
    { inbox, notify },
    { workflowId: "a&b", error: "<!channel>\nis gone" },
  );
  assert.equal(method, "POST");
  assert.equal(path, PLACE);
  assert.equal(headers["content-type"], "application/json");
  const rest = "Workflow: a&amp;b\nTask: extract\n" +
    "Error: TypeError: &lt;!channel&gt;\n  is gone";
  const plain = (text: string) => ({ type: "plain_text", text, emoji: false });
  assert.deepEqual(body, {
    text: `❌ Failed\n${rest}`,
    blocks: [
      { type: "header", text: plain("❌ Failed") },
      { type: "section", text: plain(rest) },
    ],
    unfurl_links: false,
    unfurl_media: false,
  });
});

test("NotifySlack: bad options are refused by name, and never shown", async () => {
  const good: NotifySlackOptions = {
    webhookUrl: `https://hooks.slack.com${PLACE}`,
  };
  const make = (options: unknown) =>
    new NotifySlack(options as NotifySlackOptions);
  make(good);
  make({ webhookUrl: "http://[::1]:8080/hook" });
  await refuses(make, good, { ...COMMON_REFUSALS, webhookUrl: URL_REFUSALS });
});

test("NotifySlack: a list that fills its message has room for the rest", async () => {
  const bench = await open(slack, QUICK, ANY_RATE);
  const like = { workflowId: "w".repeat(60), taskId: "t".repeat(60) };
  const full = { ...like, error: "e".repeat(120) };
  for (let length = 0; length < 110; length += 3) {
    const first = { ...like, error: "e".repeat(length) };
    await bench.inbox.forget();
    const tasks = [first, ...Array(49).fill(full)];
    const [{ value }] = await tell(bench, ...tasks);
    assert.match(value.blocks[1], /and \d+ more$/);
  }
});
