import { action, Config, type ConfigOptions, DotFlow } from "@dotflow/dotflow";
import {
  LogSentry,
  type SentryOptions,
} from "@dotflow/dotflow/providers/log-sentry";
import { TracerSentry } from "@dotflow/dotflow/providers/tracer-sentry";
import assert from "node:assert/strict";
import process from "node:process";
import { Toucan } from "toucan-js";
import { failing, sleep, throwsWith } from "./flow.ts";
import { refuseUnhandled, runtime, tempDir, test } from "./harness.ts";
import { type InboxFault, openInbox } from "./inbox.ts";
import { unreachable } from "./lab.ts";
import { type Line, LogRecorder } from "./recorder.ts";
import { assertHides, openSentry, reportsIn } from "./sentry.ts";

const ENVELOPE = "application/x-sentry-envelope";

/** Runs a workflow of which one task fails, with both providers. */
async function runWith(
  options: SentryOptions,
  more: ConfigOptions = {},
) {
  const lines: Line[] = [];
  const config = new Config({
    log: [new LogSentry(options), new LogRecorder(lines)],
    tracer: new TracerSentry(options),
    ...more,
  });
  const workflow = new DotFlow({ workflowId: "faulty", config });
  workflow.task.add(action("a", () => 1)).add(failing(9, { name: "b" }));
  const startMs = performance.now();
  const run = await workflow.start();
  const tookMs = performance.now() - startMs;
  assert.equal(run.status, "Failed");
  assert.deepEqual(run.tasks.map(({ status }) => status), [
    "Completed",
    "Failed",
  ]);
  assert.ok(run.duration < 100, "delivery is no part of the run");
  return { reports: reportsIn(lines), lines, tookMs, runId: run.runId };
}

/** How a fault is told. */
const LASTING: Record<string, [InboxFault, reason: RegExp]> = {
  "status 500": [{ kind: "answer" }, /^status 500;/],
  "a broken connection": [{ kind: "reset" }, /^(ECONNRESET|network error);/],
  "silence": [{ kind: "hang" }, /^timeout after 150 ms;/],
  "half an answer": [
    { kind: "truncated" },
    /^(the answer was cut off|ECONNRESET|network error);/,
  ],
  "status 400 that shows the request": [{ kind: "echo" }, /^status 400;/],
  "status 403": [
    { kind: "answer", status: 403 },
    /^the DSN is not allowed to send; correct it \(status 403\);/,
  ],
  "status 413": [
    { kind: "answer", status: 413 },
    /^an event was too large \(status 413\);/,
  ],
  "status 429": [
    { kind: "answer", status: 429, headers: { "retry-after": "60" } },
    /^Sentry takes no more for now \(status 429\);/,
  ],
  "a redirect": [
    { kind: "redirect", status: 307, location: "/elsewhere" },
    /^status 307;/,
  ],
};

for (const [what, [fault, reason]] of Object.entries(LASTING)) {
  test(`Sentry: ${what} changes no run, and is told once`, async () => {
    refuseUnhandled();
    const sentry = await openSentry();
    const elsewhere = await openInbox("webhook");
    if (fault.location) fault.location = elsewhere.url;
    await sentry.inbox.fail([{ ...fault, times: 99 }]);
    const { dsn, key } = sentry;
    const { reports, lines, tookMs, runId } = await runWith({
      dsn,
      timeout: 150,
    });
    assert.ok(tookMs < 4_000, `${tookMs}`);
    assert.deepEqual(reports.map(([name]) => name).sort(), [
      "LogSentry",
      "TracerSentry",
    ]);
    for (const [, told] of reports) {
      assert.match(String(told), /^Cannot deliver to Sentry: /);
      const text = String(told).slice("Cannot deliver to Sentry: ".length);
      assert.match(text, reason);
      assert.match(text, new RegExp(`; 1 event of run ${runId} is lost$`));
    }
    assertHides(lines, key);
    assert.deepEqual(await elsewhere.received(), []);
    const again = /500|broken|silence|half/.test(what);
    const count = (await sentry.inbox.received()).length;
    // A runtime may send again by itself what a broken connection has lost.
    if (again) assert.ok(count >= 6, `${count}`);
    else assert.equal(count, 2);
  });
}

