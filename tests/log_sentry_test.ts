import {
  action,
  Config,
  DotFlow,
  NonRetryableError,
  type Task,
} from "@dotflow/dotflow";
import { LogSentry } from "@dotflow/dotflow/providers/log-sentry";
import { TracerSentry } from "@dotflow/dotflow/providers/tracer-sentry";
import { logContract, type SeenLine } from "@dotflow/dotflow/testing";
import fc from "fast-check";
import assert from "node:assert/strict";
import { effort } from "./effort.ts";
import { failing, moment, rejectsWith } from "./flow.ts";
import { refuseUnhandled, test } from "./harness.ts";
import { aliveOf } from "./memory.ts";
import { NotifyRecorder, Recorder } from "./recorder.ts";
import { type LabSentry, openSentry } from "./sentry.ts";
import { testWatcher } from "./watcher_contract.ts";

/** Has a task throw, and gives what Sentry was told of it. */
// deno-lint-ignore no-explicit-any
async function told(sentry: LabSentry, thrown: unknown): Promise<any> {
  const config = new Config({ log: new LogSentry({ dsn: sentry.dsn }) });
  const workflow = new DotFlow({ workflowId: "thrown", config });
  workflow.task.add(action("a", () => {
    throw thrown;
  }));
  const run = await workflow.start();
  assert.equal(run.status, "Failed");
  assert.equal(run.tasks[0].error!.thrown, thrown);
  const events = (await sentry.events())
    .filter(({ tags }) => tags.run_id === run.runId);
  assert.equal(events.length, 1);
  return events[0];
}

class LoadError extends Error {
  override name = "LoadError";
}

function openTable(): never {
  const cause = new TypeError("no such column", { cause: "the table is old" });
  throw new LoadError("Cannot load the rows", { cause });
}

