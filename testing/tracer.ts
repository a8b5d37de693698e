/**
 * Contract tests of tracers.
 *
 * @module
 */

import { action } from "../src/action.ts";
import { Context } from "../src/context.ts";
import type { Tracer } from "../src/contracts/tracer.ts";
import { recordKey } from "../src/place.ts";
import type { Run } from "../src/run/run.ts";
import type { RunInfo } from "../src/run_info.ts";
import { parseTraceparent } from "../src/traceparent.ts";
import { brokenTest } from "./broken.ts";
import { check, checkEqual } from "./check.ts";
import {
  endless,
  flaky,
  MANY,
  ok,
  pause,
  type Stage as AnyStage,
  StorageStage,
  watcherTest,
} from "./stage.ts";
import type { SeenSpan, TracerSubject, WatcherTest } from "./watcher.ts";

type Stage = AnyStage<Tracer, readonly SeenSpan[]>;

/** How far times may be off: some take them by a clock of their own. */
const SLACK_MS = 25;
/** A time that nobody can take for none. */
const LONG_MS = 60;

/** Texts that careless encodings confuse. */
const HOSTILE = ["a/b", "a b", 'a"b', "a,b=c", "a\nb", "né 😀", "..", "%2e"];

/** All tests that a tracer has to pass, each independent of the others. */
export const tracerContract: readonly WatcherTest<TracerSubject>[] = [
  tracerTest("a run and its tasks are one trace", async (stage) => {
    const run = await stage.play([ok("a", LONG_MS), ok("b", LONG_MS)]);
    const { root, tasks } = await traceOf(stage, run, ["a", "b"]);
    checkEqual(root.failed, false, "whether the run has failed");
    check(
      tasks[0].endMs <= tasks[1].startMs + SLACK_MS,
      "b began before a had ended",
    );
  }),

  tracerTest("a task is one span, however often it is tried", async (stage) => {
    const run = await stage.play([flaky("a", 2, 3), ok("b")]);
    const { root, tasks } = await traceOf(stage, run, ["a", "b"]);
    checkEqual([root, ...tasks].map(({ failed }) => failed), [
      false,
      false,
      false,
    ], "what has failed");
  }),

  tracerTest("a failure is marked, and what never began is not there", async (
    stage,
  ) => {
    const run = await stage.play([ok("a"), flaky("b", 9, 2), ok("c")]);
    checkEqual(run.status, "Failed", "the status");
    const { root, tasks } = await traceOf(stage, run, ["a", "b"]);
    checkEqual([root, ...tasks].map(({ failed }) => failed), [
      true,
      false,
      true,
    ], "what has failed");
  }),

  tracerTest("tasks that run at once are siblings", async (stage) => {
    const names = Array.from({ length: MANY }, (_, n) => `task-${n}`);
    const steps = names.map((name) => ok(name, 5));
    const run = await stage.play(steps, { mode: "parallel" });
    await traceOf(stage, run, names);
  }),

  tracerTest("runs that go on at once are traces of their own", async (
    stage,
  ) => {
    const runs = await Promise.all(
      Array.from({ length: MANY }, (_, n) =>
        stage.play(
          [ok(`a-${n}`, n % 3), flaky(`b-${n}`, n % 2, 2), ok("c", 2)],
          {},
          { workflowId: `stage-${n}` },
        )),
    );
    const spans = await stage.bench.seen();
    checkEqual(spans.length, MANY * 4, "how many spans there are");
    for (const [n, run] of runs.entries()) {
      await traceOf(stage, run, [`a-${n}`, `b-${n}`, "c"]);
    }
    const traces = new Set(spans.map(({ traceId }) => traceId));
    checkEqual(traces.size, MANY, "how many traces there are");
  }),

  tracerTest("a cancelled run leaves no span open", async (stage) => {
    const run = await cutOff(stage, (run) => run.cancel("enough"));
    checkEqual(run.status, "Cancelled", "the status");
    await traceOf(stage, run, ["a", "b"]);
  }),

  tracerTest("a run that takes too long leaves no span open", async (stage) => {
    const run = await stage.play([ok("a"), endless("b"), ok("c")], {
      timeout: 50,
    });
    checkEqual(run.status, "Failed", "the status");
    const { root, tasks } = await traceOf(stage, run, ["a", "b"]);
    checkEqual([root.failed, tasks[1].failed], [true, true], "the marks");
  }),

  tracerTest("an attempt that takes too long leaves no span open", async (
    stage,
  ) => {
    const slow = action("b", { timeout: 20 }, () => pause(60));
    const run = await stage.play([ok("a"), slow]);
    await pause(60);
    const { tasks } = await traceOf(stage, run, ["a", "b"]);
    checkEqual(tasks[1].failed, true, "whether b has failed");
  }),

  tracerTest("a run that lost its workflow leaves no span open", async (
    stage,
  ) => {
    const storage = new StorageStage();
    const workflow = stage.workflow({ storage, lease: 100 });
    let take = () => {};
    const taken = new Promise<void>((resolve) => take = resolve);
    workflow.task.add([ok("a"), endless("b", () => take()), ok("c")]);
    const infos: RunInfo[] = [];
    const started = workflow.start({
      onEvent: (event) => {
        if ("run" in event) infos.push(event.run);
      },
    }).then(
      () => {
        throw new Error("the run went on without its workflow");
      },
      (error) => error.code,
    );
    await taken;
    await giveAway(storage);
    checkEqual(await started, "WORKFLOW_LOCKED", "the error");
    const { root } = await traceOf(stage, infos[1], ["a", "b"]);
    checkEqual(root.failed, true, "whether the run has failed");
  }),

  tracerTest("a resumed run is a trace of what it runs", async (stage) => {
    const storage = new StorageStage();
    const broken = flaky("b", 1, 1);
    const first = await stage.play([ok("a"), broken], {}, { storage });
    await traceOf(stage, first, ["a", "b"]);
    const before = (await stage.bench.seen()).length;
    const steps = [ok("a"), broken];
    const run = await stage.play(steps, { resume: true }, { storage });
    checkEqual(run.status, "Completed", "the status");
    const spans = (await stage.bench.seen()).slice(before);
    checkEqual(spans.map(({ taskId }) => taskId ?? "run").sort(), [
      "b",
      "run",
    ], "the spans of the second start");
  }),

  tracerTest("no id is taken for another", async (stage) => {
    for (const [n, workflowId] of HOSTILE.entries()) {
      const names = [...HOSTILE.slice(n), ...HOSTILE.slice(0, n)];
      const steps = names.map((name) => ok(name));
      const run = await stage.play(steps, {}, { workflowId });
      await traceOf(stage, run, names);
    }
  }),

  tracerTest("the places that it tells are those of its spans", async (
    stage,
  ) => {
    if (stage.bench.provider.traceWorkflow === undefined) return;
    const told = new Map<string | undefined, string | undefined>();
    const steps = ["a", "b"].map((name) =>
      action(name, ({ task }) => void told.set(name, task.traceparent))
    );
    const run = await stage.play(steps, {
      onEvent(event) {
        if ("run" in event) told.set(undefined, event.run.traceparent);
      },
    });
    const { root, tasks } = await traceOf(stage, run, ["a", "b"]);
    for (const span of [root, ...tasks]) {
      const place = parseTraceparent(told.get(span.taskId));
      checkEqual(
        [place?.traceId, place?.spanId],
        [span.traceId, span.spanId],
        `the place of ${span.taskId ?? "the run"}`,
      );
    }
  }),

  tracerTest("a run that does not come about leaves no span open", async (
    stage,
  ) => {
    const { provider } = stage.bench;
    if (provider.traceWorkflow === undefined) return;
    const storage = new StorageStage();
    storage.atomicSwap = () => {
      throw new Error("the disk is full");
    };
    const code = await stage.play([ok("a")], {}, { storage })
      .then(() => "none", (error) => error.code);
    checkEqual(code, "STORAGE", "the error");
    const spans = await stage.bench.seen();
    checkEqual(spans.length, 1, "how many spans there are");
    checkEqual(spans[0].taskId, undefined, "what the span is about");
  }),

  brokenTest("tracer"),
];

