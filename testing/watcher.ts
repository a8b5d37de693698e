/**
 * What a contract test of a watching provider is, and what it asks of one.
 *
 * @module
 */

import type { Log, LogLevel } from "../src/contracts/log.ts";
import type { Metrics } from "../src/contracts/metrics.ts";
import type { Notify } from "../src/contracts/notify.ts";
import type { Tracer } from "../src/contracts/tracer.ts";
import type { TaskStatus } from "../src/status.ts";
import type { Awaitable } from "../src/types.ts";

/** A watching provider to be tested, and the other end that it tells. */
export interface WatcherBench<Provider, Seen> {
  /** The provider. */
  readonly provider: Provider;
  /** Texts that nobody but the other end may see, such as a token. */
  readonly secrets?: readonly string[];
  /**
   * Looks at what has arrived at the other end so far. It is asked after the end
   * of runs, so all that was delivered is there.
   */
  seen(): Awaitable<Seen>;
  /**
   * Breaks the other end: whatever is sent from now on fails. Without it, the
   * tests of that are not for this provider.
   */
  break?(): Awaitable<void>;
  /** Gives back what the test has used. */
  close?(): Awaitable<void>;
}

/** How a watching provider is opened. */
export interface WatcherSubject<Provider, Seen> {
  /**
   * Opens a provider with an other end at which nothing has arrived yet. Each
   * test asks for one of its own.
   */
  open(): Awaitable<WatcherBench<Provider, Seen>>;
  /**
   * Whether it cannot know that nothing arrives any more, as with UDP, so that
   * it need not complain of a broken other end.
   *
   * @default false
   */
  readonly silent?: boolean;
}

/** A notifier to be tested: the texts of the messages that have arrived. */
export interface NotifySubject
  extends WatcherSubject<Notify, readonly string[]> {
  /** Which statuses it tells of. @default All */
  readonly statuses?: readonly TaskStatus[];
}

/** A line that has arrived. */
export interface SeenLine {
  /** How grave it is. */
  readonly level: LogLevel;
  /** All that it says, the message and the fields, in any form. */
  readonly text: string;
  /** Where it stands in a trace, as the `traceparent` of W3C, if it says so. */
  readonly traceparent?: string;
}

/** A log to be tested: its lines, in order. */
export interface LogSubject extends WatcherSubject<Log, readonly SeenLine[]> {
  /**
   * Whether lines below `ERROR` arrive only together with a later one of their
   * run that is an `ERROR`, as breadcrumbs do.
   *
   * @default false
   */
  readonly onlyWithErrors?: boolean;
  /** Whether lines say where they stand in a trace. @default false */
  readonly traced?: boolean;
}

/** A span that has arrived, after it was closed. */
export interface SeenSpan {
  /** Its id. */
  readonly spanId: string;
  /** The span that it is in; undefined: none. */
  readonly parentId: string | undefined;
  /** Its trace. */
  readonly traceId: string;
  /** The run that it is about. */
  readonly runId: string;
  /** The task that it is about; undefined: the run itself. */
  readonly taskId: string | undefined;
  /** When it began, in milliseconds since the epoch, give or take 25. */
  readonly startMs: number;
  /** When it ended, in milliseconds since the epoch, give or take 25. */
  readonly endMs: number;
  /** Whether it is marked as failed. */
  readonly failed: boolean;
}

/** A tracer to be tested: all spans that were closed. */
export type TracerSubject = WatcherSubject<Tracer, readonly SeenSpan[]>;

/** Lengths of time, as a histogram has them. */
export interface SeenTimes {
  /** How many there are. */
  readonly count: number;
  /** All of them together, in milliseconds. */
  readonly sumMs: number;
}

/** What was counted. */
export interface SeenMetrics {
  /** Runs that have started. */
  readonly workflowsStarted: number;
  /** Runs that have completed. */
  readonly workflowsCompleted: number;
  /** Runs that have failed or were cancelled. */
  readonly workflowsFailed: number;
  /** Tasks that have completed. */
  readonly tasksCompleted: number;
  /** Tasks that have failed. */
  readonly tasksFailed: number;
  /** Attempts that were followed by another one. */
  readonly tasksRetried: number;
  /** How long runs took. */
  readonly workflowTimes: SeenTimes;
  /** How long tasks took. */
  readonly taskTimes: SeenTimes;
}

/** Metrics to be tested: what they have counted. */
export type MetricsSubject = WatcherSubject<Metrics, SeenMetrics>;

/** One test of the contract of a watching provider, for any test runner. */
export interface WatcherTest<Subject> {
  /** What holds, in one sentence. */
  readonly name: string;
  /**
   * Runs the test.
   *
   * @param subject The provider to be tested.
   * @returns Resolves when it has passed; what it rejects with is why it failed.
   */
  run(subject: Subject): Promise<void>;
}
