/**
 * Toucan, the client of Sentry that events go through: one of `toucan-js`.
 *
 * @see https://github.com/robertcepa/toucan-js
 * @module
 */

import {
  type Fetch,
  type HttpAnswer,
  sendWithRetries,
  toWaitMs,
} from "../../src/http/retry.ts";
import type { OnLife } from "./outlet.ts";

/** What is used of a Toucan, of the package `toucan-js`. */
export interface ToucanLike {
  /** Sends an event; gives its id. */
  captureEvent(event: object, hint?: object): string;
  /** What makes events and sends them. */
  getClient(): unknown;
}

/** What is used of that. */
export interface SentryClient {
  /** Has something done at a moment in the life of each event. */
  on(
    moment: "beforeSendEvent" | "afterSendEvent",
    callback: (event: { event_id?: string }, answer?: unknown) => void,
  ): void;
  /** Waits for what is under way. */
  flush(timeoutMs: number): PromiseLike<unknown>;
  /** Makes an event of an error. */
  eventFromException(error: Error, hint: object): PromiseLike<object>;
  /** The DSN in its parts. */
  getDsn(): { readonly publicKey?: string } | undefined;
  /** What it was made with. */
  getOptions(): {
    readonly enabled?: boolean;
    readonly environment?: string;
    readonly release?: string;
  };
  /** What sends; undefined: nothing is ever sent. */
  getTransport(): unknown;
}

/** What every event has. */
interface TracedEvent {
  readonly contexts: { readonly trace: { readonly trace_id: string } };
}

/** What a Toucan of our own is made with. */
export interface ToucanSettings {
  readonly dsn: string;
  readonly environment: string | undefined;
  readonly release: string | undefined;
  readonly request: Request | undefined;
  readonly fetch: Fetch | undefined;
  /** Milliseconds for one attempt of a request. */
  readonly timeoutMs: number;
  /** Milliseconds for all of them. */
  readonly totalMs: number;
}

/** The most that Sentry keeps of a message. */
const LONGEST_VALUE = 8_192;

/** What a Toucan needs to have to be used. */
const NEEDED = [
  "on",
  "flush",
  "eventFromException",
  "getDsn",
  "getOptions",
  "getTransport",
];

/**
 * Tells whether a value is a Toucan.
 *
 * @param value What was given.
 * @returns Whether it is.
 */
export function isToucan(value: unknown): value is ToucanLike {
  try {
    const toucan = value as ToucanLike;
    const client = toucan.getClient() as Record<string, unknown>;
    return typeof toucan.captureEvent === "function" &&
      NEEDED.every((name) => typeof client[name] === "function");
  } catch {
    return false;
  }
}

/**
 * Gives what makes the events of a Toucan and sends them.
 *
 * @param toucan The Toucan.
 * @returns Its client.
 */
export function clientOf(toucan: ToucanLike): SentryClient {
  return toucan.getClient() as SentryClient;
}

/**
 * Adds to an event what the header of its envelope says of its trace, by which
 * Sentry decides what to keep.
 *
 * @see https://develop.sentry.dev/sdk/telemetry/traces/dynamic-sampling-context/
 * @param client What sends it.
 * @param event The event.
 * @param more What is to be said besides.
 * @returns The event.
 */
export function withSampling<Event extends TracedEvent>(
  client: SentryClient,
  event: Event,
  more: Record<string, string> = {},
): Event {
  const { environment = "production", release } = client.getOptions();
  const dynamicSamplingContext = {
    trace_id: event.contexts.trace.trace_id,
    public_key: client.getDsn()?.publicKey,
    environment,
    release,
    ...more,
  };
  return { ...event, sdkProcessingMetadata: { dynamicSamplingContext } };
}

/**
 * Loads `toucan-js` and makes a Toucan.
 *
 * @param settings What it is made with.
 * @param onLife Is told of each attempt to send an event.
 * @returns The Toucan; undefined: the package is not installed.
 */
export async function openToucan(
  settings: ToucanSettings,
  onLife: OnLife,
): Promise<ToucanLike | undefined> {
  const { Toucan } = await import("toucan-js").catch(() => ({
    Toucan: undefined,
  }));
  if (Toucan === undefined) return undefined;
  const { dsn, environment, release, request } = settings;
  return new Toucan({
    dsn,
    // Where the name is there, also undefined counts.
    ...(environment !== undefined && { environment }),
    release,
    request,
    maxValueLength: LONGEST_VALUE,
    transportOptions: {
      // Not every runtime sends one by itself.
      headers: { "content-type": "application/x-sentry-envelope" },
      fetcher: makeFetcher(settings, onLife) as typeof fetch,
    },
  });
}

/** How an envelope begins. */
const EVENT_ID = /^{"event_id":"([0-9a-f]{32})"/;

/**
 * Makes what sends envelopes. That there were too many is for Toucan to know: it
 * sends nothing more until the time is over that Sentry has set.
 */
function makeFetcher(settings: ToucanSettings, onLife: OnLife) {
  const { fetch, timeoutMs, totalMs } = settings;
  return async (url: string, init: RequestInit): Promise<Response> => {
    const [, eventId = ""] = EVENT_ID.exec(String(init.body)) ?? [];
    const request = { url, init: { ...init, redirect: "manual" } as const };
    const prepare = () => {
      onLife(eventId, timeoutMs);
      return request;
    };
    const accept = ({ status, headers }: HttpAnswer) => {
      onLife(eventId, toWaitMs(headers.get("retry-after")) + timeoutMs);
      return status === 429;
    };
    const policy = { fetch, timeoutMs, totalMs, accept };
    const { status, headers } = await sendWithRetries(prepare, policy);
    return new Response(null, { status, headers });
  };
}
