/**
 * Spans as OTLP in JSON: ids in hexadecimal digits, times and other numbers of
 * 64 bits as texts, enumerations as numbers.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 * @see https://github.com/open-telemetry/opentelemetry-proto
 * @module
 */

import type { TracePlace } from "../../src/traceparent.ts";
import { type Attributes, SCOPE } from "../opentelemetry/attributes.ts";

/** A span that has ended. */
export interface EndedSpan {
  /** Its trace. */
  readonly traceId: string;
  /** Its id. */
  readonly spanId: string;
  /** What others have to say of the trace: the `tracestate` of W3C. */
  readonly traceState: string | undefined;
  /** The span that it is in. */
  readonly parentSpanId: string | undefined;
  /** Its name. */
  readonly name: string;
  /** When it began, in milliseconds since the epoch. */
  readonly startMs: number;
  /** When it ended, in milliseconds since the epoch. */
  readonly endMs: number;
  /** What is known of it. */
  readonly attributes: Attributes;
  /** What has happened in it. */
  readonly events: readonly SpanEvent[];
  /** Earlier spans that it goes on from. */
  readonly links: readonly TracePlace[];
  /** Why it counts as failed; undefined: it does not. */
  readonly failure: string | undefined;
}

/** Something that has happened in a span. */
export interface SpanEvent {
  /** Its name. */
  readonly name: string;
  /** When, in milliseconds since the epoch. */
  readonly timeMs: number;
  /** What is known of it. */
  readonly attributes: Attributes;
}

/** `SPAN_KIND_INTERNAL`. */
const INTERNAL = 1;
/** `STATUS_CODE_ERROR`. */
const ERROR = 2;
/** The flag of a trace that is recorded. */
const SAMPLED = 1;

/**
 * Writes a span down.
 *
 * @param span The span.
 * @returns JSON.
 */
export function encodeSpan(span: EndedSpan): string {
  const { traceId, spanId, traceState, parentSpanId, name, failure } = span;
  return JSON.stringify({
    traceId,
    spanId,
    traceState,
    parentSpanId,
    flags: SAMPLED,
    name,
    kind: INTERNAL,
    startTimeUnixNano: toNanoseconds(span.startMs),
    endTimeUnixNano: toNanoseconds(span.endMs),
    attributes: toKeyValues(span.attributes),
    events: span.events.map(({ name, timeMs, attributes }) => ({
      timeUnixNano: toNanoseconds(timeMs),
      name,
      attributes: toKeyValues(attributes),
    })),
    links: span.links.map(({ traceId, spanId, sampled }) => ({
      traceId,
      spanId,
      flags: sampled ? SAMPLED : 0,
    })),
    status: failure === undefined ? {} : { code: ERROR, message: failure },
  }, toWellFormed);
}

/**
 * Puts spans together to one request.
 *
 * @param spans Spans, as `encodeSpan` gives them.
 * @param resource What they come from.
 * @returns JSON.
 */
export function encodeRequest(
  spans: readonly string[],
  resource: Attributes,
): string {
  const from = JSON.stringify({ attributes: toKeyValues(resource) });
  const scope = JSON.stringify({ name: SCOPE });
  return `{"resourceSpans":[{"resource":${from},"scopeSpans":[{"scope":` +
    `${scope},"spans":[${spans.join(",")}]}]}]}`;
}

/** Halves of surrogate pairs are no text in protobuf. */
function toWellFormed(_name: string, value: unknown): unknown {
  return typeof value === "string"
    ? value.replace(/\p{Surrogate}/gu, "\ufffd")
    : value;
}

function toKeyValues(attributes: Attributes): object[] {
  return Object.entries(attributes).map(([key, value]) => ({
    key,
    value: toValue(value),
  }));
}

function toValue(value: string | number | boolean): object {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  return Number.isSafeInteger(value)
    ? { intValue: String(value) }
    : { doubleValue: value };
}

/** Milliseconds with a fraction are not exact enough to be multiplied. */
function toNanoseconds(ms: number): string {
  const whole = Math.floor(ms);
  const rest = Math.round((ms - whole) * 1e6);
  return String(BigInt(whole) * 1_000_000n + BigInt(rest));
}
