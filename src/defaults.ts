/**
 * What a `Config` falls back to.
 *
 * @module
 */

import { LogDefault } from "../providers/log_default.ts";
import { MetricsDefault } from "../providers/metrics_default.ts";
import { NotifyDefault } from "../providers/notify_default.ts";
import { SchedulerDefault } from "../providers/scheduler_default.ts";
import { ServerDefault } from "../providers/server_default.ts";
import { StorageDefault } from "../providers/storage_default.ts";
import { TracerDefault } from "../providers/tracer_default.ts";

/** Makes the default provider of each family. */
export const DEFAULTS = {
  storage: () => new StorageDefault(),
  notify: () => new NotifyDefault(),
  log: () => new LogDefault({ level: "ERROR" }),
  tracer: () => new TracerDefault(),
  metrics: () => new MetricsDefault(),
  scheduler: () => new SchedulerDefault(),
  server: () => new ServerDefault(),
};

const SILENT: readonly unknown[] = [
  NotifyDefault,
  TracerDefault,
  MetricsDefault,
];

/**
 * Tells whether a provider does nothing at all, so that it need not be called.
 *
 * @param provider The provider.
 * @returns Whether it is one of the defaults that do nothing.
 */
export function isSilent(provider: object): boolean {
  return SILENT.includes(provider.constructor);
}

export {
  LogDefault,
  MetricsDefault,
  NotifyDefault,
  SchedulerDefault,
  ServerDefault,
  StorageDefault,
  TracerDefault,
};
