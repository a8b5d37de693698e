/**
 * The way out to Sentry: takes events at once, sends a few at a time, and knows
 * which were lost.
 *
 * In a Worker, the request that has begun something may be over, and nothing of
 * it goes on. So each event shows signs of life: who works on it says until when
 * it will have gone on. What is later than that is given up, and told of.
 *
 * @module
 */

import { randomTraceId } from "../../src/traceparent.ts";
import { endsWithin } from "../../src/wait.ts";
import { Losses } from "./losses.ts";
import { LATE, type Loss, outcomesOf } from "./outcomes.ts";
import { clientOf, type ToucanLike } from "./toucan.ts";

/** What is used of the context that a Worker is given with each request. */
export interface WorkerContext {
  /** Keeps the Worker alive until the promise is settled. */
  waitUntil(promise: Promise<unknown>): void;
}

/** Hands an event over to a Toucan, under an id. */
export type Capture = (
  toucan: ToucanLike,
  eventId: string,
) => PromiseLike<void>;

/** Is told that an event is worked on, and for how long at most. */
export type OnLife = (eventId: string, ms: number) => void;

/** What events go through. */
export interface Way {
  /** A Toucan that was handed in, or what opens one. */
  readonly toucan:
    | ToucanLike
    | ((onLife: OnLife) => Promise<ToucanLike | undefined>);
  /** How long an event has from its first attempt on, in milliseconds. */
  readonly limitMs: number;
  /** Where the time of a Worker's request is lengthened. */
  readonly context?: WorkerContext;
}

/** How many are sent at once: a Worker may have six connections. */
const LANES = 6;
/** How much may wait, in events of ordinary size. */
const MOST_WAITING = 1_000;
/** How long an event is worth waiting for: as long as a Worker goes on. */
const LONGEST_MS = 30_000;

/** Who is so much later than expected was left behind. */
const GRACE_MS = 1_000;
/** An event that waits for the one before it shows as often that it does. */
const SLICE_MS = 1_000;
/**
 * How often the end of a run looks who still shows signs of life: longer than
 * the wait between two attempts, most often.
 */
const LOOK_MS = 250;

/** How long the end of a run listens, where nobody has said otherwise. */
const HEARD_MS = 4_500;

const MISSING = 'the package "toucan-js" is not installed; run ' +
  '"npm install toucan-js", or hand in a client';

/** An event that is under way. */
interface Parcel {
  readonly id: string;
  readonly runId: string | undefined;
  readonly weight: number;
  /** All times are on the clock of `performance.now`. */
  readonly takenMs: number;
  /** Until when it must have gone on. */
  aliveMs: number;
  /** Resolves when it has arrived, or is lost. */
  done: Promise<void>;
  ended: boolean;
}

/** The way out to Sentry of one provider. */
export class Outlet {
  readonly #way: Way;
  /** The last one in each lane; who comes next waits for it. */
  readonly #lanes: (Parcel | undefined)[] = Array(LANES).fill(undefined);
  /** By the id of the event. */
  readonly #underWay: Map<string, Parcel> = new Map();
  readonly #losses: Losses = new Losses();
  #toucan: ToucanLike | undefined;
  #weight = 0;
  #nextLane = 0;
  /** When an event was taken, or has arrived. */
  #stirredMs = 0;

  /**
   * Makes a way out, without going it.
   *
   * @param way What events go through.
   */
  constructor(way: Way) {
    this.#way = way;
  }

  /** Whether the Toucan was handed in. */
  get isForeign(): boolean {
    return typeof this.#way.toucan !== "function";
  }

