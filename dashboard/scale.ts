/**
 * The axis of time.
 *
 * @module
 */

import { formatTick } from "./format.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Steps that people count in; those between are tens of the smallest. */
const STEPS = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map((n) => n * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 6, 12].map((n) => n * HOUR),
];

/** A span of time, laid over a width. */
export interface Scale {
  /** When it begins, in milliseconds since 1970. */
  readonly start: number;
  /** How long it is, in milliseconds. */
  readonly length: number;
  /** How far ticks are from each other, in milliseconds. */
  readonly step: number;
}

/**
 * Lays a span over a width.
 *
 * @param span When it begins and ends, in milliseconds since 1970.
 * @param ticks How many ticks there is room for.
 * @returns The scale.
 */
export function toScale([start, end]: [number, number], ticks: number): Scale {
  const length = (end - start) * 1.04;
  const wanted = length / Math.max(1, ticks);
  const days = Math.ceil(wanted / DAY) * DAY;
  return { start, length, step: STEPS.find((n) => n >= wanted) ?? days };
}

/**
 * Tells where a time is.
 *
 * @param scale The scale.
 * @param at The time, in milliseconds since 1970.
 * @returns The place, in percent of the width.
 */
export function placeOf({ start, length }: Scale, at: number): number {
  return Math.min(100, Math.max(0, 100 * (at - start) / length));
}

/**
 * Lists the ticks.
 *
 * @param scale The scale.
 * @returns Where they are, in percent of the width, and what they say.
 */
export function ticksOf(scale: Scale): { at: number; label: string }[] {
  const ticks = [];
  for (let ms = 0; ms < scale.length; ms += scale.step) {
    const label = formatTick(ms, scale.step);
    ticks.push({ at: 100 * ms / scale.length, label });
  }
  return ticks;
}
