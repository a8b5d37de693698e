/**
 * The moments that a schedule has its ticks at.
 *
 * @module
 */

/** Gives the ticks of a schedule, in milliseconds since the epoch. */
export interface Slots {
  /**
   * Gives the first tick after a moment.
   *
   * @param afterMs The moment.
   * @returns The tick; undefined where there is none any more.
   */
  next(afterMs: number): number | undefined;
}

/**
 * Names a tick, and with it its run.
 *
 * @param slotMs The tick.
 * @returns Its moment, such as "2026-11-28T06:31:00Z".
 */
export function slotName(slotMs: number): string {
  return new Date(slotMs).toISOString().replace(".000Z", "Z");
}

/**
 * Finds the latest tick in a time, however long: by halving it, since a tick a
 * second is millions of ticks in a month.
 *
 * @param slots The ticks.
 * @param afterMs The moment that it comes after.
 * @param untilMs The moment that it comes before, or at.
 * @returns The tick; undefined where there is none in that time.
 */
export function latestSlot(
  slots: Slots,
  afterMs: number,
  untilMs: number,
): number | undefined {
  const within = (fromMs: number) => {
    const slotMs = slots.next(fromMs);
    return slotMs !== undefined && slotMs <= untilMs ? slotMs : undefined;
  };
  let latestMs = within(afterMs);
  let endMs = untilMs;
  while (latestMs !== undefined && latestMs < endMs) {
    const middleMs = latestMs + Math.floor((endMs - latestMs) / 2);
    const foundMs = within(middleMs);
    if (foundMs === undefined) endMs = middleMs;
    else latestMs = foundMs;
  }
  return latestMs;
}
