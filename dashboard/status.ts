/**
 * How a status looks: always a symbol and a word, never a colour alone.
 *
 * @module
 */

import type { RunSummary, TaskSummary } from "../src/wire.ts";

/** Where a run or a task stands. */
export type Status = RunSummary["status"] | TaskSummary["status"];

/** All that a run may be, in the order of the filter. */
export const RUN_STATUSES: readonly RunSummary["status"][] = [
  "In progress",
  "Completed",
  "Failed",
  "Cancelled",
  "New",
];

/** All that a task may be, in the order of the filter. */
export const TASK_STATUSES: readonly TaskSummary["status"][] = [
  "In progress",
  "Retry",
  "Completed",
  "Failed",
  "Not started",
  "Paused",
];

const LOOKS: Readonly<Record<Status, { symbol: string; kind: string }>> = {
  "New": { symbol: "○", kind: "idle" },
  "Not started": { symbol: "○", kind: "idle" },
  "In progress": { symbol: "●", kind: "running" },
  "Retry": { symbol: "↻", kind: "retry" },
  "Paused": { symbol: "‖", kind: "idle" },
  "Completed": { symbol: "✓", kind: "completed" },
  "Failed": { symbol: "✕", kind: "failed" },
  "Cancelled": { symbol: "⊘", kind: "cancelled" },
};

/**
 * Tells how a status looks; one of a newer server looks like one that waits.
 *
 * @param status The status.
 * @returns Its symbol, and the name of its colours.
 */
export function lookOf(status: Status): { symbol: string; kind: string } {
  return LOOKS[status] ?? LOOKS.New;
}

/**
 * Tells whether something still goes on.
 *
 * @param status Where it stands.
 * @returns Whether it may change by itself.
 */
export function goesOn(status: Status): boolean {
  return status === "In progress" || status === "Retry";
}
