import {
  action,
  Config,
  DotFlow,
  type Mode,
  type TaskBuilder,
} from "@dotflow/dotflow";
import { LogSentry } from "@dotflow/dotflow/providers/log-sentry";
import { TracerSentry } from "@dotflow/dotflow/providers/tracer-sentry";
import assert from "node:assert/strict";
import { type Options, Toucan } from "toucan-js";
import { failing, moment, sleep, throwsWith } from "./flow.ts";
import { refuseUnhandled, test } from "./harness.ts";
import { unreachable } from "./lab.ts";
import { type Line, LogRecorder } from "./recorder.ts";
import {
  assertHides,
  type LabSentry,
  openSentry,
  reportsIn,
} from "./sentry.ts";

// deno-lint-ignore no-explicit-any
type Payload = any;

/** A Toucan such as a program has, which is ready. */
function toucanFor(dsn: string | undefined, options: Options = {}): Toucan {
  const headers = { "content-type": "application/x-sentry-envelope" };
  return new Toucan({ dsn, transportOptions: { headers }, ...options });
}

/** Runs a workflow of which one task fails, with both providers. */
async function runWith(client: Toucan, thrown = new Error("no")) {
  const lines: Line[] = [];
  const config = new Config({
    log: [new LogSentry({ client }), new LogRecorder(lines)],
    tracer: new TracerSentry({ client }),
  });
  const workflow = new DotFlow({ workflowId: "ready", config });
  workflow.task.add(action("a", () => {
    throw thrown;
  }));
  const startMs = performance.now();
  const run = await workflow.start();
  const tookMs = performance.now() - startMs;
  assert.equal(run.status, "Failed");
  return { lines, reports: reportsIn(lines), tookMs, runId: run.runId };
}

const RUNS = 20;
const SHARED = new Error("the same for all");

/** Five tasks that name their run; two of them fail. */
function addTasks(task: TaskBuilder, run: number): void {
  task
    .add(action(`${run}-a`, async ({ log }) => {
      log.info(`${run}: hello`);
      await sleep(run % 3);
    }))
    .add(action(`${run}-b`, { retry: 2, retryDelay: 1 }, ({ log }) => {
      log.warning(`${run}: oh`);
      throw SHARED;
    }))
    .add(action(`${run}-c`, () => sleep(1)))
    .add(action(`${run}-d`, async () => {
      await sleep(run % 4);
      throw new Error(`${run} alone`);
    }))
    .add(action(`${run}-e`, () => run));
}

for (const way of ["one client", "one dsn"]) {
  test(`Sentry: ${RUNS} runs at once through ${way} lose and mix nothing`, async () => {
    refuseUnhandled();
    const sentry = await openSentry();
    const { dsn } = sentry;
    const options = way === "one client" ? { client: toucanFor(dsn) } : { dsn };
    const lines: Line[] = [];
    const config = new Config({
      log: [new LogSentry(options), new LogRecorder(lines)],
      tracer: new TracerSentry(options),
    });
    const modes: Mode[] = ["sequential", "parallel"];
    const runs = await Promise.all(
      Array.from({ length: RUNS }, async (_, n) => {
        const workflow = new DotFlow({ workflowId: `workflow ${n}`, config });
        addTasks(workflow.task, n);
        const mode = modes[n % 2];
        return await workflow.start({ mode, keepGoing: true });
      }),
    );
    assert.deepEqual(reportsIn(lines), []);
    const events = await sentry.events();
    const transactions = await sentry.transactions();
    assert.equal(transactions.length, RUNS);
    assert.equal(events.length, 2 * RUNS);
    const all = [...events, ...transactions];
    assert.equal(new Set(all.map((event) => event.event_id)).size, 3 * RUNS);
    for (const [n, { runId, tasks }] of runs.entries()) {
      const ofRun = ({ tags }: Payload) => tags.run_id === runId;
      const found = transactions.filter(ofRun);
      assert.equal(found.length, 1);
      judgeTransaction(found[0], n, tasks.map(({ taskId }) => taskId));
      const failures = events.filter(ofRun);
      const failed = failures.map(({ tags }) => tags.task_id).sort();
      assert.deepEqual(failed, [`${n}-b`, `${n}-d`]);
      for (const event of failures) judgeFailure(event, n, found[0]);
    }
  });
}

