/**
 * The processes of a virtual world.
 *
 * @module
 */

import type { Faults } from "./bucket.ts";
import type { World } from "./world.ts";

/** What a world's true time 0 is, for the wall clocks of its nodes. */
const EPOCH_MS = Date.UTC(2030, 0, 1);

/**
 * The owners that one process knows as its own. All nodes share one copy of the
 * engine here, which takes them for one process: it must not know another
 * node's owners. So in the bucket they have other ids, the same in every play.
 */
export class Owners {
  readonly #outside = new Map<string, string>();
  readonly #inside = new Map<string, string>();

  constructor(readonly node: string) {}

  /** What the bucket knows an owner of this process by. */
  toOutside(id: string): string {
    let outside = this.#outside.get(id);
    if (outside === undefined) {
      outside = `${this.node}#${this.#outside.size + 1}`;
      this.#outside.set(id, outside);
      this.#inside.set(outside, id);
    }
    return outside;
  }

  /** What the engine knows an owner by. */
  toInside(id: string): string {
    return this.#inside.get(id) ?? id;
  }
}

/** A process: it has clocks, may be held, and may die. */
export class Node {
  /** How fast its clocks run; 1 is the true time. */
  readonly rate: number;
  /** Whether its monotonic clock stands still while it is held. */
  readonly sleeps: boolean;
  /** By how much its wall clock is wrong. */
  wallOffsetMs: number;
  /** Whether it has died: nothing of it happens any more. */
  crashed = false;
  /** Until when nothing of it happens, in true time. */
  heldUntil = 0;
  /** What goes wrong with its own requests; undefined: as with all others. */
  faults: Faults | undefined;
  /** How long its monotonic clock has stood still. */
  asleepMs = 0;
  /** The owners of workflows that it knows as its own. */
  readonly owners: Owners;
  readonly #bornAt: number;

  constructor(
    readonly name: string,
    readonly world: World,
    clock: { rate: number; wallOffsetMs: number; sleeps: boolean },
  ) {
    this.sleeps = clock.sleeps;
    this.rate = clock.rate;
    this.wallOffsetMs = clock.wallOffsetMs;
    this.owners = new Owners(name);
    this.#bornAt = world.now;
  }

  /** What its `performance.now()` says. */
  get monotonicMs(): number {
    return (this.world.now - this.#bornAt - this.asleepMs) * this.rate;
  }

  /** What its `Date.now()` says. */
  get wallMs(): number {
    return Math.floor(
      EPOCH_MS + this.world.now * this.rate + this.wallOffsetMs,
    );
  }

  /** Holds it, as SIGSTOP does, or the sleep of its machine. */
  hold(ms: number): void {
    const from = Math.max(this.heldUntil, this.world.now);
    const until = Math.max(this.heldUntil, this.world.now + ms);
    if (this.sleeps) this.asleepMs += until - from;
    this.heldUntil = until;
  }
}

/** A timer of a node; Node and Bun have these methods on theirs. */
export class Timer {
  /** Whether it was called off. */
  stopped = false;

  constructor(
    readonly node: Node,
    readonly callback: () => void,
    /** When it is due by the node's monotonic clock. */
    public dueMs: number,
    readonly intervalMs: number | undefined,
  ) {}

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}