  /**
   * Takes an event. Of too many, the latest are lost: the first failures tell
   * more than those that follow from them.
   *
   * @param make Makes it, if there is room for it.
   * @param runId The run that it is about.
   * @param weight How many events of ordinary size it is as large as.
   */
  take(make: () => Capture, runId: string | undefined, weight = 1): void {
    // It may be that no run ends for long, and nobody looks more closely.
    this.#giveUp(performance.now() - LONGEST_MS);
    if (this.#weight + weight > MOST_WAITING) {
      return this.#losses.add("too many events at once", runId);
    }
    const capture = make();
    const { parcel, before } = this.#lineUp(runId, weight);
    parcel.done = this.#bring(capture, parcel, before).then(
      (loss) => this.#end(parcel, loss),
      () => this.#end(parcel, "an event could not be made"),
    );
    this.#way.context?.waitUntil(parcel.done);
  }

  /**
   * Waits until all that was taken has arrived or is lost, but not for what no
   * longer shows signs of life, nor for long after a loss where nothing arrives.
   *
   * @throws {DeliveryError} If something was lost that nobody was told of.
   */
  async flush(): Promise<void> {
    const startMs = performance.now();
    const parcels = [...this.#underWay.values()];
    const all = Promise.all(parcels.map(({ done }) => done));
    for (;;) {
      const sinceMs = performance.now();
      if (await endsWithin(all, LOOK_MS)) break;
      // Whoever was held up by work that blocks has had one look's time to go on.
      const hope = parcels.some((parcel) => isAlive(parcel, sinceMs));
      if (hope && !this.#isInVain()) continue;
      this.#giveUp(sinceMs);
      break;
    }
    if (!this.#losses.any) return;
    const waiting = parcels.filter(({ ended }) => !ended).length;
    const error = this.#losses.toError(waiting);
    // Else the next call tells again: this one may be heard by nobody.
    if (performance.now() - startMs < HEARD_MS) this.#losses.clear();
    throw error;
  }

  /**
   * Tells of what was lost some time ago, once. Further losses may follow the
   * first one, and are told of together with it.
   *
   * @throws {DeliveryError} If something was.
   */
  report(): void {
    if (!this.#losses.ripe) return;
    const error = this.#losses.toError(0);
    this.#losses.clear();
    throw error;
  }

  /** Whether events are lost, and none has arrived for a long time. */
  #isInVain(): boolean {
    const silentMs = performance.now() - this.#stirredMs;
    return this.#losses.any && silentMs > this.#way.limitMs;
  }

  /** Puts a parcel into a lane that is free, else behind the last one in it. */
  #lineUp(
    runId: string | undefined,
    weight: number,
  ): { parcel: Parcel; before: Parcel | undefined } {
    const takenMs = performance.now();
    const lane = this.#chooseLane(takenMs);
    const before = this.#lanes[lane];
    const parcel: Parcel = {
      id: randomTraceId(16),
      runId,
      weight,
      takenMs,
      aliveMs: takenMs + this.#way.limitMs,
      done: Promise.resolve(),
      ended: false,
    };
    this.#lanes[lane] = parcel;
    this.#underWay.set(parcel.id, parcel);
    this.#weight += weight;
    this.#stirredMs = takenMs;
    return { parcel, before };
  }

  async #bring(
    capture: Capture,
    parcel: Parcel,
    before: Parcel | undefined,
  ): Promise<Loss | undefined> {
    const toucan = this.#toucan ?? await this.#load();
    if (toucan === undefined) return MISSING;
    if (!await this.#isNext(parcel, before)) return LATE;
    const { limitMs } = this.#way;
    this.#onLife(parcel.id, limitMs);
    const outcomes = outcomesOf(clientOf(toucan));
    const send = (id: string) => capture(toucan, id);
    return await outcomes.send(parcel.id, send, limitMs);
  }

  /**
   * Waits for the parcel before, as long as it shows signs of life: it may belong
   * to a request that is over.
   */
  async #isNext(parcel: Parcel, before: Parcel | undefined): Promise<boolean> {
    for (;;) {
      const nowMs = performance.now();
      if (nowMs > parcel.takenMs + LONGEST_MS) return false;
      if (before === undefined || !isAlive(before, nowMs)) return true;
      this.#onLife(parcel.id, SLICE_MS);
      const leftMs = before.aliveMs - nowMs;
      await endsWithin(before.done, Math.min(leftMs, SLICE_MS));
    }
  }

  /** Of several that load at once, the first one's Toucan serves all. */
  async #load(): Promise<ToucanLike | undefined> {
    const { toucan } = this.#way;
    const opened = typeof toucan === "function"
      ? await toucan(this.#onLife)
      : toucan;
    return this.#toucan ??= opened;
  }

  readonly #onLife: OnLife = (id, ms) => {
    const parcel = this.#underWay.get(id);
    if (parcel) parcel.aliveMs = performance.now() + ms + GRACE_MS;
  };

  /** A lane that is free, else the next one. */
  #chooseLane(nowMs: number): number {
    const free = this.#lanes.findIndex((last) =>
      !last || !isAlive(last, nowMs)
    );
    if (free >= 0) return free;
    return this.#nextLane = (this.#nextLane + 1) % LANES;
  }

  /**
   * Gives up what belongs to requests that are over.
   *
   * @param sureMs What has been late since then is given up for certain.
   */
  #giveUp(sureMs: number): void {
    const nowMs = performance.now();
    for (const parcel of this.#underWay.values()) {
      if (isAlive(parcel, nowMs)) continue;
      // It would keep its place in the Toucan for ever, and there are 64.
      this.#toucan = undefined;
      if (!isAlive(parcel, sureMs)) this.#end(parcel, LATE);
    }
  }

  #end(parcel: Parcel, loss: Loss | undefined): void {
    if (parcel.ended) return;
    parcel.ended = true;
    this.#underWay.delete(parcel.id);
    this.#weight -= parcel.weight;
    if (loss === undefined) this.#stirredMs = performance.now();
    else this.#losses.add(loss, parcel.runId);
  }
}

function isAlive({ ended, aliveMs }: Parcel, nowMs: number): boolean {
  return !ended && aliveMs > nowMs;
}
