/**
 * An owner that is stopped (SIGSTOP) for longer than its lease, and goes on
 * after another one has taken over: it begins no further task, and changes
 * nothing.
 *
 * @module
 */

import assert from "node:assert/strict";
import { effort, makeRandom, type Random, seed, tell } from "./effort.ts";
import { type Spawned, spawnRuntime, tempDir, test } from "./harness.ts";
import {
  judgeHistory,
  judgeSteps,
  type Line,
  readLedger,
  type Story,
} from "./owner_judge.ts";
import { type Change, SHARED, type SharedKind } from "./shared.ts";
import { TASKS } from "./workers/owned_flow.ts";
import type { Stop, StopPoint } from "./workers/stop_worker.ts";

const needs = ["files", "processes"] as const;

const LEASE_MS = 1_500;

/** How often each of the points comes in a run, about. */
const POINTS: Record<StopPoint, number> = {
  begin: TASKS,
  effect: TASKS,
  callback: TASKS,
  // Its claim, the commits, some renewals, and its end.
  swap: TASKS + 4,
  swapped: TASKS + 4,
};

/** Where it stops and when it goes on. */
interface Plan {
  /** By itself at a point, or from outside, so long after it was ready. */
  at: { point: StopPoint; nth: number } | { afterMs: number };
  /** Whether it goes on while the other one still runs. */
  midway: boolean;
}

/** What is counted. */
type Figures = Record<string, number>;

const ROUNDS = effort();

for (const kind of SHARED) {
  const { name, skip } = kind;
  const timeout = 30_000 + 12_000 * ROUNDS;
  test(
    `an owner that was stopped for long does no more, on ${name}`,
    { needs, skip, timeout },
    async () => {
      const begin = performance.now();
      const random = makeRandom(seed(), "stop", name);
      const figures: Figures = {
        stops: 0,
        takeovers: 0,
        lateBegins: 0,
        lateEffects: 0,
      };
      for (let round = 0; round < ROUNDS; round++) {
        // Their time goes by in waiting, so all can do so together.
        const stories = await Promise.all(
          drawPlans(random).map((plan) => stopOnce(kind, plan)),
        );
        for (const story of stories) {
          for (const [what, count] of Object.entries(story)) {
            figures[what] += count;
          }
        }
      }
      const seconds = (performance.now() - begin) / 1000;
      await tell(`SIGSTOP, ${name}`, { ...figures, seconds });
    },
  );
}

function drawPlans(random: Random): Plan[] {
  const ats: Plan["at"][] = Object.entries(POINTS).map(([point, times]) => ({
    point: point as StopPoint,
    nth: 1 + Math.floor(random(times)),
  }));
  ats.push({ afterMs: random(LEASE_MS) });
  return ats.map((at) => ({ at, midway: random(2) < 1 }));
}

async function stopOnce(kind: SharedKind, plan: Plan): Promise<Figures> {
  const { at, midway } = plan;
  const { spec, changes } = await kind.open();
  const ledger = `${await tempDir()}/ledger`;
  const id = "stopped";
  const start = (who: string, taskMs: number, stop?: Stop["stop"]) => {
    const leaseMs = LEASE_MS;
    const given: Stop = { spec, ledger, id, who, leaseMs, taskMs, stop };
    return spawnRuntime("workers/stop_worker.ts", [JSON.stringify(given)]);
  };
  const first = await start("first", 5, "point" in at ? at : undefined);
  const pid = Number((await first.line(/^ready /)).split(" ")[1]);
  await stopped(first, pid, at);
  const stoppedMs = performance.now();

  const second = await start("second", midway ? LEASE_MS / 4 : 5);
  // It may be that nothing is left to do.
  if (midway) await second.line(/^begun$/).catch(() => {});
  else await second.exit;
  // Two leases at least.
  await pause(2 * LEASE_MS - (performance.now() - stoppedMs));
  const own = async () =>
    (await changes()).filter(({ key }) => key.startsWith(`${id}/`));
  const before = await own();
  const { length } = await readLedger(ledger);
  signal(pid, "SIGCONT");
  for (const each of [first, second]) {
    assert.equal((await each.exit).code, 0, each.stderr);
  }

  const after = await own();
  const lines = await readLedger(ledger);
  try {
    const story = judgeHistory(id, after);
    const late = lines.slice(length).filter(({ who }) => who === "first");
    const lateBegins = late.filter(({ kind }) => kind === "begin");
    // A stop from outside may come between a check and the line after it.
    assert.ok(lateBegins.length <= Number("afterMs" in at), "it began a task");
    judgeSteps(lines.filter((line) => !lateBegins.includes(line)), story);
    judgeEnd(plan, { before, after, story }, lines);
    return {
      stops: 1,
      takeovers: story.takeovers,
      lateBegins: lateBegins.length,
      lateEffects: late.filter(({ kind }) => kind === "effect").length,
    };
  } catch (cause) {
    const tale = lines.map(({ kind, who, words }, at) =>
      [at < length ? " " : "*", kind, who, ...words].join(" ")
    );
    throw new Error(
      `${JSON.stringify(plan)} on ${kind.name}, DOTFLOW_TEST_SEED=${seed()}` +
        `: ${(cause as Error).message}\n${tale.join("\n")}`,
      { cause },
    );
  }
}

/** Waits until it is stopped, or has ended before that. */
async function stopped(
  first: Spawned,
  pid: number,
  at: Plan["at"],
): Promise<void> {
  if ("afterMs" in at) {
    await pause(at.afterMs);
    signal(pid, "SIGSTOP");
  } else {
    await first.line(/^stopping$/).catch(() => {});
  }
}

/** How the two must have ended, and what the first one may have changed. */
function judgeEnd(
  { midway }: Plan,
  { before, after, story }: {
    before: readonly Change[];
    after: readonly Change[];
    story: Story;
  },
  lines: readonly Line[],
): void {
  const ends = new Map(
    lines.filter(({ kind }) => /^(ended|rejected)$/.test(kind))
      .map(({ who, kind, words }) => [who, `${kind} ${words[0]}`]),
  );
  assert.equal(ends.get("second"), "ended Completed");
  if (!midway) {
    assert.deepEqual(texts(after), texts(before), "it has changed something");
  }
  assert.ok(story.takeovers <= 1, "a living owner was taken for dead");
  if (story.takeovers === 1) {
    assert.deepEqual([...story.owners.values()], ["first", "second"]);
    assert.equal(ends.get("first"), "rejected WORKFLOW_LOCKED");
  } else {
    assert.equal(ends.get("first"), "ended Completed");
  }
}

function texts(changes: readonly Change[]): string[] {
  return changes.map(({ key, context }) => `${key} ${context?.toText()}`);
}

function signal(pid: number, name: "SIGSTOP" | "SIGCONT"): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    // It has ended before.
    assert.equal((error as NodeJS.ErrnoException).code, "ESRCH");
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((wake) => setTimeout(wake, Math.max(ms, 0)));
}