const PASSING: Record<string, [timeout: number, InboxFault[]]> = {
  "status 503": [300, [{ kind: "answer", status: 503, times: 2 }]],
  "a broken connection": [300, [{ kind: "reset" }]],
  "silence": [300, [{ kind: "hang" }]],
  // Each longer than one attempt may be late.
  "two long silences": [1_100, [{ kind: "hang", times: 4 }]],
  "a long wait": [300, [
    {
      kind: "answer",
      status: 503,
      headers: { "retry-after": "2" },
      times: 2,
    },
  ]],
};

for (const [what, [timeout, faults]] of Object.entries(PASSING)) {
  test(`Sentry: after ${what}, an event is sent again`, async () => {
    const sentry = await openSentry();
    await sentry.inbox.fail(faults);
    const { dsn } = sentry;
    const { reports } = await runWith({ dsn, timeout });
    assert.deepEqual(reports, []);
    assert.equal((await sentry.events()).length, 1);
    assert.equal((await sentry.transactions()).length, 1);
  });
}

/** Runs a workflow whose eight tasks fail, and gives why Sentry was not told. */
async function failEight(options: SentryOptions) {
  const lines: Line[] = [];
  const log = [new LogSentry(options), new LogRecorder(lines)];
  const tracer = new TracerSentry(options);
  const workflow = new DotFlow({ config: new Config({ log, tracer }) });
  for (let n = 0; n < 8; n++) workflow.task.add(failing(9, { name: "a" }));
  const { runId } = await workflow.start({ keepGoing: true });
  const reasons = Object.fromEntries(reportsIn(lines));
  return { runId, reasons };
}

test("Sentry: that nobody answers is told by the run that meets it", async () => {
  refuseUnhandled();
  const sentry = await openSentry();
  await sentry.inbox.fail([{ kind: "hang", times: 999 }]);
  const { dsn } = sentry;
  const client = new Toucan({
    dsn,
    transportOptions: { fetcher: () => new Promise(() => {}) },
  });
  const [own, foreign] = await Promise.all([
    failEight({ dsn }),
    failEight({ client }),
  ]);
  const silence = "Cannot deliver to Sentry: timeout after";
  const log = new RegExp(
    `^${silence} \\d+ ms; 6 events of run ${own.runId} are lost and 2 more wait$`,
  );
  const tracer = new RegExp(
    `^${silence} \\d+ ms; 1 event of run ${own.runId} is lost$`,
  );
  assert.match(String(own.reasons.LogSentry), log);
  assert.match(String(own.reasons.TracerSentry), tracer);
  const late = "Cannot deliver to Sentry: no answer in time;";
  const { runId } = foreign;
  assert.deepEqual(foreign.reasons, {
    LogSentry: `${late} 6 events of run ${runId} are lost and 2 more wait`,
    TracerSentry: `${late} 1 event of run ${runId} is lost`,
  });
});

test("Sentry: what a run has not waited for is told by the next call", async () => {
  refuseUnhandled();
  const sentry = await openSentry();
  await sentry.inbox.fail([{ kind: "hang", times: 999 }]);
  const lines: Line[] = [];
  const sentryLog = new LogSentry({ dsn: sentry.dsn, timeout: "5s" });
  const log = [sentryLog, new LogRecorder(lines)];
  const config = new Config({ log, drainTimeout: 100 });
  const workflow = new DotFlow({ config });
  workflow.task.add(failing(9, { name: "a" }));
  const { runId } = await workflow.start();
  assert.match(String(reportsIn(lines)[0][1]), /has not delivered everything/);
  const error = await throwsWith(async () => {
    for (;;) {
      sentryLog.info("line");
      await sleep(10);
    }
  }, "DELIVERY");
  assert.equal(
    error.message,
    `Cannot deliver to Sentry: timeout after 5000 ms; 1 event of run ${runId} ` +
      "is lost",
  );
  await sentryLog.flush();
});

test("Sentry: the end of a run waits until what was sent has arrived", async () => {
  const sentry = await openSentry();
  const slow = { kind: "slow", slowMs: 300, times: 9 } as const;
  await sentry.inbox.fail([slow]);
  const { reports, tookMs } = await runWith({ dsn: sentry.dsn });
  assert.deepEqual(reports, []);
  assert.ok(tookMs > 200, `${tookMs}`);
  assert.equal((await sentry.envelopes()).length, 2);
});

