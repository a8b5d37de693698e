import {
  action,
  Config,
  Context,
  DotFlow,
  type RunInfo,
  type Storage,
  StorageDefault,
  type Task,
} from "@dotflow/dotflow";
import { LogSentry } from "@dotflow/dotflow/providers/log-sentry";
import { TracerSentry } from "@dotflow/dotflow/providers/tracer-sentry";
import { type SeenSpan, tracerContract } from "@dotflow/dotflow/testing";
import assert from "node:assert/strict";
import { failing, flowOn, moment, rejectsWith, sleep } from "./flow.ts";
import { test } from "./harness.ts";
import { LogRecorder, Recorder, TracerRecorder } from "./recorder.ts";
import { openSentry, secondsOf } from "./sentry.ts";
import { StorageText } from "./storages.ts";
import { testWatcher } from "./watcher_contract.ts";

// deno-lint-ignore no-explicit-any
type Payload = any;

/** A log that says nothing. */
const log = new LogRecorder([]);

/** The id of a span, or of a trace, in a `traceparent`. */
function idIn(traceparent: string | undefined, which: "trace" | "span") {
  return traceparent!.split("-")[which === "trace" ? 1 : 2];
}

/** What a span says, by its description. */
function statuses({ spans }: Payload): Record<string, string> {
  return Object.fromEntries(
    spans.map(({ description, status }: Payload) => [description, status]),
  );
}

test("TracerSentry: a run is a transaction, each task a span in it", async () => {
  const sentry = await openSentry();
  const { dsn } = sentry;
  const options = { dsn, environment: "test", release: "app@1.2" };
  const recorder = new Recorder();
  const config = recorder.config({ tracer: new TracerSentry(options) });
  const workflow = new DotFlow({ workflowId: "daily users", config });
  workflow.task
    .add(action("extract", () => sleep(3)), { groupName: "first" })
    .add(failing(1, { name: "transform", retry: 2, retryDelay: 2 }), {
      groupName: "first",
    })
    .add(failing(9, { name: "check" }), { groupName: "second" })
    .add(action("load", () => sleep(1)), { groupName: "second" })
    .add(action("tell", () => 1), { groupName: "second" });
  const run = await workflow.start({ keepGoing: true });
  assert.equal(run.status, "Failed");
  const { run: info } = recorder.runs.at(-1)!;

  const [envelope, ...others] = await sentry.envelopes();
  assert.deepEqual(others, []);
  const event: Payload = envelope.payload;
  assert.equal(envelope.type, "transaction");
  assert.equal(event.transaction, "daily users");
  assert.deepEqual(event.transaction_info, { source: "task" });
  assert.equal(event.environment, "test");
  assert.equal(event.release, "app@1.2");
  assert.deepEqual(event.tags, {
    workflow_id: "daily users",
    run_id: run.runId,
    mode: "sequential",
  });
  const { start_timestamp, timestamp } = event;
  assert.deepEqual({ start_timestamp, timestamp }, secondsOf(info));

  const { data, ...trace } = event.contexts.trace;
  assert.deepEqual(trace, {
    trace_id: idIn(info.traceparent, "trace"),
    span_id: idIn(info.traceparent, "span"),
    op: "dotflow.workflow",
    origin: "manual",
    status: "internal_error",
    client_sample_rate: 1,
  });
  assert.equal(data["dotflow.tasks"], 5);
  assert.equal(data["dotflow.spans_left_out"], 0);
  assert.deepEqual(envelope.header.trace, {
    trace_id: trace.trace_id,
    public_key: sentry.key,
    environment: "test",
    release: "app@1.2",
    transaction: "daily users",
    sample_rate: "1",
    sampled: "true",
  });

  const bySpan = new Map<string, Payload>(
    event.spans.map((span: Payload) => [span.span_id, span]),
  );
  assert.equal(bySpan.size, 5);
  const expected: Record<string, [status: string, attempts: number]> = {
    extract: ["ok", 1],
    transform: ["ok", 2],
    check: ["internal_error", 1],
    load: ["ok", 1],
    tell: ["ok", 1],
  };
  for (const task of run.tasks) {
    const { taskId, groupName } = task;
    const [status, attempts] = expected[taskId];
    const failed = status === "internal_error";
    assert.deepEqual(bySpan.get(idIn(task.traceparent, "span")), {
      trace_id: trace.trace_id,
      span_id: idIn(task.traceparent, "span"),
      parent_span_id: trace.span_id,
      op: "dotflow.task",
      origin: "manual",
      description: taskId,
      ...secondsOf(task),
      status,
      data: {
        "dotflow.task.status": task.status,
        "dotflow.task.group": groupName,
        "dotflow.task.attempts": attempts,
        "dotflow.task.retry_count": attempts - 1,
        ...failed && { "dotflow.task.exception": "Error" },
      },
    });
  }
});

