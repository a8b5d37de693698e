/**
 * What providers are told before there is a run, or of one that has not come
 * about.
 *
 * @module
 */

import type { Config } from "../config.ts";
import type { LogFields, LogLevel } from "../contracts/log.ts";
import { Deliveries } from "./deliveries.ts";
import { reportOn } from "./report.ts";
import { keeps, LAST_RESORT, lineTo } from "./watchers.ts";

/** What is told while a run is being opened. */
export class Notices {
  readonly #config: Config;
  readonly #deliveries: Deliveries;

  /**
   * Makes a `Notices`.
   *
   * @param config The providers.
   * @param workflowId The workflow.
   */
  constructor(config: Config, workflowId: string) {
    this.#config = config;
    this.#deliveries = new Deliveries(config.log, (provider, error) => {
      const { level, message, fields: why } = reportOn(provider, error);
      const fields = { workflowId, ...why };
      if (!this.#deliveries.areLogsSick) this.write(level, message, fields);
      else lineTo(LAST_RESORT, { level, message, fields });
    });
  }

  /**
   * Writes a line to every log that wants it.
   *
   * @param level How grave it is.
   * @param message What happens.
   * @param fields What it is about.
   */
  write(level: LogLevel, message: string, fields: LogFields): void {
    for (const log of this.#config.log) {
      if (!keeps(log, level)) continue;
      this.tell(log, () => lineTo(log, { level, message, fields }));
    }
  }

  /**
   * Tells a provider something.
   *
   * @param provider The provider.
   * @param call Tells it.
   */
  tell(provider: object, call: () => unknown): void {
    this.#deliveries.to(provider).deliver(call);
  }

  /**
   * Waits until those who were told something have passed it on.
   *
   * @returns Resolves in any case.
   */
  drain(): Promise<void> {
    return this.#deliveries.drain(this.#config.drainTimeoutMs);
  }
}
