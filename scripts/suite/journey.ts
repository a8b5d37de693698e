/**
 * One workflow, begun in one runtime, killed, gone on with in the next, and
 * ended in the last; then read in all of them.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { judgeBucket } from "../../tests/crash_places.ts";
import { type LabS3, openS3 } from "../../tests/lab.ts";
import { Ledger } from "../../tests/ledger.ts";
import { COURSES, tasksOf } from "../../tests/workers/crash_flow.ts";
import type { Life } from "../../tests/workers/crash_worker.ts";
import { ROOT, run } from "../process.ts";
import { bunPath, loadEsbuild } from "../tools.ts";
import { PROJECT } from "./project.ts";
import { checkAsTest, type TestResult } from "./result.ts";
import { withWorker } from "./workerd.ts";

/** A runtime that a journey can come through. */
export type Stop = "deno" | "node" | "bun" | "workerd";

/** After how many lines a runtime is killed. */
const LINES = [17, 14, 12];

/** The lease of journeys: each stop waits for it, but the first. */
const LEASE_MS = 1_000;

const WORKER = join(PROJECT, "crash-workerd");

/** Runs the journeys of every commit. */
export async function runJourneys(filter: string): Promise<TestResult[]> {
  const journeys: Record<string, () => Promise<void>> = {
    "a sequential run on S3 goes from deno to node to bun to workerd": () =>
      journeyOnS3("sequential", ["deno", "node", "bun", "workerd"]),
    "a parallel run on S3 goes from workerd to bun to node to deno": () =>
      journeyOnS3("parallel", ["workerd", "bun", "node", "deno"]),
    "all runtimes write the same bytes to S3": compareBytes,
  };
  const names = Object.keys(journeys).filter((name) => name.includes(filter));
  if (names.length > 0) await bundleCrashWorker();
  const results: TestResult[] = [];
  for (const name of names) {
    results.push(await checkAsTest(name, journeys[name]));
  }
  return results;
}

/**
 * Has a workflow on files wander through runtimes.
 *
 * @param course The name of its course.
 * @param stops The runtimes.
 * @throws {Error} When it is not what it would have been in one of them.
 */
export async function journeyOnFiles(
  course: string,
  stops: readonly Stop[],
): Promise<void> {
  const path = await Deno.makeTempDir({ prefix: "dotflow-journey-" });
  try {
    const options = { path };
    const spec = { kind: "file", options } as const;
    const life = { course, spec, leaseMs: 30_000, longMs: 0 };
    const journal = () => Deno.readTextFile(`${path}/crash/1.jsonl`);
    await wander(life, stops, journal);
  } finally {
    await Deno.remove(path, { recursive: true });
  }
}

/**
 * Has a workflow on S3 wander through runtimes.
 *
 * @param course The name of its course.
 * @param stops The runtimes.
 * @throws {Error} When it is not what it would have been in one of them.
 */
export async function journeyOnS3(
  course: string,
  stops: readonly Stop[],
): Promise<void> {
  await inBucket(async (bucket) => {
    const life = lifeIn(bucket, course, LEASE_MS);
    const versions = async () => JSON.stringify(await checkpointsIn(bucket));
    const ledger = await wander(life, stops, versions);
    await judgeBucket(bucket, LEASE_MS, ledger);
  });
}

/** Kills it in all stops but the last, then reads it in all of them. */
async function wander(
  life: Life,
  stops: readonly Stop[],
  look: () => Promise<string>,
): Promise<Ledger> {
  const course = COURSES[life.course];
  const { concurrency, doomed } = course;
  const ledger = new Ledger({ tasks: tasksOf(course), concurrency });
  for (const [at, stop] of stops.entries()) {
    const lines = at < stops.length - 1 ? LINES[at] : 0;
    ledger.add(await live(stop, life, lines));
  }
  const before = await look();
  for (const stop of stops) ledger.add(await live(stop, life, 0));
  assert.equal(ledger.runs.size, 1, "there is one run");
  if (doomed === undefined) {
    assert.ok(before === await look(), "reading has changed what was stored");
  }
  return ledger;
}

/**
 * Has each runtime run the same workflow, and compares what each has written.
 *
 * @throws {Error} When something differs but times and random ids.
 */