test("LogSentry: a failed task is an event with all that is known of it", async () => {
  const sentry = await openSentry();
  const options = { dsn: sentry.dsn, environment: "test", release: "app@1.2" };
  const config = new Config({
    log: new LogSentry(options),
    tracer: new TracerSentry(options),
  });
  const workflow = new DotFlow({ workflowId: "daily users", config });
  workflow.task
    .add(action("extract", ({ log }) => {
      log.info("Read rows", { rows: 3, mode: "fast" });
      log.debug("not kept");
    }))
    .add(failing(1, { name: "transform", retry: 2 }))
    .add(
      action("load", { retry: 2, retryDelay: 0 }, ({ log, attempt }) => {
        log.warning("Slow", { attempt });
        openTable();
      }),
      { groupName: "default" },
    );
  const run = await workflow.start();
  const load = run.tasks[2];

  const [event, ...others] = await sentry.events();
  assert.deepEqual(others, []);
  assert.equal(event.level, "error");
  assert.equal(event.logger, "dotflow");
  assert.equal(event.environment, "test");
  assert.equal(event.release, "app@1.2");
  assert.equal(event.transaction, "daily users");
  const lateMs = event.timestamp * 1_000 - load.error!.failedMs;
  assert.ok(Math.abs(lateMs) < 1_000, `${lateMs}`);
  assert.deepEqual(event.tags, {
    workflow_id: "daily users",
    run_id: run.runId,
    task_id: "load",
    attempt: "2",
    mode: "sequential",
  });

  const { values } = event.exception;
  assert.deepEqual(
    // deno-lint-ignore no-explicit-any
    values.map(({ type, value }: any) => [type, value]),
    [
      ["string", "the table is old"],
      ["TypeError", "no such column"],
      ["LoadError", "Cannot load the rows"],
    ],
  );
  assert.deepEqual(values[2].mechanism, { type: "dotflow", handled: true });
  for (const { type, stacktrace } of values.slice(1)) {
    const { frames } = stacktrace;
    const last = frames.at(-1);
    assert.equal(last.function, "openTable", type);
    assert.equal(typeof last.lineno, "number");
    assert.match(last.filename, /\.[jt]s$/);
  }
  assert.equal(values[0].stacktrace, undefined);

  assert.deepEqual(
    // deno-lint-ignore no-explicit-any
    event.breadcrumbs.map(({ level, category, message, data }: any) => [
      level,
      category.replace("dotflow.", ""),
      message,
      data.task_id,
      data.attempt,
    ]),
    [
      ["info", "workflow", "Workflow started", undefined, undefined],
      ["info", "task", "In progress", "extract", 1],
      ["info", "task", "Read rows", "extract", 1],
      ["info", "task", "Completed", "extract", 1],
      ["info", "task", "In progress", "transform", 1],
      ["warning", "task", "Retry", "transform", 1],
      ["info", "task", "In progress", "transform", 2],
      ["info", "task", "Completed", "transform", 2],
      ["info", "task", "In progress", "load", 1],
      ["warning", "task", "Slow", "load", 1],
      ["warning", "task", "Retry", "load", 1],
      ["info", "task", "In progress", "load", 2],
      ["warning", "task", "Slow", "load", 2],
    ],
  );
  assert.equal(event.breadcrumbs[2].data.rows, 3);
  const { exception, reason } = event.breadcrumbs[5].data;
  assert.deepEqual([exception, reason], ["Error", "failure 1"]);
  // deno-lint-ignore no-explicit-any
  const times = event.breadcrumbs.map(({ timestamp }: any) => timestamp);
  assert.deepEqual(times, [...times].sort());

  const [, traceId, spanId] = load.traceparent!.split("-");
  const { trace, dotflow } = event.contexts;
  assert.deepEqual([trace.trace_id, trace.span_id], [traceId, spanId]);
  const [{ header }] = await sentry.envelopes();
  assert.equal(header.trace.trace_id, traceId);
  assert.equal(header.trace.public_key, sentry.key);
  assert.equal(header.trace.environment, "test");
  assert.equal(header.trace.release, "app@1.2");
  assert.equal(dotflow.group, "default");
  assert.equal(dotflow.retry_count, 1);
  assert.deepEqual(dotflow.failed_attempts, [
    "1: LoadError: Cannot load the rows",
    "2: LoadError: Cannot load the rows",
  ]);
  assert.equal(sentry.inbox.url.includes(sentry.key), false);
});

test("LogSentry: lines of level ERROR are events, what was asked for is none", async () => {
  const sentry = await openSentry();
  const recorder = new Recorder();
  class NotifySick extends NotifyRecorder {
    override hookStatusTask(task: Task): void {
      if (task.status === "Completed") throw new Error("no chat");
    }
  }
  const config = new Config({
    log: new LogSentry({ dsn: sentry.dsn }),
    notify: new NotifySick(recorder),
  });
  const workflow = new DotFlow({ workflowId: "lines", config });
  const options = { retry: 2, retryDelay: 0 };
  workflow.task.add(action("a", options, ({ log, attempt }) => {
    if (attempt === 1) throw new Error("once");
    log.error("Cannot read page", { page: 7, error: new TypeError("gone") });
    log.error("Failed");
  })).add(action("b", () => stop.abort("enough")));
  const stop = new AbortController();
  const run = await workflow.start({
    signal: stop.signal,
    onFailure() {
      throw new Error("no end");
    },
  });
  assert.equal(run.status, "Cancelled");

  const events = await sentry.events();
  const messages = events.map(({ message }) => message);
  assert.deepEqual([...messages].sort(), [
    "Cannot deliver events to NotifySick",
    "Cannot finish onFailure",
    "Cannot read page",
    "Failed",
  ]);
  const [page, failed, sick, end] = [
    "Cannot read page",
    "Failed",
    "Cannot deliver events to NotifySick",
    "Cannot finish onFailure",
  ].map((wanted) => events.find(({ message }) => message === wanted));
  for (const event of events) {
    assert.equal(event.level, "error");
    const types = event.exception?.values
      // deno-lint-ignore no-explicit-any
      .map(({ type, value }: any) => `${type}: ${value}`);
    assert.deepEqual(types, event === page ? ["TypeError: gone"] : undefined);
  }
  const [{ stacktrace, mechanism }] = page.exception.values;
  assert.ok(stacktrace.frames.length > 0);
  assert.deepEqual(mechanism, { type: "dotflow", handled: true });
  assert.deepEqual(page.extra, { page: 7, error: "TypeError: gone" });
  for (const event of [page, failed]) {
    assert.deepEqual(event.tags, {
      workflow_id: "lines",
      run_id: run.runId,
      task_id: "a",
      attempt: "2",
      mode: "sequential",
    });
    assert.equal(event.breadcrumbs.length, 4);
  }
  assert.equal(end.extra.reason, "no end");
  assert.equal(end.tags.run_id, run.runId);
  assert.equal(end.tags.task_id, undefined);
  assert.equal(sick.extra.reason, "no chat");
  // Without a tracer, all of a run stands in one trace.
  const traces = [page, failed, end].map(({ contexts }) => contexts.trace);
  assert.equal(new Set(traces.map(({ trace_id: id }) => id)).size, 1);
  assert.equal(new Set(traces.map(({ span_id: id }) => id)).size, 3);
});

