/**
 * Times, durations and numbers as people read them.
 *
 * @module
 */

const CLOCK = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});
const DAY = new Intl.DateTimeFormat(undefined, {
  day: "numeric",
  month: "short",
});
const WHOLE = new Intl.DateTimeFormat(undefined, {
  dateStyle: "medium",
  timeStyle: "long",
});
const NUMBER = new Intl.NumberFormat();

/**
 * Says how long something took.
 *
 * @param seconds How long, in seconds.
 * @returns Such as `"420 ms"`, `"12.3 s"`, `"4m 05s"`, `"2h 03m"`.
 */
export function formatDuration(seconds: number): string {
  if (!(seconds >= 0)) return "–";
  const ms = Math.round(seconds * 1_000);
  if (ms < 1_000) return `${ms} ms`;
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)} s`;
  const whole = Math.round(ms / 1_000);
  const two = (n: number) => String(n).padStart(2, "0");
  if (whole < 3_600) return `${Math.floor(whole / 60)}m ${two(whole % 60)}s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 1_440) {
    return `${Math.floor(minutes / 60)}h ${two(minutes % 60)}m`;
  }
  const hours = Math.floor(minutes / 60);
  return `${Math.floor(hours / 24)}d ${two(hours % 24)}h`;
}

/**
 * Says how far a place is from the start of an axis.
 *
 * @param ms How far, in milliseconds.
 * @param step How far ticks are from each other, in milliseconds.
 * @returns Such as `"0"`, `"250 ms"`, `"1.5 s"`, `"2m 30s"`.
 */
export function formatTick(ms: number, step: number): string {
  if (ms === 0) return "0";
  if (step < 1_000 && ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${+(ms / 1_000).toFixed(2)} s`;
  return formatDuration(ms / 1_000).replace(/ 00[sm]$/, "");
}

/**
 * Says when something was: today by the clock, else with its day.
 *
 * @param at When, in milliseconds since 1970.
 * @returns Such as `"06:47:35"` or `"27 Nov 06:47:35"`.
 */
export function formatTime(at: number): string {
  if (Number.isNaN(at)) return "–";
  const date = new Date(at);
  const clock = CLOCK.format(date);
  const today = date.toDateString() === new Date().toDateString();
  return today ? clock : `${DAY.format(date)} ${clock}`;
}

/**
 * Says when something was, in full.
 *
 * @param at When, in milliseconds since 1970.
 * @returns Its date, time and zone.
 */
export function formatWholeTime(at: number): string {
  return Number.isNaN(at) ? "" : WHOLE.format(at);
}

/**
 * Writes a number.
 *
 * @param value The number.
 * @returns Such as `"5,000"`.
 */
export function formatNumber(value: number): string {
  return NUMBER.format(value);
}

/**
 * Writes a number of things.
 *
 * @param value How many.
 * @param one What one of them is called.
 * @returns Such as `"1 task"` or `"5,000 tasks"`.
 */
export function count(value: number, one: string): string {
  return `${NUMBER.format(value)} ${one}${value === 1 ? "" : "s"}`;
}
