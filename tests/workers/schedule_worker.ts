/**
 * A host that runs a schedule, beside others: `schedule_worker.ts <Host as JSON>`.
 * What happens is written as lines into one file, to which all hosts append:
 *
 * - `first SLOT WHO TOKEN`: the first task has done its work
 * - `second SLOT WHO TOKEN`: the second one begins, and was given this token
 * - `done SLOT WHO TOKEN`: it has done its work
 *
 * @module
 */

import { action, Config, DotFlow } from "@dotflow/dotflow";
import { SchedulerCron } from "@dotflow/dotflow/providers/scheduler-cron";
import { appendFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { openStorage, type StorageSpec } from "./open_storage.ts";

/** A host. */
export interface Host {
  /** Where the workflow is kept. */
  spec: StorageSpec;
  /** The file of the lines. */
  ledger: string;
  /** The file that whoever creates it hangs for; the first one of `hangAt`. */
  victim: string;
  /** From which tick on one host hangs, in milliseconds since the epoch. */
  hangAt: number;
  /** Its name. */
  name: string;
  /** The first tick, and the end of all ticks. */
  startAt: number;
  stopAt: number;
  /** How long a task takes, in milliseconds. */
  takesMs: number;
  /** The lease, in milliseconds. */
  leaseMs: number;
}

const host: Host = JSON.parse(process.argv[2]);
const { spec, ledger, victim, hangAt, name, startAt, stopAt } = host;

const say = (...words: unknown[]) =>
  appendFileSync(ledger, `${words.join(" ")}\n`);

const pause = (ms: number) =>
  new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Tells whether this host is the one that hangs. */
function hangs(slot: string): boolean {
  if (Date.parse(slot) < hangAt) return false;
  try {
    writeFileSync(victim, name, { flag: "wx" });
    return true;
  } catch {
    return false;
  }
}

const storage = await openStorage(spec);
const workflow = new DotFlow({
  workflowId: "clock",
  config: new Config({
    storage,
    owner: name,
    lease: host.leaseMs,
    log: [],
    scheduler: new SchedulerCron({
      cron: "* * * * * *",
      overlap: "queue",
      startAt,
      stopAt,
    }),
  }),
});
workflow.task
  .add(action("first", async ({ runId }) => {
    await pause(host.takesMs);
    const token = crypto.randomUUID();
    say("first", runId, name, token);
    return token;
  }))
  .add(action("second", async ({ runId, previousContext }) => {
    const token = previousContext.storage;
    say("second", runId, name, token);
    if (hangs(runId)) {
      console.log(`hangs ${runId}`);
      await new Promise(() => setInterval(() => {}, 1_000));
    }
    await pause(host.takesMs);
    say("done", runId, name, token);
  }));
console.log("ready");
await workflow.schedule();
await storage.close?.();
