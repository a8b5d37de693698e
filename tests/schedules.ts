/**
 * Hosts with a schedule, and what happened on them.
 *
 * @module
 */

import {
  action,
  Config,
  type ConfigOptions,
  DotFlow,
  Log,
  type LogFields,
  type Scheduler,
  type Storage,
} from "@dotflow/dotflow";
import type { SchedulerCronOptions } from "@dotflow/dotflow/providers/scheduler-cron";
import { SchedulerInterval } from "@dotflow/dotflow/providers/scheduler-interval";
import { StorageText } from "./storages.ts";

export const START = "2026-11-28T06:31:00.500Z";
export const LEASE_MS = 30_000;

/** Remembers what is told. */
export class LogAll extends Log {
  readonly lines: string[] = [];

  #add(level: string, message: string, fields: LogFields = {}): void {
    if (fields.task) return;
    const { runId, reason, first, last } = fields;
    const about = [runId, first, last, reason].filter((one) => one).join(" ");
    this.lines.push(`${level} ${message}: ${about}`);
  }

  debug(): void {}
  info(message: string, fields?: LogFields): void {
    if (!/^Workflow/.test(message)) this.#add("INFO", message, fields);
  }
  warning(message: string, fields?: LogFields): void {
    this.#add("WARNING", message, fields);
  }
  error(message: string, fields?: LogFields): void {
    this.#add("ERROR", message, fields);
  }
}

/** A host with a schedule, and what happened on it. */
export interface HostOptions extends ConfigOptions {
  workflowId?: string;
  during?: (runId: string, signal: AbortSignal) => unknown;
}

export function host(
  scheduler: Scheduler,
  { workflowId = "wf", during = () => {}, ...options }: HostOptions = {},
) {
  const log = new LogAll();
  const config = new Config({ scheduler, log, lease: LEASE_MS, ...options });
  const workflow = new DotFlow({ workflowId, config });
  const ran: string[] = [];
  workflow.task.add(action("work", async ({ runId, signal }) => {
    ran.push(runId.slice(11));
    await during(runId, signal);
  }));
  return { workflow, ran, log };
}

export function every(
  seconds: number,
  options: Partial<SchedulerCronOptions> = {},
) {
  const { cron: _cron, timezone: _timezone, ...rest } = options;
  return new SchedulerInterval({
    every: `${seconds}s`,
    signals: false,
    ...rest,
  });
}

export const pause = (ms: number) =>
  new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Two hosts that share a storage. */
export function two(
  make: () => Scheduler,
  options: HostOptions = {},
  storage: Storage = new StorageText(),
) {
  const texts = (storage as StorageText).texts;
  const other = new StorageText(texts);
  return [
    host(make(), { ...options, storage, owner: "one" }),
    host(make(), { ...options, storage: other, owner: "two" }),
  ];
}

/** How each claim stands. */
export async function claimsOf(storage: Storage): Promise<string[]> {
  const keys = await storage.listKeys!("wf/_tick/");
  return await Promise.all(keys.map(async (key) => {
    return (await storage.get(key)).storage.stage;
  }));
}

/** Kills a host: from now on, nothing of it reaches the storage. */
export class StorageMortal extends StorageText {
  override readonly swapsAtomically = true;
  isDead = false;
  /** Dies of this call. */
  diesOf: (key: string, stage: string) => boolean = () => false;

  override async get(key: string) {
    if (this.isDead) await new Promise(() => {});
    return await super.get(key);
  }

  override async atomicSwap(...args: Parameters<StorageText["atomicSwap"]>) {
    if (this.isDead) await new Promise(() => {});
    const done = await super.atomicSwap(...args);
    if (this.diesOf(args[0], args[2].storage?.stage)) {
      this.isDead = true;
      await new Promise(() => {});
    }
    return done;
  }
}