test("Sentry: the end of a run waits no longer than it may", async () => {
  refuseUnhandled();
  const sentry = await openSentry();
  await sentry.inbox.fail([{ kind: "hang", times: 99 }]);
  const options = { drainTimeout: 300 };
  const { tookMs } = await runWith({ dsn: sentry.dsn, timeout: 500 }, options);
  assert.ok(tookMs >= 250 && tookMs < 1_500, `${tookMs}`);
  // What is still under way ends by itself.
  await sentry.inbox.fail([]);
});

test("Sentry: where nobody listens, a run goes on as ever", async () => {
  refuseUnhandled();
  const dsn = `${unreachable.replace("://", "://canary@")}/1`;
  const { reports, lines } = await runWith({ dsn });
  assert.equal(reports.length, 2);
  for (const [, told] of reports) {
    assert.match(String(told), /ECONN\w+|network error/);
  }
  assertHides(lines, "canary");
});

test("Sentry: what it takes no more of is not sent, the rest is", async () => {
  const sentry = await openSentry();
  const headers = { "x-sentry-rate-limits": "60:error:organization" };
  const { dsn } = sentry;
  const client = new Toucan({
    dsn,
    transportOptions: { headers: { "content-type": ENVELOPE } },
  });
  for (const options of [{ dsn }, { client }]) {
    await sentry.inbox.forget();
    await sentry.inbox.fail([{ kind: "answer", status: 429, headers }]);
    const log = new LogSentry(options);
    log.error("too much");
    await throwsWith(() => log.flush(), "DELIVERY", /status 429/);
    const config = new Config({ log, tracer: new TracerSentry(options) });
    const workflow = new DotFlow({ config });
    workflow.task.add(failing(99, { name: "a" }));
    await workflow.start();
    await workflow.start();
    assert.deepEqual(await sentry.events(), []);
    const received = await sentry.inbox.received();
    const limited = received.filter(({ status }) => status === 429);
    assert.equal(limited.length, 1);
    assert.equal((await sentry.transactions()).length, 2);
  }
});

test("Sentry: a limit that comes with a yes counts as well", async () => {
  const sentry = await openSentry();
  const headers = { "x-sentry-rate-limits": "60:error;default:key" };
  await sentry.inbox.fail([{ kind: "answer", status: 200, headers }]);
  const log = new LogSentry({ dsn: sentry.dsn });
  log.error("first");
  await log.flush();
  log.error("second");
  log.error("third");
  const error = await throwsWith(() => log.flush(), "DELIVERY");
  assert.equal(
    error.message,
    "Cannot deliver to Sentry: Sentry takes no more for now; 2 events are lost",
  );
  assert.equal((await sentry.inbox.received()).length, 1);
  // It was told of once.
  await log.flush();
});

test("Sentry: work that blocks the runtime loses nothing", {
  skip: runtime === "workerd" && "its clock stands still meanwhile",
}, async () => {
  const sentry = await openSentry();
  await sentry.inbox.fail([{ kind: "slow", slowMs: 100 }]);
  const log = new LogSentry({ dsn: sentry.dsn, timeout: 500 });
  log.error("line");
  const flushed = log.flush();
  await sentry.inbox.receives(1);
  const endMs = performance.now() + 2_500;
  while (performance.now() < endMs);
  await flushed;
  assert.equal((await sentry.events())[0].message, "line");
});

test("Sentry: the first reason of several is told", async () => {
  const sentry = await openSentry();
  const log = new LogSentry({ dsn: sentry.dsn });
  await sentry.inbox.fail([
    { kind: "answer", status: 400 },
    { kind: "answer", status: 418 },
  ]);
  log.error("first");
  await sentry.inbox.receives(1);
  log.error("second");
  const { message } = await throwsWith(() => log.flush(), "DELIVERY");
  assert.match(message, /: status 400; 2 events are lost$/);
});