test("LogSentry: a run that cannot end is told of", async () => {
  const sentry = await openSentry();
  const { StorageFailing } = await import("./storages.ts");
  const storage = new StorageFailing();
  const log = new LogSentry({ dsn: sentry.dsn });
  const config = new Config({ storage, log });
  const workflow = new DotFlow({ workflowId: "wf", config });
  workflow.task.add(action("a", () => {
    storage.fails = () => true;
  }));
  await rejectsWith(workflow.start(), "STORAGE");
  const events = await sentry.events();
  const end = events.find(({ message }) => message);
  assert.equal(end.message, "Cannot finish workflow");
  assert.equal(end.extra.exception, "StorageError");
  assert.match(end.extra.traceback, /^StorageError: /);
});

test("LogSentry: whatever is thrown is an event, and stays as it was", async () => {
  refuseUnhandled();
  const sentry = await openSentry();
  const deep = new Error("5", { cause: new Error("6") });
  const chain = new Error("1", {
    cause: new Error("2", {
      cause: new Error("3", { cause: new Error("4", { cause: deep }) }),
    }),
  });
  const cycle = new Error("a", { cause: new Error("b") });
  (cycle.cause as Error).cause = cycle;
  const frozen = Object.freeze(new RangeError("ice"));
  class Hostile extends Error {
    override get message(): string {
      throw new Error("no message");
    }
    override get name(): string {
      throw new Error("no name");
    }
    override get cause(): unknown {
      throw new Error("no cause");
    }
  }
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const cases: [unknown, [type: string, value: string][]][] = [
    ["text", [["string", "text"]]],
    ["", [["string", "No error message"]]],
    [undefined, [["undefined", "undefined"]]],
    [null, [["null", "null"]]],
    [42, [["number", "42"]]],
    [{ code: 7 }, [["Object", '{"code":7}']]],
    [{ name: "Own", message: "own" }, [["Own", "own"]]],
    [Object.freeze([1, 2]), [["Array", "[1,2]"]]],
    [proxy, [["Object", "a plain object"]]],
    [frozen, [["RangeError", "ice"]]],
    [new NonRetryableError("stop"), [["NonRetryableError", "stop"]]],
    [cycle, [["Error", "b"], ["Error", "a"]]],
    [chain, ["5", "4", "3", "2", "1"].map((value) => ["Error", value])],
    [
      new Error("top", { cause: { code: 1 } }),
      [["Object", '{"code":1}'], ["Error", "top"]],
    ],
    [
      new AggregateError([new TypeError("one"), new Error("two")], "all"),
      [["TypeError", "one"], ["AggregateError", "all"]],
    ],
    [
      new AggregateError([new Error("one")], "all", { cause: new Error("c") }),
      [["Error", "c"], ["AggregateError", "all"]],
    ],
    [new AggregateError([proxy], "odd"), [["AggregateError", "odd"]]],
    [
      Object.assign(new Error("issues"), { errors: [{ path: "a" }] }),
      [["Error", "issues"]],
    ],
    [new Error("half \ud83d pair"), [["Error", "half \ufffd pair"]]],
  ];
  for (const [thrown, expected] of cases) {
    const { exception, extra } = await told(sentry, thrown);
    assert.deepEqual(
      // deno-lint-ignore no-explicit-any
      exception.values.map(({ type, value }: any) => [type, value]),
      expected,
    );
    assert.equal(extra, undefined, "nothing is left over of others");
    if (thrown !== proxy && thrown instanceof Error) {
      assert.equal("__sentry_captured__" in thrown, false);
    }
  }
  const hostile = await told(sentry, new Hostile());
  assert.equal(hostile.exception.values.length, 1);
  assert.equal(hostile.exception.values[0].type, "Hostile");
});

