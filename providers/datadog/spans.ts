/**
 * Spans that are written down when they end, without an SDK.
 *
 * @module
 */

import { trace } from "@opentelemetry/api";
import { randomTraceId, toTraceparent } from "../../src/traceparent.ts";
import { exceptionAttributes } from "../opentelemetry/attributes.ts";
import type { OpenSpan, SpanDraft } from "../opentelemetry/run_spans.ts";
import type { EndedSpan } from "./otlp.ts";

/**
 * Opens a span. Its ids are drawn here, at once, so that they can be handed on
 * while it is open. A trace that is not recorded by whom it comes from is not
 * recorded here either.
 *
 * @param draft What is to be opened.
 * @param take Takes the span when it has ended.
 * @returns The span.
 */
export function openOwnSpan(
  { name, group, startMs, attributes, parent, link }: SpanDraft,
  take: (span: EndedSpan) => void,
): OpenSpan {
  const around = trace.getSpanContext(parent);
  const outer = around && trace.isSpanContextValid(around) ? around : undefined;
  const traceId = outer?.traceId ?? randomTraceId(16);
  const spanId = randomTraceId(8);
  const traceFlags = outer ? outer.traceFlags & 1 : 1;
  const sampled = traceFlags === 1;
  // What others have to say of the trace is handed on as it is.
  const traceState = outer?.traceState;
  const place = { traceId, spanId, traceFlags, traceState };
  // What Datadog groups by: one operation for all runs, another for all tasks.
  const grouped = {
    "operation.name": `dotflow.${name.split(":")[0]}`,
    "resource.name": group,
  };
  return {
    traceparent: toTraceparent({ traceId, spanId, sampled }),
    inside: trace.setSpanContext(parent, place),
    end({ endMs, attributes: more, errors, failure }) {
      if (!sampled) return;
      take({
        traceId,
        spanId,
        traceState: traceState?.serialize(),
        parentSpanId: outer?.spanId,
        name,
        startMs,
        endMs,
        attributes: { ...attributes, ...more, ...grouped },
        events: errors.map((error) => ({
          name: "exception",
          timeMs: error.failedMs,
          attributes: exceptionAttributes(error),
        })),
        links: link ? [link] : [],
        failure,
      });
    },
  };
}
