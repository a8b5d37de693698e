/**
 * Plays virtual worlds, seed after seed.
 *
 * @module
 */

import process from "node:process";
import { realImmediate } from "./globals.ts";
import { type Counts, NONE } from "./judge.ts";
import { Scenario } from "./scenario.ts";
import type { Engine } from "./storage.ts";
import { inWorlds, type World } from "./world.ts";

/** A world in which a promise was broken. */
export interface Failed {
  /** Its seed. */
  readonly seed: number;
  /** Which promise. */
  readonly failure: string;
  /** What happened, line by line. */
  readonly history: readonly string[];
}

/** What became of some worlds. */
export interface Played {
  /** How many there were. */
  readonly seeds: number;
  /** What happened in them how often. */
  readonly counts: Counts;
  /** The first one that failed, which was the last one. */
  readonly failed: Failed | undefined;
}

/**
 * Plays one world after another, until one fails.
 *
 * @param engine The engine.
 * @param first The first seed.
 * @param count How many seeds.
 * @returns What became of them.
 */
export function playSeeds(
  engine: Engine,
  first: number,
  count: number,
): Promise<Played> {
  return withUnhandled(async (enter) => {
    const counts: Counts = { ...NONE };
    for (let seed = first; seed < first + count; seed++) {
      const scenario = new Scenario(engine, seed, false);
      const failure = await playOne(scenario, enter);
      for (const name of Object.keys(counts) as (keyof Counts)[]) {
        counts[name] += scenario.judge.counts[name];
      }
      if (failure === undefined) continue;
      const again = new Scenario(engine, seed, true);
      await playOne(again, enter);
      const failed = { seed, failure, history: again.world.history! };
      return { seeds: seed - first + 1, counts, failed };
    }
    return { seeds: count, counts, failed: undefined };
  }, engine);
}

/**
 * Plays one world and tells everything that happened.
 *
 * @param engine The engine.
 * @param seed The seed.
 * @returns The history; a broken promise stands in it.
 */
export function replay(engine: Engine, seed: number): Promise<string[]> {
  return withUnhandled(async (enter) => {
    const scenario = new Scenario(engine, seed, true);
    const failure = await playOne(scenario, enter);
    const end = failure === undefined ? [] : [failure];
    return [...scenario.world.history!, ...end];
  }, engine);
}

type Enter = (world: World) => void;

const unhandled: unknown[] = [];

/** Gives what failed; undefined if nothing did. */
async function playOne(
  scenario: Scenario,
  enter: Enter,
): Promise<string | undefined> {
  const { world } = scenario;
  enter(world);
  unhandled.length = 0;
  try {
    await scenario.play();
    // Whatever comes too late has the time of a turn to do so.
    await new Promise<void>((resolve) => realImmediate(resolve));
    world.check();
    if (unhandled.length > 0) throw unhandled[0];
    return undefined;
  } catch (error) {
    const { name, message, stack } = error as Error;
    return name === "Violation" ? message : stack ?? String(error);
  }
}

/** Plays where rejections that nobody handles are noticed. */
async function withUnhandled<T>(
  play: (enter: Enter) => Promise<T>,
  engine: Engine,
): Promise<T> {
  const stopListening = listen();
  // Nobody reads the traces of errors that are part of the play.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return await inWorlds(async (enter) => {
      // What the engine makes once in a process belongs to no seed.
      await playOne(new Scenario(engine, 0, false), enter);
      return await play(enter);
    });
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    stopListening();
  }
}

/** Listens for rejections that nobody handles, as the runtime tells of them. */
function listen(): () => void {
  if (process.versions.node && !process.versions.deno) {
    const onRejection = (reason: unknown) => void unhandled.push(reason);
    process.on("unhandledRejection", onRejection);
    return () => process.off("unhandledRejection", onRejection);
  }
  const onRejection = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    unhandled.push(event.reason);
  };
  addEventListener("unhandledrejection", onRejection);
  return () => removeEventListener("unhandledrejection", onRejection);
}
