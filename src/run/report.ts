/**
 * What logs are told of a provider that fails.
 *
 * @module
 */

import { classNameOf } from "../describe.ts";
import { redact } from "../redact.ts";
import { TaskError } from "../task_error.ts";
import type { LogLine } from "./events.ts";

/**
 * Makes a line of a provider's failure, with every secret taken out.
 *
 * @param provider The provider, or what else was called.
 * @param thrown What it has thrown.
 * @returns The line.
 */
export function reportOn(
  provider: object,
  thrown: unknown,
): LogLine {
  const { exception, message } = new TaskError(1, thrown);
  const name = typeof provider === "function"
    ? "onEvent"
    : classNameOf(provider);
  return {
    level: "ERROR",
    message: `Cannot deliver events to ${name}`,
    fields: { exception: redact(exception), reason: redact(message) },
  };
}
