/**
 * The way to the agent of Datadog: OTLP over HTTP. OpenTelemetry's own exporter is
 * not used, since it adds the headers of `OTEL_EXPORTER_OTLP_HEADERS`, which hold
 * the key of another backend where there is one.
 *
 * @see https://docs.datadoghq.com/opentelemetry/interoperability/otlp_ingest_in_the_agent/
 * @see https://opentelemetry.io/docs/specs/otlp/#otlphttp
 * @module
 */

import {
  type Fetch,
  type HttpAnswer,
  HttpError,
  sendWithRetries,
} from "../../src/http/retry.ts";
import { redact } from "../../src/redact.ts";
import type { Attributes } from "../opentelemetry/attributes.ts";
import { encodeRequest } from "./otlp.ts";

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

/**
 * Sends spans.
 *
 * @param agent The agent.
 * @param spans The spans, encoded.
 * @returns Why they were not delivered; undefined: they were.
 */
export async function sendSpans(
  { url, resource, fetch, timeoutMs }: Agent,
  spans: readonly string[],
): Promise<string | undefined> {
  const init: RequestInit = {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: encodeRequest(spans, resource),
    redirect: "manual",
  };
  try {
    const policy = { fetch, timeoutMs, totalMs: timeoutMs };
    return refusalIn(await sendWithRetries(() => ({ url, init }), policy));
  } catch (error) {
    return error instanceof HttpError ? error.message : "the request failed";
  }
}

/** Why the agent has not taken all. */
function refusalIn({ status, body }: HttpAnswer): string | undefined {
  if (status === 404) {
    return "status 404: nobody takes OTLP there; switch on the HTTP receiver " +
      "of the agent (otlp_config)";
  }
  if (status < 200 || status >= 300) return `status ${status}`;
  const { rejectedSpans, errorMessage } = partialSuccessIn(body);
  const count = Number(rejectedSpans ?? 0);
  if (!(count > 0)) return undefined;
  return `the agent has refused ${count}: ` +
    redact(String(errorMessage ?? "it does not say why").slice(0, 200));
}

/** The answer may be empty, and a careless server may send anything. */
function partialSuccessIn(body: Uint8Array): Record<string, unknown> {
  try {
    const answer = JSON.parse(new TextDecoder().decode(body));
    return answer.partialSuccess ?? {};
  } catch {
    return {};
  }
}
