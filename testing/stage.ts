/**
 * Where the contracts of watching providers are played: workflows that are
 * watched by the provider under test and by a log that keeps everything.
 *
 * @module
 */

import type { Action } from "../src/action.ts";
import { action } from "../src/action.ts";
import { Config, type ConfigOptions } from "../src/config.ts";
import { Log, type LogFields, type LogLevel } from "../src/contracts/log.ts";
import { StorageDefault } from "../src/defaults.ts";
import { DotFlow } from "../src/dotflow.ts";
import type { StartOptions } from "../src/run/options.ts";
import type { Run } from "../src/run/run.ts";
import type { WatcherBench, WatcherSubject, WatcherTest } from "./watcher.ts";

/** The families that only watch. */
export type Family = "notify" | "log" | "tracer" | "metrics";

/** How many runs go on at once where runs must not mix. */
export const MANY = 20;

/** A storage in memory that counts as persistent, so that there are owners. */
export class StorageStage extends StorageDefault {
  override readonly persistent = true;
}

/** What one line of the engine said. */
export interface Overheard {
  /** How grave it is. */
  readonly level: LogLevel;
  /** What happened. */
  readonly message: string;
  /** What it is about. */
  readonly fields: LogFields;
}

/** Keeps every line. */
class LogEar extends Log {
  readonly lines: Overheard[] = [];

  debug(message: string, fields: LogFields = {}): void {
    this.lines.push({ level: "DEBUG", message, fields });
  }
  info(message: string, fields: LogFields = {}): void {
    this.lines.push({ level: "INFO", message, fields });
  }
  warning(message: string, fields: LogFields = {}): void {
    this.lines.push({ level: "WARNING", message, fields });
  }
  error(message: string, fields: LogFields = {}): void {
    this.lines.push({ level: "ERROR", message, fields });
  }
}

/** What workflows on a stage are made of. */
export interface StageOptions extends ConfigOptions {
  /** The workflow. @default "stage" */
  readonly workflowId?: string;
}

/** Where one test is played. */
export class Stage<Provider, Seen> {
  /** The provider and its other end. */
  readonly bench: WatcherBench<Provider, Seen>;
  readonly #family: Family;
  readonly #ear: LogEar = new LogEar();

  constructor(family: Family, bench: WatcherBench<Provider, Seen>) {
    this.#family = family;
    this.bench = bench;
  }

  /** What the engine has said so far, the complaints about the provider too. */
  get overheard(): readonly Overheard[] {
    return this.#ear.lines;
  }

  /** Makes a workflow that the provider watches. */
  workflow(options: StageOptions = {}): DotFlow {
    const { workflowId = "stage", ...rest } = options;
    const provider = this.bench.provider as never;
    const watching = this.#family === "log"
      ? { log: [provider, this.#ear] }
      : { [this.#family]: provider, log: this.#ear };
    const config = new Config({
      storage: new StorageStage(),
      drainTimeout: "10s",
      ...watching,
      ...rest,
    });
    return new DotFlow({ workflowId, config });
  }

  /** Runs steps, one a task. */
  async play(
    steps: readonly Action[],
    start: StartOptions = {},
    options: StageOptions = {},
  ): Promise<Run> {
    const workflow = this.workflow(options);
    workflow.task.add([...steps]);
    return await workflow.start(start);
  }
}

/** Makes a contract test that closes what it has opened. */
export function watcherTest<
  Provider,
  Seen,
  Subject extends WatcherSubject<Provider, Seen>,
>(
  family: Family,
  name: string,
  body: (stage: Stage<Provider, Seen>, subject: Subject) => Promise<void>,
): WatcherTest<Subject> {
  return {
    name,
    async run(subject) {
      const bench = await subject.open();
      try {
        await body(new Stage(family, bench), subject);
      } finally {
        await bench.close?.();
      }
    },
  };
}

/** Waits. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** A step that gives its name. */
export function ok(name: string, ms = 0): Action {
  return action(name, async () => {
    if (ms > 0) await pause(ms);
    return name;
  });
}

/** A step that fails so often, and gives its name after that. */
export function flaky(name: string, failures: number, retry: number): Action {
  let left = failures;
  return action(name, { retry, retryDelay: 1 }, () => {
    if (left-- > 0) throw new TypeError(`failure of ${name}`);
    return name;
  });
}

/** A step that goes on until its signal aborts, and says when it has begun. */
export function endless(name: string, begun: () => unknown = () => {}): Action {
  return action(name, async ({ signal }) => {
    begun();
    await new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  });
}
