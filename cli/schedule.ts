/**
 * `dotflow schedule`: runs again and again.
 *
 * @module
 */

import { SchedulerDefault } from "../mod.ts";
import type { Scheduler } from "../src/contracts/scheduler.ts";
import type { RunEvent } from "../src/run/events.ts";
import { chooseReporter } from "./report/choose.ts";
import type { Reporter, ReporterOptions } from "./report/reporter.ts";
import { Signals } from "./signals.ts";
import { EXIT, UsageError } from "./usage.ts";
import { flagOf } from "./value.ts";
import {
  type Loaded,
  loadWorkflow,
  startOptionsOf,
  type WorkflowFlags,
} from "./workflow.ts";

/** The flags of `schedule`. */
export interface ScheduleFlags extends WorkflowFlags, ReporterOptions {
  /** The pattern of ticks. */
  readonly cron?: string;
  /** The time between ticks. */
  readonly every?: number;
  /** The time zone of the pattern. */
  readonly timezone?: string;
  /** What becomes of a tick while a run goes on. */
  readonly overlap?: string;
  /** How many runs at once. */
  readonly limit?: number;
  /** Whether a missed tick is made up for. */
  readonly catchUp?: boolean;
  /** How many runs in all. */
  readonly maxRuns?: number;
  /** When the schedule begins. */
  readonly startAt?: string;
  /** When the schedule ends. */
  readonly stopAt?: string;
  /** How long the end waits for runs. */
  readonly stopTimeout?: number;
}

/** What only makes sense where the flags make the scheduler. */
const OF_SCHEDULERS = [
  "timezone",
  "overlap",
  "limit",
  "catchUp",
  "maxRuns",
  "startAt",
  "stopAt",
  "stopTimeout",
] as const;

/**
 * Starts a workflow at each tick, until Ctrl-C or there are no more ticks.
 *
 * @param flags The flags.
 * @returns The exit code: 0 whatever became of its runs, for a schedule
 * outlives them.
 */
export async function schedule(flags: ScheduleFlags): Promise<number> {
  const given = await makeScheduler(flags);
  const reporter = chooseReporter({ ...flags, plain: true });
  try {
    const workflow = await loadWorkflow(flags);
    try {
      const scheduler = given ?? ownScheduler(workflow);
      await tick(workflow, scheduler, flags, reporter);
      return EXIT.ok;
    } finally {
      await workflow.config.storage.close?.();
    }
  } finally {
    reporter.close();
  }
}

async function tick(
  workflow: Loaded,
  scheduler: Scheduler,
  flags: ScheduleFlags,
  reporter: Reporter,
): Promise<void> {
  const options = await startOptionsOf(flags);
  const onEvent = (event: RunEvent) => {
    if (event.type === "runEnded") reporter.end(event.run);
    else reporter.take(event);
  };
  let stopped: unknown;
  const signals = new Signals(
    () => {
      reporter.note("Stopping: it waits for what runs; again to kill");
      stopped = scheduler.stop();
    },
    () => reporter.close(),
  );
  try {
    await scheduler.start(workflow, { ...options, onEvent });
    await stopped;
  } finally {
    signals.close();
  }
}

/** The scheduler of `--workflow`'s own Config, where flags name none. */
function ownScheduler({ config: { scheduler } }: Loaded): Scheduler {
  // One of another copy of the package is of another class.
  const { name } = scheduler.constructor;
  if (scheduler instanceof SchedulerDefault || name === SchedulerDefault.name) {
    throw new UsageError(
      'Cannot tell when to start it: give --cron "*/5 * * * *" or --every 10s',
    );
  }
  return scheduler;
}

async function makeScheduler(
  flags: ScheduleFlags,
): Promise<Scheduler | undefined> {
  const { cron, every, timezone } = flags;
  const given = OF_SCHEDULERS.filter((flag) => flags[flag] !== undefined);
  if (cron !== undefined && every !== undefined) {
    throw new UsageError("Cannot use --cron and --every at once: give one");
  }
  if (cron === undefined && every === undefined) {
    if (given.length === 0) return undefined;
    throw new UsageError(
      `Cannot use ${flagOf(given[0])} without --cron or --every`,
    );
  }
  const { overlap, limit, catchUp, maxRuns, stopTimeout } = flags;
  const shared = {
    // The scheduler checks the word itself.
    overlap: overlap as "skip" | undefined,
    limit,
    catchUp,
    maxRuns,
    startAt: flags.startAt,
    stopAt: flags.stopAt,
    stopTimeout,
    // Ctrl-C is heard here, so that the second one kills.
    signals: false,
  };
  if (cron !== undefined) {
    const { SchedulerCron } = await import("../providers/scheduler_cron.ts");
    return new SchedulerCron({ ...shared, cron, timezone });
  }
  if (timezone !== undefined) {
    throw new UsageError("Cannot use --timezone without --cron");
  }
  const { SchedulerInterval } = await import(
    "../providers/scheduler_interval.ts"
  );
  return new SchedulerInterval({ ...shared, every: every! });
}
