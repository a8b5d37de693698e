/**
 * One workflow, begun in one runtime, killed, gone on with in the next, and
 * ended in the third; then read in all of them.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { tasksOf } from "../../tests/crash.ts";
import { Ledger } from "../../tests/ledger.ts";
import { COURSES } from "../../tests/workers/crash_flow.ts";
import { ROOT, run } from "../process.ts";
import { PROJECT } from "../suite/project.ts";
import { checkAsTest, type TestResult } from "../suite/result.ts";
import { bunPath } from "../tools.ts";

type Name = "deno" | "node" | "bun";

/** After how many lines the first two runtimes are killed. */
const LINES = [17, 14];

const ORDERS: Name[][] = [
  ["deno", "node", "bun"],
  ["deno", "bun", "node"],
  ["node", "bun", "deno"],
  ["node", "deno", "bun"],
  ["bun", "deno", "node"],
  ["bun", "node", "deno"],
];

/**
 * Has every course wander through the runtimes, in every order.
 *
 * @returns One outcome for each.
 */
export async function provePortable(): Promise<TestResult[]> {
  const results: TestResult[] = [];
  for (const course of ["sequential", "parallel", "parallel_group"]) {
    for (const order of ORDERS) {
      const name = `a ${course} run goes from ${order.join(" to ")}`;
      const result = await checkAsTest(name, () => wander(course, order));
      results.push(result);
    }
  }
  return results;
}

async function wander(course: string, order: readonly Name[]): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "dotflow-portable-" });
  try {
    const { concurrency, doomed } = COURSES[course];
    const ledger = new Ledger({ tasks: tasksOf(COURSES[course]), concurrency });
    for (const [at, runtime] of order.entries()) {
      ledger.add(await live(runtime, course, folder, LINES[at] ?? 0));
    }
    const journal = `${folder}/crash/1.jsonl`;
    const before = await Deno.readTextFile(journal);
    for (const runtime of order) {
      ledger.add(await live(runtime, course, folder, 0));
    }
    assert.equal(ledger.runs.size, 1, "there is one run");
    if (doomed !== undefined) return;
    const after = await Deno.readTextFile(journal);
    assert.ok(before === after, "reading has changed the journal");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** One process, killed by itself after so many lines (0: never). */
async function live(
  runtime: Name,
  course: string,
  folder: string,
  lines: number,
): Promise<string[]> {
  const worker = "tests/workers/crash_worker";
  const commands: Record<Name, string[]> = {
    deno: ["deno", "run", "-A", "-q", "--no-check", join(ROOT, `${worker}.ts`)],
    node: ["node", join(PROJECT, `${worker}.js`)],
    bun: [bunPath(), join(PROJECT, `${worker}.js`)],
  };
  const [command, ...args] = commands[runtime];
  const { code, output } = await run(
    command,
    [...args, course, folder, `${lines}`, "0"],
    { cwd: runtime === "deno" ? ROOT : PROJECT },
  );
  assert.equal(code, lines > 0 ? 137 : 0, `${runtime} ended\n${output}`);
  return output.trimEnd().split("\n").slice(1);
}
