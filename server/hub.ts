/**
 * What has happened of late, for those who listen. Each listener reads on from
 * where it was: nothing is kept for it, however slowly it reads, and one that
 * falls too far behind is told to load anew.
 *
 * @module
 */

import type { ServerEvent } from "../src/wire.ts";

/** So many events are kept. */
const KEPT = 4096;

/** So long their texts are together. */
const KEPT_LENGTH = 16_000_000;

/** An event, ready to be sent. */
export interface KeptEvent {
  /** Its number, from 1. */
  readonly number: number;
  /** `run` or `task`. */
  readonly event: ServerEvent["event"];
  /** The workflow. */
  readonly workflow_id: string;
  /** The run. */
  readonly run_id: string;
  /** Its data as JSON text. */
  readonly text: string;
}

/** The latest events. */
export class Hub {
  #name: string | undefined;
  readonly #events: KeptEvent[] = [];
  #last = 0;
  /** The number of the oldest event that is kept, and the length of all. */
  #first = 1;
  #length = 0;

  /**
   * Tells this server apart from another one, and from itself before it was
   * started again. A Worker has no random values before the first request.
   */
  get name(): string {
    return this.#name ??= crypto.randomUUID();
  }

  /** The number of the latest event; 0 where there is none. */
  get last(): number {
    return this.#last;
  }

  /**
   * Adds an event.
   *
   * @param event What has happened.
   */
  add({ event, data }: ServerEvent): void {
    const { workflow_id, run_id } = data;
    const text = JSON.stringify(data);
    const number = ++this.#last;
    if (number - this.#first >= KEPT) this.#drop();
    this.#length += text.length;
    while (this.#length > KEPT_LENGTH) this.#drop();
    this.#events[number % KEPT] = { number, event, workflow_id, run_id, text };
  }

  /** Tells all who listen to load anew: what has happened is not told. */
  lose(): void {
    this.#events.length = 0;
    this.#length = 0;
    this.#first = ++this.#last + 1;
  }

  /**
   * Reads on.
   *
   * @param after The number of the last event that is known.
   * @param most How many events to give.
   * @returns The events after it; undefined where some of them are gone.
   */
  after(after: number, most: number): KeptEvent[] | undefined {
    if (after > this.#last || after < this.#first - 1) return undefined;
    const events: KeptEvent[] = [];
    for (let number = after + 1; number <= this.#last; number++) {
      events.push(this.#events[number % KEPT]);
      if (events.length >= most) break;
    }
    return events;
  }

  #drop(): void {
    const at = this.#first++ % KEPT;
    this.#length -= this.#events[at].text.length;
    delete this.#events[at];
  }
}