export async function compareBytes(): Promise<void> {
  const written = new Map<Stop, string>();
  for (const stop of ["deno", "node", "bun", "workerd"] as const) {
    await inBucket(async (bucket) => {
      await live(stop, lifeIn(bucket, "sequential", 30_000), 0);
      const objects = (await bucket.objects()).map(({ key, text }) =>
        `${key} ${text}`.replace(/"crc":"[0-9a-f]{8}"/, '"crc":…')
          .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "…")
          .replace(/"time":\d+/, '"time":…')
      );
      assert.equal(objects.length, COURSES.sequential.tasks + 1);
      written.set(stop, objects.sort().join("\n"));
    });
  }
  for (const [stop, objects] of written) {
    assert.equal(objects, written.get("deno"), `${stop} differs from deno`);
  }
}

async function inBucket(use: (bucket: LabS3) => Promise<void>): Promise<void> {
  const bucket = await openS3();
  try {
    await use(bucket);
  } finally {
    await bucket.drop();
  }
}

function lifeIn(bucket: LabS3, course: string, leaseMs: number): Life {
  const spec = { kind: "s3", options: bucket.storage } as const;
  return { course, spec, leaseMs, longMs: 0 };
}

/** What was ever written to a bucket, but for what was tried out there. */
async function checkpointsIn(bucket: LabS3) {
  const versions = await bucket.versions();
  return versions.filter(({ key }) => !key.includes("/_probe/"));
}

/**
 * One process, killed after so many lines (0: never).
 *
 * @returns What it has written down.
 */
async function live(stop: Stop, life: Life, lines: number): Promise<string[]> {
  if (stop === "workerd") return await liveInWorkerd(life, lines);
  const worker = "tests/workers/crash_worker";
  const commands = {
    deno: ["deno", "run", "-A", "-q", "--no-check", join(ROOT, `${worker}.ts`)],
    node: ["node", join(PROJECT, `${worker}.js`)],
    bun: [bunPath(), join(PROJECT, `${worker}.js`)],
  };
  const [command, ...args] = commands[stop];
  const kill = lines > 0 ? { kind: "self", lines } as const : undefined;
  const { code, output } = await run(
    command,
    [...args, JSON.stringify({ ...life, kill })],
    { cwd: stop === "deno" ? ROOT : PROJECT },
  );
  assert.equal(code, lines > 0 ? 137 : 0, `${stop} ended\n${output}`);
  return output.trimEnd().split("\n").slice(1);
}

/** The same in workerd, which tells its lines to a server of this process. */
async function liveInWorkerd(life: Life, lines: number): Promise<string[]> {
  const told: string[] = [];
  const enough = Promise.withResolvers<void>();
  const over = Promise.withResolvers<Response>();
  const hear = ({ url }: Request) => {
    told.push(decodeURIComponent(new URL(url).search.slice(1)));
    if (told.length !== lines) return new Response();
    enough.resolve();
    // It is killed while it waits for this.
    return over.promise;
  };
  const place = { hostname: "127.0.0.1", port: 0, onListen() {} };
  const server = Deno.serve(place, hear);
  const query = new URLSearchParams({
    life: JSON.stringify(life),
    say: `http://127.0.0.1:${server.addr.port}/?`,
  });
  try {
    await withWorker(WORKER, async (ask) => {
      const ended = ask(`/?${query}`);
      ended.catch(() => {});
      const answer = await Promise.race([ended, enough.promise]);
      const wanted = lines === 0 ? { ok: true } : undefined;
      const error = answer && JSON.stringify(answer);
      assert.deepEqual(answer, wanted, `workerd ended: ${error}`);
    });
  } finally {
    over.resolve(new Response());
    await server.shutdown();
  }
  return told.slice(1);
}

/** Bundles what runs in workerd; the project has to be built before. */
export async function bundleCrashWorker(): Promise<void> {
  const { build } = await loadEsbuild();
  await build({
    absWorkingDir: PROJECT,
    entryPoints: { main: "tests/workerd/crash.js" },
    outdir: WORKER,
    bundle: true,
    format: "esm",
    target: "es2022",
    keepNames: true,
    platform: "neutral",
    mainFields: ["module", "main"],
    conditions: ["workerd", "import"],
    external: ["node:*", "cloudflare:*"],
    logLevel: "silent",
  });
}