test("TracerSentry: it tells how a run has ended, once", async () => {
  const sentry = await openSentry();
  const tracer = new TracerSentry({ dsn: sentry.dsn });
  const ends: Record<string, (storage: Storage) => Promise<unknown>> = {
    "cancelled in a task": (storage) => {
      const stop = new AbortController();
      const workflow = flowOn(storage, "wf", { tracer, log });
      workflow.task.add(action("a", () => 1))
        .add(action("b", () => {
          stop.abort();
          return new Promise(() => {});
        })).add(action("c", () => 1));
      return workflow.start({ signal: stop.signal });
    },
    "cancelled before": (storage) => {
      const workflow = flowOn(storage, "wf", { tracer, log });
      workflow.task.add(action("a", () => 1));
      return workflow.start({ signal: AbortSignal.abort() });
    },
    "late": (storage) => {
      const workflow = flowOn(storage, "wf", { tracer, log });
      workflow.task.add(action("a", () => new Promise(() => {})));
      return workflow.start({ timeout: 20 });
    },
    "a late task": (storage) => {
      const workflow = flowOn(storage, "wf", { tracer, log });
      const options = { timeout: 5 };
      workflow.task.add(action("a", options, () => new Promise(() => {})));
      return workflow.start();
    },
    "overtaken": async (storage) => {
      const config = { tracer, log, lease: 300 };
      const workflow = flowOn(storage, "wf", config);
      const begun = moment();
      workflow.task.add(action("a", () => {
        begun.resolve();
        return new Promise(() => {});
      }));
      const ended = workflow.start();
      ended.catch(() => {});
      await begun.promise;
      const context = await storage.get("wf/_run");
      const { taskId, workflowId, runId, storage: record } = context;
      const owner = { ...record.owner, id: "other", name: "another" };
      const taken = { ...record, owner, epoch: 9, nonce: "n" };
      await storage.post(
        "wf/_run",
        new Context({ storage: taken, taskId, workflowId, runId }),
      );
      await rejectsWith(ended, "WORKFLOW_LOCKED");
    },
  };
  const found: Record<string, unknown> = {};
  for (const [end, start] of Object.entries(ends)) {
    await sentry.inbox.forget();
    await start(new StorageText());
    const [event, ...others] = await sentry.transactions();
    assert.deepEqual(others, [], end);
    found[end] = [event.contexts.trace.status, statuses(event)];
  }
  assert.deepEqual(found, {
    "cancelled in a task": ["cancelled", { a: "ok", b: "cancelled" }],
    "cancelled before": ["cancelled", {}],
    "late": ["deadline_exceeded", { a: "deadline_exceeded" }],
    "a late task": ["internal_error", { a: "deadline_exceeded" }],
    "overtaken": ["internal_error", { a: "internal_error" }],
  });
});

test("TracerSentry: of many that start one run, each is shown once", async () => {
  const sentry = await openSentry();
  const recorder = new Recorder();
  class TracerCounting extends TracerSentry {
    override traceWorkflow(run: RunInfo): string {
      recorder.run("opened", run);
      return super.traceWorkflow(run);
    }
  }
  const tracer = new TracerCounting({ dsn: sentry.dsn });
  const storage = new StorageText();
  const failed = flowOn(storage, "wf", { log });
  failed.task.add(failing(1, { name: "a" }));
  await failed.start();
  const starts = Array.from({ length: 10 }, async () => {
    const workflow = flowOn(storage, "wf", { tracer, log, lease: 300 });
    workflow.task.add(action("a", () => sleep(5)));
    await workflow.start({ resume: true, wait: 0 }).catch(() => {});
  });
  await Promise.all(starts);
  await tracer.flush();
  const events = await sentry.transactions();
  assert.ok(recorder.runs.length > 1, "some have lost");
  assert.equal(events.length, recorder.runs.length);
  const ids = new Set(events.map(({ contexts }) => contexts.trace.trace_id));
  assert.equal(ids.size, events.length);
  // All of them go on from the same run; one has run its task.
  const ran = events.filter(({ spans }) => spans.length > 0);
  assert.deepEqual(ran.map(statuses), [{ a: "ok" }]);
  assert.equal(ran[0].contexts.trace.status, "ok");
});

