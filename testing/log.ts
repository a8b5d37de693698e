/**
 * Contract tests of logs.
 *
 * @module
 */

import { action } from "../src/action.ts";
import type { Log } from "../src/contracts/log.ts";
import { Tracer } from "../src/contracts/tracer.ts";
import { toTraceparent } from "../src/traceparent.ts";
import { brokenTest } from "./broken.ts";
import { check, checkEqual } from "./check.ts";
import {
  flaky,
  MANY,
  ok,
  type Stage as AnyStage,
  StorageStage,
  watcherTest,
} from "./stage.ts";
import type { LogSubject, SeenLine, WatcherTest } from "./watcher.ts";

type Stage = AnyStage<Log, readonly SeenLine[]>;

/** All tests that a log has to pass, each independent of the others. */
export const logContract: readonly WatcherTest<LogSubject>[] = [
  logTest("changes of status are told in order, each as grave as it is", async (
    stage,
  ) => {
    await stage.play([ok("one"), flaky("two", 1, 2), flaky("three", 9, 1)]);
    await checkLines(stage, [
      ["INFO", "In progress", "one"],
      ["INFO", "Completed", "one"],
      ["INFO", "In progress", "two"],
      ["WARNING", "Retry", "two"],
      ["INFO", "In progress", "two"],
      ["INFO", "Completed", "two"],
      ["INFO", "In progress", "three"],
      ["ERROR", "three"],
    ]);
  }),

  logTest("a failure says what was thrown", async (stage) => {
    const steps = [flaky("fails", 9, 1)];
    const run = await stage.play(steps, {}, { workflowId: "failing-flow" });
    await checkLines(stage, [[
      "ERROR",
      "TypeError",
      "failure of fails",
      "fails",
      "failing-flow",
      run.runId,
    ]]);
  }),

  logTest("lines of steps come with their fields and their task", async (
    stage,
  ) => {
    const speaks = action("speaks", ({ log }) => {
      log.info("rows were read", { rows: 4_711, from: { table: "users" } });
      log.warning("a row was skipped", { reason: "no name" });
      log.error("rows were lost", { rows: 3 });
    });
    await stage.play([speaks, flaky("fails", 9, 1)]);
    await checkLines(stage, [
      ["INFO", "rows were read", "4711", "users", "speaks"],
      ["WARNING", "a row was skipped", "no name", "speaks"],
      ["ERROR", "rows were lost", "3", "speaks"],
      ["ERROR", "fails"],
    ]);
  }),

  logTest("lines of runs that go on at once are told apart", async (stage) => {
    const runs = await Promise.all(
      Array.from({ length: MANY }, (_, n) => {
        const speaks = action("speaks", async ({ log }) => {
          await null;
          log.info(`word-${n}-of-many`);
        });
        const steps = [speaks, flaky(`fails-${n}-of-many`, 9, 1)];
        return stage.play(steps, {}, { workflowId: `stage-${n}-of-many` });
      }),
    );
    const lines = await stage.bench.seen();
    for (const [n, { runId }] of runs.entries()) {
      for (const mine of [`word-${n}-of-many`, `fails-${n}-of-many`]) {
        const about = lines.filter(({ text }) => text.includes(mine));
        check(about.length > 0, `no line has ${mine}`);
        for (const { text } of about) {
          check(text.includes(runId), `a line of run ${runId} is of ${text}`);
          const others = runs.filter((run) => text.includes(run.runId));
          checkEqual(others.length, 1, `how many runs are named by ${text}`);
        }
      }
    }
  }),

  logTest("a line may hold anything", async (stage) => {
    const cycle: Record<string, unknown> = { name: "cycle" };
    cycle.self = cycle;
    const fields = {
      cycle,
      big: 2n ** 70n,
      undef: undefined,
      date: new Date(NaN),
      map: new Map([[{}, new Set([1])]]),
      call: () => {},
      sign: Symbol("sign"),
      get thrower() {
        return "taken when the line was written";
      },
      hostile: {
        get inner(): never {
          throw new Error("hands off");
        },
      },
      proxy: new Proxy({}, {
        ownKeys: () => {
          throw new Error("hands off");
        },
      }),
      long: "x".repeat(100_000),
      controls: "\0\r\n\u001b[31m\u2028",
      half: "\ud83d",
      deep: Array.from({ length: 2_000 }).reduce((inner) => [inner], []),
    };
    const speaks = action("speaks", ({ log }) => {
      log.info("before-the-odd-line");
      log.warning("the-odd-line", fields);
      log.info("after-the-odd-line");
    });
    const run = await stage.play([speaks, flaky("fails", 9, 1)]);
    checkEqual(run.tasks[0].status, "Completed", "the status of the step");
    await checkLines(stage, [
      ["INFO", "before-the-odd-line"],
      ["WARNING", "the-odd-line"],
      ["INFO", "after-the-odd-line"],
      ["ERROR", "fails"],
    ]);
    const complaints = stage.overheard.filter(({ message }) =>
      message.startsWith("Cannot deliver")
    );
    checkEqual(complaints.length, 0, "how often the log has failed");
  }),

  logTest("what steps give is in no line", async (stage) => {
    const give = action("gives", () => ({ card: "canary-result" }));
    const workflow = stage.workflow();
    workflow.task.add(give, { initialContext: "canary-initial" });
    workflow.task.add(flaky("fails", 9, 1));
    await workflow.start({ input: "canary-input" });
    const lines = await stage.bench.seen();
    const found = lines.find(({ text }) => text.includes("canary"));
    check(found === undefined, `a line has what a step was given: ${found}`);
  }),

  logTest("lines stand where their task or run stands in its trace", async (
    stage,
    { traced = false, onlyWithErrors = false },
  ) => {
    if (!traced) return;
    const tracer = new TracerStage();
    const storage = new StorageStage();
    const speaks = action("speaks", ({ log }) => log.info("a line of a step"));
    const fails = flaky("fails", 1, 1);
    await stage.play([speaks, fails], {}, { tracer, storage });
    const expected: [text: string, place: string | undefined][] = [
      ["a line of a step", tracer.placeOf("speaks")],
      ["fails", tracer.placeOf("fails")],
    ];
    if (!onlyWithErrors) {
      expected.push(["Workflow started", tracer.placeOf("stage")]);
      await stage.play([speaks, fails], { resume: true }, { tracer, storage });
      expected.push(["Restored", tracer.placeOf("stage", 1)]);
    }
    const lines = await stage.bench.seen();
    for (const [text, place] of expected) {
      const line = lines.find((line) => line.text.includes(text));
      checkEqual(line?.traceparent, place, `the place of ${text}`);
    }
  }),

  brokenTest("log"),
];

