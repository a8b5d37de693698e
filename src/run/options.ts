/**
 * How a run is to be started.
 *
 * @module
 */

import { type Duration, toMilliseconds, toTimeout } from "../duration.ts";
import { ExecutionModeNotExist, InvalidOnInputChange } from "../errors.ts";
import {
  type Check,
  expect,
  kindOf,
  oneOf,
  optional,
  readOptions,
  toAny,
  toCount,
  toFlag,
  toFunction,
  toName,
} from "../options.ts";
import type { Task } from "../task.ts";
import type { Awaitable } from "../types.ts";
import type { RunEvent } from "./events.ts";

/**
 * In which order tasks run. `sequential`: one after another, group by group;
 * `sequential_group`: the same; `parallel`: all at once, none sees a previous
 * context; `parallel_group`: groups at once, tasks inside a group one after
 * another; `background`: sequential, and `start` does not wait for the end.
 */
export type Mode =
  | "sequential"
  | "sequential_group"
  | "parallel"
  | "parallel_group"
  | "background";

/**
 * What to do on a change: `raise` rejects, `reuse` goes on with what is stored,
 * `reset` begins a new run and drops the old one.
 */
export type OnChange = "raise" | "reuse" | "reset";

/** How a run is to be started. */
export interface StartOptions {
  /** In which order tasks run. @default "sequential" */
  readonly mode?: Mode;
  /** A value that every step of this run is given. */
  readonly input?: unknown;
  /** How many tasks run at once at most, in parallel modes. @default No limit */
  readonly concurrency?: number;
  /** Whether tasks are started after one has failed. @default false */
  readonly keepGoing?: boolean;
  /**
   * Whether the latest run goes on where it stopped: finished tasks are not
   * run again. Without an earlier run, a new one begins.
   *
   * @default false
   */
  readonly resume?: boolean;
  /**
   * The name of the run, such as the moment it stands for; each begins once.
   * While it is the latest and not finished, it goes on; once it has completed,
   * it gives its results and runs nothing. A named run takes the place of no
   * other named one that is not finished. The last 100 names are remembered,
   * until `clear`.
   *
   * @default A random one
   */
  readonly runId?: string;
  /**
   * Whether the run owns the workflow; if not, it owns only itself, and runs of
   * other names may go on at the same time. Such runs need a `runId` that no
   * exclusive run has; `keepRuns` does not count them, `clear` removes them.
   *
   * @default true
   */
  readonly exclusive?: boolean;
  /**
   * How long to wait for another run that owns the workflow; 0 does not wait
   * at all.
   *
   * @default Until it is known whether the owner is alive: at most its lease
   */
  readonly wait?: Duration;
  /** How long the whole run may take. @default Any time */
  readonly timeout?: Duration;
  /** What to do when a resume is given another input. @default "raise" */
  readonly onInputChange?: OnChange;
  /** What to do when a resume is given other tasks. @default "raise" */
  readonly onWorkflowChange?: OnChange;
  /**
   * What stands for the input when it is compared on a resume.
   *
   * @default A SHA-256 over `input` and the initial contexts
   */
  readonly fingerprint?: string;
  /** Stops the run when it aborts. */
  readonly signal?: AbortSignal;
  /** Called with all tasks after a run that completed. */
  readonly onSuccess?: (tasks: readonly Task[]) => Awaitable<void>;
  /** Called with all tasks after a run that did not complete. */
  readonly onFailure?: (tasks: readonly Task[]) => Awaitable<void>;
  /**
   * Told everything that happens in the run, in order, one call at a time. As
   * every watcher, it cannot hurt the run: of what waits for it, the oldest is
   * dropped beyond 1,000 events, and the end waits no longer than `drainTimeout`.
   * What it is given is shared with the run, and not to be changed.
   */
  readonly onEvent?: (event: RunEvent) => Awaitable<void>;
  /**
   * Keeps a Worker alive after its response: `(work) => context.waitUntil(work)`.
   * It is called once, before anything is done. With it, the whole of the run and
   * what its watchers still have to deliver is handed over, and the end of the
   * run does not wait for watchers.
   */
  readonly waitUntil?: (work: Promise<unknown>) => void;
}

/** The options of `start`, checked and with their defaults. */
export interface StartSettings
  extends Omit<StartOptions, "timeout" | "wait" | "concurrency"> {
  /** In which order tasks run. */
  readonly mode: Mode;
  /** How many tasks run at once at most. */
  readonly concurrency: number;
  /** Whether tasks are started after one has failed. */
  readonly keepGoing: boolean;
  /** Whether the latest run goes on where it stopped. */
  readonly resume: boolean;
  /** Whether the run owns the workflow. */
  readonly exclusive: boolean;
  /** How long to wait for a live owner, in milliseconds. */
  readonly waitMs: number | undefined;
  /** How long the whole run may take, in milliseconds. */
  readonly timeoutMs: number | undefined;
  /** When that time is over, by `performance.now()`. */
  readonly deadlineMs: number | undefined;
  /** What to do when a resume is given another input. */
  readonly onInputChange: OnChange;
  /** What to do when a resume is given other tasks. */
  readonly onWorkflowChange: OnChange;
}

const MODES: readonly Mode[] = [
  "sequential",
  "sequential_group",
  "parallel",
  "parallel_group",
  "background",
];

const CHANGES: readonly OnChange[] = ["raise", "reuse", "reset"];

type OnEnd = (tasks: readonly Task[]) => Awaitable<void>;
type OnEvent = (event: RunEvent) => Awaitable<void>;
type WaitUntil = (work: Promise<unknown>) => void;

const toSignal = kindOf<AbortSignal>(
  (value) => {
    const signal = value as AbortSignal | null;
    return typeof signal?.aborted === "boolean" &&
      typeof signal.addEventListener === "function";
  },
  "an AbortSignal",
);

const CHECKS = {
  mode: oneOf(MODES, "sequential", ExecutionModeNotExist),
  input: toAny,
  concurrency: (value = Infinity, option) =>
    value === Infinity ? Infinity : toCount(value, option),
  keepGoing: optional(toFlag, false),
  resume: optional(toFlag, false),
  runId: optional(toName),
  exclusive: optional(toFlag, true),
  wait: optional(toMilliseconds),
  timeout: optional(toTimeout),
  onInputChange: oneOf(CHANGES, "raise", InvalidOnInputChange),
  onWorkflowChange: oneOf(CHANGES, "raise"),
  fingerprint: optional(toName),
  signal: optional(toSignal),
  onSuccess: optional(toFunction as Check<OnEnd>),
  onFailure: optional(toFunction as Check<OnEnd>),
  onEvent: optional(toFunction as Check<OnEvent>),
  waitUntil: optional(toFunction as Check<WaitUntil>),
} satisfies Record<keyof StartOptions, Check<unknown>>;

/**
 * Checks the options of `start`.
 *
 * @param options What was given.
 * @returns The options with their defaults.
 * @throws {InvalidOptionError} If one is unknown or not allowed.
 * @throws {ExecutionModeNotExist} If the mode does not exist.
 * @throws {InvalidOnInputChange} If `onInputChange` is none of its words.
 */
export function toStartSettings(options: StartOptions = {}): StartSettings {
  const { timeout, wait, ...rest } = readOptions(options, "start", CHECKS);
  expect(
    rest.exclusive || rest.runId !== undefined,
    rest.exclusive,
    "exclusive",
    "a runId too, by which the run is found again",
  );
  const deadlineMs = timeout && performance.now() + timeout;
  return { ...rest, timeoutMs: timeout, deadlineMs, waitMs: wait };
}