test("TracerSentry: who takes a run over stands elsewhere than who lost it", async () => {
  const sentry = await openSentry();
  const tracer = new TracerSentry({ dsn: sentry.dsn });
  const infoOf = (runId: string): RunInfo => ({
    workflowId: "wf",
    workflowName: "wf",
    generatedId: false,
    runId,
    resumed: true,
    resumedFrom: undefined,
    mode: "sequential",
    status: "Completed",
    startedMs: Date.now(),
    duration: 5,
    tasks: [],
    traceparent: tracer.traceWorkflow({} as RunInfo),
  });
  const [one, two] = [infoOf("run"), infoOf("run")];
  tracer.startWorkflow(one);
  tracer.startWorkflow(two);
  tracer.endWorkflow(one);
  const taskOf = ({ runId }: RunInfo) => ({ runId }) as Task;
  assert.equal(
    idIn(tracer.traceTask(taskOf(two)), "trace"),
    idIn(two.traceparent, "trace"),
  );
  tracer.endWorkflow(two);
  assert.equal(tracer.traceTask(taskOf(two)), undefined);
  await tracer.flush();
  const found = (await sentry.transactions()).map(({ contexts }) =>
    contexts.trace.span_id
  );
  const told = [one, two].map(({ traceparent }) => idIn(traceparent, "span"));
  assert.deepEqual(found.sort(), told.sort());
  // Of runs that never end, so many are known.
  const runs = Array.from({ length: 10_001 }, (_, n) => infoOf(`run ${n}`));
  for (const run of runs) tracer.startWorkflow(run);
  assert.equal(tracer.traceTask(taskOf(runs[0])), undefined);
  assert.notEqual(tracer.traceTask(taskOf(runs[1])), undefined);
});

test("TracerSentry: a run that is resumed names the trace of its first start", async () => {
  const sentry = await openSentry();
  const storage = new StorageText();
  const step = failing(1, { name: "b" });
  const start = async () => {
    const tracer = new TracerSentry({ dsn: sentry.dsn });
    const workflow = flowOn(storage, "wf", { tracer, log });
    workflow.task.add(action("a", () => 1)).add(step);
    return await workflow.start({ resume: true });
  };
  await start();
  const run = await start();
  assert.equal(run.status, "Completed");
  const [first, second] = await sentry.transactions();
  const { trace_id, span_id } = first.contexts.trace;
  assert.equal(first.tags.resumed_from, undefined);
  assert.equal(first.contexts.trace.links, undefined);
  assert.equal(second.tags.resumed_from, trace_id);
  assert.notEqual(second.contexts.trace.trace_id, trace_id);
  const { links, data } = second.contexts.trace;
  const attributes = { "sentry.link.type": "previous_trace" };
  assert.deepEqual(links, [{ trace_id, span_id, sampled: true, attributes }]);
  assert.equal(data["dotflow.resumed_from"], trace_id);
  assert.equal(data["dotflow.tasks_restored"], 1);
  // What was read from a checkpoint did not run.
  assert.deepEqual(statuses(first), { a: "ok", b: "internal_error" });
  assert.deepEqual(statuses(second), { b: "ok" });
});

test("TracerSentry: too many spans are left out, and counted", async () => {
  const sentry = await openSentry();
  const tracer = new TracerSentry({ dsn: sentry.dsn });
  const config = new Config({ tracer, log });
  const many = new DotFlow({ workflowId: "many", config });
  for (let n = 0; n < 1_200; n++) {
    const name = `task ${n}`;
    if (n % 100 === 99) many.task.add(failing(1, { name }));
    else many.task.add(action(name, () => n));
  }
  await many.start({ mode: "parallel", keepGoing: true });
  // No thousand of them fits into a megabyte.
  const long = new DotFlow({ workflowId: "long", config });
  const name = "\u6f22\u0001".repeat(200);
  for (let n = 0; n < 1_000; n++) {
    long.task.add(action(`${n}${name}`, () => n), { groupName: name });
  }
  await long.start({ mode: "parallel" });
  const [first, second] = await sentry.transactions();
  assert.equal(first.spans.length, 1_000);
  assert.equal(first.contexts.trace.data["dotflow.spans_left_out"], 200);
  const failed = first.spans.filter(({ status }: Payload) => status !== "ok");
  assert.equal(failed.length, 12, "those that have failed are all there");
  const leftOut = second.contexts.trace.data["dotflow.spans_left_out"];
  assert.equal(second.spans.length + leftOut, 1_000);
  assert.ok(leftOut > 0 && leftOut < 900, `${leftOut}`);
});

