/**
 * The stream of changes, as server-sent events. A listener has a place in the
 * events that are kept, and nothing of its own: it is read from when it can take
 * more.
 *
 * @module
 */

import type { Hub, KeptEvent } from "./hub.ts";

/** So often it is looked for events, in milliseconds. */
const LOOK_MS = 100;
/** So often a sign of life is sent, in milliseconds. */
const HEARTBEAT_MS = 15_000;
/** So many events are sent at once. */
const AT_ONCE = 256;

/** What a listener wants to hear. */
export interface Wanted {
  /** Only of this workflow; undefined: of all. */
  readonly workflowId: string | undefined;
  /** Only of this run; undefined: of all. */
  readonly runId: string | undefined;
  /** The id of the event that it knows last; undefined: from now on. */
  readonly lastId: string | undefined;
  /** Whether only the head of the answer is wanted. */
  readonly headOnly: boolean;
}

/** Streams to listeners. */
export class Streams {
  readonly #hub: Hub;
  readonly #beforeLook: () => Promise<void>;
  readonly #open = new Set<() => void>();

  /**
   * @param hub The events.
   * @param beforeLook Adds to them what has to be looked for.
   */
  constructor(hub: Hub, beforeLook: () => Promise<void>) {
    this.#hub = hub;
    this.#beforeLook = beforeLook;
  }

  /** How many listen. */
  get size(): number {
    return this.#open.size;
  }

  /** Ends all streams. */
  close(): void {
    for (const end of [...this.#open]) end();
  }

  /**
   * Answers a listener.
   *
   * @param wanted What it wants to hear.
   * @returns The answer.
   */
  answer(wanted: Wanted): Response {
    return new Response(wanted.headOnly ? null : this.#stream(wanted), {
      headers: {
        "content-type": "text/event-stream",
        "x-accel-buffering": "no",
      },
    });
  }

  #stream(wanted: Wanted): ReadableStream<Uint8Array> {
    const encoder = new TextEncoder();
    const name = this.#hub.name;
    const known = numberIn(wanted.lastId, name);
    // What another server, or an earlier one, has numbered says nothing here.
    let place = known ?? this.#hub.last;
    let isLost = wanted.lastId !== undefined && known === undefined;
    let isFirst = true;
    let hasEnded = false;
    let wake = () => {};
    let isCancelled = false;
    const end = () => {
      hasEnded = true;
      wake();
      this.#open.delete(end);
    };
    const sleep = (ms: number) =>
      new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    const next = async (): Promise<string> => {
      if (isFirst) {
        isFirst = false;
        return `retry: 1000\nid: ${name}-${place}\n\n`;
      }
      for (let waited = 0; !hasEnded; waited += LOOK_MS) {
        await this.#beforeLook();
        const events = isLost ? undefined : this.#hub.after(place, AT_ONCE);
        if (events === undefined) {
          isLost = false;
          place = this.#hub.last;
          return `event: reset\nid: ${name}-${place}\ndata: {}\n\n`;
        }
        place = events.at(-1)?.number ?? place;
        const text = events.filter((event) => isWanted(event, wanted))
          .map((event) => format(event, name)).join("");
        if (text !== "") return text;
        if (waited >= HEARTBEAT_MS) return ": alive\n\n";
        if (events.length < AT_ONCE) await sleep(LOOK_MS);
      }
      return "";
    };
    return new ReadableStream<Uint8Array>({
      start: () => void this.#open.add(end),
      pull: async (controller) => {
        const text = await next();
        if (isCancelled) return;
        if (hasEnded) return controller.close();
        controller.enqueue(encoder.encode(text));
      },
      cancel: () => {
        isCancelled = true;
        end();
      },
    }, { highWaterMark: 1 });
  }
}

function isWanted(event: KeptEvent, { workflowId, runId }: Wanted): boolean {
  return (workflowId === undefined || event.workflow_id === workflowId) &&
    (runId === undefined || event.run_id === runId);
}

function format({ number, event, text }: KeptEvent, name: string): string {
  return `event: ${event}\nid: ${name}-${number}\ndata: ${text}\n\n`;
}

/** The number in an id that this server has given. */
function numberIn(id: string | undefined, name: string): number | undefined {
  if (id === undefined || !id.startsWith(`${name}-`)) return undefined;
  const number = Number(id.slice(name.length + 1));
  return Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}
