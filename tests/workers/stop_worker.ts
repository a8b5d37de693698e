/**
 * Starts a workflow, and stops itself (SIGSTOP) at a chosen point:
 * `stop_worker.ts <Stop as JSON>`.
 *
 * @module
 */

import process from "node:process";
import { openStorage, type StorageSpec } from "./open_storage.ts";
import { startOwned } from "./owned_flow.ts";

/** Where in a run a process stops itself. */
export type StopPoint = "begin" | "effect" | "callback" | "swap" | "swapped";

/** What is run, and where it stops. */
export interface Stop {
  /** Where the workflow is kept. */
  spec: StorageSpec;
  /** The file of the lines. */
  ledger: string;
  /** The id of the workflow. */
  id: string;
  /** Who starts it. */
  who: string;
  /** The lease, in milliseconds. */
  leaseMs: number;
  /** How long a task takes, in milliseconds. */
  taskMs: number;
  /** Where to stop, and when it comes there for the how many-th time. */
  stop?: { point: StopPoint; nth: number };
}

const given: Stop = JSON.parse(process.argv[2]);
const { spec, stop, leaseMs, taskMs } = given;
const storage = await openStorage(spec);
let count = 0;

/** Stops here, if this is the point. */
function come(point: StopPoint): void {
  if (point !== stop?.point || ++count !== stop.nth) return;
  console.log("stopping");
  const end = performance.now() + 30;
  process.kill(process.pid, "SIGSTOP");
  // The signal may reach another thread first.
  while (performance.now() < end);
}

if (stop?.point.startsWith("swap")) {
  const swap = storage.atomicSwap!.bind(storage);
  storage.atomicSwap = async (key, ...contexts) => {
    // Others are for trying the storage out.
    const counts = key.startsWith(`${given.id}/`);
    if (counts) come("swap");
    const swapped = await swap(key, ...contexts);
    if (counts) come("swapped");
    return swapped;
  };
}

console.log(`ready ${process.pid}`);
await startOwned({
  ...given,
  storage,
  async during(moment, place) {
    come(moment);
    if (moment !== "begin") return;
    console.log("begun");
    // The third is long enough for a renewal.
    const ms = place === 3 ? leaseMs / 2 : taskMs;
    await new Promise((wake) => setTimeout(wake, ms));
  },
  callback: () => come("callback"),
}, { resume: true, wait: "5m" });
await storage.close?.();
