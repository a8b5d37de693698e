/**
 * Ticks that come from outside: where no process stays, as in Cloudflare Workers
 * and Deno Deploy, the platform keeps the time.
 *
 * @example In a Worker, with `crons = ["30 6 * * *"]` in its configuration
 * ```ts
 * import { action, Config, DotFlow } from "@dotflow/dotflow";
 * import { SchedulerTrigger } from "@dotflow/dotflow/providers/scheduler-trigger";
 * import { type R2Binding, StorageR2 } from "@dotflow/dotflow/providers/storage-r2";
 *
 * const trigger = new SchedulerTrigger();
 *
 * export default {
 *   async scheduled(
 *     controller: { scheduledTime: number },
 *     env: { BUCKET: R2Binding },
 *     context: { waitUntil(work: Promise<unknown>): void },
 *   ) {
 *     const workflow = new DotFlow({
 *       workflowId: "daily-users",
 *       config: new Config({ storage: new StorageR2({ bucket: env.BUCKET }) }),
 *     });
 *     workflow.task.add(action("extract", () => [1, 2, 3]));
 *     await trigger.fire(workflow, {
 *       scheduledTime: controller.scheduledTime,
 *       waitUntil: (work) => context.waitUntil(work),
 *     });
 *   },
 * };
 * ```
 *
 * @example In Deno Deploy
 * ```ts ignore
 * Deno.cron("daily users", "30 6 * * *", async () => {
 *   await trigger.fire(workflow);
 * });
 * ```
 *
 * @module
 */

import type { Schedulable } from "../src/contracts/scheduler.ts";
import { type Check, optional, readOptions } from "../src/options.ts";
import { keepAwake } from "../src/run/keep_awake.ts";
import type { StartOptions } from "../src/run/options.ts";
import { Claims } from "./scheduler/claims.ts";
import {
  type Moment,
  type Overlap,
  toMoment,
  toOverlap,
} from "./scheduler/options.ts";
import { slotName } from "./scheduler/slots.ts";
import { TickRuns } from "./scheduler/tick_run.ts";

export type { Moment, Overlap };

/** Options of {@linkcode SchedulerTrigger}. */
export interface SchedulerTriggerOptions {
  /** What becomes of a tick while a run goes on. @default {"skip"} */
  readonly overlap?: Overlap;
}

/** How a tick from outside is run. */
export interface FireOptions extends Omit<StartOptions, "runId" | "exclusive"> {
  /**
   * Which tick it is: the same for each delivery of it.
   *
   * @default The present minute
   */
  readonly scheduledTime?: Moment;
}

const CHECKS = {
  overlap: toOverlap,
} satisfies Record<keyof SchedulerTriggerOptions, Check<unknown>>;

const MINUTE_MS = 60_000;

/**
 * Runs a workflow once for each tick that somebody else tells of. Where the
 * workflow has a fixed id and a storage that persists and swaps atomically, a
 * tick that is told twice, or to several hosts, is run once; one that was left
 * unfinished goes on when it is told again, or with the next tick.
 *
 * With `overlap` "parallel", the next tick does not look for it: it goes on only
 * when it is told again. What a tick leaves behind is removed after an hour or
 * more; one that is told again after that is run again.
 */
export class SchedulerTrigger {
  readonly #overlap: Overlap;

  /**
   * Makes a `SchedulerTrigger`.
   *
   * @param options What becomes of ticks.
   * @throws {InvalidOptionError} If an option is unknown or not allowed.
   */
  constructor(options: SchedulerTriggerOptions = {}) {
    this.#overlap = readOptions(options, "SchedulerTrigger", CHECKS).overlap;
  }

  /**
   * Runs a workflow for a tick. What fails is written to the logs of the
   * workflow.
   *
   * @param workflow The workflow.
   * @param options Which tick it is, and how its run is started.
   * @returns Whether a run of this tick has ended with this call; false: it has
   * ended before, goes on elsewhere, was dropped, or has broken off.
   * @throws {InvalidOptionError} If an option is unknown or not allowed.
   */
  async fire(
    workflow: Schedulable,
    { scheduledTime, waitUntil, ...options }: FireOptions = {},
  ): Promise<boolean> {
    const minuteMs = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
    const toTime = optional(toMoment, minuteMs);
    const slot = slotName(toTime(scheduledTime, "scheduledTime"));
    const claims = Claims.of(workflow, this.#overlap);
    const left: Promise<unknown>[] = [];
    const start: StartOptions = waitUntil
      ? { ...options, waitUntil: (work) => left.push(work) }
      : options;
    const runs = new TickRuns(workflow, start, this.#overlap, claims);
    const keepUntil = keepAwake(waitUntil);
    const fired = this.#run(slot, runs, claims);
    const ended = fired.then(async () => {
      await Promise.all([...left, runs.drain()]);
    });
    await keepUntil(ended);
    return await fired;
  }

  /** Runs a tick, unless it has ended already. */
  async #run(
    slot: string,
    runs: TickRuns,
    claims: Claims | undefined,
  ): Promise<boolean> {
    try {
      const isKnown = claims && !await claims.create(slot);
      // Whoever has claimed it may have died, or may be at it.
      if (isKnown && await claims.look(slot) === "ended") return false;
      const outcome = await runs.run(slot);
      if (outcome === "lost" || outcome === "unsure") return false;
      if (outcome === "locked" && isKnown) return false;
      if (outcome === "locked") runs.tellDropped(slot);
      await runs.mark(slot);
      await runs.clean(slot);
      return outcome === "ended";
    } catch (error) {
      runs.report("Cannot run a scheduled tick", error, slot);
      return false;
    }
  }
}
