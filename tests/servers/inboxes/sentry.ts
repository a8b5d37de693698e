// deno-lint-ignore-file no-import-prefix
/**
 * Sentry's place for envelopes: takes what Sentry's documents allow, read by
 * Sentry's own parser, and keeps header and items as the value of a request.
 * What Sentry would cut, it refuses, so that tests notice.
 *
 * @see https://develop.sentry.dev/sdk/data-model/envelopes/
 * @see https://develop.sentry.dev/sdk/expected-features/data-handling/
 * @see https://docs.sentry.io/product/releases/naming-releases/
 * @module
 */

import { parseEnvelope } from "npm:@sentry/utils@8.9.2";
import { Buffer } from "node:buffer";
import type { Exchange } from "../exchange.ts";
import type { Received, SentryEnvelope } from "./api.ts";
import type { Service, Verdict } from "./inbox.ts";

/** How an inbox of Sentry behaves. */
export interface SentryOptions {
  /** The number of its project. @default "42" */
  project?: string;
  /** The key of its project. */
  key: string;
}

const MOST_SPANS = 1_000;
const MOST_ENVELOPE_BYTES = 20_000_000;
const MOST_ITEM_BYTES = 1_000_000;
const MOST_CONTEXT_BYTES = 8_000;
const MOST_EXTRA_BYTES = 16_000;
const MOST_EXTRAS_BYTES = 256_000;
const LONGEST_TEXT = 8_192;
const MOST_FRAMES = 50;
const MOST_PAIRS = 50;
const LEVELS = ["fatal", "error", "warning", "info", "debug"];
const STATUSES = ["ok", "cancelled", "internal_error", "deadline_exceeded"];
const SOURCES = ["custom", "url", "route", "view", "component", "task"];

/** In JSON, a whole pair is no escape. */
const HALF = /(?<!\\)(?:\\\\)*\\ud[89a-f]/i;

/** Why something is refused. */
class Refusal extends Error {
  constructor(readonly status: number, message: string) {
    super(message);
  }
}

// deno-lint-ignore no-explicit-any
type Any = any;

/**
 * Makes Sentry's place for the envelopes of one project.
 *
 * @param options Which project.
 */
export function makeSentry({ project = "42", key }: SentryOptions): Service {
  return (request, exchange): Verdict => {
    try {
      const value = take(request, exchange, project, key);
      const body = JSON.stringify({ id: value.header.event_id });
      return { status: 200, body, value };
    } catch (error) {
      const { message } = error as Error;
      const status = error instanceof Refusal ? error.status : 400;
      const body = JSON.stringify({ detail: message });
      return { status, body, refusal: message };
    }
  };
}

function take(
  { method, path }: Received,
  exchange: Exchange,
  project: string,
  key: string,
): SentryEnvelope {
  const { query, body } = exchange;
  must(method === "POST", "not sent by POST", 405);
  const target = /^\/api\/(\d+)\/envelope\/(?:\?|$)/.exec(path);
  must(target !== null, "no place for envelopes", 404);
  must(target![1] === project, "another project", 400);
  must(query.has("sentry_key"), "no key", 401);
  must(query.get("sentry_key") === key, "another key", 403);
  must(query.get("sentry_version") === "7", "another version", 400);
  const type = exchange.header("content-type");
  must(type === "application/x-sentry-envelope", `content type ${type}`, 415);
  must(body.length <= MOST_ENVELOPE_BYTES, "the envelope is too large", 413);
  must(!HALF.test(exchange.text), "half a surrogate pair");
  const [header, items] = parseEnvelope(body) as Any;
  must(items.length === 1, `${items.length} items in an envelope`);
  const [[{ type: kind }, payload]] = items;
  const bytes = bytesOf(payload);
  must(bytes <= MOST_ITEM_BYTES, `an item of ${bytes} bytes`, 413);
  must(["event", "transaction"].includes(kind), `an item of type ${kind}`);
  must(!Number.isNaN(Date.parse(header.sent_at)), "no sent_at");
  must(header.event_id === payload.event_id, "another event_id");
  checkEvent(payload);
  if (kind === "transaction") checkTransaction(payload, header, key);
  return { header, type: kind, payload };
}