function judgeTransaction(event: Payload, run: number, taskIds: string[]) {
  assert.equal(event.transaction, `workflow ${run}`);
  const spans = event.spans.map(({ description }: Payload) => description);
  assert.deepEqual(spans.sort(), taskIds);
}

function judgeFailure(event: Payload, run: number, transaction: Payload) {
  const { task_id: taskId, ...tags } = event.tags;
  assert.deepEqual(tags, {
    workflow_id: `workflow ${run}`,
    run_id: tags.run_id,
    attempt: taskId.endsWith("b") ? "2" : "1",
    mode: transaction.tags.mode,
  });
  const [{ value }] = event.exception.values;
  assert.equal(
    value,
    taskId.endsWith("b") ? SHARED.message : `${run} alone`,
  );
  const span = transaction.spans.find(({ description }: Payload) =>
    description === taskId
  );
  const { trace_id, span_id } = event.contexts.trace;
  assert.deepEqual([trace_id, span_id], [span.trace_id, span.span_id]);
  const messages: string[] = [];
  for (const { message, data } of event.breadcrumbs) {
    messages.push(message);
    if (data.task_id) assert.match(data.task_id, new RegExp(`^${run}-[a-e]$`));
    if (/:/.test(message)) assert.match(message, new RegExp(`^${run}: `));
  }
  assert.equal(messages[0], "Workflow started");
  const own = messages.filter((message) => message === `${run}: hello`);
  assert.equal(own.length, 1);
}

test("Sentry: a client that is ready is used as it is", async () => {
  const sentry = await openSentry();
  const seen: unknown[] = [];
  const client = toucanFor(sentry.dsn, {
    environment: "own",
    async beforeSend(event, { data }) {
      seen.push((data as { thrown?: unknown } | undefined)?.thrown);
      await sleep(30);
      return event;
    },
  });
  client.setTag("own", "tag");
  const inner = client.getClient()!;
  let hooks = 0;
  const on = inner.on.bind(inner) as (...args: unknown[]) => void;
  inner.on = (...args: unknown[]) => void (++hooks, on(...args));
  class Own extends Error {}
  const thrown = Object.freeze(new Own("frozen"));
  const { reports } = await runWith(client, thrown);
  assert.deepEqual(reports, []);
  const [event] = await sentry.events();
  const [transaction] = await sentry.transactions();
  assert.equal(event.tags.own, "tag");
  assert.equal(event.tags.task_id, "a");
  assert.equal(event.environment, "own");
  assert.equal(transaction.tags.own, "tag");
  assert.deepEqual(seen, [thrown]);
  const watched = hooks;
  await runWith(client);
  assert.equal(hooks, watched, "nothing piles up in the client");
  seen.length = 0;
  // What others send through it has nothing of ours.
  client.captureMessage("mine");
  await client.getClient()!.flush(2_000);
  const mine = (await sentry.events()).find(({ message }) => message);
  assert.deepEqual(mine.tags, { own: "tag" });
  assert.equal(mine.breadcrumbs, undefined);
});

test("Sentry: an event without an end holds up nobody for long", async () => {
  const sentry = await openSentry();
  let calls = 0;
  const client = toucanFor(sentry.dsn, {
    transportOptions: {
      headers: { "content-type": "application/x-sentry-envelope" },
      fetcher: (...request) =>
        ++calls > 6 ? fetch(...request) : new Promise(() => {}),
    },
  });
  const log = new LogSentry({ client });
  for (let n = 1; n <= 7; n++) log.error(`line ${n}`);
  const flushed = throwsWith(() => log.flush(), "DELIVERY");
  await sentry.inbox.receives(1);
  assert.equal((await sentry.events())[0].message, "line 7");
  const { message } = await flushed;
  assert.match(message, /: no answer in time; 6 events are lost$/);
});

const SILENT: Record<string, (sentry: LabSentry) => Toucan> = {
  "a filter leaves all out": ({ dsn }) =>
    toucanFor(dsn, {
      beforeSend: () => null,
      beforeSendTransaction: () => Promise.resolve(null),
    }),
  "it is disabled": ({ dsn }) => toucanFor(dsn, { enabled: false }),
  "it has no DSN": () => toucanFor(undefined),
};

