/**
 * All workflows that one scheduler has on its schedule.
 *
 * @module
 */

import type { Schedulable } from "../../src/contracts/scheduler.ts";
import type { StartOptions } from "../../src/run/options.ts";
import type { ScheduleSettings } from "./options.ts";
import { Schedule } from "./schedule.ts";
import { onSignal } from "./signals.ts";
import type { Slots } from "./slots.ts";

/** The schedules of one scheduler. */
export class Schedules {
  readonly #slots: Slots;
  readonly #settings: ScheduleSettings;
  readonly #going: Set<Schedule> = new Set();

  /**
   * Makes a `Schedules`.
   *
   * @param slots When there are ticks.
   * @param settings What becomes of them.
   */
  constructor(slots: Slots, settings: ScheduleSettings) {
    this.#slots = slots;
    this.#settings = settings;
  }

  /**
   * Puts a workflow on the schedule.
   *
   * @param workflow The workflow.
   * @param options How each run is started.
   * @returns Resolves when its schedule has stopped.
   * @throws {InvalidOptionError} If the options name a run.
   */
  async start(workflow: Schedulable, options?: StartOptions): Promise<void> {
    const settings = this.#settings;
    const schedule = new Schedule(this.#slots, settings, workflow, options);
    this.#going.add(schedule);
    const callOff = settings.signals
      ? await onSignal(() => schedule.stop())
      : undefined;
    try {
      await schedule.run();
    } finally {
      callOff?.();
      this.#going.delete(schedule);
    }
  }

  /**
   * Stops all of them.
   *
   * @returns Resolves when they have stopped.
   */
  async stop(): Promise<void> {
    await Promise.all([...this.#going].map((schedule) => schedule.stop()));
  }
}
