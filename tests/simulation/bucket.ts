/**
 * A simulated bucket behind a bad network.
 *
 * A request is sent, then applied at the bucket, then answered: all three at
 * times of their own. Conditions are evaluated when the request is applied.
 *
 * @module
 */

import type { ContextInit } from "@dotflow/dotflow";
import type { Actor } from "./actor.ts";
import type { World } from "./world.ts";

/** What a key holds. */
export interface Stored {
  /** The value. The engine never changes one, so that nodes may share it. */
  // deno-lint-ignore no-explicit-any
  readonly value: any;
  /** Whose it is, and of when. */
  readonly origin: ContextInit;
  /** Told apart from every other write, as an ETag or a generation does. */
  readonly version: number;
  /** The nonce of the write, as a provider keeps it beside the value. */
  readonly writer: number;
}

/** What goes wrong, in parts of all requests. */
export interface Faults {
  /** Refused: never applied, answered with an error. */
  readonly refused: number;
  /** Applied, but answered with an error. */
  readonly lost: number;
  /** Answered with an error first, and applied long after. */
  readonly late: number;
  /** Applied or not, and not answered before the faults are over. */
  readonly silent: number;
  /** Applied or answered after long, or both. */
  readonly slow: number;
  /** How long that is at most, in milliseconds. */
  readonly longMs: number;
}

/** No request gets through. */
export const CUT: Faults = {
  refused: 1,
  lost: 0,
  late: 0,
  silent: 0,
  slow: 0,
  longMs: 0,
};

/** Every request takes long. */
export function lag(longMs: number): Faults {
  return { refused: 0, lost: 0, late: 0, silent: 0, slow: 1, longMs };
}

/** Is told what happens to a bucket. */
export interface Observer {
  /** Somebody wrote a key, or removed it. */
  written(
    key: string,
    before: Stored | undefined,
    after: Stored | undefined,
    by: Actor,
  ): void;
  /** A request of an actor went wrong, or took longer than most. */
  troubled(actor: Actor): void;
}

/** A bucket. */
export class Bucket {
  readonly objects = new Map<string, Stored>();
  /** The nodes that have died. */
  readonly dead = new Set<string>();
  /** What goes wrong; undefined when the faults are over. */
  faults: Faults | undefined;
  /** How long a request takes there, or back, at most, in milliseconds. */
  readonly latencyMs: number;
  readonly #world: World;
  readonly #observer: Observer;
  readonly #unanswered: (() => void)[] = [];
  #versions = 0;

  constructor(world: World, observer: Observer, faults: Faults | undefined) {
    this.#world = world;
    this.#observer = observer;
    this.faults = faults;
    this.latencyMs = world.chance(0.5) ? 5 : 2 + world.random(60);
  }

  /** Tells one write from every other. */
  newVersion(): number {
    return ++this.#versions;
  }

  /** Stores a value, or removes what is there. */
  write(key: string, after: Stored | undefined, by: Actor): void {
    const before = this.objects.get(key);
    if (after === undefined) this.objects.delete(key);
    else this.objects.set(key, after);
    this.#observer.written(key, before, after, by);
  }

  /** Ends all faults: what was never answered is answered with an error. */
  heal(): void {
    this.faults = undefined;
    for (const answer of this.#unanswered.splice(0)) answer();
  }

  /** The keys that begin with a prefix. */
  keys(prefix: string): string[] {
    return [...this.objects.keys()].filter((key) => key.startsWith(prefix))
      .sort();
  }

  /**
   * Sends a request.
   *
   * @param actor Who sends it.
   * @param what What it is, for the history.
   * @param apply What it does at the bucket.
   * @returns What `apply` gave, unless the request or its answer was lost.
   */
  request<T>(actor: Actor, what: string, apply: () => T): Promise<T> {
    const world = this.#world;
    const node = actor.node!;
    const faults = node.faults ?? this.faults;
    return new Promise((resolve, reject) => {
      const hop = () => 0.2 + world.random(this.latencyMs);
      const long = () => world.random(faults!.longMs);
      const either = () => world.chance(0.5) ? hop() : long();
      let result: T;
      const arrive = (ms: number, then?: () => void) =>
        world.after(ms, undefined, () => {
          result = apply();
          world.note(() =>
            `  bucket  ${what} of ${actor.name}: ${show(result)}`
          );
          then?.();
        });
      const answer = (ms: number) =>
        world.after(ms, node, () => resolve(result));
      const fail = (ms: number, why: string) =>
        world.after(ms, node, () => {
          world.note(() => `${actor.name}  ${what}: ${why}`);
          reject(new Error(why));
        });
      const fate = drawFate(faults, world.random(1));
      if (fate !== "fine") this.#observer.troubled(actor);
      switch (fate) {
        case "fine":
          return arrive(hop(), () => answer(hop()));
        case "refused":
          return fail(hop() + hop(), "refused");
        case "lost":
          arrive(hop());
          return fail(2 * this.latencyMs + hop(), "answer lost");
        case "late":
          arrive(long());
          return fail(hop() + long() / 10, "no answer in time");
        case "slow":
          return arrive(either(), () => answer(either()));
        case "silent":
          if (world.chance(0.7)) arrive(hop());
          this.#unanswered.push(() => fail(hop(), "connection reset"));
      }
    });
  }
}

/** What becomes of a request. */
function drawFate(
  faults: Faults | undefined,
  chance: number,
): keyof Faults | "fine" {
  if (faults === undefined) return "fine";
  for (const fate of ["refused", "lost", "late", "silent", "slow"] as const) {
    chance -= faults[fate];
    if (chance < 0) return fate;
  }
  return "fine";
}

function show(result: unknown): string {
  if (result === undefined) return "absent";
  if (Array.isArray(result)) return `${result.length} keys`;
  return typeof result === "object" && result && "version" in result
    ? `version ${result.version}`
    : String(result);
}