test("TracerSentry: a part of all runs is traced, decided once for each", async () => {
  const sentry = await openSentry();
  const start = async (tracesSampleRate: number, times: number) => {
    await sentry.inbox.forget();
    const { dsn } = sentry;
    const tracer = new TracerSentry({ dsn, tracesSampleRate });
    const recorder = new Recorder();
    const config = recorder.config({ tracer, log: new LogSentry({ dsn }) });
    const starts = Array.from({ length: times }, async () => {
      const workflow = new DotFlow({ config });
      workflow.task.add(failing(1, { name: "a" }));
      await workflow.start();
    });
    await Promise.all(starts);
    const ended = recorder.runs.filter(({ call }) => call === "metrics failed");
    return {
      flags: ended.map(({ run }) => run.traceparent!.slice(-2)),
      transactions: await sentry.transactions(),
      events: await sentry.events(),
    };
  };
  const none = await start(0, 5);
  assert.deepEqual(none.flags, Array(5).fill("00"));
  assert.deepEqual(none.transactions, []);
  assert.equal(none.events.length, 5, "failures are told of all the same");
  const all = await start(1, 5);
  assert.deepEqual(all.flags, Array(5).fill("01"));
  assert.equal(all.transactions.length, 5);
  // Of 100 coins, 10 to 90 show heads, but once in 10^16 times.
  const half = await start(0.5, 100);
  const sampled = half.flags.filter((flags) => flags === "01").length;
  assert.ok(sampled >= 10 && sampled <= 90, `${sampled}`);
  assert.equal(half.transactions.length, sampled);
  for (const { contexts } of half.transactions) {
    assert.equal(contexts.trace.client_sample_rate, 0.5);
  }
});

test("TracerSentry: beside a tracer that comes first, its ids count", async () => {
  const sentry = await openSentry();
  let spans = 0;
  class TracerFirst extends TracerRecorder {
    override traceWorkflow(_run: RunInfo): string {
      return this.#next();
    }
    override traceTask(_task: Task): string {
      return this.#next();
    }
    #next(): string {
      const span = String(++spans).padStart(16, "0");
      return `00-${"a".repeat(32)}-${span}-00`;
    }
  }
  const { dsn } = sentry;
  const config = new Config({
    tracer: [new TracerFirst(new Recorder()), new TracerSentry({ dsn })],
    log: new LogSentry({ dsn }),
  });
  const workflow = new DotFlow({ config });
  workflow.task.add(failing(1, { name: "a" }));
  await workflow.start();
  const [event] = await sentry.transactions();
  const [failure] = await sentry.events();
  assert.equal(event.contexts.trace.trace_id, "a".repeat(32));
  assert.equal(event.contexts.trace.span_id, "1".padStart(16, "0"));
  assert.equal(event.spans[0].span_id, "2".padStart(16, "0"));
  assert.equal(failure.contexts.trace.span_id, "2".padStart(16, "0"));
});

test("TracerSentry: without any place from others, it has its own", async () => {
  const sentry = await openSentry();
  class TracerSilent extends TracerRecorder {
    override traceWorkflow(): undefined {}
  }
  const { dsn } = sentry;
  const config = new Config({
    tracer: [new TracerSilent(new Recorder()), new TracerSentry({ dsn })],
    storage: new StorageDefault(),
  });
  const workflow = new DotFlow({ config });
  workflow.task.add([action("a", () => 1), action("b", () => 2)]);
  await Promise.all([workflow.start(), workflow.start()]);
  const events = await sentry.transactions();
  assert.equal(events.length, 2);
  for (const event of events) {
    assert.deepEqual(statuses(event), { a: "ok", b: "ok" });
  }
});

testWatcher("TracerSentry", tracerContract, {
  async open() {
    const sentry = await openSentry();
    const { dsn, key } = sentry;
    return {
      provider: new TracerSentry({ dsn, timeout: 200 }),
      secrets: [key],
      seen: async () => (await sentry.transactions()).flatMap(toSpans),
      break: () => sentry.inbox.fail([{ kind: "echo", times: 999 }]),
    };
  },
});

/** What a transaction says, in the words of the contract. */
function toSpans({ contexts: { trace }, tags, spans, ...event }: Payload) {
  const all: Payload[] = [{ ...event, ...trace }, ...spans];
  return all.map((span): SeenSpan => ({
    spanId: span.span_id,
    parentId: span.parent_span_id,
    traceId: span.trace_id,
    runId: tags.run_id,
    taskId: span.description,
    startMs: span.start_timestamp * 1_000,
    endMs: span.timestamp * 1_000,
    failed: !["ok", "cancelled"].includes(span.status),
  }));
}
