/**
 * Schedules over ten years of a clock of our own, against what croner says.
 *
 * @module
 */

import { action, Config, DotFlow, Log, type LogFields } from "@dotflow/dotflow";
import { SchedulerCron } from "@dotflow/dotflow/providers/scheduler-cron";
import { Cron } from "croner";
import fc from "fast-check";
import assert from "node:assert/strict";
import { effort, seed } from "./effort.ts";
import { test } from "./harness.ts";
import { settle, VirtualClock } from "./virtual_clock.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const YEARS = 10;

const ZONES = [
  "Europe/Berlin",
  "America/New_York",
  "Australia/Lord_Howe",
  "Asia/Kolkata",
  "UTC",
];

const OVERLAPS = ["skip", "queue", "parallel"] as const;

/** A schedule, and what happens to its machine. */
interface Story {
  cron: string;
  timezone: string;
  overlap: typeof OVERLAPS[number];
  limit: number;
  catchUp: boolean;
  /** How long each run takes, one after the other. */
  takesMs: number[];
  /** How long the machine is awake each time, and how long it sleeps then. */
  naps: (readonly [awakeMs: number, asleepMs: number])[];
}

/** A number of a field, a list, a range, or steps. */
function field(least: number, most: number): fc.Arbitrary<string> {
  const number = fc.integer({ min: least, max: most });
  return fc.oneof(
    number.map(String),
    fc.tuple(number, number).map(([a, b]) => `${a},${b}`),
    fc.tuple(number, number).map((ends) => {
      const [from, to] = ends.sort((a, b) => a - b);
      return `${from}-${to}`;
    }),
    fc.integer({ min: 2, max: Math.max(2, most >> 1) }).map((n) => `*/${n}`),
  );
}

const five = fc.tuple(
  fc.oneof(field(0, 59), fc.constant("*")),
  fc.oneof(field(0, 23), field(0, 3), fc.constant("*")),
  fc.oneof(field(1, 31), fc.constant("*"), fc.constant("*")),
  fc.oneof(field(1, 12), fc.constant("*"), fc.constant("*")),
  fc.oneof(field(0, 6), fc.constant("*"), fc.constant("*")),
).map((fields) => fields.join(" "));

const six = fc.tuple(field(0, 59), field(0, 59), field(0, 23)).map(
  ([second, minute, hour]) => `${second} ${minute} ${hour} * * *`,
);

const stories: fc.Arbitrary<Story> = fc.record({
  cron: fc.oneof({ weight: 3, arbitrary: five }, six),
  timezone: fc.constantFrom(...ZONES),
  overlap: fc.constantFrom(...OVERLAPS),
  limit: fc.integer({ min: 1, max: 3 }),
  catchUp: fc.boolean(),
  // Never as long as from one tick to another, to the millisecond.
  takesMs: fc.array(
    fc.oneof(
      fc.constant(0),
      fc.integer({ min: 0, max: 20 }).map((n) => n * 15_000 + 7),
    ),
    { minLength: 1, maxLength: 20 },
  ),
  naps: fc.array(
    fc.tuple(
      fc.integer({ min: HOUR_MS / 2, max: 16 * HOUR_MS }),
      fc.oneof(
        fc.integer({ min: 1, max: 3 * 60_000 }),
        fc.integer({ min: 1, max: 3 * DAY_MS }),
        fc.integer({ min: 30 * DAY_MS, max: 200 * DAY_MS }),
      ),
    ),
    { minLength: 10, maxLength: 40 },
  ),
}).filter(({ cron, timezone }) => ticksOf(cron, timezone)(0) !== undefined);

function ticksOf(cron: string, timezone: string) {
  const pattern = new Cron(cron, { timezone, paused: true });
  return (afterMs: number) => pattern.nextRun(new Date(afterMs))?.getTime();
}

/** Remembers what is told of ticks. */
class LogTicks extends Log {
  readonly lines: string[] = [];

  debug(): void {}
  info(message: string, { runId }: LogFields = {}): void {
    if (/dropped/.test(message)) this.lines.push(`dropped ${runId}`);
  }
  warning(message: string, { first }: LogFields = {}): void {
    this.lines.push(`${message} ${first}`);
  }
  error(message: string): void {
    this.lines.push(message);
  }
}

/** What happened: each run with the moment it began at, and what was told. */
interface Tale {
  runs: string[];
  lines: string[];
}

const name = (ms: number) => new Date(ms).toISOString().replace(".000Z", "Z");

const startMs = Date.parse("2026-03-01T00:00:00.500Z");

/**
 * Where a night when the clocks are changed is near, the machine wakes before
 * it, so that more than a few of them are lived through.
 */
