/**
 * How the latest run goes on: with the same tasks and the same input, or with
 * others.
 *
 * @module
 */

import { fingerprintOf } from "../fingerprint.ts";
import type { Opening } from "./open.ts";
import { differenceOf, type Shape } from "./plan.ts";
import type { RunRecord } from "./record.ts";

/**
 * Tells whether the latest run has changed, and is given up for that.
 *
 * @param opening What the next one is opened with.
 * @param record The record of the latest.
 * @param shape The shape of the tasks now.
 * @returns Whether it is.
 */
export function isLetGo(
  opening: Opening,
  record: RunRecord,
  shape: Shape,
): boolean {
  const { onWorkflowChange, onInputChange } = opening.settings;
  return onWorkflowChange === "reset" &&
      differenceOf(record, shape) !== undefined ||
    onInputChange === "reset" && hasOtherInput(opening, record);
}

/** What the latest run goes on as, worked out once: inputs may be large. */
export interface Continued {
  /** The record as it stands. */
  readonly record: RunRecord;
  /** What it is to say of tasks and input. */
  readonly fields: Shape & Pick<RunRecord, "fingerprint">;
  /** Whether it does not say so already. */
  readonly changes: boolean;
}

/**
 * Works out what the latest run goes on as.
 *
 * @param opening What it is opened with.
 * @param record Its record.
 * @param shape The shape of its tasks now.
 * @returns What it goes on as.
 */
export function continued(
  opening: Opening,
  record: RunRecord,
  shape: Shape,
): Continued {
  // An input that is to be reused leaves the recorded one as it is.
  const fingerprint = opening.settings.onInputChange === "reuse"
    ? record.fingerprint
    : inputOf(opening);
  const changes = record.mode !== shape.mode ||
    record.fingerprint !== fingerprint ||
    JSON.stringify(record.groups) !== JSON.stringify(shape.groups);
  return { record, fields: { ...shape, fingerprint }, changes };
}

/**
 * Tells whether a run had another input; tasks that were appended since do not
 * count.
 *
 * @param opening What it is opened with.
 * @param record Its record.
 * @returns Whether it had.
 */
export function hasOtherInput(opening: Opening, record: RunRecord): boolean {
  const known = new Set(record.groups.flatMap(([, taskIds]) => taskIds));
  const now = inputOf(opening, known);
  return now !== undefined && record.fingerprint !== undefined &&
    now !== record.fingerprint;
}

/**
 * Makes what stands for the input.
 *
 * @param opening What the run is opened with.
 * @param known The tasks that count; without it, all do.
 * @returns What stands for it; undefined where it cannot be written down.
 */
export function inputOf(
  { settings, steps, config }: Opening,
  known?: ReadonlySet<string>,
): string | undefined {
  if (settings.fingerprint !== undefined) return settings.fingerprint;
  const counting = known ? steps.filter((s) => known.has(s.taskId)) : steps;
  try {
    return fingerprintOf(settings.input, counting);
  } catch (error) {
    // Values that never leave the process need not be written down.
    if (!config.storage.persistent) return undefined;
    throw error;
  }
}
