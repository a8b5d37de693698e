/**
 * Kills workflows at random points, and starts them again until they end.
 *
 * @module
 */

import assert from "node:assert/strict";
import { makeRandom, type Random, seed } from "./effort.ts";
import { spawnRuntime, tempDir } from "./harness.ts";
import { Ledger } from "./ledger.ts";
import {
  type Course,
  COURSES,
  crashFlow,
  type Made,
  made,
} from "./workers/crash_flow.ts";

/** When a process is killed. */
export type Kill =
  /** By itself, at once after it has written so many lines. */
  | { kind: "self"; lines: number }
  /** So many microseconds after it was seen to write so many lines. */
  | { kind: "lines"; lines: number; microseconds: number }
  /** So many microseconds after it was ready. */
  | { kind: "time"; microseconds: number }
  /** So many microseconds after it was seen to make a new file. */
  | { kind: "file"; microseconds: number };

/** What was counted. */
export interface Figures extends Record<string, number> {
  /** Workflows that were brought to their end. */
  workflows: number;
  /** Processes that were killed. */
  kills: number;
  /** Processes that came after a killed one. */
  restarts: number;
  /** Tasks that were begun again, because a kill came before their commit. */
  repeats: number;
  /** Seconds that it took. */
  seconds: number;
}

/** The tasks of a course that have results in the end. */
export function tasksOf({ tasks, doomed }: Course): string[] {
  return Array.from({ length: tasks }, (_, at) => `task-${at + 1}`)
    .filter((task) => task !== doomed);
}

/**
 * Kills workflows of a course until there were enough kills, and judges them.
 *
 * @param name The course.
 * @param kills How many processes are killed.
 * @param again How often each workflow is run anew after it has ended.
 * @param inspect Looks at the folder of each workflow in the end.
 */
export async function killOften(
  name: string,
  kills: number,
  again = 0,
  inspect: (folder: string) => unknown = () => {},
): Promise<Figures> {
  const begin = performance.now();
  const random = makeRandom(seed(), name);
  const figures = { workflows: 0, kills: 0, restarts: 0, repeats: 0 };
  while (figures.kills < kills) {
    figures.workflows++;
    const folder = await tempDir();
    const { concurrency } = COURSES[name];
    const ledger = new Ledger({ tasks: tasksOf(COURSES[name]), concurrency });
    const history: unknown[] = [];
    try {
      for (let killed = true; killed;) {
        const kill = figures.kills < kills
          ? drawKill(random, again > 0)
          : undefined;
        const life = await live(name, folder, again, kill);
        history.push(kill ?? "not killed", ...life.lines);
        ledger.add(life.lines.slice(1));
        killed = life.killed;
        if (killed) figures.kills++;
        if (killed) figures.restarts++;
      }
      if (again === 0) assert.equal(ledger.runs.size, 1, "there is one run");
      await checkResults(COURSES[name], folder, ledger);
      await inspect(folder);
    } catch (cause) {
      const what = cause instanceof Error ? cause.message : cause;
      const story = history.map((entry) =>
        typeof entry === "string" ? `  ${entry}` : JSON.stringify(entry)
      ).slice(-80);
      throw new Error(
        `${name} workflow ${figures.workflows}, DOTFLOW_TEST_SEED=${seed()}: ` +
          `${what}\n${story.join("\n")}`,
        { cause },
      );
    }
    figures.repeats += ledger.repeats;
  }
  const seconds = (performance.now() - begin) / 1000;
  return { ...figures, seconds };
}

function drawKill(random: Random, files: boolean): Kill {
  const lines = 1 + Math.floor(random(30));
  const kind = random(files ? 6 : 3);
  if (kind < 1) return { kind: "self", lines };
  if (kind < 2) return { kind: "lines", lines, microseconds: random(2_000) };
  if (kind < 3) return { kind: "time", microseconds: random(30_000) };
  return { kind: "file", microseconds: random(1_000) };
}

/** One process, from its beginning to its death or its end. */
async function live(
  name: string,
  folder: string,
  again: number,
  kill?: Kill,
): Promise<{ lines: readonly string[]; killed: boolean }> {
  const lines = kill?.kind === "self" ? kill.lines : 0;
  const child = await spawnRuntime("workers/crash_worker.ts", [
    name,
    folder,
    `${lines}`,
    `${again}`,
  ]);
  if (kill !== undefined && kill.kind !== "self") {
    const wanted = kill.kind === "lines" ? kill.lines : 1;
    try {
      for (let seen = 0; seen < wanted; seen++) await child.line(/./);
      if (kill.kind === "file") await newFile(`${folder}/crash`);
      await pass(kill.microseconds);
    } catch {
      // It has ended before.
    }
    await child.kill();
  }
  const { code, signal } = await child.exit;
  const killed = kill !== undefined && signal === "SIGKILL";
  if (!killed) {
    assert.equal(code, 0, `it ended with ${signal}\n${child.stderr}`);
  }
  return { lines: child.lines, killed };
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
  folder: string,
  ledger: Ledger,
): Promise<void> {
  const [runId, known] = [...ledger.runs].at(-1)!;
  const lines: unknown[][] = [];
  const workflow = crashFlow(
    course,
    folder,
    (...words) => lines.push(words),
  );
  const run = await workflow.start({ ...course.start, resume: true });
  await workflow.config.storage.close?.();
  assert.equal(run.runId, runId, "the run has another id");
  assert.equal(run.status, course.doomed ? "Failed" : "Completed");
  const ran = new Set(lines.map(([, , task]) => task));
  assert.deepEqual([...ran], course.doomed ? [course.doomed] : []);
  const previous = new Map<string, Made | undefined>();
  for (const { taskId, groupName, currentContext: { storage } } of run.tasks) {
    if (taskId !== course.doomed) {
      assert.equal(storage.token, known.committed.get(taskId), taskId);
      const before = course.start.mode === "parallel"
        ? undefined
        : previous.get(groupName);
      assert.deepEqual(storage, made(taskId, before, storage.token));
    }
    previous.set(groupName, storage);
  }
}