function wakeAt(ms: number): number {
  const date = new Date(ms);
  const month = date.getUTCMonth();
  if (![1, 2, 3, 8, 9, 10].includes(month)) return ms;
  const toSunday = (7 - date.getUTCDay()) % 7;
  return toSunday === 0 ? ms : ms + toSunday * DAY_MS - 10 * HOUR_MS;
}

/** What has to happen, worked out tick by tick. */
function tell(story: Story, awake: [number, number][], endMs: number): Tale {
  const { overlap, limit, catchUp, takesMs } = story;
  const next = ticksOf(story.cron, story.timezone);
  const tale: Tale = { runs: [], lines: [] };
  /** When the runs end that go on. */
  let ends: number[] = [];
  let begun = 0;
  const begin = (slotMs: number, atMs: number) => {
    tale.runs.push(`${name(slotMs)} at ${atMs}`);
    return atMs + takesMs[begun++ % takesMs.length];
  };
  const fire = (slotMs: number, nowMs: number) => {
    ends = ends.filter((endMs) => endMs > nowMs);
    const most = { skip: 1, queue: 2, parallel: limit }[overlap];
    if (ends.length >= most) {
      tale.lines.push(`dropped ${name(slotMs)}`);
      return;
    }
    const atMs = overlap === "queue" ? Math.max(nowMs, ...ends) : nowMs;
    ends.push(begin(slotMs, atMs));
  };
  for (let [at, slot] = [0, next(startMs)]; slot && slot < endMs;) {
    while (at < awake.length && slot > awake[at][1]) at++;
    const nowMs = Math.max(slot, awake[at]?.[0] ?? 0);
    const first = slot;
    const due: number[] = [];
    // Of a long sleep, only its end is looked at tick by tick.
    for (let backMs = 60_000; slot < nowMs - backMs; backMs *= 2) {
      const late = next(nowMs - backMs);
      if (late && late <= nowMs && late < endMs) slot = late;
    }
    for (; slot && slot <= nowMs && slot < endMs; slot = next(slot)) {
      due.push(slot);
    }
    const soon = due.filter((ms) => ms >= nowMs - 5_000);
    const latest = due[due.length - 1];
    const isLate = latest < nowMs - 60_000;
    const run = soon.length > 0 ? soon : catchUp || !isLate ? [latest] : [];
    if (run[0] !== first) {
      tale.lines.push(`Ticks of the schedule were missed ${name(first)}`);
    }
    for (const ms of run) fire(ms, nowMs);
  }
  return tale;
}

/** Lives through a story on the clock. */
async function live(story: Story, endMs: number): Promise<[Tale, Tale]> {
  const { naps, takesMs, ...options } = story;
  const clock = new VirtualClock(startMs);
  const tale: Tale = { runs: [], lines: [] };
  const log = new LogTicks();
  const { overlap, limit, catchUp, cron, timezone } = options;
  const scheduler = new SchedulerCron({
    ...{ cron, timezone, overlap, limit, catchUp },
    stopAt: endMs,
    signals: false,
  });
  const workflow = new DotFlow({
    workflowId: "wf",
    config: new Config({ scheduler, log }),
  });
  workflow.task.add(action("run", async ({ runId }) => {
    const ms = takesMs[tale.runs.length % takesMs.length];
    tale.runs.push(`${runId} at ${clock.now}`);
    if (ms > 0) await new Promise<void>((resolve) => setTimeout(resolve, ms));
  }));
  const awake: [number, number][] = [];
  let ended = false;
  const schedule = workflow.schedule().finally(() => ended = true);
  await settle();
  let [nap, fromMs] = [0, startMs];
  while (!ended) {
    const [awakeMs, asleepMs] = naps[nap % naps.length];
    // It falls asleep while nothing goes on.
    if (clock.now > fromMs + awakeMs && clock.pending === 1) {
      awake.push([fromMs, clock.now]);
      fromMs = asleepMs > DAY_MS * 20
        ? wakeAt(clock.now + asleepMs)
        : clock.now + asleepMs;
      clock.sleepUntil(fromMs);
      nap++;
    }
    assert.ok(await clock.step(), "the schedule has come to a halt");
    if (clock.pending === 0) await settle();
  }
  await schedule;
  awake.push([fromMs, Infinity]);
  tale.lines = log.lines;
  return [tale, tell(story, awake, endMs)];
}

test(
  "schedules: ten years of ticks are those of croner, whatever happens",
  { timeout: 120_000 * effort() },
  async () => {
    const endMs = startMs + YEARS * 365.25 * DAY_MS;
    await fc.assert(
      fc.asyncProperty(stories, async (story) => {
        const [actual, wanted] = await live(story, endMs);
        assert.deepEqual(actual.runs, wanted.runs);
        assert.deepEqual(actual.lines, wanted.lines);
      }),
      { numRuns: 5 * effort(), seed: seed() },
    );
  },
);
