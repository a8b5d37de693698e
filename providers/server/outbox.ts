/**
 * What waits for the remote API: in order for each run, a few runs at a time,
 * bounded, and kept while the API is out of reach, until the end of a run has
 * waited for it long enough.
 *
 * A provider may be shared by many requests of a Worker, and a request that has
 * ended takes its timers and promises with it. So each run is worked on by what
 * itself has begun, others are waited for by timers of one's own, and who no
 * longer shows signs of life is taken over.
 *
 * @module
 */

import { DeliveryError } from "../../src/errors.ts";
import { endsWithin, sleep } from "../../src/wait.ts";
import { type Entry, Lane } from "./lane.ts";
import { Reach } from "./reach.ts";
import type { Message, Outcome } from "./send.ts";

/** How many requests are under way at once: a Worker may have six. */
const MOST_AT_ONCE = 4;
/** How many messages wait at most; then the oldest are given up. */
const MOST_WAITING = 20_000;
/** How many UTF-16 code units they have at most. */
const MOST_SIZE = 32_000_000;
/** The longest sleep at a stretch: whoever is at work shows it now and then. */
const SLICE_MS = 1_000;
/** Who is so much later than expected was left behind. */
const GRACE_MS = 1_000;
/** How often the end of a run looks how far others are. */
const LOOK_MS = 50;
/** How long nothing is sent where nothing will be taken. */
const BARRED_MS = 5_000;
/** The end of a run does not wait longer where the API wants to be left alone. */
const PATIENCE_MS = 4_000;
/** So often, a message fails again where others get through; then it goes. */
const MOST_FAILURES = 2;
/** What is thrown later, nobody hears: the end of a run has stopped listening. */
const HEARD_MS = 4_500;

/** What waits for the remote API. */
export class Outbox {
  readonly #send: (message: Message) => Promise<Outcome>;
  readonly #timeoutMs: number;
  readonly #lanes: Map<string, Lane> = new Map();
  /** When each request that is under way is over in any case. */
  readonly #underWay: Set<{ readonly untilMs: number }> = new Set();
  #waiting = 0;
  #size = 0;
  /** The number of what was taken last. */
  #latest = 0;
  /** How many messages the API has dealt with. */
  #answered = 0;
  readonly #reach: Reach = new Reach();
  #barred = { untilMs: -Infinity, reason: "" };
  #lost = 0;
  #reason = "";

