/**
 * What waits to be sent: bounded, sent in batches, one after the other, and given
 * up where it cannot be sent. No timer is started, since in a Worker it would end
 * with the request that has started it: what comes next, or the end of a run,
 * sends what is due.
 *
 * @module
 */

import { within } from "../../src/within.ts";

/** How many parts are sent at once. */
const BATCH = 512;
/** How many UTF-16 code units are sent at once, but for a part that has more. */
const BATCH_SIZE = 1_000_000;
/** How many parts wait at most; then the oldest are given up. */
const MOST_PARTS = 2_048;
/** How many UTF-16 code units they have at most. */
const MOST_SIZE = 8_000_000;
/** After how long what waits is sent with what comes next, in milliseconds. */
const DUE_MS = 5_000;
/** How much longer than allowed a batch may take, in milliseconds. */
const GRACE_MS = 1_000;

/** Why a batch has not ended in its time. */
const GONE = "the request that sent them has ended before";

/**
 * Sends a batch. It must end in time, and not reject.
 *
 * @param parts The parts.
 * @returns Why they were not delivered; undefined: they were.
 */
export type Send = (parts: readonly string[]) => Promise<string | undefined>;

/** A batch that is on its way. */
interface Batch {
  readonly count: number;
  /** When it is over in any case: in a Worker, its request may have ended. */
  readonly untilMs: number;
  /** Whether it was delivered. */
  readonly delivered: Promise<boolean>;
}

/** The outbox. */
export class Outbox {
  readonly #send: Send;
  readonly #timeoutMs: number;
  #waiting: string[] = [];
  #size = 0;
  #dueMs = 0;
  #batch: Batch | undefined;
  #taken = 0;
  #settled = 0;
  #lost = 0;
  #reason = "";

  /**
   * Makes an empty outbox.
   *
   * @param send Sends a batch.
   * @param timeoutMs How long that may take, in milliseconds.
   */
  constructor(send: Send, timeoutMs: number) {
    this.#send = send;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Takes a part, and sends what is due.
   *
   * @param part The part.
   */
  add(part: string): void {
    const nowMs = performance.now();
    if (this.#waiting.length === 0) this.#dueMs = nowMs + DUE_MS;
    this.#waiting.push(part);
    this.#size += part.length;
    this.#taken++;
    while (this.#waiting.length > MOST_PARTS || this.#size > MOST_SIZE) {
      this.#lose(this.#take(1, 0).length, "more came than could be sent");
    }
    const isDue = this.#waiting.length >= BATCH || this.#size >= BATCH_SIZE ||
      nowMs >= this.#dueMs;
    const isFree = this.#batch === undefined || nowMs > this.#batch.untilMs;
    if (isDue && isFree) this.#sendNext();
  }

  /**
   * Sends all that was taken so far. Where a batch fails, what waits behind it is
   * given up.
   *
   * @returns How many parts were given up since the last time, and why;
   * undefined: none.
   */
  async flush(): Promise<string | undefined> {
    const goal = this.#taken;
    while (this.#settled < goal) {
      const batch = this.#batch ?? this.#sendNext();
      const restMs = Math.max(batch.untilMs - performance.now(), 0);
      const goesOn = await within(batch.delivered, restMs).catch(() => {
        this.#end(batch, GONE);
        return true;
      });
      if (goesOn) continue;
      this.#lose(this.#take(MOST_PARTS, Infinity).length, this.#reason);
    }
    const [lost, reason] = [this.#lost, this.#reason];
    this.#lost = 0;
    return lost > 0 ? `${lost} were given up: ${reason}` : undefined;
  }

  #sendNext(): Batch {
    if (this.#batch) this.#end(this.#batch, GONE);
    const parts = this.#take(BATCH, BATCH_SIZE);
    const batch: Batch = {
      count: parts.length,
      untilMs: performance.now() + this.#timeoutMs + GRACE_MS,
      delivered: this.#send(parts).then((reason) => {
        this.#end(batch, reason);
        return reason === undefined;
      }),
    };
    return this.#batch = batch;
  }

  /** Takes note of how a batch has ended, unless it was given up before. */
  #end(batch: Batch, reason: string | undefined): void {
    if (this.#batch !== batch) return;
    this.#batch = undefined;
    if (reason === undefined) this.#settled += batch.count;
    else this.#lose(batch.count, reason);
  }

  #lose(count: number, reason: string): void {
    this.#settled += count;
    this.#lost += count;
    this.#reason = reason;
  }

  /** Takes the oldest parts out: at least one, then as many as may be. */
  #take(most: number, mostSize: number): string[] {
    let count = 0;
    let size = 0;
    for (const part of this.#waiting) {
      if (count >= most || count > 0 && size + part.length > mostSize) break;
      count++;
      size += part.length;
    }
    this.#size -= size;
    return this.#waiting.splice(0, count);
  }
}
