/**
 * Outcomes of tests, and how they are printed.
 *
 * @module
 */

/** The outcome of one test. */
export interface TestResult {
  /** Its name. */
  name: string;
  /** How it ended. */
  status: "passed" | "failed" | "skipped";
  /** Why it failed or was skipped; empty when it passed. */
  message: string;
  /** Whether it stands for a group that did not come to its end. */
  crash?: true;
}

/** The outcomes of one group: a runtime, or a kind of checks. */
export interface GroupResult {
  /** Its name. */
  group: string;
  /** Its tests. */
  tests: TestResult[];
  /** How long it took, in milliseconds. */
  duration: number;
}

const SKIPPED = / \[skipped: (.*)\]$/;

/**
 * Reads the reason out of the name of a skipped test, where the harness puts
 * it because not every reporter has a place for it.
 *
 * @param result An outcome, as a reporter gave it.
 * @returns The same, with the plain name, and the reason as its message.
 */
export function readSkipReason(result: TestResult): TestResult {
  const reason = SKIPPED.exec(result.name);
  if (reason === null) return result;
  const name = result.name.slice(0, reason.index);
  return { ...result, name, message: reason[1] };
}

/**
 * Runs one check as a test.
 *
 * @param name Its name.
 * @param check The check; what it throws is why it failed.
 * @returns Its outcome.
 */
export async function checkAsTest(
  name: string,
  check: () => unknown,
): Promise<TestResult> {
  try {
    await check();
    return { name, status: "passed", message: "" };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { name, status: "failed", message };
  }
}

/**
 * Makes the failure of a group that did not come to its end.
 *
 * @param group The group.
 * @param why What happened.
 * @returns An outcome.
 */
export function crashed(group: string, why: string): TestResult {
  const name = `${group} runs its tests`;
  return { name, status: "failed", message: why, crash: true };
}

/**
 * Counts a test that one runtime ran and another did not as failed in the
 * latter: every runtime runs the same files, so it was lost on the way.
 *
 * @param runtimes The outcomes of runtimes; completed in place.
 */
export function addLostTests(runtimes: readonly GroupResult[]): void {
  const whole = runtimes.filter(({ tests }) => !tests.some((t) => t.crash));
  const counts = whole.map(({ tests }) => countNames(tests));
  const names = new Set(counts.flatMap((names) => [...names.keys()]));
  for (const name of names) {
    const found = counts.map((names) => names.get(name) ?? 0);
    const most = Math.max(...found);
    whole.forEach(({ tests }, index) => {
      if (found[index] === most) return;
      const message = "It did not run here, but in another runtime";
      tests.push({ name, status: "failed", message });
    });
  }
}

function countNames(tests: readonly TestResult[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { name } of tests) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

/**
 * Prints what failed and what was skipped, a table, and the count.
 *
 * @param groups The outcomes.
 * @returns Whether nothing failed.
 */
export function printResults(groups: readonly GroupResult[]): boolean {
  for (const { group, tests } of groups) {
    for (const { name, message } of withStatus(tests, "skipped")) {
      console.log(`SKIPPED ${group}: ${name}\n    ${message}`);
    }
  }
  for (const { group, tests } of groups) {
    for (const { name, message } of withStatus(tests, "failed")) {
      console.log(`FAILED ${group}: ${name}\n${indent(message)}\n`);
    }
  }
  const cells = groups.map(({ group, tests, duration }) => [
    group,
    ...count(tests).map(String),
    `${(duration / 1000).toFixed(1)} s`,
  ]);
  console.log(table([["", "passed", "failed", "skipped", "time"], ...cells]));
  const [passed, failed, skipped] = count(groups.flatMap((g) => g.tests));
  const tail = skipped > 0 ? `, ${skipped} skipped` : "";
  console.log(`${passed} passed, ${failed} failed${tail}`);
  return failed === 0;
}

function withStatus(
  tests: readonly TestResult[],
  status: TestResult["status"],
): TestResult[] {
  return tests.filter((test) => test.status === status);
}

function count(tests: readonly TestResult[]): number[] {
  return (["passed", "failed", "skipped"] as const).map((status) =>
    withStatus(tests, status).length
  );
}

function indent(text: string): string {
  const lines = text.trim().split("\n");
  const shown = lines.slice(0, 60);
  if (shown.length < lines.length) {
    shown.push(`… ${lines.length - shown.length} lines more`);
  }
  return shown.map((line) => `    ${line}`).join("\n");
}

function table(rows: readonly string[][]): string {
  const widths = rows[0].map((_, column) =>
    Math.max(...rows.map((row) => row[column].length))
  );
  const line = (row: readonly string[]) =>
    row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column])
    ).join("  ").trimEnd();
  return rows.map(line).join("\n");
}
