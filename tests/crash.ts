/**
 * Kills workflows at random points, and starts them again until they end.
 *
 * @module
 */

import assert from "node:assert/strict";
import {
  type CrashPlace,
  type CrashPlaceKind,
  PLACES,
} from "./crash_places.ts";
import { makeRandom, type Random, seed } from "./effort.ts";
import { type Spawned, spawnRuntime } from "./harness.ts";
import { Ledger } from "./ledger.ts";
import {
  checkMade,
  type Course,
  COURSES,
  crashFlow,
  tasksOf,
} from "./workers/crash_flow.ts";
import type { Life, OwnKill } from "./workers/crash_worker.ts";
import { openStorage } from "./workers/open_storage.ts";

/** When a process is killed. */
export type Kill =
  & { standby: boolean }
  & (
    /** By itself. */
    | OwnKill
    /** So many microseconds after it was seen to write so many lines. */
    | { kind: "lines"; lines: number; microseconds: number }
    /** So many microseconds after it was ready. */
    | { kind: "time"; microseconds: number }
    /** So many microseconds after it was seen to make a new file. */
    | { kind: "file"; microseconds: number }
  );

/** What is killed, and how often. */
export interface Plan {
  /** Where. */
  place: keyof typeof PLACES;
  /** The name of the course. */
  course: string;
  /** How many processes are killed. */
  kills: number;
  /** How often each workflow is run anew after it has ended. @default {0} */
  again?: number;
  /** Looks at the place of each workflow in the end. */
  inspect?(place: CrashPlace): unknown;
}

/** What was counted. */
export interface Figures extends Record<string, number> {
  /** Workflows that were brought to their end. */
  workflows: number;
  /** Processes that were killed. */
  kills: number;
  /** Processes that came after a killed one. */
  restarts: number;
  /** Processes that stood by when the one before was killed. */
  heirs: number;
  /** Tasks that were begun again, because a kill came before their commit. */
  repeats: number;
  /** Living processes whose lease had ended: the machine was too slow. */
  fenced: number;
  /** The longest time from a restart to its end, in seconds. */
  slowest: number;
  /** Seconds that it took. */
  seconds: number;
  // And kills by the call that they came into, such as `at claim`.
}

/**
 * Kills workflows of a course until there were enough kills, and judges them.
 *
 * @param plan What is killed, and how often.
 */
export async function killOften(plan: Plan): Promise<Figures> {
  const begin = performance.now();
  const figures: Figures = {
    workflows: 0,
    kills: 0,
    restarts: 0,
    heirs: 0,
    repeats: 0,
    fenced: 0,
    slowest: 0,
    seconds: 0,
  };
  let failed = false;
  const lane = async () => {
    while (figures.kills < plan.kills && !failed) {
      await killOne(plan, ++figures.workflows, figures).catch((error) => {
        failed = true;
        throw error;
      });
    }
  };
  const { lanes } = PLACES[plan.place];
  await Promise.all(Array.from({ length: lanes }, lane));
  figures.seconds = (performance.now() - begin) / 1000;
  return figures;
}

/** Brings one workflow to its end. */
async function killOne(
  { place: name, course, kills, again = 0, inspect }: Plan,
  number: number,
  figures: Figures,
): Promise<void> {
  const random = makeRandom(seed(), name, course, number);
  const kind = PLACES[name];
  // What arrives late would come back after it was removed.
  const place = await kind.open(random(1e9), again === 0);
  const { spec, leaseMs, longMs } = place;
  const begin = () => {
    const kill = figures.kills < kills
      ? drawKill(random, kind, again > 0)
      : undefined;
    return beginLife({ course, spec, leaseMs, longMs, again, kill }, kill);
  };
  const { concurrency } = COURSES[course];
  const ledger = new Ledger({ tasks: tasksOf(COURSES[course]), concurrency });
  const history: unknown[] = [];
  try {
    for (let life: LivingProcess | undefined = await begin(); life;) {
      const heir: LivingProcess | undefined =
        life.kill?.standby && await hasBegun(life) ? await begin() : undefined;
      await heir?.child.line(/^ready$/).catch(() => {});
      const { end, lines, ms } = await endLife(life, place);
      history.push(life.kill ?? "not killed", ...lines, end);
      ledger.add(lines.slice(1));
      count(figures, life, end, heir !== undefined);
      figures.slowest = Math.max(figures.slowest, ms / 1000);
      const limitMs = kind.knowsTheDead ? leaseMs / 3 : Infinity;
      assert.ok(ms < limitMs, `it took ${ms} ms: it has waited for a lease`);
      life = heir ?? (end === "ended" ? undefined : await begin());
    }
    if (again === 0) assert.equal(ledger.runs.size, 1, "there is one run");
    await checkResults(COURSES[course], place, ledger);
    await place.judge(ledger);
    await inspect?.(place);
    figures.repeats += ledger.repeats;
  } catch (cause) {
    const what = cause instanceof Error ? cause.message : cause;
    const story = history.map((entry) =>
      typeof entry === "string" ? `  ${entry}` : JSON.stringify(entry)
    ).slice(-80);
    throw new Error(
      `${course} workflow ${number} on ${name}, DOTFLOW_TEST_SEED=${seed()}: ` +
        `${what}\n${story.join("\n")}`,
      { cause },
    );
  }
}

