import {
  action,
  Config,
  DotFlow,
  LogDefault,
  type LogFields,
  Metrics,
  type Task,
} from "@dotflow/dotflow";
import assert from "node:assert/strict";
import { failing, moment, sleep } from "./flow.ts";
import { cleanup, test } from "./harness.ts";
import {
  type Line,
  LogRecorder,
  Recorder,
  TracerRecorder,
} from "./recorder.ts";

/** Catches what is written to the console until the present test ends. */
function catchConsole(): string[] {
  const lines: string[] = [];
  for (const method of ["debug", "info", "warn", "error"] as const) {
    const original = console[method];
    console[method] = (line: string) => void lines.push(line);
    cleanup(() => console[method] = original);
  }
  return lines;
}

/** The lines that tell of a provider that failed. */
function reportsIn(lines: readonly Line[]): Line[] {
  return lines.filter(({ message }) => message.startsWith("Cannot deliver"));
}

test("endgame: a tracer that begins late holds no step up, and runs none", async () => {
  const gate = moment();
  const given: unknown[] = [];
  const recorder = new Recorder();
  const tracer = new class extends TracerRecorder {
    override async runTask(_task: Task, next: () => Promise<unknown>) {
      await gate.promise;
      given.push(await next());
      given.push(await next());
    }
  }(recorder);
  let ran = 0;
  const workflow = new DotFlow({ config: recorder.config({ tracer }) });
  workflow.task.add(action("a", () => ++ran));
  const run = await workflow.start();
  assert.equal(run.status, "Completed");
  assert.deepEqual(workflow.resultStorage(), [1]);
  gate.resolve();
  await sleep(1);
  assert.deepEqual(given, [1, 1], "what the step gave without it");
  assert.equal(ran, 1);
  assert.deepEqual(reportsIn(recorder.lines), []);
});

test("endgame: a tracer sees a step's last error, and is not blamed", async () => {
  const recorder = new Recorder();
  const caught: unknown[] = [];
  const tracer = new class extends TracerRecorder {
    override async runTask(_task: Task, next: () => Promise<unknown>) {
      try {
        return await next();
      } catch (error) {
        caught.push(error);
        throw error;
      }
    }
  }(recorder);
  const workflow = new DotFlow({ config: recorder.config({ tracer }) });
  workflow.task.add(failing(9, { name: "a", retry: 3 }));
  const run = await workflow.start();
  await sleep(1);
  const { errors } = run.tasks[0];
  assert.equal(errors.length, 3);
  assert.deepEqual(caught.length, 1);
  assert.equal(caught[0], errors[2].thrown);
  assert.deepEqual(reportsIn(recorder.lines), []);
});

