/**
 * What the remote API costs when it holds many runs: no more per run than with
 * few.
 *
 * @module
 */

import { StorageDefault } from "@dotflow/dotflow";
import assert from "node:assert/strict";
import { test } from "./harness.ts";
import { startServer } from "./server_contract.ts";
import type { Client } from "./server_client.ts";

const BLOCK = 100;
/** Blocks of runs that are measured at the beginning, and at the end. */
const MEASURED = 5;
/** Blocks in between. */
const BETWEEN = 20;

test("a run costs no more after 2,500 runs than after none", {
  // The clock of a Worker stands still while it works.
  needs: ["processes"],
  timeout: 60_000,
}, async () => {
  const options = { refresh: "2s" };
  await fastest(startServer(new StorageDefault(), options).client, 0, 3);
  const { client } = startServer(new StorageDefault(), options);
  const first = await fastest(client, 0, MEASURED);
  await fastest(client, MEASURED, BETWEEN);
  const last = await fastest(client, MEASURED + BETWEEN, MEASURED);
  assert.ok(last < first * 2.5, `${first} ms at first, ${last} ms at last`);
});

test("of thousands of runs, the oldest leave the index and the storage", {
  timeout: 60_000,
}, async () => {
  const storage = new StorageDefault();
  const { client } = startServer(storage, {
    refresh: "1h",
    keep: { runs: 1_000 },
  });
  for (let block = 0; block < 20; block++) await tellBlock(client, block);
  const { items } = await client.get("/api/runs?limit=1000");
  assert.equal(items.length, 1_000);
  const states = storage.listKeys("").filter((key) => key.endsWith("/_run"));
  assert.ok(states.length <= 1_110, `${states.length} runs are kept`);
  const listed = storage.listKeys("server-index/");
  assert.equal(listed.length, states.length);
});

/** The time of the fastest of some blocks, in milliseconds. */
async function fastest(client: Client, from: number, blocks: number) {
  let best = Infinity;
  for (let block = from; block < from + blocks; block++) {
    const begun = performance.now();
    await tellBlock(client, block);
    best = Math.min(best, performance.now() - begun);
  }
  return best;
}

async function tellBlock(client: Client, block: number): Promise<void> {
  for (let nth = block * BLOCK; nth < (block + 1) * BLOCK; nth++) {
    const [workflow, run_id] = [`w${nth % 20}`, `r${nth}`];
    await client.tellRun(workflow, { run_id, status: "In progress" });
    const task = { run_id, task_id: "t", status: "Completed" } as const;
    await client.tellTask(workflow, task);
    await client.tellRun(workflow, { run_id, status: "Completed" });
  }
}
