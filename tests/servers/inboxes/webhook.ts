/**
 * A webhook: takes everything.
 *
 * @module
 */

import type { Service } from "./inbox.ts";

/** Makes a webhook. */
export function makeWebhook(): Service {
  return () => ({ status: 204 });
}
