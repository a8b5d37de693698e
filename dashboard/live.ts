/**
 * What the server tells while it happens, over any number of connections.
 *
 * @module
 */

import { type Api, ApiError, type Params } from "./api.ts";
import { EventParser } from "./event_stream.ts";

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
/** A connection that says nothing for so long, not even that it lives. */
const SILENCE_MS = 60_000;
/** How long the first load waits for the stream, in milliseconds. */
const HEAD_START_MS = 1_500;

/** How the connection stands. */
export type LiveState = "connecting" | "live" | "waiting";

/** Who hears what is told. */
export interface Listener {
  /** Which events are wanted. */
  readonly params: Params;
  /**
   * Load everything: events may have been missed. It is called when the stream
   * is open, so that nothing falls between the two.
   */
  load(): void;
  /** An event: its name and its data, in JSON. */
  hear(name: string, data: string): void;
  /** How the connection stands. */
  state(state: LiveState): void;
}

/**
 * Listens until it is told to stop.
 *
 * @param api The server.
 * @param listener Who hears it.
 * @returns Stops.
 */
export function listen(api: Api, listener: Listener): () => void {
  const ending = new AbortController();
  void stayConnected(api, listener, ending.signal);
  return () => ending.abort();
}

async function stayConnected(
  api: Api,
  listener: Listener,
  signal: AbortSignal,
): Promise<void> {
  const parser = new EventParser();
  // A page of a server that does not stream is shown nevertheless.
  const headStart = setTimeout(() => listener.load(), HEAD_START_MS);
  signal.addEventListener("abort", () => clearTimeout(headStart));
  let waitMs = FIRST_WAIT_MS;
  listener.state("connecting");
  while (!signal.aborted) {
    try {
      await follow(api, listener, parser, signal, () => {
        clearTimeout(headStart);
        waitMs = FIRST_WAIT_MS;
      });
    } catch (error) {
      if (signal.aborted) return;
      // The form for the token begins everything anew.
      if (error instanceof ApiError && error.status === 401) return;
    }
    if (signal.aborted) return;
    listener.state("waiting");
    await pause(waitMs * (0.75 + Math.random() / 2), signal);
    waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
  }
}

/** Reads one connection to its end. */
async function follow(
  api: Api,
  listener: Listener,
  parser: EventParser,
  signal: AbortSignal,
  opened: () => void,
): Promise<void> {
  const silence = new AbortController();
  const end = () => silence.abort();
  signal.addEventListener("abort", end);
  let timer = setTimeout(end, SILENCE_MS);
  try {
    parser.restart();
    const response = await api.open("api/events", listener.params, {
      headers: {
        accept: "text/event-stream",
        ...parser.lastId && { "last-event-id": parser.lastId },
      },
      signal: silence.signal,
    });
    opened();
    listener.state("live");
    if (parser.lastId === "") listener.load();
    const reader = response.body!.getReader();
    const decoder = new TextDecoder();
    while (true) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(timer);
      timer = setTimeout(end, SILENCE_MS);
      for (
        const event of parser.take(decoder.decode(value, { stream: true }))
      ) {
        if (event.name === "reset") listener.load();
        else listener.hear(event.name, event.data);
      }
    }
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
    silence.abort();
  }
}

/**
 * Loads, again and again where that fails, with the waits of the stream.
 *
 * @param load Loads once.
 * @param failed Told of each failure.
 * @param signal Ends it.
 */
export async function loadUntilDone(
  load: () => Promise<void>,
  failed: (error: unknown) => void,
  signal: AbortSignal,
): Promise<void> {
  for (let waitMs = FIRST_WAIT_MS;;) {
    try {
      return await load();
    } catch (error) {
      if (signal.aborted) return;
      failed(error);
      const status = error instanceof ApiError ? error.status : undefined;
      // What is refused is refused again.
      if (status !== undefined && status >= 400 && status < 500) return;
    }
    await pause(waitMs * (0.75 + Math.random() / 2), signal);
    if (signal.aborted) return;
    waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