function count(
  figures: Figures,
  { kill }: LivingProcess,
  end: End,
  hasHeir: boolean,
): void {
  if (end === "ended") return;
  figures.restarts++;
  if (end === "fenced") figures.fenced++;
  if (end !== "killed") return;
  figures.kills++;
  if (hasHeir) figures.heirs++;
  if (kill?.kind !== "call") return;
  const point = `at ${kill.call}`;
  figures[point] = (figures[point] ?? 0) + 1;
}

function drawKill(
  random: Random,
  { calls, callMs, lifeMicroseconds, knowsTheDead }: CrashPlaceKind,
  again: boolean,
): Kill {
  const kind = random(again ? 8 : 5);
  const standby = !again && !knowsTheDead && random(2) < 1;
  const lines = 1 + Math.floor(random(30));
  if (kind < 1) return { kind: "self", lines, standby };
  if (kind < 3) {
    const [call, count] = calls[Math.floor(random(calls.length))];
    const nth = 1 + Math.floor(random(count));
    const ms = random(3) < 1 ? 0 : random(callMs);
    return { kind: "call", call, nth, ms, standby };
  }
  if (kind < 4) {
    return { kind: "lines", lines, microseconds: random(2_000), standby };
  }
  if (kind < 5 || !knowsTheDead) {
    return { kind: "time", microseconds: random(lifeMicroseconds), standby };
  }
  return { kind: "file", microseconds: random(1_000), standby };
}

/** How a process has ended: lost its lease while alive, or by itself. */
type End = "killed" | "fenced" | "ended";

/** A process that has been started. */
interface LivingProcess {
  child: Spawned;
  kill: Kill | undefined;
  bornMs: number;
}

async function beginLife(
  life: Life,
  kill: Kill | undefined,
): Promise<LivingProcess> {
  const bornMs = performance.now();
  const args = [JSON.stringify(life)];
  const child = await spawnRuntime("workers/crash_worker.ts", args);
  return { child, kill, bornMs };
}

/** Waits until a process owns the workflow; false when it ended before. */
function hasBegun({ child }: LivingProcess): Promise<boolean> {
  return child.line(/^start /).then(() => true, () => false);
}

/** Has a process killed, or waits for its end. */
async function endLife(
  { child, kill, bornMs }: LivingProcess,
  { spec }: CrashPlace,
): Promise<{
  lines: readonly string[];
  end: End;
  ms: number;
}> {
  if (kill && kill.kind !== "self" && kill.kind !== "call") {
    const wanted = kill.kind === "lines" ? kill.lines : 1;
    try {
      while (child.lines.length < wanted) await child.line(/./);
      if (kill.kind === "file") await newFile(`${spec.options.path}/crash`);
      await pass(kill.microseconds);
    } catch {
      // It has ended before.
    }
    await child.kill();
  }
  const { code, signal } = await child.exit;
  const ms = performance.now() - bornMs;
  const { lines, stderr } = child;
  if (kill && signal === "SIGKILL") return { lines, end: "killed", ms };
  if (code === 3) return { lines, end: "fenced", ms };
  assert.equal(code, 0, `it ended with ${signal}\n${stderr}`);
  return { lines, end: "ended", ms };
}

/** Waits for a file that is being made, but not for long. */
async function newFile(folder: string): Promise<void> {
  const { existsSync, readdirSync } = await import("node:fs");
  const list = () => existsSync(folder) ? readdirSync(folder) : [];
  const old = new Set(list());
  const isNew = (name: string) => name.endsWith(".tmp") && !old.has(name);
  const end = performance.now() + 150;
  while (performance.now() < end && !list().some(isNew));
}

/** Timers count in milliseconds: what is left over is waited for actively. */
async function pass(microseconds: number): Promise<void> {
  const end = performance.now() + microseconds / 1000;
  if (microseconds > 3_000) {
    const ms = Math.floor(microseconds / 1000) - 2;
    await new Promise((resolve) => setTimeout(resolve, ms));
  }
  while (performance.now() < end);
}

/** Reads the results in yet another process: this one. */
export async function checkResults(
  course: Course,
  place: CrashPlace,
  ledger: Ledger,
): Promise<void> {
  const [runId, known] = [...ledger.runs].at(-1)!;
  const lines: unknown[][] = [];
  const storage = await openStorage(place.spec);
  const say = (...words: unknown[]) => void lines.push(words);
  // Nobody waits for it, so it may be slow.
  const setting = { ...place, leaseMs: 30_000 };
  const workflow = crashFlow(course, storage, setting, say);
  const run = await workflow.start({ ...course.start, resume: true });
  await storage.close?.();
  assert.equal(run.runId, runId, "the run has another id");
  assert.equal(run.status, course.doomed ? "Failed" : "Completed");
  const ran = new Set(lines.map(([, , task]) => task));
  assert.deepEqual([...ran], course.doomed ? [course.doomed] : []);
  checkMade(course, run);
  for (const { taskId, currentContext: { storage } } of run.tasks) {
    assert.equal(storage?.token, known.committed.get(taskId), taskId);
  }
}
