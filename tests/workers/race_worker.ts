/**
 * Starts the same workflows several times at once, while other processes do the
 * same: `race_worker.ts <Race as JSON>`. Some give up in the middle.
 *
 * @module
 */

import { existsSync } from "node:fs";
import process from "node:process";
import { makeRandom } from "../effort.ts";
import { openStorage, type StorageSpec } from "./open_storage.ts";
import { startOwned, TASKS } from "./owned_flow.ts";

/** What is raced for. */
export interface Race {
  /** Where the workflows are kept. */
  spec: StorageSpec;
  /** The file of the lines. */
  ledger: string;
  /** What the files begin with whose making begins a race. */
  go: string;
  /** The name of this process. */
  name: string;
  /** The workflows, one after the other. */
  ids: readonly string[];
  /** How many start each of them at once. */
  starts: number;
  /** The lease, in milliseconds. */
  leaseMs: number;
  /** What is random is drawn from this. */
  seed: number;
}

const race: Race = JSON.parse(process.argv[2]);
const { spec, ledger, go, name, ids, starts, leaseMs, seed } = race;
const random = makeRandom(seed, name);
const shared = await openStorage(spec);

for (const [at, id] of ids.entries()) {
  // Half of them share a storage, as in a server; the others have their own.
  const storages = await Promise.all(Array.from(
    { length: starts },
    (_, n) => n % 2 === 0 ? shared : openStorage(spec),
  ));
  console.log(`ready ${id}`);
  while (!existsSync(`${go}${at}`)) await pause(2);
  await Promise.all(storages.map(async (storage, n) => {
    const quit = new AbortController();
    // Three of four give up, should it be they who run the last tasks.
    const last = random(4) < 3 ? 1 + Math.floor(random(TASKS)) : Infinity;
    const during = async (moment: string, place: number) => {
      if (moment !== "begin") return;
      await pause(random(4));
      if (place >= last) quit.abort();
    };
    await startOwned(
      { id, who: `${name}.${n}`, storage, leaseMs, ledger, during },
      { resume: true, wait: "5m", signal: quit.signal },
    );
    if (storage !== shared) await storage.close?.();
  }));
  console.log(`raced ${id}`);
}
await shared.close?.();

function pause(ms: number): Promise<void> {
  return new Promise((wake) => setTimeout(wake, ms));
}