test("LogSentry: one error that fails many tasks has an event for each", async () => {
  const sentry = await openSentry();
  const log = new LogSentry({ dsn: sentry.dsn });
  const shared = new Error("the same");
  const workflow = new DotFlow({ config: new Config({ log }) });
  const step = action("a", () => {
    throw shared;
  });
  workflow.task.add([step, step, step]);
  await workflow.start({ keepGoing: true });
  await workflow.start({ keepGoing: true });
  const tasks = (await sentry.events()).map(({ tags }) => tags.task_id);
  assert.deepEqual(
    tasks.sort(),
    ["a", "a", "a-2", "a-2", "a-3", "a-3"],
  );
});

test("LogSentry: breadcrumbs are the last of their run, and bounded", async () => {
  const sentry = await openSentry();
  const log = new LogSentry({ dsn: sentry.dsn });
  const of = (run: number) => ({ runId: `run ${run}`, workflowId: "wf" });
  for (let n = 0; n < 150; n++) log.info(`line ${n}`, of(1));
  log.error("first", of(1));
  // Runs that never end: the one that was silent for longest is forgotten.
  const fill = (run: number) => {
    for (let n = 0; n < 100; n++) log.warning(`line ${n}`, of(run));
  };
  for (let run = 1; run <= 100; run++) fill(run);
  log.error("third", of(1));
  fill(101);
  log.error("fourth", of(2));
  log.error("again", of(1));
  for (let run = 200; run < 1_200; run++) log.info("line", of(run));
  log.error("fifth", of(101));
  log.error("sixth", of(1_199));
  await log.flush();
  const events = await sentry.events();
  const crumbsOf = (wanted: string) =>
    events.find(({ message }) => message === wanted).breadcrumbs
      // deno-lint-ignore no-explicit-any
      ?.map(({ message }: any) => message) ?? [];
  const lines = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, n) => `line ${from + n}`);
  assert.deepEqual(crumbsOf("first"), lines(50, 150));
  assert.deepEqual(crumbsOf("third"), lines(0, 100));
  assert.deepEqual(crumbsOf("fourth"), []);
  assert.deepEqual(crumbsOf("again"), lines(0, 100));
  assert.deepEqual(crumbsOf("fifth"), []);
  assert.deepEqual(crumbsOf("sixth"), ["line"]);
});

