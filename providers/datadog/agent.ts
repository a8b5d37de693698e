/**
 * The way to the agent of Datadog: OTLP over HTTP. OpenTelemetry's own exporter is
 * not used, since it adds the headers of `OTEL_EXPORTER_OTLP_HEADERS`, which hold
 * the key of another backend where there is one.
 *
 * @see https://docs.datadoghq.com/opentelemetry/interoperability/otlp_ingest_in_the_agent/
 * @see https://opentelemetry.io/docs/specs/otlp/#otlphttp
 * @module
 */

import { context, createContextKey } from "@opentelemetry/api";
import {
  type Fetch,
  type HttpAnswer,
  HttpError,
  sendWithRetries,
} from "../../src/http/retry.ts";
import { clean, parseObject, textOf } from "../../src/http/said.ts";
import type { Attributes } from "../opentelemetry/attributes.ts";
import { encodeRequest } from "./otlp.ts";
import type { Loss } from "./outbox.ts";

/** Where the agent is, and how it is told. */
export interface Agent {
  /** The address of its intake. */
  readonly url: string;
  /** What the spans come from. */
  readonly resource: Attributes;
  /** What sends requests; undefined: the runtime's own `fetch`. */
  readonly fetch: Fetch | undefined;
  /** How long a request may take, with all attempts, in milliseconds. */
  readonly timeoutMs: number;
}

/** Has an SDK make no spans of what is done: its `suppressTracing`. */
const SUPPRESSED = createContextKey(
  "OpenTelemetry SDK Context Key SUPPRESS_TRACING",
);

/**
 * Sends spans.
 *
 * @param agent The agent.
 * @param spans The spans, encoded.
 * @returns What was not delivered; undefined: all was.
 */
export async function sendSpans(
  { url, resource, fetch, timeoutMs }: Agent,
  spans: readonly string[],
): Promise<Loss | undefined> {
  const init: RequestInit = {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: encodeRequest(spans, resource),
    redirect: "manual",
  };
  const policy = { fetch, timeoutMs, totalMs: timeoutMs };
  const quiet = context.active().setValue(SUPPRESSED, true);
  try {
    const send = () => sendWithRetries(() => ({ url, init }), policy);
    return lossIn(await context.with(quiet, send), spans.length);
  } catch (error) {
    const known = error instanceof HttpError;
    const reason = known ? error.message : "the request failed";
    return { count: spans.length, reason, outOfReach: true };
  }
}

/** What the agent has not taken. */
function lossIn(answer: HttpAnswer, count: number): Loss | undefined {
  const { status } = answer;
  if (status === 404) {
    const reason = "status 404: nobody takes OTLP there; switch on the HTTP " +
      "receiver of the agent (otlp_config)";
    return { count, reason, outOfReach: true };
  }
  if (status < 200 || status >= 300) {
    const outOfReach = status < 400 || status >= 500;
    return { count, reason: `status ${status}`, outOfReach };
  }
  // The body may be empty, and a careless server may send anything.
  const { partialSuccess } = parseObject(textOf(answer)) ?? {};
  const { rejectedSpans, errorMessage = "it does not say why" } =
    (partialSuccess ?? {}) as Record<string, unknown>;
  const rejected = parseInt(String(rejectedSpans));
  if (!(rejected > 0)) return undefined;
  return {
    count: Math.min(rejected, count),
    reason: `the agent has refused them: ${clean(errorMessage)}`,
    outOfReach: false,
  };
}
