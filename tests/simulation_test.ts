import * as engine from "@dotflow/dotflow";
import assert from "node:assert/strict";
import { effort, seed, tell } from "./effort.ts";
import { runtime, test } from "./harness.ts";
import { MUTANTS, plant } from "./simulation/mutants.ts";
import { playSeeds, replay } from "./simulation/simulate.ts";

/** The runtimes share what is a tenth of a proof, each with seeds of its own. */
const SEEDS = { deno: 3_000, node: 3_000, bun: 3_000, workerd: 300 };
const first = seed() * 10_000 + Object.keys(SEEDS).indexOf(runtime) * 3_000;

/** How many seeds a planted fault may take to be caught. */
const MOST_SEEDS = 30_000;

test("simulation: one owner at a time, whatever goes wrong", {
  timeout: 120_000 * effort(),
}, async () => {
  const count = SEEDS[runtime];
  const { failed, seeds, counts } = await playSeeds(engine, first, count);
  if (failed !== undefined) {
    assert.fail(
      `${failed.failure}\n${failed.history.slice(-100).join("\n")}\n` +
        `All of it: deno run -A tests/simulation/main.ts --seed ${failed.seed}`,
    );
  }
  // Things did go wrong.
  assert.ok(counts.takeovers > seeds / 10, JSON.stringify(counts));
  assert.ok(counts.lost > seeds / 20, JSON.stringify(counts));
  assert.ok(counts.locked > seeds / 10, JSON.stringify(counts));
  await tell("simulation", { seeds, ...counts });
});

test("simulation: the same seed gives the same history", async () => {
  for (let seed = first; seed < first + 10; seed++) {
    const history = await replay(engine, seed);
    assert.ok(history.length > 10);
    await playSeeds(engine, seed + 1, 3);
    assert.deepEqual(await replay(engine, seed), history);
  }
});

test("simulation: planted faults are caught", {
  skip: runtime !== "deno" && "they are planted in the sources",
  timeout: 300_000 * effort(),
}, async () => {
  for (const mutant of MUTANTS) {
    // On every commit, those that show soon.
    if (mutant.rare && effort() === 1) continue;
    const faulty = await plant(mutant);
    const { failed, seeds } = await playSeeds(faulty, 1, MOST_SEEDS);
    assert.ok(failed, `${mutant.name}: it was not in ${seeds} seeds`);
    await tell(`simulation: ${mutant.name}`, { seeds });
  }
});