test("Sentry: all that comes before its package is loaded goes one way", async () => {
  const sentry = await openSentry();
  const headers = { "x-sentry-rate-limits": "60::organization" };
  for (let round = 0; round < 5; round++) {
    await sentry.inbox.forget();
    await sentry.inbox.fail([{ kind: "answer", status: 429, headers }]);
    const log = new LogSentry({ dsn: sentry.dsn });
    for (let n = 0; n < 4; n++) log.error(`line ${n}`);
    await throwsWith(() => log.flush(), "DELIVERY");
    log.error("late");
    await throwsWith(() => log.flush(), "DELIVERY");
    assert.equal((await sentry.inbox.received()).length, 4);
  }
});

test("Sentry: what was lost is told by the next call, and hides the key", async () => {
  const sentry = await openSentry();
  const { dsn, key } = sentry;
  const log = new LogSentry({ dsn });
  await sentry.inbox.fail([{ kind: "echo", status: 400, times: 9 }]);
  log.error("lost");
  await sentry.inbox.receives(1);
  const error = await throwsWith(async () => {
    for (;;) {
      log.info("line");
      await sleep(1);
    }
  }, "DELIVERY");
  assert.match(error.message, /: status 400; 1 event is lost$/);
  assertHides(error, key);
  assert.equal(error.cause, undefined);
  await log.flush();
});

test("Sentry: the failures of a burst all arrive, up to a bound", async () => {
  const sentry = await openSentry();
  const lines: Line[] = [];
  const log = [new LogSentry({ dsn: sentry.dsn }), new LogRecorder(lines)];
  const start = async (tasks: number) => {
    lines.length = 0;
    await sentry.inbox.forget();
    const config = new Config({ log, drainTimeout: "20s" });
    const workflow = new DotFlow({ workflowId: "burst", config });
    for (let n = 0; n < tasks; n++) {
      workflow.task.add(failing(9, { name: "a" }));
    }
    const { runId } = await workflow.start({
      mode: "parallel",
      keepGoing: true,
    });
    const tasksTold = (await sentry.events()).map(({ tags }) => tags.task_id);
    const { size } = new Set(tasksTold);
    return { runId, count: size, reports: reportsIn(lines) };
  };
  const small = await start(300);
  assert.deepEqual([small.count, small.reports], [300, []]);
  const { runId, count, reports } = await start(1_200);
  assert.equal(count, 1_000);
  assert.deepEqual(reports, [[
    "LogSentry",
    `Cannot deliver to Sentry: too many events at once; 200 events of run ${runId} are lost`,
  ]]);
});

test("Sentry: it is sent through the fetch that was given, six at a time", async () => {
  const sentry = await openSentry();
  let now = 0;
  let most = 0;
  const seen: RequestInit[] = [];
  const log = new LogSentry({
    dsn: sentry.dsn,
    async fetch(url, init) {
      seen.push(init);
      most = Math.max(most, ++now);
      await sleep(2);
      const response = await fetch(url, init);
      now--;
      return response;
    },
  });
  for (let n = 0; n < 50; n++) log.error(`line ${n}`);
  await log.flush();
  assert.equal((await sentry.events()).length, 50);
  assert.equal(most, 6);
  assert.ok(seen.every(({ redirect }) => redirect === "manual"));
});

