/**
 * A virtual world: nodes with clocks of their own, and events that happen in
 * the order of one true time. It takes the place of timers, clocks and random
 * numbers, so that the same seed gives the same history.
 *
 * An event and everything that promises make of it are one turn, and a turn
 * belongs to one node: nothing comes between. The next turn begins when no
 * microtask is left (the runtime's own `setImmediate` is called then).
 *
 * @module
 */

import { makeRandom, type Random } from "../effort.ts";
import { type Clocks, patchGlobals, realImmediate } from "./globals.ts";
import { type Node, Timer } from "./node.ts";
import { type Event, Queue } from "./queue.ts";

/** A world. */
export class World {
  /** The true time, in milliseconds. */
  now = 0;
  /** Whose turn it is. */
  current: Node | undefined;
  /** What draws everything that happens by chance. */
  readonly random: Random;
  /** How many turns there were. */
  turns = 0;
  /** What happened, line by line; undefined if nobody wants to know. */
  readonly history: string[] | undefined;
  readonly #queue = new Queue();
  readonly #timers = new Set<Timer>();
  #order = 0;
  #failure: unknown;
  #strays = 0;
  #until = Infinity;
  #done: () => void = () => {};

  constructor(seed: number, { history }: { history: boolean }) {
    this.random = makeRandom("simulation", seed);
    this.history = history ? [] : undefined;
  }

  /** A whole number from `low` up to and with `high`. */
  between(low: number, high: number): number {
    return low + Math.floor(this.random(high - low + 1));
  }

  /** Whether something of a probability happens. */
  chance(probability: number): boolean {
    return this.random(1) < probability;
  }

  /** Writes a line of the history, if somebody wants to know. */
  note(make: () => string): void {
    if (this.history === undefined) return;
    const seconds = (this.now / 1_000).toFixed(3).padStart(9);
    this.history.push(`${seconds} ${make()}`);
  }

  /** Has something happen after a while, as a turn of a node or nobody's. */
  after(ms: number, node: Node | undefined, run: () => void): void {
    this.#push(this.now + ms, node, run, undefined);
  }

  /** Timers of nodes that are alive, to be looked at when all is over. */
  get timersLeft(): number {
    return [...this.#timers].filter(({ node }) => !node.crashed).length;
  }

  /**
   * Plays on until nothing is left to happen, or a time is reached.
   *
   * @param until The true time.
   * @throws What `check` throws.
   */
  async play(until: number): Promise<void> {
    this.#until = until;
    await new Promise<void>((resolve) => {
      this.#done = resolve;
      realImmediate(this.#turn);
    });
    this.check();
  }

  /**
   * Makes sure that nothing has failed so far.
   *
   * @throws What a turn threw, or that something ran outside of any turn.
   */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#strays > 0) {
      throw new Error(`${this.#strays} calls came outside of any turn`);
    }
  }

  /** Ends the world with an error; the first one counts. */
  fail(error: unknown): void {
    this.#failure ??= error;
  }

  /** Clocks, timers and random numbers as the node whose turn it is has them. */
  readonly clocks: Clocks = {
    wallMs: () => this.#node.wallMs,
    monotonicMs: () => this.#node.monotonicMs,
    random: () => this.random(1),
    start: (callback, ms, repeated) => {
      const node = this.#node;
      // As runtimes do it: whole milliseconds, one at least, and a bit late.
      const delayMs = Math.max(1, Math.trunc(ms) || 0);
      const dueMs = node.monotonicMs + delayMs;
      const timer = new Timer(
        node,
        callback,
        dueMs,
        repeated ? delayMs : undefined,
      );
      this.#timers.add(timer);
      this.#pushTimer(timer);
      return timer;
    },
    stop: (timer) => {
      if (!(timer instanceof Timer)) return;
      timer.stopped = true;
      this.#timers.delete(timer);
    },
  };

  get #node(): Node {
    if (this.current !== undefined) return this.current;
    this.#strays++;
    throw new Error("Cannot tell whose turn it is");
  }

  #push(
    at: number,
    node: Node | undefined,
    run: () => void,
    timer: Timer | undefined,
  ): void {
    this.#queue.push({ at, order: this.#order++, node, run, timer });
  }

  #pushTimer(timer: Timer): void {
    const { node, dueMs } = timer;
    const restMs = (dueMs - node.monotonicMs) / node.rate;
    const lateMs = this.random(1) < 0.1 ? this.random(5) : 0.01;
    const fire = () => {
      if (timer.intervalMs === undefined) this.#timers.delete(timer);
      else {
        timer.dueMs += timer.intervalMs;
        this.#pushTimer(timer);
      }
      timer.callback();
    };
    this.#push(this.now + restMs + lateMs, node, fire, timer);
  }

  readonly #turn = (): void => {
    this.current = undefined;
    for (;;) {
      const event = this.#failure ? undefined : this.#next();
      if (event === undefined) return this.#done();
      this.now = event.at;
      this.current = event.node;
      try {
        event.run();
      } catch (error) {
        this.fail(error);
      }
      if (event.node === undefined) continue;
      this.turns++;
      realImmediate(this.#turn);
      return;
    }
  };

  /** The next event that happens, with those of held nodes put off. */
  #next(): Event | undefined {
    for (;;) {
      const event = this.#queue.first();
      if (event === undefined || event.at > this.#until) return undefined;
      this.#queue.shift();
      const { node, timer } = event;
      if (timer?.stopped || node?.crashed) continue;
      if (node !== undefined && event.at < node.heldUntil) {
        event.at = node.heldUntil;
        event.order = this.#order++;
        this.#queue.push(event);
        continue;
      }
      if (timer !== undefined) {
        this.now = event.at;
        // The clock of a machine that slept stands behind.
        const restMs = (timer.dueMs - node!.monotonicMs) / node!.rate;
        if (restMs > 0.005) {
          event.at += restMs + 0.01;
          this.#queue.push(event);
          continue;
        }
      }
      return event;
    }
  }
}

/**
 * Has worlds take the place of the runtime's clocks while something goes on.
 *
 * @param play What goes on; it is given a way to say which world it is.
 * @returns What `play` gives.
 */
export async function inWorlds<T>(
  play: (enter: (world: World) => void) => Promise<T>,
): Promise<T> {
  const { enter, restore } = patchGlobals();
  try {
    return await play((world) => enter(world.clocks));
  } finally {
    restore();
  }
}
