/**
 * How grave a line of the log is in OpenTelemetry, and where it stands.
 *
 * @see https://opentelemetry.io/docs/specs/otel/logs/data-model/#severity-fields
 * @module
 */

import { type Context, context, trace } from "@opentelemetry/api";
import type { LogFields, LogLevel } from "../../src/contracts/log.ts";
import { parseTraceparent } from "../../src/traceparent.ts";

/** How OpenTelemetry tells the levels. */
export const SEVERITIES: Readonly<
  Record<LogLevel, { readonly number: number; readonly text: string }>
> = {
  DEBUG: { number: 5, text: "DEBUG" },
  INFO: { number: 9, text: "INFO" },
  WARNING: { number: 13, text: "WARN" },
  ERROR: { number: 17, text: "ERROR" },
};

/**
 * Finds out where a line stands in a trace.
 *
 * @param fields What it is about.
 * @returns A context with the span of its task, or of its run where the task has
 * none, such as a restored one; the active one where no tracer tells of a span.
 */
export function contextOf({ task, traceparent }: LogFields): Context {
  const active = context.active();
  const place = parseTraceparent(task?.traceparent ?? traceparent);
  if (place === undefined) return active;
  const { traceId, spanId, sampled } = place;
  const traceFlags = sampled ? 1 : 0;
  return trace.setSpanContext(active, { traceId, spanId, traceFlags });
}
