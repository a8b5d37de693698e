/**
 * The providers that a workflow works with.
 *
 * @module
 */

import { brand } from "./brand.ts";
import { Log } from "./contracts/log.ts";
import { Metrics } from "./contracts/metrics.ts";
import { Notify } from "./contracts/notify.ts";
import { Scheduler } from "./contracts/scheduler.ts";
import { Server } from "./contracts/server.ts";
import { Storage } from "./contracts/storage.ts";
import { Tracer } from "./contracts/tracer.ts";
import { DEFAULTS } from "./defaults.ts";
import { describe } from "./describe.ts";
import { type Duration, toMilliseconds } from "./duration.ts";
import { NotCallableObject } from "./errors.ts";
import {
  type Check,
  optional,
  readOptions,
  toCount,
  toFlag,
  toName,
} from "./options.ts";

/** The clock of a process that is busy may be late by so much. */
const SHORTEST_LEASE_MS = 100;

/** What a `Config` is made of; what is not given falls back to the default. */
export interface ConfigOptions {
  /** Where checkpoints are kept. @default In memory */
  readonly storage?: Storage;
  /** Who is told of changes of status, one or several. @default Nobody */
  readonly notify?: Notify | readonly Notify[];
  /** Where lines are written, one or several. @default Errors, to the console */
  readonly log?: Log | readonly Log[];
  /** Who traces runs, one or several. @default Nobody */
  readonly tracer?: Tracer | readonly Tracer[];
  /** Who counts runs, one or several. @default Nobody */
  readonly metrics?: Metrics | readonly Metrics[];
  /** What starts runs again and again. @default Nothing */
  readonly scheduler?: Scheduler;
  /** Which remote APIs are told, one or several. @default None */
  readonly server?: Server | readonly Server[];
  /** How many runs of a workflow leave their checkpoints behind. @default 1 */
  readonly keepRuns?: number;
  /** How long a run's end waits for slow watchers. @default "5s" */
  readonly drainTimeout?: Duration;
  /**
   * Whether a run owns its workflow, where the storage can tell two writers
   * apart: one run at a time, in all processes and machines.
   *
   * @default true
   */
  readonly ownership?: boolean;
  /**
   * How long an owner that says nothing counts as alive, at least a tenth of a
   * second: after a crash, another machine waits as long. It is renewed every
   * third of that time.
   *
   * @default "30s"
   */
  readonly lease?: Duration;
  /** What others call this process. @default Its runtime and its number */
  readonly owner?: string;
}

/**
 * The providers that a workflow works with, checked when it is made.
 *
 * @example
 * ```ts
 * import { Config, LogDefault } from "@dotflow/dotflow";
 * import { StorageFile } from "@dotflow/dotflow/providers/storage-file";
 *
 * const config = new Config({
 *   storage: new StorageFile({ path: ".output" }),
 *   log: new LogDefault({ format: "json" }),
 * });
 * ```
 */
export class Config {
  static {
    brand(this, Symbol.for("dotflow.config"));
  }

  /** Where checkpoints are kept. */
  declare readonly storage: Storage;
  /** Who is told of changes of status. */
  declare readonly notify: readonly Notify[];
  /** Where lines are written. */
  declare readonly log: readonly Log[];
  /** Who traces runs. */
  declare readonly tracer: readonly Tracer[];
  /** Who counts runs. */
  declare readonly metrics: readonly Metrics[];
  /** What starts runs again and again. */
  declare readonly scheduler: Scheduler;
  /** Which remote APIs are told. */
  declare readonly server: readonly Server[];
  /** How many runs of a workflow leave their checkpoints behind. */
  declare readonly keepRuns: number;
  /** How long a run's end waits for slow watchers, in milliseconds. */
  readonly drainTimeoutMs: number;
  /** Whether a run owns its workflow. */
  declare readonly ownership: boolean;
  /** How long an owner that says nothing counts as alive, in milliseconds. */
  readonly leaseMs: number;
  /** What others call this process. */
  declare readonly owner: string | undefined;

  /**
   * Makes a `Config`.
   *
   * @param options The providers.
   * @throws {NotCallableObject} If a provider is not of its family.
   * @throws {InvalidOptionError} If an option is unknown or not allowed.
   */
  constructor(options: ConfigOptions = {}) {
    const { drainTimeout, lease, ...rest } = readOptions(
      options,
      "Config",
      CHECKS,
    );
    Object.assign(this, rest);
    this.drainTimeoutMs = drainTimeout;
    this.leaseMs = lease;
  }
}

type Family<P> = abstract new (...args: never[]) => P;

function one<P>(Base: Family<P>, makeDefault: () => P): Check<P> {
  return (given, family) => {
    if (given === undefined) return makeDefault();
    if (given instanceof Base) return given;
    throw new NotCallableObject(family, describe(given));
  };
}

function list<P>(
  Base: Family<P>,
  makeDefault: () => P,
): Check<readonly P[]> {
  const single = one(Base, makeDefault);
  return (given, family) => {
    if (!Array.isArray(given)) return [single(given, family)];
    return given.map((each, index) => {
      if (each instanceof Base) return each;
      throw new NotCallableObject(family, `${describe(each)} (at ${index})`);
    });
  };
}

const CHECKS = {
  storage: one(Storage, DEFAULTS.storage),
  notify: list(Notify, DEFAULTS.notify),
  log: list(Log, DEFAULTS.log),
  tracer: list(Tracer, DEFAULTS.tracer),
  metrics: list(Metrics, DEFAULTS.metrics),
  scheduler: one(Scheduler, DEFAULTS.scheduler),
  server: list(Server, DEFAULTS.server),
  keepRuns: optional(toCount, 1),
  drainTimeout: optional(toMilliseconds, 5_000),
  ownership: optional(toFlag, true),
  lease: optional(
    (value, option) => toMilliseconds(value, option, SHORTEST_LEASE_MS),
    30_000,
  ),
  owner: optional(toName),
} satisfies Record<keyof ConfigOptions, Check<unknown>>;
