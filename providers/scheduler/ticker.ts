/**
 * When there are ticks: by the wall clock, however it jumps.
 *
 * @module
 */

import { reaches } from "./clock.ts";
import type { ScheduleSettings } from "./options.ts";
import { latestSlot, slotName, type Slots } from "./slots.ts";

/** A tick that is later than this is missed; a clock set back by it is told. */
const LATE_MS = 60_000;
/** Where a later tick is there already, it is so sooner. */
const PASSED_MS = 5_000;
/** A clock that is set back farther was wrong before: its time counts anew. */
const MOST_BACK_MS = 3 * 3_600_000;

/** What a ticker tells. */
export interface Listener {
  /** Whether no further tick is wanted. */
  isSpent(): boolean;
  /** Runs a tick. */
  fire(slot: string): void;
  /** Resolves when it is known whether the ticks so far were enough. */
  settle(): Promise<void>;
  /** Tells the logs what is wrong. */
  warn(
    message: string,
    ticks: Readonly<Record<string, string | undefined>>,
  ): void;
}

/** What is told of ticks that nobody runs. */
export const MISSED = "Ticks of the schedule were missed";

/**
 * Ticks until there are no more ticks, or it is ended.
 *
 * @param slots When there are ticks.
 * @param settings Which of them count.
 * @param startMs The moment that they come after.
 * @param on What is told.
 * @param signal Ends it.
 * @returns Resolves at the end.
 */
export async function tick(
  slots: Slots,
  settings: ScheduleSettings,
  startMs: number,
  on: Listener,
  signal: AbortSignal,
): Promise<void> {
  const { startAt, stopAt } = settings;
  let lastMs = Math.max(startMs, startAt - 1);
  let seenMs = startMs;
  let isTold = false;
  while (!on.isSpent()) {
    const nextMs = slots.next(lastMs);
    if (nextMs === undefined || nextMs >= stopAt) return;
    const leastMs = seenMs - (isTold ? MOST_BACK_MS : LATE_MS);
    if (!await reaches(nextMs, signal, leastMs)) return;
    const nowMs = Date.now();
    if (nowMs >= nextMs) {
      lastMs = fireDue(slots, settings, nextMs, nowMs, on);
      [seenMs, isTold] = [nowMs, false];
      await on.settle();
    } else if (nowMs < leastMs) {
      const isFar = nowMs < seenMs - MOST_BACK_MS;
      const seen = new Date(seenMs).toISOString();
      const now = new Date(nowMs).toISOString();
      on.warn(
        isFar
          ? "The clock was set back far: the schedule goes on from there"
          : "The clock was set back: the schedule waits for it",
        { seen, now },
      );
      isTold = !isFar;
      if (isFar) [lastMs, seenMs] = [Math.max(nowMs, startAt - 1), nowMs];
    }
  }
}

/** Runs what is due; gives the latest tick that was. */
function fireDue(
  slots: Slots,
  { stopAt, catchUp }: ScheduleSettings,
  firstMs: number,
  nowMs: number,
  on: Listener,
): number {
  const untilMs = Math.min(nowMs, stopAt - 1);
  const latestMs = latestSlot(slots, firstMs - 1, untilMs) ?? firstMs;
  const due: number[] = [];
  const passedMs = Math.max(firstMs, nowMs - PASSED_MS) - 1;
  for (
    let slotMs = slots.next(passedMs);
    slotMs !== undefined && slotMs <= latestMs;
    slotMs = slots.next(slotMs)
  ) due.push(slotMs);
  const isMissed = latestMs < nowMs - LATE_MS;
  if (due.length === 0 && (catchUp || !isMissed)) due.push(latestMs);
  if (due[0] !== firstMs) {
    on.warn(MISSED, {
      first: slotName(firstMs),
      last: slotName(latestMs),
      goesOnWith: due.length > 0 ? slotName(due[0]) : undefined,
    });
  }
  for (const slotMs of due) on.fire(slotName(slotMs));
  return latestMs;
}
