/**
 * Runs the test files in Deno (from the sources), and in Node and Bun (in the
 * project with the tarball).
 *
 * @module
 */

import { join, relative } from "node:path";
import { BUILD, type Outcome, ROOT, run } from "../process.ts";
import { bunPath, TOOLS_LOCK } from "../tools.ts";
import { readJunit } from "./junit.ts";
import { PROJECT } from "./project.ts";
import { crashed, type TestResult } from "./result.ts";

/** How Deno and Bun tell of a file that failed outside of its tests. */
const FILE_CRASH = /\(uncaught error\)|Unhandled error between tests/;

/** Milliseconds for all tests of a runtime. */
const TIMEOUT = 900_000;

/** What is to be run. */
export interface Plan {
  /** The test files, as absolute paths of the sources. */
  files: readonly string[];
  /** A part of the names of the wanted tests; empty for all. */
  filter: string;
}

/** Runs the tests in Deno. */
export async function runDeno(plan: Plan): Promise<TestResult[]> {
  const outcome = await run("deno", [
    "test",
    "-A",
    "--no-check",
    "--node-modules-dir=auto",
    TOOLS_LOCK,
    `--junit-path=${reportPath("deno")}`,
    ...plan.filter ? [`--filter=${plan.filter}`] : [],
    ...plan.files,
  ], { timeout: TIMEOUT });
  return await readReport("deno", plan, outcome);
}

/** Runs the tests in the Node on the path. */
export async function runNode(plan: Plan): Promise<TestResult[]> {
  const outcome = await run("node", [
    "--test",
    // Files mostly wait; by itself, Node runs one after the other on two cores.
    "--test-concurrency=2",
    "--enable-source-maps",
    "--test-reporter=junit",
    `--test-reporter-destination=${reportPath("node")}`,
    "--test-reporter=spec",
    "--test-reporter-destination=stdout",
    ...plan.filter ? [`--test-name-pattern=${escapePattern(plan.filter)}`] : [],
    ...transpiled(plan),
  ], { cwd: PROJECT, timeout: TIMEOUT });
  return await readReport("node", plan, outcome);
}

/** These put another clock in the place of the process's own. */
const CLOCKS = /(simulation|scheduler_clock)_test\.ts$/;

/**
 * Runs the tests in Bun. It has one process for all files, in which timers that
 * an earlier test has left behind would end up on another's clock.
 */
export async function runBun(plan: Plan): Promise<TestResult[]> {
  if (plan.filter !== "") return await runInBun("bun", plan);
  const [apart, files] = [true, false].map((wanted) =>
    plan.files.filter((path) => CLOCKS.test(path) === wanted)
  );
  return [
    ...await runInBun("bun", { ...plan, files }),
    ...await runInBun("bun-clocks", { ...plan, files: apart }),
  ];
}

async function runInBun(report: string, plan: Plan): Promise<TestResult[]> {
  const outcome = await run(bunPath(), [
    "test",
    "--timeout=600000",
    "--reporter=junit",
    `--reporter-outfile=${reportPath(report)}`,
    ...plan.filter ? [`--test-name-pattern=${escapePattern(plan.filter)}`] : [],
    ...transpiled(plan).map((path) => `./${path}`),
  ], { cwd: PROJECT, timeout: TIMEOUT });
  return await readReport(report, plan, outcome);
}

function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}

function transpiled({ files }: Plan): string[] {
  return files.map((path) => relative(ROOT, path).replace(/\.ts$/, ".js"));
}

function reportPath(runtime: string): string {
  return join(BUILD, `${runtime}.xml`);
}

/**
 * Reads what a runtime reports. Where a file or the runtime itself crashed, no
 * report names a test: that is a failure of its own.
 */
async function readReport(
  runtime: string,
  plan: Plan,
  { code, output, timedOut }: Outcome,
): Promise<TestResult[]> {
  await Deno.writeTextFile(join(BUILD, `${runtime}.log`), output);
  const xml = await Deno.readTextFile(reportPath(runtime)).catch(() => "");
  const reported = readJunit(xml);
  const isFile = ({ name }: TestResult) => name.startsWith(PROJECT);
  const tests = reported.filter((test) =>
    !isFile(test) && test.name.includes(plan.filter)
  );
  const failed = tests.some(({ status }) => status === "failed");
  const fileFailed = reported.some((test) =>
    isFile(test) && test.status === "failed"
  );
  if (
    timedOut || fileFailed || FILE_CRASH.test(output) || (code !== 0 && !failed)
  ) {
    const why = timedOut ? "it took too long" : `exit code ${code}`;
    const end = output.trimEnd().split("\n").slice(-50).join("\n");
    tests.push(crashed(runtime, `${why}; the end of what it wrote:\n${end}`));
  }
  return tests;
}
