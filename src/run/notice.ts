/**
 * Lines of the log from before there is a run.
 *
 * @module
 */

import type { Config } from "../config.ts";
import type { LogFields } from "../contracts/log.ts";
import { Delivery } from "./delivery.ts";
import { keeps } from "./watchers.ts";

/**
 * Writes a line to every log that wants it; one that fails changes nothing.
 *
 * @param config The providers.
 * @param message What happens.
 * @param fields What it is about.
 */
export function writeNotice(
  config: Config,
  message: string,
  fields: LogFields,
): void {
  for (const log of config.log) {
    const delivery = new Delivery(() => {});
    delivery.deliver(() => {
      if (keeps(log, "INFO")) return log.info(message, fields);
    });
  }
}
