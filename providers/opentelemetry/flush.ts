/**
 * Has an SDK send what it keeps back.
 *
 * @module
 */

import { DeliveryError } from "../../src/errors.ts";
import { redact } from "../../src/redact.ts";

/**
 * Has an SDK send what it keeps back; it is never shut down.
 *
 * @param provider A provider, with a `forceFlush` or without one.
 * @returns Resolves when everything was sent.
 * @throws {DeliveryError} If the SDK says that it could not.
 */
export async function forceFlush(provider: object): Promise<void> {
  const { forceFlush } = provider as { forceFlush?: () => Promise<void> };
  if (typeof forceFlush !== "function") return;
  try {
    await forceFlush.call(provider);
  } catch (error) {
    throw new DeliveryError("OpenTelemetry", redact(reasonOf(error)));
  }
}

/** Some providers reject with one error, others with a list. */
function reasonOf(error: unknown): string {
  if (Array.isArray(error)) {
    return [...new Set(error.map(reasonOf))].join(", ");
  }
  return error instanceof Error ? error.message || error.name : String(error);
}