function checkEvent(event: Any): void {
  must(/^[0-9a-f]{32}$/.test(event.event_id), "event_id");
  must(event.platform === "javascript", "platform");
  checkTime(event.timestamp, "timestamp");
  must(event.level === undefined || LEVELS.includes(event.level), "level");
  checkText(event.message, "message");
  const { environment, release } = event;
  checkName(environment, 64, /[\s/]/, ["none"], "environment");
  checkName(release, 200, /[\n\r\t\f/\\]/, [" ", "latest"], "release");
  for (const [name, value] of Object.entries<Any>(event.tags ?? {})) {
    must(/^[\w.:-]{1,32}$/.test(name), `the tag ${name}`);
    must(typeof value === "string" && value.length <= 200, `tag ${name}`);
    must(!value.includes("\n"), `a line end in tag ${name}`);
  }
  const contexts = Object.entries<Any>(event.contexts ?? {});
  must(contexts.length <= MOST_PAIRS, "too many contexts");
  for (const [name, context] of contexts) {
    must(bytesOf(context) <= MOST_CONTEXT_BYTES, `the context ${name}`);
  }
  const extras = Object.entries(event.extra ?? {});
  must(extras.length <= MOST_PAIRS, "too many extras");
  must(bytesOf(event.extra ?? {}) <= MOST_EXTRAS_BYTES, "extras");
  for (const [name, extra] of extras) {
    must(bytesOf(extra ?? null) <= MOST_EXTRA_BYTES, `the extra ${name}`);
  }
  for (const crumb of event.breadcrumbs ?? []) {
    checkTime(crumb.timestamp, "timestamp of a breadcrumb");
    must(LEVELS.includes(crumb.level), "level of a breadcrumb");
    checkText(crumb.message, "message of a breadcrumb");
    const pairs = Object.keys(crumb.data ?? {}).length;
    must(pairs <= MOST_PAIRS, "data of a breadcrumb");
  }
  must((event.breadcrumbs ?? []).length <= 100, "too many breadcrumbs");
  for (const { type, value, stacktrace } of event.exception?.values ?? []) {
    must(typeof type === "string" && type !== "", "type of an exception");
    checkText(value, "value of an exception");
    const frames = stacktrace?.frames ?? [];
    must(frames.length <= MOST_FRAMES, "too many frames");
  }
  const trace = event.contexts?.trace;
  must(isId(trace?.trace_id, 32), "trace_id");
  must(isId(trace?.span_id, 16), "span_id");
}

function checkTransaction(event: Any, header: Any, key: string): void {
  const { trace } = event.contexts;
  must(event.type === "transaction", "type of the transaction");
  must(typeof event.transaction === "string", "name of the transaction");
  must(event.transaction.length <= 200, "name of the transaction");
  must(SOURCES.includes(event.transaction_info?.source), "source");
  checkSpan({ ...event, ...trace }, trace.trace_id);
  must(header.trace?.trace_id === trace.trace_id, "trace of the header");
  must(header.trace?.public_key === key, "public_key of the header");
  must(event.spans.length <= MOST_SPANS, `${event.spans.length} spans`, 413);
  const ids = new Set([trace.span_id]);
  for (const span of event.spans) {
    checkSpan(span, trace.trace_id);
    must(!ids.has(span.span_id), "two spans of one id");
    ids.add(span.span_id);
  }
  for (const span of event.spans) {
    must(ids.has(span.parent_span_id), "a span whose parent is missing");
  }
}

function checkSpan(span: Any, traceId: string): void {
  must(isId(span.span_id, 16), "id of a span");
  must(span.trace_id === traceId, "a span of another trace");
  must(typeof span.op === "string", "op of a span");
  must(STATUSES.includes(span.status), `the status ${span.status}`);
  checkTime(span.start_timestamp, "start of a span");
  checkTime(span.timestamp, "end of a span");
  must(span.start_timestamp <= span.timestamp, "a span that ends too early");
}

/** Seconds since the epoch, not milliseconds. */
function checkTime(value: unknown, what: string): void {
  const isTime = typeof value === "number" && value > 1e9 && value < 1e11;
  must(isTime, `${what}: ${value}`);
}

function checkText(value: unknown, what: string): void {
  if (value === undefined) return;
  must(typeof value === "string" && value.length <= LONGEST_TEXT, what);
}

function checkName(
  value: unknown,
  mostBytes: number,
  refused: RegExp,
  reserved: string[],
  what: string,
): void {
  if (value === undefined) return;
  must(typeof value === "string" && value !== "", what);
  const name = String(value);
  must(Buffer.byteLength(name) <= mostBytes, `the length of the ${what}`);
  must(!refused.test(name), `the ${what} ${name}`);
  const names = [".", "..", ...reserved];
  must(!names.includes(name.toLowerCase()), `the ${what} ${name}`);
}

function isId(value: unknown, digits: number): boolean {
  return typeof value === "string" && value.length === digits &&
    /^[0-9a-f]+$/.test(value) && !/^0+$/.test(value);
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

function must(holds: boolean, what: string, status = 400): void {
  if (!holds) throw new Refusal(status, what);
}