test("endgame: a value in a log line forges no field", () => {
  const lines = catchConsole();
  const log = new LogDefault();
  const forged = 'x\\" status=Completed';
  log.info("m", { a: forged, b: "x\\", c: 'y z\\"', d: "\\ =" });
  const [line] = lines;
  // As a reader would take it apart: quoted, with escapes, or without a blank.
  const fields = [...line.matchAll(/([^\s=]+)=("(?:\\.|[^"\\])*"|\S*)(?: |$)/g)]
    .map(([, name, value]) => [
      name,
      value.startsWith('"')
        ? value.slice(1, -1).replace(/\\(.)/g, "$1")
        : value,
    ]);
  assert.deepEqual(fields, [
    ["a", forged],
    ["b", "x\\"],
    ["c", 'y z\\"'],
    ["d", "\\ ="],
  ]);
});

test("endgame: no field takes the place of a JSON line's own", async () => {
  const lines = catchConsole();
  const log = new LogDefault({ format: "json" });
  const config = new Config({ log });
  const workflow = new DotFlow({ workflowId: "wf", config });
  const forged = {
    level: "forged",
    message: "forged",
    timestamp: "forged",
    workflow_id: "forged",
    run_id: "forged",
    task_id: "forged",
    status: "forged",
    workflowId: "forged",
    runId: "forged",
  };
  workflow.task.add(action("a", ({ log }) => log.warning("real", forged)));
  const run = await workflow.start();
  log.info("bare", { ...forged, workflowId: "wf" });
  const records = lines.map((line) => JSON.parse(line))
    .filter(({ message }) => message === "real" || message === "bare");
  const [of, bare] = records;
  assert.equal(records.length, 2);
  assert.match(of.timestamp, /^\d{4}-/);
  const { level, workflow_id, run_id, task_id, status } = of;
  assert.deepEqual([level, workflow_id, run_id, task_id, status], [
    "WARNING",
    "wf",
    run.runId,
    "a",
    "In progress",
  ]);
  assert.deepEqual([bare.level, bare.workflow_id], ["INFO", "wf"]);
  assert.match(bare.timestamp, /^\d{4}-/);
  const heads = lines.map((line) => Object.keys(JSON.parse(line)).slice(0, 3));
  for (const head of heads) {
    assert.deepEqual(head, ["timestamp", "level", "message"]);
  }
});

test("endgame: a line of progress says what is being done", async () => {
  const lines = catchConsole();
  const recorder = new Recorder();
  const log = [
    new LogRecorder(recorder.lines),
    new LogDefault({ level: "DEBUG", format: "json" }),
    new LogDefault({ level: "DEBUG" }),
  ];
  const workflow = new DotFlow({ config: recorder.config({ log }) });
  workflow.task.add(action("a", ({ progress }) => progress(0.5, "half done")));
  await workflow.start();
  const told = recorder.lines.filter(({ level }) => level === "DEBUG");
  assert.deepEqual(
    told.map(({ message, fields }) => [
      message,
      fields.fraction,
      fields.detail,
      fields.task?.taskId,
    ]),
    [["Progress", 0.5, "half done", "a"]],
  );
  const [json, simple] = lines.filter((line) => line.includes("half done"));
  const { level, message, fraction, detail, task_id } = JSON.parse(json);
  assert.deepEqual([level, message, fraction, detail, task_id], [
    "DEBUG",
    "Progress",
    0.5,
    "half done",
    "a",
  ]);
  assert.match(simple, / DEBUG Progress .* detail="half done"$/);
});

test("endgame: a hang on the last call is reported once, and in time", async () => {
  const recorder = new Recorder();
  const written: Line[] = [];
  const hang = moment();
  const metrics = new class extends Metrics {
    workflowStarted(): void {}
    workflowCompleted(): Promise<void> {
      return hang.promise;
    }
    workflowFailed(): void {}
    taskCompleted(): void {}
    taskFailed(): void {}
    taskRetried(): void {}
  }();
  const log = new class extends LogRecorder {
    override async error(...[message, fields = {}]: [string, LogFields?]) {
      await sleep(2);
      this.lines.push({ level: "ERROR", message, fields });
    }
  }(written);
  const config = recorder.config({ metrics, log, drainTimeout: 300 });
  const workflow = new DotFlow({ config });
  workflow.task.add(action("a", () => 1));
  await workflow.start();
  const reports = reportsIn(written);
  assert.equal(reports.length, 1, "before start resolves");
  assert.match(String(reports[0].fields.reason), /^1 events were dropped/);
  hang.reject(new Error("late"));
  await sleep(20);
  assert.equal(reportsIn(written).length, 1, "and not again");
});

test("endgame: a signal read too late tells of the timeout", async () => {
  const ended = moment();
  const reasons: unknown[] = [];
  const read = moment();
  const workflow = new DotFlow();
  workflow.task.add(
    action("a", { timeout: 5, retry: 2, retryDelay: 0 }, async (step) => {
      if (step.attempt === 1) {
        await ended.promise;
        reasons.push(step.signal.aborted, step.signal.reason);
        read.resolve();
        return "late";
      }
      ended.resolve();
      await read.promise;
      reasons.push(step.signal.aborted);
      return "in time";
    }),
  );
  const run = await workflow.start();
  const [{ thrown }] = run.tasks[0].errors;
  assert.equal((thrown as { code?: string }).code, "TASK_TIMEOUT");
  assert.deepEqual(reasons, [true, thrown, false]);
  assert.deepEqual(workflow.resultStorage(), ["in time"]);
});

test("endgame: a signal read after the run tells of the timeout", async () => {
  const over = moment();
  const reason = moment<unknown>();
  const workflow = new DotFlow();
  workflow.task.add(action("a", { timeout: 5 }, async (step) => {
    await over.promise;
    reason.resolve(step.signal.reason);
  }));
  const run = await workflow.start();
  over.resolve();
  assert.equal(await reason.promise, run.tasks[0].error!.thrown);
});
