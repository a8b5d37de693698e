import assert from "node:assert/strict";
import { test } from "./harness.ts";
import { openInbox } from "./inbox.ts";

const KEY = "0123456789abcdef";
const TRACE = { trace_id: "a".repeat(32), span_id: "b".repeat(16) };
const TYPE = "application/x-sentry-envelope";

/** An event, a transaction or a span that Sentry takes. */
const EVENT = {
  event_id: "c".repeat(32),
  platform: "javascript",
  timestamp: 1_700_000_000,
  message: "text",
  contexts: { trace: TRACE },
};
const TIMES = { start_timestamp: 1_700_000_000, timestamp: 1_700_000_001 };
const TRANSACTION = {
  ...EVENT,
  ...TIMES,
  type: "transaction",
  transaction: "name",
  transaction_info: { source: "task" },
  contexts: { trace: { ...TRACE, op: "op", status: "ok" } },
  spans: [spanOf(1)],
};

function spanOf(n: number) {
  return {
    ...TIMES,
    trace_id: TRACE.trace_id,
    span_id: String(n).padStart(16, "0"),
    parent_span_id: TRACE.span_id,
    op: "op",
    status: "ok",
  };
}

/** An envelope as text. */
function envelopeOf(payload: Record<string, unknown>, header = {}): string {
  return [
    {
      event_id: EVENT.event_id,
      sent_at: new Date(0).toISOString(),
      trace: { trace_id: TRACE.trace_id, public_key: KEY },
      ...header,
    },
    { type: payload.type ?? "event" },
    payload,
  ].map((part) => JSON.stringify(part)).join("\n");
}

const REFUSED: [status: number, body: string][] = [
  [400, "no envelope"],
  [400, envelopeOf(EVENT, { event_id: "d".repeat(32) })],
  [400, envelopeOf(EVENT, { sent_at: undefined })],
  [400, envelopeOf({ ...EVENT, type: "session" })],
  [400, `${envelopeOf(EVENT)}\n{"type":"event"}\n${JSON.stringify(EVENT)}`],
  [400, envelopeOf({ ...EVENT, timestamp: 1_700_000_000_000 })],
  [400, envelopeOf({ ...EVENT, message: "x".repeat(8_193) })],
  ...["", "a b", "a/b", "a\nb", "None", "..", "x".repeat(65)].map((
    environment,
  ): [number, string] => [400, envelopeOf({ ...EVENT, environment })]),
  ...["", " ", "a/b", "a\\b", "a\tb", "Latest", ".", "x".repeat(201)].map((
    release,
  ): [number, string] => [400, envelopeOf({ ...EVENT, release })]),
  [400, envelopeOf({ ...EVENT, message: "half \ud83d" })],
  [400, envelopeOf({ ...EVENT, tags: { [`${"x".repeat(33)}`]: "" } })],
  [400, envelopeOf({ ...EVENT, tags: { x: "x".repeat(201) } })],
  [400, envelopeOf({ ...EVENT, tags: { x: "a\nb" } })],
  [400, envelopeOf({ ...EVENT, extra: { x: "x".repeat(16_001) } })],
  [400, envelopeOf({ ...EVENT, contexts: { trace: {} } })],
  [413, envelopeOf({ ...EVENT, modules: { x: "x".repeat(1_000_000) } })],
  [400, envelopeOf({ ...TRANSACTION, transaction_info: undefined })],
  [400, envelopeOf(TRANSACTION, { trace: undefined })],
  [400, envelopeOf({ ...TRANSACTION, spans: [spanOf(1), spanOf(1)] })],
  [
    400,
    envelopeOf({
      ...TRANSACTION,
      spans: [{ ...spanOf(1), parent_span_id: "e".repeat(16) }],
    }),
  ],
  [400, envelopeOf({ ...TRANSACTION, start_timestamp: 1_800_000_000 })],
  [
    413,
    envelopeOf({
      ...TRANSACTION,
      spans: Array.from({ length: 1_001 }, (_, n) => spanOf(n + 1)),
    }),
  ],
];

test("lab: Sentry takes what it should, and refuses the rest", async () => {
  const inbox = await openInbox("sentry", { key: KEY });
  const send = async (
    body: string,
    query = `sentry_key=${KEY}&sentry_version=7`,
    type = TYPE,
    path = "/api/42/envelope/",
  ) => {
    const headers = { "content-type": type };
    const url = `${inbox.url}${path}?${query}`;
    const response = await fetch(url, { method: "POST", headers, body });
    await response.text();
    return response.status;
  };
  const named = { environment: "a.b-c", release: "a@1.0 (7)" };
  const good = [EVENT, TRANSACTION, {
    ...EVENT,
    ...named,
    message: "\\ud83d 😀",
  }];
  for (const payload of good) {
    assert.equal(await send(envelopeOf(payload)), 200);
  }
  for (const [status, body] of REFUSED) {
    assert.equal(await send(body), status, body.slice(0, 300));
  }
  const event = envelopeOf(EVENT);
  assert.equal(await send(event, "sentry_version=7"), 401);
  assert.equal(await send(event, "sentry_key=x&sentry_version=7"), 403);
  assert.equal(await send(event, `sentry_key=${KEY}`), 400);
  assert.equal(await send(event, undefined, "application/json"), 415);
  const other = "/api/43/envelope/";
  assert.equal(await send(event, undefined, TYPE, other), 400);
  assert.equal(await send(event, undefined, TYPE, "/api/42/store/"), 404);
  const received = await inbox.received();
  const taken = received.flatMap(({ value }) => value ?? []);
  assert.deepEqual(taken.map(({ payload }) => payload), good);
  assert.deepEqual(taken.map(({ type }) => type), [
    "event",
    "transaction",
    "event",
  ]);
});
