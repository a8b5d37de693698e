/**
 * The inboxes that stand for chats refuse what the services would refuse.
 *
 * @module
 */

import assert from "node:assert/strict";
import { test } from "./harness.ts";
import { type LabInbox, openInbox } from "./inbox.ts";
import { makeDiscord } from "./servers/inboxes/discord.ts";
import type { Service } from "./servers/inboxes/inbox.ts";
import { makeSlack } from "./servers/inboxes/slack.ts";
import { makeTelegram } from "./servers/inboxes/telegram.ts";

const PLACES = {
  telegram: "/bot123456:ABC-DEF/sendMessage",
  discord: "/api/webhooks/123/token-ABC?wait=true",
  slack: "/services/T0/B0/tokenABC",
};

type Chat = keyof typeof PLACES;

async function post(
  inbox: LabInbox,
  path: string,
  body: unknown,
  type = "application/json",
) {
  const response = await fetch(inbox.url + path, {
    method: "POST",
    headers: { "content-type": type },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text };
}

const embed = (embed: object) => ({ embeds: [embed] });
const field = (value: string) => embed({ fields: [{ name: "n", value }] });
const block = (block: object) => ({ text: "t", blocks: [block] });
const section = (text: string) =>
  block({ type: "section", text: { type: "plain_text", text } });
const header = (text: string) =>
  block({ type: "header", text: { type: "plain_text", text } });
const long = (length: number) => embed({ description: "x".repeat(length) });
const value = "v".repeat(1_000);
const fields = Array.from({ length: 7 }, () => ({ name: "n", value }));

/** Bodies, and the status of the answer. */
const BODIES: Record<Chat, [what: string, body: unknown, status: number][]> = {
  telegram: [
    ["a text", { chat_id: 1, text: "x" }, 200],
    ["a name of a chat", { chat_id: "@name", text: "x" }, 200],
    ["the longest text", { chat_id: 1, text: "😀".repeat(2_048) }, 200],
    ["a longer text", { chat_id: 1, text: "😀".repeat(2_048) + "x" }, 400],
    ["an empty text", { chat_id: 1, text: " \n" }, 400],
    ["no text", { chat_id: 1 }, 400],
    ["half a character", { chat_id: 1, text: "x\ud83d" }, 400],
    ["no chat", { text: "x" }, 400],
    ["half a chat", { chat_id: 1.5, text: "x" }, 400],
    ["a parse mode", { chat_id: 1, text: "x", parse_mode: "HTML" }, 400],
    ["no JSON", "{", 400],
  ],
  discord: [
    ["an embed", embed({ title: "t", description: "d", color: 1 }), 200],
    ["a long description", long(4_096), 200],
    ["a longer description", long(4_097), 400],
    ["a long field of emoji", field("😀".repeat(1_024)), 200],
    ["a longer field", field("😀".repeat(1_025)), 400],
    ["a field with space around", field(` ${"x".repeat(1_024)} `), 200],
    ["an empty field", field(" "), 400],
    ["a long title", embed({ title: "x".repeat(257) }), 400],
    ["too many fields", embed({ fields: Array(26).fill(fields[0]) }), 400],
    ["too much in all", embed({ fields }), 400],
    ["half a character", field("x\ud83d"), 400],
    ["a color that is none", embed({ title: "t", color: -1 }), 400],
    ["an unknown member", embed({ title: "t", colour: 1 }), 400],
    [
      "unknown mentions",
      { content: "x", allowed_mentions: { parse: ["all"] } },
      400,
    ],
    ["a bad name", { content: "x", username: "My Discord" }, 400],
    ["nothing", {}, 400],
    ["no JSON", "{", 400],
  ],
  slack: [
    ["a text", { text: "x" }, 200],
    ["a header and a section", header("x"), 200],
    ["a long section", section("x".repeat(3_000)), 200],
    ["a longer section", section("x".repeat(3_001)), 400],
    ["a long header", header("x".repeat(151)), 400],
    ["an empty section", section(" "), 400],
    ["half a character", section("x\ud83d"), 400],
    [
      "a header with markup",
      block({ type: "header", text: { type: "mrkdwn", text: "x" } }),
      400,
    ],
    ["an unknown block", block({ type: "table" }), 400],
    ["an unknown member", { text: "x", txt: "y" }, 400],
    ["no text", { blocks: [] }, 400],
    ["no JSON", "{", 400],
  ],
};

test("lab: a chat of telegram finds names, tags and commands", async () => {
  const inbox = await openInbox("telegram");
  const text = "@name mail@example.com @x \n/start@bot a/b /usr/bin x /tmp, " +
    "#täg #12 a#b $USD $usd ${X} (@two) https://example.com/at #one#two";
  await post(inbox, PLACES.telegram, { chat_id: 1, text });
  const [{ value }] = await inbox.received();
  const found = ["@name", "@two", "/start", "/tmp", "#täg", "$USD"];
  assert.deepEqual(value.markup, found);
});

for (const [kind, bodies] of Object.entries(BODIES)) {
  test(`lab: a chat of ${kind} takes what the service takes`, async () => {
    for (const [what, body, status] of bodies) {
      const inbox = await openInbox(kind as Chat);
      const answer = await post(inbox, PLACES[kind as Chat], body);
      assert.equal(answer.status, status, `${what}: ${answer.text}`);
      const [{ refusal, value }] = await inbox.received();
      assert.equal(refusal === undefined, status === 200, what);
      assert.equal(value === undefined, status !== 200, what);
    }
  });

  test(`lab: a chat of ${kind} knows its token and its path`, async () => {
    const [[, body]] = bodies;
    const place = PLACES[kind as Chat];
    const token = /(123456:ABC-DEF|token-?ABC)/.exec(place)![0];
    const inbox = await openInbox(kind as Chat, { token });
    assert.equal((await post(inbox, place, body)).status, 200);
    const forged = place.replace("ABC", "XYZ");
    const { status } = await post(inbox, forged, body);
    assert.equal(status, { telegram: 401, discord: 404, slack: 403 }[kind]);
    assert.equal((await post(inbox, "/elsewhere", body)).status, 404);
    const { status: typed } = await post(inbox, place, body, "text/plain");
    assert.equal(typed, 400);
  });
}

/** How many in a row are taken, and what the next one is told. */
async function exhaust(kind: Chat, place: string, body: unknown, options = {}) {
  const inbox = await openInbox(kind, options);
  for (let taken = 0;; taken++) {
    const answer = await post(inbox, place, body);
    if (answer.status === 429) return { inbox, taken, ...answer };
    assert.equal(answer.status, 200, answer.text);
  }
}

test("lab: chats limit the rate, and say for how long", async () => {
  const { taken, text } = await exhaust(
    "telegram",
    PLACES.telegram,
    { chat_id: 1, text: "x" },
  );
  assert.equal(taken, 3);
  const { parameters, description } = JSON.parse(text);
  assert.ok(parameters.retry_after >= 1 && parameters.retry_after <= 3);
  assert.match(description, /^Too Many Requests: retry after \d$/);

  const discord = await exhaust(
    "discord",
    PLACES.discord,
    embed({ title: "t" }),
  );
  assert.equal(discord.taken, 5);
  const { retry_after, global } = JSON.parse(discord.text);
  assert.ok(retry_after > 0 && retry_after <= 2 && global === false);
  assert.equal(discord.headers.get("x-ratelimit-remaining"), "0");
  assert.equal(discord.headers.get("x-ratelimit-scope"), "user");

  const slack = await exhaust("slack", PLACES.slack, { text: "x" });
  assert.equal(slack.taken, 4);
  const seconds = Number(slack.headers.get("retry-after"));
  assert.ok(seconds >= 1 && seconds <= 4);
});

test("lab: a chat takes more after the time that it has said", async () => {
  const { inbox, text } = await exhaust(
    "slack",
    PLACES.slack,
    { text: "x" },
    { timeFactor: 0.05 },
  );
  const waitMs = JSON.parse(text).retry_after * 1_000;
  assert.ok(waitMs > 0 && waitMs <= 200);
  await new Promise((resolve) => setTimeout(resolve, waitMs + 2));
  const answer = await post(inbox, PLACES.slack, { text: "x" });
  assert.equal(answer.status, 200);
});

/** Asks a service so many times, at each of these times in milliseconds. */
function ask(
  service: Service,
  path: string,
  body: unknown,
  timesMs: readonly number[],
): number[] {
  const headers = { "content-type": "application/json" };
  const text = JSON.stringify(body);
  const rest = { n: 1, method: "POST", path, headers, text, status: 0 };
  const exchange = undefined as never;
  return timesMs.map((timeMs) => service({ ...rest, timeMs }, exchange).status);
}

const every = (ms: number, count: number) =>
  Array.from({ length: count }, (_, n) => n * ms);

test("lab: the rates that the services publish are never refused", () => {
  const group = { chat_id: -1, text: "x" };
  const send = (body: unknown, timesMs: number[]) =>
    ask(makeTelegram(), PLACES.telegram, body, timesMs).indexOf(429);
  assert.equal(send(group, every(3_000, 60)), -1);
  assert.equal(send(group, every(2_800, 60)), 20);
  assert.equal(send({ ...group, chat_id: "@name" }, every(2_800, 60)), 20);
  assert.equal(send({ ...group, chat_id: 1 }, every(1_000, 60)), -1);
  assert.equal(send({ ...group, chat_id: 1 }, every(900, 60)), 3);
  const post = (timesMs: number[]) => {
    const body = embed({ title: "t" });
    return ask(makeDiscord(), PLACES.discord, body, timesMs).indexOf(429);
  };
  assert.equal(post(every(2_000, 60)), -1);
  assert.equal(post(every(1_900, 60)), 30);
  assert.equal(post(every(390, 60)), 5);
  const write = (timesMs: number[]) =>
    ask(makeSlack(), PLACES.slack, { text: "x" }, timesMs).indexOf(429);
  assert.equal(write(every(1_000, 60)), -1);
  assert.equal(write(every(900, 60)), 4);
});

test("lab: Discord's markup is told from text", async () => {
  const readings: [source: string, text: string, markup: string[]][] = [
    ["plain", "plain", []],
    ["**bold**", "bold", ["**", "**"]],
    ["\\*\\*not bold\\*\\*", "**not bold**", []],
    ["<@123>", "", ["<@123>"]],
    ["\\<@123\\>", "<@123>", []],
    ["[a](https://b)", "a](b)", ["[", "https://"]],
    ["# big", " big", ["#"]],
    ["a # b", "a # b", []],
    ["```\n**code** `x`\n```", "**code** `x`", ["```"]],
    ["```\na``\u200b`b\n```", "a```b", ["```"]],
    ["```\na\n``` *b*", "a b", ["```", "*", "*"]],
  ];
  for (const [description, text, markup] of readings) {
    const inbox = await openInbox("discord");
    await post(inbox, PLACES.discord, embed({ description }));
    const [{ value }] = await inbox.received();
    assert.deepEqual([value.description, value.markup], [text, markup]);
  }
});

test("lab: Slack's markup is told from text", async () => {
  const readings: [source: string, text: string, markup: string[]][] = [
    ["a &lt;b&gt; &amp;amp;", "a <b> &amp;", []],
    ["<!channel> <@U1>", "<!channel> <@U1>", ["<!channel>", "<@U1>"]],
    ["a > b", "a > b", [">"]],
    ["a & b", "a & b", ["&"]],
  ];
  for (const [source, text, markup] of readings) {
    const inbox = await openInbox("slack");
    await post(inbox, PLACES.slack, section(source));
    const [{ value }] = await inbox.received();
    assert.deepEqual([value.blocks, value.markup], [[text], markup]);
  }
});
