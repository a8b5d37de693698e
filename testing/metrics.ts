/**
 * Contract tests of metrics.
 *
 * @module
 */

import type { Metrics } from "../src/contracts/metrics.ts";
import type { Run } from "../src/run/run.ts";
import { brokenTest } from "./broken.ts";
import { check, checkEqual } from "./check.ts";
import {
  endless,
  flaky,
  MANY,
  ok,
  type Stage as AnyStage,
  StorageStage,
  watcherTest,
} from "./stage.ts";
import type {
  MetricsSubject,
  SeenMetrics,
  SeenTimes,
  WatcherTest,
} from "./watcher.ts";

type Stage = AnyStage<Metrics, SeenMetrics>;

/** What is counted, in a row: three of runs, three of tasks. */
type Counts = readonly [
  started: number,
  completed: number,
  failed: number,
  tasksCompleted: number,
  tasksFailed: number,
  tasksRetried: number,
];

/** What a receiver may round away of each length of time. */
const SLACK_MS = 2;

/** All tests that metrics have to pass, each independent of the others. */
export const metricsContract: readonly WatcherTest<MetricsSubject>[] = [
  metricsTest("runs, tasks and retries are counted", async (stage) => {
    await stage.play([ok("a"), flaky("b", 2, 3), ok("c")]);
    await checkCounts(stage, [1, 1, 0, 3, 0, 2]);
    await stage.play([ok("a"), flaky("b", 9, 3), ok("c")]);
    await checkCounts(stage, [2, 1, 1, 4, 1, 4]);
  }),

  metricsTest("lengths of time are what they were", async (stage) => {
    const runs = [
      await stage.play([ok("a", 30), ok("b", 60)]),
      await stage.play([ok("a", 20), flaky("b", 9, 1)]),
    ];
    const { workflowTimes, taskTimes } = await stage.bench.seen();
    checkTimes(workflowTimes, runs, "runs");
    checkTimes(taskTimes, runs.flatMap(({ tasks }) => tasks), "tasks");
  }),

  metricsTest("a cancelled run counts as one that failed", async (stage) => {
    const workflow = stage.workflow();
    let begin = () => {};
    const begun = new Promise<void>((resolve) => begin = resolve);
    workflow.task.add([ok("a"), endless("b", () => begin()), ok("c")]);
    const run = await workflow.start({ mode: "background" });
    await begun;
    run.cancel();
    await run.finished;
    await checkCounts(stage, [1, 0, 1, 1, 1, 0]);
  }),

  metricsTest(
    "what a resume reads back is not counted again",
    async (stage) => {
      const storage = new StorageStage();
      const steps = [ok("a"), flaky("b", 1, 1)];
      await stage.play(steps, {}, { storage });
      await checkCounts(stage, [1, 0, 1, 1, 1, 0]);
      await stage.play(steps, { resume: true }, { storage });
      await checkCounts(stage, [2, 1, 1, 2, 1, 0]);
      const { taskTimes } = await stage.bench.seen();
      checkEqual(taskTimes.count, 3, "how many tasks took time");
    },
  ),

  metricsTest("no count is lost when runs go on at once", async (stage) => {
    const runs = await Promise.all(
      Array.from(
        { length: MANY },
        (_, n) =>
          stage.play(
            [ok("a", n % 4), flaky("b", 1, 2), flaky("c", n % 2, 1)],
            {},
            { workflowId: `stage-${n}` },
          ),
      ),
    );
    const half = MANY / 2;
    await checkCounts(stage, [MANY, half, half, MANY * 2 + half, half, MANY]);
    const { workflowTimes, taskTimes } = await stage.bench.seen();
    checkTimes(workflowTimes, runs, "runs");
    checkTimes(taskTimes, runs.flatMap(({ tasks }) => tasks), "tasks");
  }),

  metricsTest("a thousand tasks are counted", async (stage) => {
    const steps = Array.from({ length: 1_000 }, (_, n) => ok(`task-${n}`));
    await stage.play(steps, { mode: "parallel", concurrency: 100 });
    await checkCounts(stage, [1, 1, 0, 1_000, 0, 0]);
  }),

  brokenTest("metrics"),
];

function metricsTest(
  name: string,
  body: (stage: Stage) => Promise<void>,
): WatcherTest<MetricsSubject> {
  return watcherTest("metrics", name, body);
}

async function checkCounts({ bench }: Stage, expected: Counts): Promise<void> {
  const seen = await bench.seen();
  const counts = [
    seen.workflowsStarted,
    seen.workflowsCompleted,
    seen.workflowsFailed,
    seen.tasksCompleted,
    seen.tasksFailed,
    seen.tasksRetried,
  ];
  checkEqual(counts, expected, "the counts of runs, tasks and retries");
}

function checkTimes(
  { count, sumMs }: SeenTimes,
  timed: readonly Pick<Run, "duration">[],
  what: string,
): void {
  checkEqual(count, timed.length, `how many ${what} took time`);
  const expectedMs = timed.reduce((sum, { duration }) => sum + duration, 0);
  check(
    Math.abs(sumMs - expectedMs) <= SLACK_MS * timed.length,
    `${what} took ${expectedMs} ms, and ${sumMs} ms were told`,
  );
}
