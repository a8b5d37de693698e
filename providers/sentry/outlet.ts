/**
 * The way out to Sentry: takes events at once, sends a few at a time, and knows
 * which were lost.
 *
 * Numbers, and no pending promise of another request, tell what is still worth
 * waiting for: in a Worker, the request that has begun something may be over.
 *
 * @module
 */

import { DeliveryError } from "../../src/errors.ts";
import { endsWithin } from "../../src/wait.ts";
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

/** How many are sent at once: a Worker may have six connections. */
const LANES = 6;
/** How much may wait, in events of ordinary size. */
const MOST_WAITING = 1_000;
/**
 * How long an event waits for the one before it at most: that may belong to a
 * request that is over.
 */
const PACE_MS = 2_000;
/** How long sending one takes at most, with all attempts and some room. */
const SENDING_MS = 11_000;
/** How long an event is worth waiting for: as long as a Worker goes on. */
const LONGEST_MS = 30_000;

/** Whatever can end by itself has done so when it is given up: timers vary. */
const ROOM_MS = 50;
/** How long a loss waits for further ones before it is told of. */
const PATIENCE_MS = 1_000;

const MISSING = 'the package "toucan-js" is not installed; run ' +
  '"npm install toucan-js", or hand in a client';

/** An event that is under way. */
interface Parcel {
  readonly weight: number;
  /** When it is sent at the latest, on the clock of `performance.now`. */
  readonly startMs: number;
  /** Until when it is waited for. */
  readonly untilMs: number;
  /** Resolves when it has arrived, or is lost. */
  done: Promise<void>;
  ended: boolean;
}

/** The way out to Sentry of one provider. */
export class Outlet {
  /** Opens a Toucan of our own; undefined: one was handed in. */
  readonly #open: (() => Promise<ToucanLike | undefined>) | undefined;
  readonly #context: WorkerContext | undefined;
  /** The last one in each lane; who comes next waits for it. */
  readonly #lanes: (Parcel | undefined)[] = Array(LANES).fill(undefined);
  readonly #underWay: Set<Parcel> = new Set();
  #toucan: ToucanLike | undefined;
  #weight = 0;
  #nextLane = 0;
  #lost = 0;
  #loss: Loss | undefined;
  /** When the first one of them was lost. */
  #lossMs = 0;

  /**
   * Makes a way out, without going it.
   *
   * @param toucan A Toucan that is there, or what opens one.
   * @param context Where the time of a Worker's request is lengthened.
   */
  constructor(
    toucan: ToucanLike | (() => Promise<ToucanLike | undefined>),
    context?: WorkerContext,
  ) {
    if (typeof toucan === "function") this.#open = toucan;
    else this.#toucan = toucan;
    this.#context = context;
  }

  /**
   * Takes an event. Of too many, the latest are lost: the first failures tell
   * more than those that follow from them.
   *
   * @param make Makes it, if there is room for it.
   * @param weight How many events of ordinary size it is as large as.
   */
  take(make: () => Capture, weight = 1): void {
    this.#giveUp();
    if (this.#weight + weight > MOST_WAITING) {
      return this.#lose("too many events at once");
    }
    const capture = make();
    const { parcel, before } = this.#lineUp(weight);
    parcel.done = this.#bring(capture, parcel, before).then(
      (loss) => this.#end(parcel, loss),
      () => this.#end(parcel, "an event could not be made"),
    );
    this.#context?.waitUntil(parcel.done);
  }

  /**
   * Waits until all that was taken has arrived or is lost.
   *
   * @throws {DeliveryError} If something was lost that nobody was told of.
   */
  async flush(): Promise<void> {
    const parcels = [...this.#underWay];
    await Promise.all(
      parcels.map((parcel) => waitFor(parcel, parcel.untilMs + ROOM_MS)),
    );
    this.#giveUp();
    this.#tell();
  }

  /**
   * Tells of what was lost some time ago, once. Further losses may follow the
   * first one, and are told of together with it.
   *
   * @throws {DeliveryError} If something was.
   */
  report(): void {
    if (performance.now() - this.#lossMs >= PATIENCE_MS) this.#tell();
  }

  #tell(): void {
    const count = this.#lost;
    if (count === 0) return;
    this.#lost = 0;
    const events = count === 1 ? "1 event is lost" : `${count} events are lost`;
    throw new DeliveryError("Sentry", `${this.#loss}; ${events}`);
  }

  /** Puts a parcel into a lane that is free, else behind the last one in it. */
  #lineUp(weight: number): { parcel: Parcel; before: Parcel | undefined } {
    const nowMs = performance.now();
    const lane = this.#chooseLane();
    const last = this.#lanes[lane];
    const before = last?.ended ? undefined : last;
    const startMs = Math.max(nowMs, before ? before.startMs + PACE_MS : 0);
    const parcel: Parcel = {
      weight,
      startMs,
      untilMs: Math.min(nowMs + LONGEST_MS, startMs + SENDING_MS),
      done: Promise.resolve(),
      ended: false,
    };
    this.#lanes[lane] = parcel;
    this.#underWay.add(parcel);
    this.#weight += weight;
    return { parcel, before };
  }

  async #bring(
    capture: Capture,
    parcel: Parcel,
    before: Parcel | undefined,
  ): Promise<Loss | undefined> {
    const toucan = this.#toucan ?? await this.#load();
    if (toucan === undefined) return MISSING;
    if (before) await waitFor(before, parcel.startMs);
    const restMs = parcel.untilMs - performance.now();
    if (restMs <= 0) return LATE;
    const outcomes = outcomesOf(clientOf(toucan));
    return await outcomes.send((id) => capture(toucan, id), restMs);
  }

  /** Of several that load at once, the first one's Toucan serves all. */
  async #load(): Promise<ToucanLike | undefined> {
    const opened = await this.#open?.();
    return this.#toucan ??= opened;
  }

  /** A lane that is free, else the next one. */
  #chooseLane(): number {
    const free = this.#lanes.findIndex((last) => last?.ended ?? true);
    if (free >= 0) return free;
    return this.#nextLane = (this.#nextLane + 1) % LANES;
  }

  /** Gives up what belongs to requests that are over. */
  #giveUp(): void {
    const nowMs = performance.now();
    for (const parcel of this.#underWay) {
      if (parcel.untilMs > nowMs) continue;
      this.#end(parcel, LATE);
      // It keeps its place in the Toucan for ever, and there are 64.
      if (this.#open) this.#toucan = undefined;
    }
  }

  #end(parcel: Parcel, loss: Loss | undefined): void {
    if (parcel.ended) return;
    parcel.ended = true;
    this.#underWay.delete(parcel);
    this.#weight -= parcel.weight;
    if (loss !== undefined) this.#lose(loss);
  }

  #lose(loss: Loss): void {
    if (this.#lost++ > 0) return;
    this.#loss = loss;
    this.#lossMs = performance.now();
  }
}

async function waitFor({ done }: Parcel, untilMs: number): Promise<void> {
  await endsWithin(done, Math.max(0, untilMs - performance.now()));
}
