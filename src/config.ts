/**
 * The providers that a workflow works with.
 *
 * @module
 */

import { isInstance, mark } from "./brand.ts";
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
import { refuseUnknown, toCount } from "./options.ts";

const BRAND = Symbol.for("dotflow.config");

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
}

const OPTIONS: readonly (keyof ConfigOptions)[] = [
  "storage",
  "notify",
  "log",
  "tracer",
  "metrics",
  "scheduler",
  "server",
  "keepRuns",
  "drainTimeout",
];

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
    mark(this.prototype, BRAND);
  }

  /** Where checkpoints are kept. */
  readonly storage: Storage;
  /** Who is told of changes of status. */
  readonly notify: readonly Notify[];
  /** Where lines are written. */
  readonly log: readonly Log[];
  /** Who traces runs. */
  readonly tracer: readonly Tracer[];
  /** Who counts runs. */
  readonly metrics: readonly Metrics[];
  /** What starts runs again and again. */
  readonly scheduler: Scheduler;
  /** Which remote APIs are told. */
  readonly server: readonly Server[];
  /** How many runs of a workflow leave their checkpoints behind. */
  readonly keepRuns: number;
  /** How long a run's end waits for slow watchers, in milliseconds. */
  readonly drainTimeoutMs: number;

  /**
   * Makes a `Config`.
   *
   * @param options The providers.
   * @throws {NotCallableObject} If a provider is not of its family.
   * @throws {InvalidOptionError} If an option is unknown or not allowed.
   */
  constructor(options: ConfigOptions = {}) {
    refuseUnknown(options, OPTIONS, "Config");
    this.storage = one("storage", options.storage, Storage, DEFAULTS.storage);
    this.notify = list("notify", options.notify, Notify, DEFAULTS.notify);
    this.log = list("log", options.log, Log, DEFAULTS.log);
    this.tracer = list("tracer", options.tracer, Tracer, DEFAULTS.tracer);
    this.metrics = list("metrics", options.metrics, Metrics, DEFAULTS.metrics);
    this.scheduler = one(
      "scheduler",
      options.scheduler,
      Scheduler,
      DEFAULTS.scheduler,
    );
    this.server = list("server", options.server, Server, DEFAULTS.server);
    this.keepRuns = toCount(options.keepRuns ?? 1, "keepRuns");
    this.drainTimeoutMs = toMilliseconds(
      options.drainTimeout ?? 5_000,
      "drainTimeout",
    );
  }

  /**
   * Recognizes Configs made by any copy of the package.
   *
   * @param value What is asked about.
   * @returns Whether it is a Config.
   */
  static [Symbol.hasInstance](value: unknown): boolean {
    return isInstance(this, value, BRAND);
  }
}

type Family<P> = abstract new (...args: never[]) => P;

function one<P>(
  family: string,
  given: unknown,
  Base: Family<P>,
  makeDefault: () => P,
): P {
  if (given === undefined) return makeDefault();
  if (given instanceof Base) return given;
  throw new NotCallableObject(family, describe(given));
}

function list<P>(
  family: string,
  given: unknown,
  Base: Family<P>,
  makeDefault: () => P,
): readonly P[] {
  if (!Array.isArray(given)) return [one(family, given, Base, makeDefault)];
  return given.map((each, index) => {
    if (each instanceof Base) return each;
    throw new NotCallableObject(family, `${describe(each)} (at ${index})`);
  });
}
