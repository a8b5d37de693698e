/**
 * What becomes of the ticks of a schedule.
 *
 * @module
 */

import type { Outcome } from "./tick_run.ts";

/**
 * What becomes of a tick. Beside what comes of its run: it was `dropped`, another
 * host has `taken` it, its claim may have come `late`, or it could not be claimed,
 * since the storage has failed.
 */
export type Fate = Outcome | "dropped" | "taken" | "late" | "unclaimed";

/** What needs nobody to look after it any more. */
export const IS_OVER: ReadonlySet<Fate> = new Set<Fate>([
  ...["ended", "refused", "dropped", "late"] as const,
]);

/** What counts as a run that was begun here. */
export const HAS_BEGUN: ReadonlySet<Fate> = new Set<Fate>([
  ...["ended", "refused", "lost", "unsure"] as const,
]);
