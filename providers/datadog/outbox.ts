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
/** How long nothing is sent to who was out of reach, in milliseconds. */
const PAUSE_MS = 5_000;

/** Why a batch has not ended in its time. */
const GONE = "the request that sent them has ended before";

/** What a batch has lost. */
export interface Loss {
  /** How many of its parts were not delivered. */
  readonly count: number;
  /** Why. */
  readonly reason: string;
  /** Whether the receiver is out of reach, so that others would fare alike. */
  readonly outOfReach: boolean;
}

/**
 * Sends a batch. It must end in time, and not reject.
 *
 * @param parts The parts.
 * @returns What was not delivered; undefined: all was.
 */
export type Send = (parts: readonly string[]) => Promise<Loss | undefined>;

/** A batch that is on its way. */
interface Batch {
  readonly count: number;
  /** When it is over in any case. */
  readonly untilMs: number;
  /** Resolves when it has ended, well or not. */
  readonly ended: Promise<void>;
}

/** The outbox. */
export class Outbox {
  readonly #send: Send;
  readonly #timeoutMs: number;
  #waiting: string[] = [];
  #size = 0;
  #dueMs = 0;
  #batch: Batch | undefined;
  /** Until when the receiver counts as out of reach, and why. */
  #pause = { untilMs: -Infinity, reason: "" };
  #taken = 0;
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
    const freeMs = this.#batch?.untilMs ?? this.#pause.untilMs;
    if (isDue && nowMs > freeMs) this.#sendNext();
  }

  /**
   * Sends all that was taken so far. What waits for a receiver that is out of
   * reach is given up.
   *
   * @returns How many parts were given up since the last time, and why;
   * undefined: none.
   */
  async flush(): Promise<string | undefined> {
    const goal = this.#taken;
    while (this.#settled < goal) {
      const { untilMs, reason } = this.#pause;
      if (!this.#batch && performance.now() < untilMs) {
        this.#lose(this.#take(MOST_PARTS, Infinity).length, reason);
        break;
      }
      const batch = this.#batch ?? this.#sendNext();
      const restMs = Math.max(batch.untilMs - performance.now(), 0);
      await within(batch.ended, restMs).catch(() => this.#abandon(batch));
    }
    const [lost, reason] = [this.#lost, this.#reason];
    this.#lost = 0;
    return lost > 0 ? `${lost} were given up: ${reason}` : undefined;
  }

  /** How many parts neither wait nor are on their way. */
  get #settled(): number {
    return this.#taken - this.#waiting.length - (this.#batch?.count ?? 0);
  }

  #sendNext(): Batch {
    if (this.#batch) this.#abandon(this.#batch);
    const parts = this.#take(BATCH, BATCH_SIZE);
    const batch: Batch = {
      count: parts.length,
      untilMs: performance.now() + this.#timeoutMs + GRACE_MS,
      ended: this.#send(parts).then((loss) => this.#end(batch, loss)),
    };
    return this.#batch = batch;
  }

  /** Waits no longer for a batch: in a Worker, its request may have ended. */
  #abandon(batch: Batch): void {
    this.#end(batch, { count: batch.count, reason: GONE, outOfReach: false });
  }

  /** Takes note of how a batch has ended, unless it was abandoned before. */
  #end(batch: Batch, loss: Loss | undefined): void {
    if (this.#batch !== batch) return;
    this.#batch = undefined;
    if (loss === undefined) return;
    const { count, reason, outOfReach } = loss;
    this.#lose(count, reason);
    if (!outOfReach) return;
    this.#pause = { untilMs: performance.now() + PAUSE_MS, reason };
  }

  #lose(count: number, reason: string): void {
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
