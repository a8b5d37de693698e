/**
 * What holds for all of a virtual world, drawn from its seed.
 *
 * @module
 */

import type { Faults } from "./bucket.ts";
import type { Manner } from "./storage.ts";
import type { World } from "./world.ts";

/** A step of the workflow. */
export interface StepPlan {
  /** How long it takes, or each of its methods, in milliseconds. */
  readonly ms: number;
  /** How many methods it has; 1: it is no class step. */
  readonly methods: number;
  /** How long it waits before its second attempt, in milliseconds. */
  readonly retryDelay: number;
}

/** What holds for all of a world. */
export interface Plan extends Manner {
  readonly leaseMs: number;
  readonly steps: readonly StepPlan[];
  readonly mode: "sequential" | "parallel";
  /** How often a first attempt fails. */
  readonly badLuck: number;
  /** What goes wrong with requests; undefined: nothing. */
  readonly faults: Faults | undefined;
  /** Until when things go wrong. */
  readonly endMs: number;
}

/** Draws the plan of a world. */
export function drawPlan(world: World): Plan {
  const leaseMs = 1_000 * world.between(3, 10);
  return {
    leaseMs,
    steps: drawSteps(world, leaseMs),
    mode: world.chance(0.8) ? "sequential" : "parallel",
    badLuck: world.chance(0.3) ? 0.3 : 0.01,
    faults: drawFaults(world, leaseMs),
    endMs: leaseMs * (3 + world.random(4)),
    attempts: world.chance(0.5) ? 3 : 1,
    oneMachine: world.chance(0.2),
  };
}

function drawSteps(world: World, leaseMs: number): StepPlan[] {
  const drawMs = () => {
    const kind = world.random(1);
    if (kind < 0.3) return 0;
    if (kind < 0.6) return world.between(1, 300);
    const leases = kind < 0.85 ? world.random(0.8) : 1.2 + world.random(1);
    return Math.floor(leaseMs * leases);
  };
  const drawStep = (methods: number, ms: number) => ({
    ms,
    methods,
    retryDelay: world.chance(0.5) ? 100 : world.between(1, leaseMs),
  });
  const steps = Array.from(
    { length: world.between(2, 4) },
    () => drawStep(1, drawMs()),
  );
  // A step of many methods looks at its lease again and again.
  if (world.chance(0.5)) {
    const methods = world.between(8, 24);
    const ms = Math.floor(leaseMs * (1 + world.random(1.5)) / methods);
    steps[world.between(0, steps.length - 1)] = drawStep(methods, ms);
  }
  return steps;
}

/** In a third of the worlds, all requests go well. */
function drawFaults(world: World, leaseMs: number): Faults | undefined {
  if (world.chance(0.35)) return undefined;
  const total = world.chance(0.5) ? 0.08 : 0.3;
  const parts = [1, 1, 2, 0.25, 1].map((part) => part * world.random(1));
  const sum = parts.reduce((a, b) => a + b);
  const [refused, lost, late, silent, slow] = parts.map((part) =>
    part / sum * total
  );
  const longMs = leaseMs * (0.1 + world.random(3));
  return { refused, lost, late, silent, slow, longMs };
}
