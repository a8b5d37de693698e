/**
 * A clock that goes as fast as there is something to do. It takes the place of
 * `Date.now`, `performance.now`, `setTimeout` and `clearTimeout` until the end of
 * the test.
 *
 * @module
 */

import { cleanup } from "./harness.ts";

interface Timer {
  dueMs: number;
  order: number;
  fire: () => void;
}

/** A clock of one's own. */
export class VirtualClock {
  /** What timers go by. */
  #steadyMs = 0;
  /** What `Date.now` shows, beside that. */
  #offsetMs: number;
  readonly #timers = new Map<number, Timer>();
  #order = 1e9;
  #calls = 0;
  readonly #breathe: () => Promise<void>;

  /** Makes a clock that shows a moment. */
  constructor(nowMs: number) {
    this.#offsetMs = nowMs;
    const { setTimeout, clearTimeout } = globalThis;
    const { now } = Date;
    const steady = Object.getOwnPropertyDescriptor(performance, "now");
    Date.now = () => this.now;
    Object.defineProperty(performance, "now", {
      value: () => this.#steadyMs,
      configurable: true,
      writable: true,
    });
    // deno-lint-ignore no-explicit-any
    const scope = globalThis as any;
    scope.setTimeout = (fire: () => void, ms = 0) => {
      this.#calls++;
      const order = this.#order++;
      const dueMs = this.#steadyMs + Math.max(ms, 0);
      this.#timers.set(order, { dueMs, order, fire });
      return order;
    };
    scope.clearTimeout = (timer: number) => {
      this.#calls += 2;
      if (!this.#timers.delete(timer)) clearTimeout(timer);
    };
    this.#breathe = () => new Promise((resolve) => setTimeout(resolve, 0));
    cleanup(() => {
      Object.assign(globalThis, { setTimeout, clearTimeout });
      Date.now = now;
      if (steady) Object.defineProperty(performance, "now", steady);
      else Reflect.deleteProperty(performance, "now");
    });
  }

  /** What it shows. */
  get now(): number {
    return Math.round(this.#offsetMs + this.#steadyMs);
  }

  /** How many timers are running. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Sets it, as somebody does by hand: timers go on as they were. */
  set(nowMs: number): void {
    this.#offsetMs = nowMs - this.#steadyMs;
  }

  /** Lets the machine sleep: what was due meanwhile is so when it wakes. */
  sleepUntil(nowMs: number): void {
    this.#steadyMs += Math.max(0, nowMs - this.now);
  }

  /** Goes on until something has happened, as it must. */
  async until<T>(work: PromiseLike<T>): Promise<T> {
    let isDone = false;
    const end = () => void (isDone = true);
    work.then(end, end);
    await settle();
    for (let steps = 1; !isDone; steps++) {
      // So that the test can be given up.
      if (steps % 10_000 === 0) await this.#breathe();
      if (!await this.step()) throw new Error("Cannot go on: nobody waits");
      if (this.pending === 0) await settle();
    }
    return await work;
  }

  /** Goes on to the next timer; tells whether there was one. */
  async step(): Promise<boolean> {
    let next: Timer | undefined;
    for (const timer of this.#timers.values()) {
      if (!next || timer.dueMs < next.dueMs) next = timer;
    }
    if (!next) return false;
    this.#timers.delete(next.order);
    this.#steadyMs = Math.max(this.#steadyMs, next.dueMs);
    this.#calls = 0;
    next.fire();
    // Who only waits on has not done anything that others wait for.
    if (this.#calls !== 1) await settle();
    return true;
  }
}

/** Lets everything happen that waits for nothing but promises. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 200; turn++) await null;
}
