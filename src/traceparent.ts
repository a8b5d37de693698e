/**
 * Places in a distributed trace, as the `traceparent` of W3C.
 *
 * @see https://www.w3.org/TR/trace-context/
 * @module
 */

/** A place in a trace. */
export interface TracePlace {
  /** The trace: 32 hexadecimal digits. */
  readonly traceId: string;
  /** The span: 16 hexadecimal digits. */
  readonly spanId: string;
  /** Whether the trace is recorded. */
  readonly sampled: boolean;
}

/** Only versions that come after the first may have more than four parts. */
const FORM =
  /^(?!ff|00.{53}.)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-|$)/;

/**
 * Reads a `traceparent`.
 *
 * @param text What was given.
 * @returns The place; undefined where the text names none.
 */
export function parseTraceparent(
  text: string | undefined,
): TracePlace | undefined {
  const parts = FORM.exec(text ?? "");
  if (!parts) return undefined;
  const [, traceId, spanId, flags] = parts;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, sampled: (parseInt(flags, 16) & 1) === 1 };
}

/**
 * Writes a place down as a `traceparent`.
 *
 * @param place The place.
 * @returns The text.
 */
export function toTraceparent(
  { traceId, spanId, sampled }: TracePlace,
): string {
  return `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`;
}

/**
 * Makes an id that nobody else makes.
 *
 * @param bytes How long it is: 16 bytes for a trace, 8 for a span.
 * @returns Hexadecimal digits, not all of them zero.
 */
export function randomTraceId(bytes: 8 | 16): string {
  const random = crypto.getRandomValues(new Uint8Array(bytes));
  const id = Array.from(random, (byte) => byte.toString(16).padStart(2, "0"))
    .join("");
  return /^0+$/.test(id) ? randomTraceId(bytes) : id;
}
