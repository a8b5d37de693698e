import {
  type Action,
  action,
  type ActionOptions,
  Config,
  DotFlow,
  NonRetryableError,
  RetryAfterError,
  type Task,
} from "@dotflow/dotflow";
import fc from "fast-check";
import assert from "node:assert/strict";
import { nextDelay } from "../src/run/retry.ts";
import { failing, moment, sleep } from "./flow.ts";
import { test } from "./harness.ts";
import { type Line, LogRecorder } from "./recorder.ts";

/** Runs one step and gives its task. */
async function runOne(step: Action): Promise<Task> {
  const workflow = new DotFlow();
  workflow.task.add(step);
  const run = await workflow.start();
  return run.tasks[0];
}

test("retry: without options there is one attempt", async () => {
  const step = failing(1);
  const task = await runOne(step);
  assert.equal(task.status, "Failed");
  assert.deepEqual(step.attempts, [1]);
  assert.equal(task.retryCount, 0);
  assert.equal(task.errors.length, 1);
});

test("retry: attempts count in all, and every error is kept", async () => {
  const step = failing(2, { retry: 3 });
  const task = await runOne(step);
  assert.equal(task.status, "Completed");
  assert.equal(task.currentContext.storage, "done");
  assert.deepEqual(step.attempts, [1, 2, 3]);
  assert.equal(task.retryCount, 2);
  assert.deepEqual(
    task.errors.map(({ attempt, message }) => ({ attempt, message })),
    [
      { attempt: 1, message: "failure 1" },
      { attempt: 2, message: "failure 2" },
    ],
  );
  assert.equal(task.error, task.errors[1]);
});

test("retry: it ends with the last attempt", async () => {
  const step = failing(9, { retry: 3 });
  const task = await runOne(step);
  assert.equal(task.status, "Failed");
  assert.deepEqual(step.attempts, [1, 2, 3]);
  assert.equal(task.retryCount, 2);
  assert.equal(task.errors.length, 3);
});

test("retry: NonRetryableError ends it at once", async () => {
  let count = 0;
  const task = await runOne(action({ retry: 5, retryDelay: 0 }, () => {
    if (++count === 2) throw new NonRetryableError("no use");
    throw new Error("again");
  }));
  assert.equal(count, 2);
  assert.equal(task.status, "Failed");
  assert.deepEqual(task.errors.map((error) => error.exception), [
    "Error",
    "NonRetryableError",
  ]);
});

test("retry: RetryAfterError says how long to wait", async () => {
  const times: number[] = [];
  const step = action({ retry: 2, retryDelay: "1h" }, () => {
    times.push(performance.now());
    if (times.length === 1) throw new RetryAfterError("later", "40ms");
    return 1;
  });
  const task = await runOne(step);
  assert.equal(task.status, "Completed");
  const waited = times[1] - times[0];
  assert.ok(waited >= 35 && waited < 2_000, `waited ${waited} ms`);
  assert.throws(() => new RetryAfterError("later", "soon"), {
    code: "INVALID_OPTION",
  });
});

test("retry: retryIf decides by the error", async () => {
  const seen: unknown[] = [];
  const options: ActionOptions = {
    retry: 5,
    retryDelay: 0,
    retryIf: (error) => {
      seen.push(error);
      return (error as Error).message !== "failure 3";
    },
  };
  const step = failing(9, options);
  const task = await runOne(step);
  assert.equal(task.status, "Failed");
  assert.deepEqual(step.attempts, [1, 2, 3]);
  assert.equal(seen.length, 3);
  assert.equal(seen[0], task.errors[0].thrown);
});

test("retry: a retryIf that throws counts as a no, and is logged", async () => {
  const lines: Line[] = [];
  const step = failing(9, {
    retry: 5,
    retryIf: () => {
      throw new TypeError("broken check");
    },
  });
  const config = new Config({ log: new LogRecorder(lines) });
  const workflow = new DotFlow({ config });
  workflow.task.add(step);
  const { tasks: [task] } = await workflow.start();
  assert.equal(task.status, "Failed");
  assert.deepEqual(step.attempts, [1]);
  assert.deepEqual(task.errors.map((error) => error.message), ["failure 1"]);
  const [line] = lines.filter(({ message }) => message.includes("retryIf"));
  assert.equal(line.level, "ERROR");
  assert.equal(line.fields.reason, "broken check");
});