test("Sentry: options that make no sense are refused, and not shown", async () => {
  const dsn = "https://canary@sentry.example/1";
  // deno-lint-ignore no-explicit-any
  const refused: [any, RegExp][] = [
    ["", /options of/],
    [{}, /^Cannot use nothing as dsn: give dsn or client$/],
    [{ dsn: "" }, /as dsn: give the DSN of a project/],
    [{ dsn: 42 }, /as dsn/],
    [{ dsn: "canary" }, /as dsn/],
    [{ dsn: "https://sentry.example/1" }, /as dsn/],
    [{ dsn: "https://canary@sentry.example" }, /as dsn/],
    [{ dsn: "https://canary@sentry.example/" }, /as dsn/],
    [{ dsn: "https://canary@sentry.example/project" }, /as dsn/],
    [{ dsn: "https://canary@sentry.example:99999/1" }, /as dsn/],
    [{ dsn: "https://canary@[::1]/1" }, /as dsn/],
    [{ dsn: "https://canary@sentry.example/1?a=b" }, /as dsn/],
    [{ dsn: "http://canary@sentry.example/1" }, /as dsn/],
    [{ dsn: "http://canary@127.0.0.1.example/1" }, /as dsn/],
    [{ dsn: "ftp://canary@sentry.example/1" }, /as dsn/],
    [{ dsn, environment: "" }, /"" as environment/],
    [{ dsn, release: 1 }, /1 as release/],
    [{ dsn, context: {} }, /a plain object as context: .* waitUntil/],
    [{ dsn, request: "x" }, /"x" as request: give a Request/],
    [{ dsn, fetch: "x" }, /"x" as fetch/],
    [{ dsn, timeout: -1 }, /-1 as timeout/],
    [{ dsn, DSN: dsn }, /"DSN"/],
    [{ client: {} }, /a plain object as client: give a Toucan/],
    [{ client: null }, /null as client/],
  ];
  for (const Provider of [LogSentry, TracerSentry]) {
    for (const [options, message] of refused) {
      const make = () => void new Provider(options);
      const error = await throwsWith(make, "INVALID_OPTION", message);
      assertHides(error, "canary");
    }
  }
  for (const tracesSampleRate of [-0.1, 1.1, NaN, "1", null]) {
    await throwsWith(
      () => void new TracerSentry({ dsn, tracesSampleRate } as never),
      "INVALID_OPTION",
      /as tracesSampleRate: give a number from 0 to 1$/,
    );
  }
  const names = {
    environment: ["a b", "a/b", "a\nb", "None", "none", "..", "ü".repeat(33)],
    release: [
      " ",
      "a/b",
      "a\\b",
      "a\nb",
      "a\tb",
      "latest",
      ".",
      "ü".repeat(101),
    ],
  };
  for (const [name, values] of Object.entries(names)) {
    for (const value of values) {
      await throwsWith(
        () => void new LogSentry({ dsn, [name]: value }),
        "INVALID_OPTION",
        new RegExp(`as ${name}: give a`),
      );
    }
  }
  const environment = "e".repeat(64);
  new LogSentry({ dsn, environment, release: `app@1.0 (7)${"r".repeat(189)}` });
  for (
    const good of [
      dsn,
      "https://key:secret@sentry.example:8443/some/where/12",
      "http://key@localhost:9000/1",
      "http://key@127.0.0.1/1",
    ]
  ) new LogSentry({ dsn: good });
});

/** A program beside which `toucan-js` is not installed. */
const ALONE = `
import { LogSentry } from "@dotflow/dotflow/providers/log-sentry";
const log = new LogSentry({ dsn: "https://canary@127.0.0.1/1" });
log.error("a line");
log.error("another one");
await log.flush().catch((error) => console.log(error.code, error.message));
await log.flush();
`;

test("Sentry: without its package, it says how to install it", {
  needs: ["processes"],
}, async () => {
  const { cp, writeFile } = await import("node:fs/promises");
  const { fileURLToPath } = await import("node:url");
  const folder = await tempDir();
  const program = `${folder}/alone.mjs`;
  await writeFile(program, ALONE);
  const core = import.meta.resolve("@dotflow/dotflow");
  const root = core.slice(0, core.lastIndexOf("/"));
  const args = [program];
  if (runtime === "deno") {
    const map = `${folder}/map.json`;
    const name = "@dotflow/dotflow/providers/log-sentry";
    const imports = { [name]: `${root}/providers/log_sentry.ts` };
    await writeFile(map, JSON.stringify({ imports }));
    args.unshift("run", "-A", "--no-check", "--no-config", "--import-map", map);
  } else {
    const target = `${folder}/node_modules/@dotflow/dotflow`;
    await cp(fileURLToPath(root), target, { recursive: true });
  }
  assert.equal(
    await outputOf(args),
    'DELIVERY Cannot deliver to Sentry: the package "toucan-js" is not ' +
      'installed; run "npm install toucan-js", or hand in a client; 2 events ' +
      "are lost\n",
  );
});

/** What the present runtime writes when it is started so. */
async function outputOf(args: string[]): Promise<string> {
  const { execFile } = await import("node:child_process");
  return await new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      args,
      (error, stdout) => error ? reject(error) : resolve(stdout),
    );
  });
}
