/**
 * Measures something beside its floor: both in the same process, in turns, so
 * that whatever else the machine does meets both alike.
 *
 * @module
 */

import process from "node:process";

/** Something that is ready to be measured once. */
export interface Prepared {
  /** What is measured. */
  run(): unknown;
  /** Checks what it gave and tidies up; not measured. */
  end?(outcome: unknown): unknown;
}

/** One of the two things that are compared. */
export interface Side {
  /** How many tasks a figure is divided by. */
  tasks: number;
  /** Makes it ready; not measured as time. */
  prepare(): Prepared | Promise<Prepared>;
}

/** What must hold. */
export type Target =
  | { kind: "ratio"; most: number }
  | { kind: "ours"; most: number }
  | { kind: "more"; most: number };

/** What is measured: microseconds or bytes per task. */
export type Unit = "µs" | "B";

/** A thing to measure, and the least it could cost. */
export interface Benchmark {
  /** What is measured, and after "vs" its floor. */
  name: string;
  /** What is measured of each task. @default "µs" */
  unit?: Unit;
  /** The floor. */
  floor: Side;
  /** What this package does. */
  ours: Side;
  /** What must hold; nothing for a row that is only informative. */
  target?: Target;
}

/** The medians. */
export interface Figures {
  /** Of the floor. */
  floor: number;
  /** Of this package. */
  ours: number;
}

const WARM_UP_MS = 1_000;
const WARM_UP_ROUNDS = 3;

/**
 * Measures a benchmark.
 *
 * @param benchmark What to measure.
 * @param repeat How many times, after the warm-up.
 * @returns The medians per task.
 */
export async function measure(
  { floor, ours, unit }: Benchmark,
  repeat: number,
): Promise<Figures> {
  const sample = unit === "B" ? retainedBytes : elapsedMicroseconds;
  const warmUpEnd = performance.now() + WARM_UP_MS;
  for (
    let round = 0;
    round < WARM_UP_ROUNDS || performance.now() < warmUpEnd;
    round++
  ) {
    await sample(floor);
    await sample(ours);
  }
  const floors: number[] = [];
  const own: number[] = [];
  for (let round = 0; round < repeat; round++) {
    floors.push(await sample(floor) / floor.tasks);
    own.push(await sample(ours) / ours.tasks);
  }
  return { floor: median(floors), ours: median(own) };
}

/** The value in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1
    ? sorted[middle]
    : (sorted[middle - 1] + sorted[middle]) / 2;
}

async function elapsedMicroseconds(side: Side): Promise<number> {
  const prepared = await side.prepare();
  const start = performance.now();
  const outcome = await prepared.run();
  const elapsed = performance.now() - start;
  await prepared.end?.(outcome);
  return elapsed * 1_000;
}

/** What is still held after the run, with all that was prepared for it. */
async function retainedBytes(side: Side): Promise<number> {
  const before = usedBytes();
  const prepared = await side.prepare();
  const outcome = await prepared.run();
  const used = usedBytes() - before;
  await prepared.end?.(outcome);
  return used;
}

function usedBytes(): number {
  (globalThis as unknown as { gc(): void }).gc();
  return process.memoryUsage().heapUsed;
}