test("retry: a timed-out attempt aborts its signal, and is retried", async () => {
  const reasons: unknown[] = [];
  const step = action({
    name: "slow",
    retry: 2,
    retryDelay: 0,
    timeout: 15,
  }, async ({ attempt, signal }) => {
    if (attempt === 2) return "in time";
    signal.addEventListener("abort", () => reasons.push(signal.reason));
    await new Promise(() => {});
  });
  const task = await runOne(step);
  assert.equal(task.status, "Completed");
  assert.equal(task.currentContext.storage, "in time");
  assert.equal(task.retryCount, 1);
  assert.equal(task.errors[0].exception, "TaskTimeoutError");
  assert.match(task.errors[0].message, /task "slow" within 15 ms/);
  assert.equal(reasons[0], task.errors[0].thrown);
});

test("retry: the late outcome of a timed-out attempt is ignored", async () => {
  for (const late of ["value", "error"]) {
    const gate = moment();
    const ended = moment();
    let tasks: readonly Task[] = [];
    const slow = action("slow", {
      retry: 2,
      retryDelay: 0,
      timeout: 60,
    }, async ({ attempt, progress }) => {
      if (attempt === 2) {
        gate.resolve();
        await ended.promise;
        return "second";
      }
      await gate.promise;
      progress(0.5, "late");
      queueMicrotask(() => ended.resolve());
      if (late === "error") throw new Error("late");
      return "late";
    });
    const workflow = new DotFlow();
    workflow.task.add(slow).add(
      action("next", ({ previousContext }) => previousContext.storage),
    );
    ({ tasks } = await workflow.start());
    assert.deepEqual(workflow.resultStorage(), ["second", "second"]);
    assert.equal(tasks[0].errors.length, 1);
    assert.equal(tasks[0].progress, undefined);
  }
});

test("retry: a step that blocks the thread past its timeout is late", async () => {
  const step = action({ timeout: 5 }, async () => {
    await sleep(30);
    return "late";
  });
  const task = await runOne(step);
  assert.equal(task.status, "Failed");
  assert.equal(task.error?.exception, "TaskTimeoutError");
  assert.equal(task.currentContext.storage, undefined);
});

test("retry: a signal asked for after the attempt has ended is aborted", async () => {
  let late: () => AbortSignal = () => AbortSignal.abort();
  await runOne(action((step) => {
    late = () => step.signal;
  }));
  assert.equal(late().aborted, true);
});

test("retry: attempts wait for their delay", async () => {
  const times: number[] = [];
  const step = action({ retry: 3, retryDelay: 20, backoff: true }, () => {
    times.push(performance.now());
    throw new Error("no");
  });
  const task = await runOne(step);
  const [first, second] = [times[1] - times[0], times[2] - times[1]];
  assert.ok(first >= 18, `first ${first} ms`);
  assert.ok(second >= 37, `second ${second} ms`);
  assert.ok(task.duration >= first + second - 2);
});

test("retry: every attempt has the same idempotency key", async () => {
  const keys: string[] = [];
  const step = action("a/b", { retry: 3, retryDelay: 0 }, (step) => {
    keys.push(step.idempotencyKey);
    throw new Error("no");
  });
  const workflow = new DotFlow({ workflowId: "wf 1" });
  workflow.task.add(step).add(step);
  const run = await workflow.start({ keepGoing: true });
  const [first, , , second] = keys;
  assert.deepEqual(keys, [first, first, first, second, second, second]);
  assert.notEqual(first, second);
  assert.ok(first.includes(run.runId));
});

test("retry: the delays follow their law", () => {
  const settings = fc.record({
    attempts: fc.integer({ min: 2, max: 10_000 }),
    retryDelayMs: fc.nat(1e9).map((n) => n / 4),
    backoff: fc.boolean(),
    maxRetryDelayMs: fc.oneof(fc.constant(Infinity), fc.nat(1e9)),
    jitter: fc.boolean(),
  });
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(fc.property(settings, fc.nat(), random, (given, nat, random) => {
    const all = {
      ...given,
      name: undefined,
      timeoutMs: undefined,
      retryIf: undefined,
    };
    const attempt = 1 + nat % given.attempts;
    const delay = nextDelay(all, attempt, new Error(), () => random);
    if (attempt === given.attempts) return assert.equal(delay, undefined);
    const { retryDelayMs, backoff, maxRetryDelayMs, jitter } = given;
    const doubled = backoff && retryDelayMs > 0
      ? retryDelayMs * 2 ** (attempt - 1)
      : retryDelayMs;
    const whole = Math.min(doubled, maxRetryDelayMs, Number.MAX_SAFE_INTEGER);
    assert.equal(delay, jitter ? whole * random : whole);
    assert.ok(Number.isFinite(delay) && delay! >= 0);
  }));
});
