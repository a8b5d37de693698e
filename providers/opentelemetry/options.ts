/**
 * Checks of the options that the OpenTelemetry providers share.
 *
 * @module
 */

import { type Check, kindOf, optional, toFlag } from "../../src/options.ts";

/** Whether the end of a run has the SDK send what it keeps back. */
export const toFlush: Check<boolean> = optional(toFlag, true);

/**
 * Makes the check for a provider of an SDK.
 *
 * @param method The method that tells it from others, such as `getTracer`.
 * @param name What it is called, such as `TracerProvider`.
 * @returns The check.
 */
export function toProvider<Provider>(
  method: string,
  name: string,
): Check<Provider | undefined> {
  const hasMethod = (value: unknown) =>
    typeof (value as Record<string, unknown> | null)?.[method] === "function";
  const expected = `a ${name} of OpenTelemetry, or leave it out`;
  return optional(kindOf<Provider>(hasMethod, expected));
}