test("LogSentry: what comes after a run's end is told in its trail", async () => {
  const sentry = await openSentry();
  class NotifyLate extends NotifyRecorder {
    override flush(): Promise<void> {
      return Promise.reject(new Error("no chat"));
    }
  }
  const log = new LogSentry({ dsn: sentry.dsn });
  const notify = new NotifyLate(new Recorder());
  const workflow = new DotFlow({ config: new Config({ log, notify }) });
  workflow.task.add(failing(9, { name: "a" }));
  await workflow.start();
  const events = await sentry.events();
  const failed = events.find(({ message }) => message === undefined);
  const late = events.find(({ message }) => message);
  assert.equal(late.message, "Cannot deliver events to NotifyLate");
  assert.deepEqual(
    // deno-lint-ignore no-explicit-any
    late.breadcrumbs.map(({ message }: any) => message),
    ["Workflow started", "In progress", "Workflow ended"],
  );
  assert.equal(late.tags.mode, "sequential");
  const traces = [failed, late].map(({ contexts }) => contexts.trace.trace_id);
  assert.equal(traces[0], traces[1]);
});

test("LogSentry: of runs that have ended, the last 100 are remembered", async () => {
  const sentry = await openSentry();
  const log = new LogSentry({ dsn: sentry.dsn });
  const of = (run: number) => ({ runId: `${run}`, workflowId: "wf" });
  const engine = (run: number) => ({ ...of(run), mode: "sequential" });
  const start = (run: number) => log.info("Workflow started", engine(run));
  const end = (run: number) => log.info("Workflow ended", engine(run));
  for (let run = 0; run <= 100; run++) {
    start(run);
    end(run);
  }
  // This one goes on once more, and is silent for longest.
  start(1);
  for (let run = 101; run <= 200; run++) {
    start(run);
    end(run);
  }
  for (const run of [0, 1, 100, 101, 200]) log.error(`of ${run}`, of(run));
  // Runs that go on push out those that have ended first.
  for (let run = 1_000; run < 1_990; run++) start(run);
  for (const run of [1, 150, 200]) log.error(`late ${run}`, of(run));
  // What is told late of a run does not have it go on.
  for (let run = 1_990; run < 2_010; run++) start(run);
  log.error("last 200", of(200));
  await log.flush();
  const events = await sentry.events();
  // deno-lint-ignore no-explicit-any
  const counts = events.map(({ message, breadcrumbs }: any) => [
    message,
    breadcrumbs?.length ?? 0,
  ]);
  assert.deepEqual(Object.fromEntries(counts), {
    "of 0": 0,
    "of 1": 3,
    "of 100": 0,
    "of 101": 2,
    "of 200": 2,
    "late 1": 3,
    "late 150": 0,
    "late 200": 2,
    "last 200": 0,
  });
});

test("LogSentry: events stay within Sentry's limits, whatever they say", async () => {
  const sentry = await openSentry();
  const log = new LogSentry({ dsn: sentry.dsn });
  // A control character is six bytes of JSON.
  const long = `x${`${"\u0001".repeat(9)}\ud83d`.repeat(10_000)}`;
  const fields = Object.fromEntries(
    Array.from({ length: 300 }, (_, n) => [`${n}${long}`, [long, { long }]]),
  );
  const subject = { runId: "run", workflowId: long };
  for (let n = 0; n < 100; n++) log.info(long, { ...subject, ...fields });
  log.error(long, { ...subject, ...fields, traceparent: long });
  await log.flush();
  const [event] = await sentry.events();
  assert.ok(event.breadcrumbs.length > 10, `${event.breadcrumbs.length}`);
  assert.ok(Object.keys(event.extra).length > 2);

  const { exception } = await told(sentry, new Error(long));
  assert.ok(exception.values[0].value.length > 8_000);
});

test("LogSentry: whatever a line holds, Sentry can read it", async () => {
  const sentry = await openSentry();
  const log = new LogSentry({ dsn: sentry.dsn });
  let lines = 0;
  const text = fc.string({ unit: "binary" });
  await fc.assert(
    fc.asyncProperty(
      text,
      fc.dictionary(text, fc.anything({ withBigInt: true, withDate: true })),
      text,
      async (message, fields, workflowId) => {
        const about = { workflowId, runId: "run" };
        log.info(message, { ...fields, ...about, task: undefined });
        log.error(message, { ...fields, ...about, task: undefined });
        await log.flush();
        lines++;
      },
    ),
    { numRuns: 30 * effort() },
  );
  assert.equal((await sentry.events()).length, lines);
});