function logTest(
  name: string,
  body: (stage: Stage, subject: LogSubject) => Promise<void>,
): WatcherTest<LogSubject> {
  return watcherTest("log", name, body);
}

/** Looks for lines, in their order: a level, and what their text has. */
async function checkLines(
  { bench }: Stage,
  expected: readonly (readonly [level: string, ...parts: string[]])[],
): Promise<void> {
  const lines = await bench.seen();
  let from = 0;
  for (const [level, ...parts] of expected) {
    const at = lines.findIndex((line, index) =>
      index >= from && line.level === level &&
      parts.every((part) => line.text.includes(part))
    );
    const all = lines.map(({ level, text }) => `${level} ${text}`).join("\n");
    const missing = parts.filter((part) => !all.includes(part)).join(", ");
    const hint = missing === "" ? "" : ` (no line at all has ${missing})`;
    const what = `no line ${level} has ${parts.join(", ")}${hint} in\n${all}`;
    check(at >= 0, what);
    from = at + 1;
  }
}

/** A tracer that counts its spans, and tells where they are. */
class TracerStage extends Tracer {
  readonly #places: string[] = [];
  #count = 0;

  startWorkflow(): void {}
  endWorkflow(): void {}
  startTask(): void {}
  endTask(): void {}

  override traceWorkflow({ workflowId }: { workflowId: string }): string {
    return this.#placeFor(workflowId);
  }

  override traceTask({ taskId }: { taskId: string }): string {
    return this.#placeFor(taskId);
  }

  /** Where a task or a workflow stood, the first time or a later one. */
  placeOf(id: string, start = 0): string | undefined {
    const places = this.#places.filter((place) => place.startsWith(`${id} `));
    return places[start]?.slice(id.length + 1);
  }

  #placeFor(id: string): string {
    const spanId = String(++this.#count).padStart(16, "0");
    const place = { traceId: "5".repeat(32), spanId, sampled: true };
    const traceparent = toTraceparent(place);
    this.#places.push(`${id} ${traceparent}`);
    return traceparent;
  }
}