for (const [why, make] of Object.entries(SILENT)) {
  test(`Sentry: a client that sends nothing because ${why} is no failure`, async () => {
    refuseUnhandled();
    const sentry = await openSentry();
    const { reports, tookMs } = await runWith(make(sentry));
    assert.deepEqual(reports, []);
    assert.ok(tookMs < 2_000, `${tookMs}`);
    assert.deepEqual(await sentry.envelopes(), []);
  });
}

test("Sentry: what a client that is ready cannot send is told", async () => {
  refuseUnhandled();
  const sentry = await openSentry();
  await sentry.inbox.fail([{ kind: "answer", status: 500, times: 9 }]);
  const down = await runWith(toucanFor(sentry.dsn));
  const lost = (reason: string, runId: string) =>
    `Cannot deliver to Sentry: ${reason}; 1 event of run ${runId} is lost`;
  const refused = lost("status 500", down.runId);
  assert.deepEqual(down.reports.sort(), [
    ["LogSentry", refused],
    ["TracerSentry", refused],
  ]);
  const gone = toucanFor(`${unreachable.replace("://", "://canary@")}/1`);
  const { reports, lines, runId } = await runWith(gone);
  const unsent = lost("network error", runId);
  assert.deepEqual(reports.map(([, reason]) => reason), [unsent, unsent]);
  assertHides(lines, "canary");
  const limited = await openSentry();
  const headers = { "retry-after": "60" };
  await limited.inbox.fail([{ kind: "answer", status: 429, headers }]);
  const client = toucanFor(limited.dsn);
  await runWith(client);
  const again = await runWith(client);
  assert.match(String(again.reports[0][1]), /Sentry takes no more for now;/);
  assert.equal((await limited.inbox.received()).length, 2);
});

test("Sentry: beside a client, other options are refused", async () => {
  const client = toucanFor(undefined);
  const dsn = "https://canary@sentry.example/1";
  const others = {
    dsn,
    environment: "test",
    release: "1",
    context: { waitUntil() {} },
    request: new Request("https://example.com"),
    fetch,
    timeout: 5,
  };
  for (const [name, value] of Object.entries(others)) {
    const error = await throwsWith(
      () => void new LogSentry({ client, [name]: value }),
      "INVALID_OPTION",
      new RegExp(`^Cannot use ${name} together with client: make the client`),
    );
    assertHides(error, "canary");
  }
  new TracerSentry({ client, tracesSampleRate: 0.5 });
});

test("Sentry: in a Worker, a request is lengthened and shown", async () => {
  const sentry = await openSentry();
  class Context {
    #work: Promise<unknown>[] = [];
    waitUntil(work: Promise<unknown>): void {
      this.#work.push(work);
    }
    async end(): Promise<number> {
      return (await Promise.all(this.#work)).length;
    }
  }
  const responded = moment();
  let responses = 0;
  const requests = ["/one", "/two"].map(async (path) => {
    const context = new Context();
    const request = new Request(`https://worker.example${path}?token=canary`, {
      method: "PUT",
      headers: { authorization: "canary", cookie: "a=canary" },
    });
    const gate = moment();
    const options = {
      dsn: sentry.dsn,
      context,
      request,
      async fetch(url: string, init: RequestInit) {
        await gate.promise;
        return await fetch(url, init);
      },
    };
    const config = new Config({
      log: new LogSentry(options),
      tracer: new TracerSentry(options),
    });
    const workflow = new DotFlow({ workflowId: path, config });
    workflow.task.add(failing(9, { name: "a" }));
    const work: Promise<unknown>[] = [];
    await workflow.start({ waitUntil: (each) => void work.push(each) });
    const early = (await sentry.inbox.received()).length;
    if (++responses === 2) responded.resolve();
    await responded.promise;
    gate.resolve();
    // Each event by itself: the run's own promise is not needed.
    return [early, await context.end()];
  });
  const ends = await Promise.all(requests);
  assert.deepEqual(ends, [[0, 2], [0, 2]], "the response came first");
  const envelopes = await sentry.envelopes();
  assert.equal(envelopes.length, 4);
  for (const { payload } of envelopes) {
    const { tags, request } = payload;
    assert.equal(request.method, "PUT");
    assert.equal(request.url, `https://worker.example${tags.workflow_id}`);
    assertHides(payload, "canary");
  }
});
