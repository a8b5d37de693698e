/**
 * The receiver of OTLP in the lab: it takes what the specification asks for, and
 * refuses what a careless exporter would send.
 *
 * @module
 */

import assert from "node:assert/strict";
import { test } from "./harness.ts";
import { openInbox } from "./inbox.ts";

const TIME = "1700000000000000001";

/** A request with one span, of which parts are replaced. */
function traces(part: Record<string, unknown> = {}): unknown {
  const span = {
    traceId: "5b8efff798038103d269b633813fc60c",
    spanId: "eee19b7ec3c1b174",
    name: "a span",
    kind: 1,
    startTimeUnixNano: TIME,
    endTimeUnixNano: TIME,
    attributes: [{ key: "number", value: { intValue: "9007199254740993" } }],
    status: {},
    ...part,
  };
  const scopeSpans = [{ scope: { name: "tests" }, spans: [span] }];
  return { resourceSpans: [{ resource: { attributes: [] }, scopeSpans }] };
}

/** A request with one metric. */
function metrics(metric: unknown): unknown {
  const scopeMetrics = [{ scope: {}, metrics: [metric] }];
  return { resourceMetrics: [{ resource: {}, scopeMetrics }] };
}

async function send(
  path: string,
  body: unknown,
  { method = "POST", type = "application/json" } = {},
) {
  const inbox = await openInbox("otlp");
  const response = await fetch(inbox.url + path, {
    method,
    headers: { "content-type": type },
    body: method === "GET"
      ? undefined
      : typeof body === "string"
      ? body
      : JSON.stringify(body),
  });
  const text = await response.text();
  const [received] = await inbox.received();
  assert.equal(received.status, response.status);
  return { ...received, answer: JSON.parse(text) };
}

test("lab otlp: what is right is taken, and decoded", async () => {
  const { status, value, answer } = await send("/v1/traces", traces());
  assert.equal(status, 200);
  assert.deepEqual(answer, {});
  assert.equal(value.spans.length, 1);
  assert.equal(value.spans[0].startMs, 1_700_000_000_000);
  assert.equal(value.spans[0].scope, "tests");
  const point = { timeUnixNano: TIME, asInt: "3" };
  const sum = { aggregationTemporality: 2, dataPoints: [point] };
  const counted = await send("/v1/metrics", metrics({ name: "n", sum }));
  assert.equal(counted.refusal, undefined);
  assert.equal(counted.value.points[0].value, 3);
  const record = {
    observedTimeUnixNano: TIME,
    timeUnixNano: TIME,
    severityNumber: 9,
    body: { kvlistValue: { values: [] } },
  };
  const scopeLogs = [{ scope: {}, logRecords: [record] }];
  const resourceLogs = [{ resource: {}, scopeLogs }];
  const logged = await send("/v1/logs", { resourceLogs });
  assert.equal(logged.refusal, undefined);
  assert.deepEqual(logged.value.logs[0].body, {});
});

const SLIPS: Record<string, [part: Record<string, unknown>, refusal: RegExp]> =
  {
    "an id in base64": [{ spanId: "7uGbfsPBsXQ=" }, /spanId.* no id of 8/],
    "an id of zeros": [{ traceId: "0".repeat(32) }, /traceId.* no id of 16/],
    "a time as a number": [{ startTimeUnixNano: 1.7e18 }, /no time/],
    "a time in milliseconds": [{ endTimeUnixNano: "1700000000000" }, /no time/],
    "a kind in words": [{ kind: "SPAN_KIND_INTERNAL" }, /kind/],
    "a status in words": [{ status: { code: "ERROR" } }, /code/],
    "a name in snake case": [
      { parent_span_id: "eee19b7ec3c1b174" },
      /no field/,
    ],
    "no name": [{ name: undefined }, /has no name/],
    "attributes as an object": [{ attributes: { a: 1 } }, /no list/],
    "a bare value": [{ attributes: [{ key: "a", value: 1 }] }, /no message/],
    "a number that is not whole": [
      { attributes: [{ key: "a", value: { intValue: 1.5 } }] },
      /whole number/,
    ],
    "a number that is not exact": [
      { attributes: [{ key: "a", value: { intValue: 2 ** 60 } }] },
      /whole number/,
    ],
    "a value twice": [
      { attributes: [{ key: "a", value: { intValue: 1, boolValue: true } }] },
      /more than one value/,
    ],
    "a name twice": [
      {
        attributes: [{ key: "a", value: {} }, { key: "a", value: {} }],
      },
      /there twice/,
    ],
    "an event without a time": [{ events: [{ name: "e" }] }, /timeUnixNano/],
    "a link to nothing": [{ links: [{ traceId: "5".repeat(32) }] }, /spanId/],
  };

for (const [what, [part, refusal]] of Object.entries(SLIPS)) {
  test(`lab otlp: ${what} is refused`, async () => {
    const answer = await send("/v1/traces", traces(part));
    assert.equal(answer.status, 400);
    assert.match(answer.refusal!, refusal);
    assert.equal(answer.value, undefined);
  });
}

test("lab otlp: other paths, methods and types are refused", async () => {
  assert.equal((await send("/v1/trace", traces())).status, 404);
  assert.equal((await send("/", traces())).status, 404);
  const get = await send("/v1/traces", undefined, { method: "GET" });
  assert.equal(get.status, 405);
  const type = "application/x-protobuf";
  assert.equal((await send("/v1/traces", traces(), { type })).status, 415);
  assert.equal((await send("/v1/traces", "{")).status, 400);
  assert.equal((await send("/v1/logs", traces())).status, 400);
});