  /**
   * Makes an empty outbox.
   *
   * @param send Sends a message; it must end in time, and not reject.
   * @param timeoutMs How long that may take, in milliseconds.
   */
  constructor(
    send: (message: Message) => Promise<Outcome>,
    timeoutMs: number,
  ) {
    this.#send = send;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Takes a message, which is sent by itself.
   *
   * @param key The run that it is about.
   * @param entry The message.
   */
  add(key: string, entry: Entry): void {
    const { untilMs, reason } = this.#barred;
    if (performance.now() < untilMs) return this.lose(1, reason);
    let lane = this.#lanes.get(key);
    if (lane === undefined) this.#lanes.set(key, lane = new Lane());
    const old = lane.add(entry, ++this.#latest);
    this.#count(entry, 1);
    if (old) this.#count(old, -1);
    while (this.#waiting > MOST_WAITING || this.#size > MOST_SIZE) {
      if (!this.#dropOldest()) break;
    }
    this.#revive(key, lane);
  }

  /**
   * Takes note of what was given up.
   *
   * @param count How many messages.
   * @param reason Why.
   */
  lose(count: number, reason: string): void {
    this.#lost += count;
    this.#reason = reason;
  }

  /**
   * Waits until all that was taken so far is sent or given up, as far as it can
   * be soon.
   *
   * @throws {DeliveryError} If some was given up, or the API asks to wait long.
   */
  async flush(): Promise<void> {
    this.#sweep();
    const goal = this.#latest;
    const startMs = performance.now();
    for (;;) {
      const [key, lane] = this.#laneBefore(goal) ?? [];
      if (key === undefined || lane === undefined) break;
      const reason = this.#reach.hopeless(this.#timeoutMs);
      if (reason !== undefined) {
        this.#giveUp(goal, reason);
        break;
      }
      if (this.#reach.banMs > PATIENCE_MS) break;
      this.#revive(key, lane);
      await endsWithin(lane.done, LOOK_MS);
    }
    this.#throwLosses(performance.now() - startMs < HEARD_MS);
    const { banMs } = this.#reach;
    if (banMs > PATIENCE_MS && this.#laneBefore(goal)) {
      const seconds = Math.ceil(banMs / 1_000);
      throw failure(`told to wait ${seconds} s; what is left comes then`);
    }
  }

  #throwLosses(isHeard: boolean): void {
    if (this.#lost === 0) return;
    const messages = this.#lost === 1 ? "1 message" : `${this.#lost} messages`;
    // Where nobody may hear of it, somebody else will be told again.
    if (isHeard) this.#lost = 0;
    throw failure(`${this.#reason}; ${messages} given up`);
  }

  /** A lane in which something waits that was taken before. */
  #laneBefore(goal: number): [key: string, lane: Lane] | undefined {
    for (const entry of this.#lanes) {
      if (entry[1].oldest <= goal) return entry;
    }
    return undefined;
  }

  /** Has somebody work on a lane: a new one, where the last one is gone. */
  #revive(key: string, lane: Lane): void {
    if (lane.isEmpty || performance.now() < lane.aliveMs) return;
    lane.turn++;
    lane.release();
    lane.done = this.#work(key, lane, lane.turn);
  }

  async #work(key: string, lane: Lane, turn: number): Promise<void> {
    while (lane.turn === turn && !lane.isEmpty) {
      const { restMs } = this.#reach;
      if (restMs > 0 || this.#isBusy()) {
        // The more there are who wait, the less often each of them looks.
        const waitMs = Math.min(restMs || this.#lanes.size, SLICE_MS);
        lane.aliveMs = performance.now() + waitMs + GRACE_MS;
        await sleep(waitMs);
      } else {
        await this.#sendNext(lane, turn);
      }
    }
    if (lane.turn !== turn) return;
    lane.aliveMs = -Infinity;
    this.#lanes.delete(key);
  }

  async #sendNext(lane: Lane, turn: number): Promise<void> {
    const [number, { message }] = lane.hold();
    const sentMs = performance.now();
    lane.aliveMs = sentMs + this.#timeoutMs + GRACE_MS;
    const request = { untilMs: lane.aliveMs };
    this.#underWay.add(request);
    const outcome = await this.#send(message);
    this.#underWay.delete(request);
    // Where another has taken over, it is his.
    if (lane.turn === turn) this.#end(lane, number, outcome, sentMs);
  }

  #end(lane: Lane, number: number, outcome: Outcome, sentMs: number): void {
    const nowMs = performance.now();
    lane.release();
    switch (outcome.kind) {
      case "later": {
        if (!this.#reach.ban(sentMs, outcome.waitMs)) return;
        const seconds = Math.ceil(outcome.waitMs / 1_000);
        return this.#giveUp(this.#latest, `told to wait ${seconds} s`);
      }
      case "failed":
        if (lane.fail(number, this.#answered) < MOST_FAILURES) {
          return this.#reach.fail(sentMs, outcome.reason);
        }
        this.#remove(lane, number);
        return this.lose(1, outcome.reason);
      case "down":
        return this.#reach.fail(sentMs, outcome.reason);
      case "barred":
        this.#remove(lane, number);
        this.lose(1, outcome.reason);
        this.#giveUp(this.#latest, outcome.reason);
        this.#barred = { untilMs: nowMs + BARRED_MS, reason: outcome.reason };
        return;
      case "refused":
        this.lose(1, outcome.reason);
    }
    this.#answered++;
    this.#reach.succeed();
    this.#remove(lane, number);
  }

  #isBusy(): boolean {
    const nowMs = performance.now();
    for (const request of this.#underWay) {
      if (request.untilMs < nowMs) this.#underWay.delete(request);
    }
    return this.#underWay.size >= MOST_AT_ONCE;
  }

  /** Gives up all that was taken before. */
  #giveUp(goal: number, reason: string): void {
    for (const lane of this.#lanes.values()) {
      while (lane.oldest <= goal) {
        this.#remove(lane, lane.oldest);
        this.lose(1, reason);
      }
    }
    this.#reach.giveUp();
  }

  /** Lets go of lanes that were emptied after who was at work there was gone. */
  #sweep(): void {
    const nowMs = performance.now();
    for (const [key, lane] of this.#lanes) {
      if (!lane.isEmpty || nowMs < lane.aliveMs) continue;
      lane.turn++;
      this.#lanes.delete(key);
    }
  }

  #dropOldest(): boolean {
    for (const lane of this.#lanes.values()) {
      const entry = lane.removeOldest();
      if (entry === undefined) continue;
      this.#count(entry, -1);
      this.lose(1, "more came than could be sent");
      return true;
    }
    return false;
  }

  #remove(lane: Lane, number: number): void {
    const entry = lane.remove(number);
    if (entry) this.#count(entry, -1);
  }

  #count({ message }: Entry, sign: 1 | -1): void {
    this.#waiting += sign;
    this.#size += sign * message.body.length;
  }
}

function failure(reason: string): DeliveryError {
  return new DeliveryError("the remote API", reason);
}
