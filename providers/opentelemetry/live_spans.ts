/**
 * Spans of the application's own SDK.
 *
 * @module
 */

import {
  isSpanContextValid,
  type Span,
  SpanStatusCode,
  trace,
  type TracerProvider,
} from "@opentelemetry/api";
import { toTraceparent } from "../../src/traceparent.ts";
import { exceptionAttributes, SCOPE } from "./attributes.ts";
import type { OpenSpan, SpanDraft, SpanEnd } from "./run_spans.ts";

/** The flag of a trace that is recorded. */
const SAMPLED = 1;

/**
 * Opens a span.
 *
 * @param provider Whose span it is.
 * @param draft What is to be opened.
 * @returns The span; undefined where no SDK is there, or it wants none.
 */
export function openLiveSpan(
  provider: TracerProvider,
  { name, startMs, attributes, parent, link }: SpanDraft,
): OpenSpan | undefined {
  const links = [];
  if (link) {
    const { traceId, spanId, sampled } = link;
    const traceFlags = sampled ? SAMPLED : 0;
    links.push({ context: { traceId, spanId, traceFlags, isRemote: true } });
  }
  const span = provider.getTracer(SCOPE).startSpan(
    name,
    { startTime: startMs, attributes, links },
    parent,
  );
  const place = span.spanContext();
  if (!isSpanContextValid(place)) return undefined;
  const { traceId, spanId, traceFlags } = place;
  const sampled = (traceFlags & SAMPLED) !== 0;
  return {
    traceparent: toTraceparent({ traceId, spanId, sampled }),
    inside: trace.setSpan(parent, span),
    end: (end) => endLiveSpan(span, end),
  };
}

function endLiveSpan(
  span: Span,
  { endMs, attributes, errors, failure }: SpanEnd,
): void {
  if (span.isRecording()) {
    span.setAttributes(attributes);
    for (const error of errors) {
      span.addEvent("exception", exceptionAttributes(error), error.failedMs);
    }
    if (failure !== undefined) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: failure });
    }
  }
  span.end(endMs);
}
