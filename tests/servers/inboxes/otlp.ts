/**
 * A receiver of OTLP over HTTP, in JSON: checks what it is sent, and keeps it
 * decoded as plain values.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#otlphttp
 * @module
 */

import type { Received } from "./api.ts";
import type { Service, Verdict } from "./inbox.ts";
import { REQUESTS } from "./otlp_schema.ts";

/** Values by name. */
export type OtlpAttributes = Record<string, unknown>;

/** A span that has arrived. */
export interface OtlpSpan {
  /** What the resource says. */
  resource: OtlpAttributes;
  /** Who has made it. */
  scope: string;
  traceId: string;
  spanId: string;
  traceState: string | undefined;
  parentSpanId: string | undefined;
  name: string;
  kind: number;
  startMs: number;
  endMs: number;
  attributes: OtlpAttributes;
  events: { name: string; timeMs: number; attributes: OtlpAttributes }[];
  links: { traceId: string; spanId: string; sampled: boolean }[];
  status: { code: number; message: string };
}

/** A point of a metric that has arrived. */
export interface OtlpPoint {
  /** The name of the metric. */
  name: string;
  unit: string;
  /** Of which kind it is. */
  kind: "sum" | "gauge" | "histogram";
  attributes: OtlpAttributes;
  /** The value of a sum or gauge; the sum of a histogram. */
  value: number;
  /** How many values a histogram has. */
  count: number;
  /** The upper bounds of the buckets of a histogram. */
  bounds: number[];
}

/** A log record that has arrived. */
export interface OtlpLog {
  resource: OtlpAttributes;
  scope: string;
  timeMs: number;
  severityNumber: number;
  severityText: string;
  body: unknown;
  attributes: OtlpAttributes;
  traceId: string | undefined;
  spanId: string | undefined;
}

/** What a request has brought. */
export interface OtlpValue {
  spans?: OtlpSpan[];
  points?: OtlpPoint[];
  logs?: OtlpLog[];
}

const JSON_TYPE = { "content-type": "application/json" };

/** Makes a receiver. */
export function makeOtlp(): Service {
  return (request) => {
    try {
      return judge(request);
    } catch (error) {
      return refuse(400, String(error));
    }
  };
}

function judge({ method, path, headers, text }: Received): Verdict {
  const check = REQUESTS[path];
  if (check === undefined) return refuse(404, `nobody is at ${path}`);
  if (method !== "POST") return refuse(405, `it was sent by ${method}`);
  const type = headers["content-type"] ?? "none";
  if (!/^application\/json\b/.test(type)) {
    return refuse(415, `the content type is ${type}`);
  }
  const body = JSON.parse(text);
  const problem = check(body, "request");
  if (problem !== undefined) return refuse(400, problem);
  const reply = { status: 200, headers: JSON_TYPE, body: "{}" };
  return { ...reply, value: decode(body) };
}

function refuse(status: number, refusal: string): Verdict {
  const body = JSON.stringify({ code: 3, message: refusal });
  return { status, headers: JSON_TYPE, body, refusal };
}

// deno-lint-ignore no-explicit-any
type Json = any;

function decode(body: Json): OtlpValue {
  if (body.resourceSpans) {
    return { spans: all(body.resourceSpans, "scopeSpans", "spans", toSpan) };
  }
  if (body.resourceLogs) {
    return { logs: all(body.resourceLogs, "scopeLogs", "logRecords", toLog) };
  }
  return {
    points: all(body.resourceMetrics, "scopeMetrics", "metrics", toPoints)
      .flat(),
  };
}

interface Origin {
  resource: OtlpAttributes;
  scope: string;
}

function all<T>(
  resources: Json[],
  scopes: string,
  items: string,
  decode: (item: Json, origin: Origin) => T,
): T[] {
  return resources.flatMap((each) =>
    each[scopes].flatMap((scoped: Json) => {
      const resource = toAttributes(each.resource.attributes);
      const origin = { resource, scope: scoped.scope?.name ?? "" };
      return scoped[items].map((item: Json) => decode(item, origin));
    })
  );
}

function toSpan(span: Json, origin: Origin): OtlpSpan {
  const { traceId, spanId, parentSpanId, name, kind, status } = span;
  return {
    ...origin,
    traceId,
    spanId,
    traceState: span.traceState || undefined,
    parentSpanId: parentSpanId || undefined,
    name,
    kind,
    startMs: toMs(span.startTimeUnixNano),
    endMs: toMs(span.endTimeUnixNano),
    attributes: toAttributes(span.attributes),
    events: (span.events ?? []).map((event: Json) => ({
      name: event.name,
      timeMs: toMs(event.timeUnixNano),
      attributes: toAttributes(event.attributes),
    })),
    links: (span.links ?? []).map(({ traceId, spanId, flags }: Json) => ({
      traceId,
      spanId,
      sampled: (flags & 1) === 1,
    })),
    status: { code: status?.code ?? 0, message: status?.message ?? "" },
  };
}

function toPoints(metric: Json): OtlpPoint[] {
  const { name, unit = "" } = metric;
  const kind = (["sum", "gauge", "histogram"] as const)
    .find((kind) => metric[kind] !== undefined)!;
  return metric[kind].dataPoints.map((point: Json) => ({
    name,
    unit,
    kind,
    attributes: toAttributes(point.attributes),
    value: Number(point.asInt ?? point.asDouble ?? point.sum ?? 0),
    count: Number(point.count ?? 0),
    bounds: point.explicitBounds ?? [],
  }));
}

function toLog(log: Json, origin: Origin): OtlpLog {
  return {
    ...origin,
    timeMs: toMs(log.timeUnixNano),
    severityNumber: log.severityNumber ?? 0,
    severityText: log.severityText ?? "",
    body: toValue(log.body ?? {}),
    attributes: toAttributes(log.attributes),
    traceId: log.traceId || undefined,
    spanId: log.spanId || undefined,
  };
}

function toAttributes(attributes: Json[] = []): OtlpAttributes {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [key, toValue(value)]),
  );
}

function toValue(value: Json): unknown {
  if (value.arrayValue) return (value.arrayValue.values ?? []).map(toValue);
  if (value.kvlistValue) return toAttributes(value.kvlistValue.values);
  if (value.intValue !== undefined) return Number(value.intValue);
  const [only] = Object.values(value);
  return only;
}

/** To the precision of a microsecond, which a double has. */
function toMs(nanoseconds: string): number {
  return Number(BigInt(nanoseconds) / 1_000n) / 1_000;
}
