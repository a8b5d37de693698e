/**
 * The simulation of ownership, on as many seeds as the project promises.
 *
 * @module
 */

import assert from "node:assert/strict";
import { seed, tell } from "../../tests/effort.ts";
import { NONE } from "../../tests/simulation/judge.ts";
import type { Played } from "../../tests/simulation/simulate.ts";
import { run } from "../process.ts";
import { checkAsTest, type TestResult } from "../suite/result.ts";

const SEEDS = 100_000;
const MOST_SECONDS = 120;

/** The machines of CI have two cores. */
const PROCESSES = 2;

/**
 * Plays the seeds, shared by processes.
 *
 * @returns Whether no promise was broken, and whether that took too long.
 */
export async function proveSimulation(): Promise<TestResult[]> {
  const begin = performance.now();
  const played = await checkAsTest(
    `simulation: no promise is broken in ${SEEDS} seeds`,
    playAll,
  );
  const seconds = (performance.now() - begin) / 1_000;
  await tell("simulation", { seconds, seeds: SEEDS });
  const inTime = await checkAsTest(
    `simulation: ${SEEDS} seeds take no more than ${MOST_SECONDS} s`,
    () => assert.ok(seconds <= MOST_SECONDS, `it took ${seconds} s`),
  );
  return [played, inTime];
}

async function playAll(): Promise<void> {
  const share = SEEDS / PROCESSES;
  const counts = { ...NONE };
  const parts = Array.from({ length: PROCESSES }, async (_, part) => {
    const first = seed() * SEEDS + part * share;
    const played = await play(first, share);
    for (const name of Object.keys(counts) as (keyof typeof counts)[]) {
      counts[name] += played.counts[name];
    }
  });
  await Promise.all(parts);
  await tell("simulation", { ...counts });
}

async function play(first: number, count: number): Promise<Played> {
  const { output } = await run("deno", [
    "run",
    "-A",
    "-q",
    "--no-check",
    "tests/simulation/main.ts",
    `--first=${first}`,
    `--count=${count}`,
  ]);
  const line = output.split("\n").find((line) => line.startsWith("{"));
  assert.ok(line !== undefined, output);
  const played: Played = JSON.parse(line);
  const { failed } = played;
  const story = failed?.history.join("\n");
  assert.ok(
    failed === undefined,
    `seed ${failed?.seed}: ${failed?.failure}\n${story}`,
  );
  return played;
}