function tracerTest(
  name: string,
  body: (stage: Stage) => Promise<void>,
): WatcherTest<TracerSubject> {
  return watcherTest("tracer", name, body);
}

/** Cancels a run while its second task runs. */
async function cutOff(
  stage: Stage,
  cut: (run: Run) => void,
): Promise<Run> {
  const workflow = stage.workflow();
  let begin = () => {};
  const begun = new Promise<void>((resolve) => begin = resolve);
  workflow.task.add([ok("a"), endless("b", () => begin()), ok("c")]);
  const run = await workflow.start({ mode: "background" });
  await begun;
  cut(run);
  return await run.finished;
}

/** Lets another owner take over the workflow. */
async function giveAway(storage: StorageStage): Promise<void> {
  const key = recordKey("stage");
  const context = storage.get(key);
  const { taskId, workflowId, runId, storage: record } = context;
  const owner = { id: "another", name: "another", since: 0, leaseMs: 60_000 };
  const taken = { ...record, owner, epoch: record.epoch + 1, nonce: "another" };
  await storage.post(
    key,
    new Context({ storage: taken, taskId, workflowId, runId }),
  );
}

/** The spans of a run, which have to be whole: each once, in one tree. */
async function traceOf(
  { bench }: Stage,
  run: Pick<RunInfo, "runId" | "duration" | "tasks">,
  taskIds: readonly string[],
): Promise<{ root: SeenSpan; tasks: SeenSpan[] }> {
  const { runId } = run;
  const spans = (await bench.seen()).filter((span) => span.runId === runId);
  const found = spans.map(({ taskId }) => taskId ?? "the run");
  checkEqual(
    found.sort(),
    ["the run", ...taskIds].sort(),
    `the spans of run ${runId}`,
  );
  const root = spans.find(({ taskId }) => taskId === undefined)!;
  const tasks = taskIds.map((id) => spans.find((span) => span.taskId === id)!);
  const ids = new Set(spans.map(({ spanId }) => spanId));
  checkEqual(ids.size, spans.length, "how many ids the spans have");
  checkNear(root.endMs - root.startMs, run.duration, "how long the run took");
  for (const span of tasks) {
    const { taskId, traceId, parentId, startMs, endMs } = span;
    checkEqual(traceId, root.traceId, `the trace of ${taskId}`);
    checkEqual(parentId, root.spanId, `the parent of ${taskId}`);
    check(
      root.startMs <= startMs + SLACK_MS && startMs <= endMs &&
        endMs <= root.endMs + SLACK_MS,
      `the times of ${taskId}: ${startMs} to ${endMs} in ${root.startMs} to ` +
        root.endMs,
    );
    const task = run.tasks.find((task) => task.taskId === taskId)!;
    checkNear(startMs, task.startedMs, `when ${taskId} began`);
    checkNear(endMs - startMs, task.duration, `how long ${taskId} took`);
  }
  return { root, tasks };
}

function checkNear(actual: number, expected: number, what: string): void {
  check(
    Math.abs(actual - expected) <= SLACK_MS,
    `${what}: expected about ${expected}, but got ${actual}`,
  );
}