test("LogSentry: fields that cannot be read harm nothing", async () => {
  const sentry = await openSentry();
  const log = new LogSentry({ dsn: sentry.dsn });
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  log.error("odd", {
    cycle,
    proxy,
    list: [1, undefined, new Date(0), [[[["deep"]]]]],
    toJSON: {
      toJSON() {
        throw new Error("no");
      },
    },
    nested: {
      get bad() {
        throw new Error("no");
      },
      good: NaN,
    },
    symbol: Symbol("s"),
    big: 12n,
    none: undefined,
  });
  await log.flush();
  const [{ extra }] = await sentry.events();
  assert.equal(extra.proxy, "[unreadable]");
  assert.deepEqual(extra.list.slice(0, 3), [
    1,
    null,
    "1970-01-01T00:00:00.000Z",
  ]);
  assert.equal(extra.toJSON, "[unreadable]");
  assert.deepEqual(extra.nested, { bad: "[unreadable]", good: "NaN" });
  assert.equal(extra.symbol, "Symbol(s)");
  assert.equal(extra.big, "12n");
  assert.equal("none" in extra, false);
});

test("LogSentry: an event that waits does not keep what was thrown", async () => {
  const sentry = await openSentry();
  const gate = moment();
  const log = new LogSentry({
    dsn: sentry.dsn,
    timeout: "20s",
    async fetch(url, init) {
      await gate.promise;
      return await fetch(url, init);
    },
  });
  const refs: WeakRef<object>[] = [];
  for (let n = 0; n < 50; n++) {
    const error = new Error("large");
    refs.push(new WeakRef(error));
    log.error("line", { error });
  }
  // The engine may hold on to the last one.
  const alive = await aliveOf(refs, 1);
  gate.resolve();
  await log.flush();
  assert.ok(alive <= 1, `${alive}`);
  assert.equal((await sentry.events()).length, 50);
});

test("LogSentry: it keeps all levels but DEBUG", () => {
  const log = new LogSentry({ dsn: "https://key@sentry.example/1" });
  const levels = ["DEBUG", "INFO", "WARNING", "ERROR"] as const;
  const kept = levels.filter((level) => log.enabled(level));
  assert.deepEqual(kept, ["INFO", "WARNING", "ERROR"]);
});

testWatcher("LogSentry", logContract, {
  onlyWithErrors: true,
  async open() {
    const sentry = await openSentry();
    const { dsn, key } = sentry;
    return {
      provider: new LogSentry({ dsn, timeout: 200 }),
      secrets: [key],
      seen: async () => toLines(await sentry.events()),
      break: () => sentry.inbox.fail([{ kind: "echo", times: 999 }]),
    };
  },
});

/** What events say, in the words of the contract: each breadcrumb once. */
// deno-lint-ignore no-explicit-any
function toLines(events: any[]): SeenLine[] {
  const known = new Set<string>();
  // Of two within a millisecond, the later one has more that came before it.
  const inOrder = [...events].sort((a, b) =>
    a.timestamp - b.timestamp ||
    (a.breadcrumbs?.length ?? 0) - (b.breadcrumbs?.length ?? 0)
  );
  return inOrder.flatMap(({ breadcrumbs = [], ...event }): SeenLine[] => {
    const about = event.tags.run_id ?? "";
    const lines: SeenLine[] = [];
    for (const breadcrumb of breadcrumbs) {
      const text = `${JSON.stringify(breadcrumb)} ${about}`;
      if (known.has(text)) continue;
      known.add(text);
      lines.push({ level: breadcrumb.level.toUpperCase(), text });
    }
    lines.push({ level: "ERROR", text: JSON.stringify(event) });
    return lines;
  });
}
