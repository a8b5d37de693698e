import { action, type Task, Tracer } from "@dotflow/dotflow";
import {
  NotifyWebhook,
  type NotifyWebhookOptions,
  verifySignature,
  type WebhookMessage,
} from "@dotflow/dotflow/providers/notify-webhook";
import fc from "fast-check";
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "./harness.ts";
import { rejectsWith } from "./flow.ts";
import { openInbox, type Received } from "./inbox.ts";
import {
  CANARY,
  COMMON_REFUSALS,
  failure,
  flush,
  movableClock,
  QUICK,
  refuses,
  runWith,
  taskOf,
  tell,
  URL_REFUSALS,
} from "./notifiers.ts";

const SECRET = "a secret of ☃ and more";
const HEADER = "dotflow-signature";

async function open(options: Partial<NotifyWebhookOptions> = {}) {
  const inbox = await openInbox("webhook");
  const url = `${inbox.url}/hook?tenant=7`;
  const notify = new NotifyWebhook({ url, ...QUICK, ...options });
  return { inbox, notify };
}

const messageIn = ({ text }: Received): WebhookMessage => JSON.parse(text);

test("NotifyWebhook: posts JSON of the documented form", async () => {
  const { inbox, notify } = await open({
    showResult: true,
    notificationType: ["Completed", "Failed"],
    headers: { Authorization: "Bearer abc", "X-Env": "test" },
  });
  class TracerPlace extends Tracer {
    startWorkflow(): void {}
    endWorkflow(): void {}
    startTask(): void {}
    endTask(): void {}
    override traceWorkflow(): string {
      return `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
    }
    override traceTask(task: Task): string {
      return `00-${"a".repeat(32)}-${task.taskId.repeat(4)}-01`;
    }
  }
  const before = Date.now();
  const { run } = await runWith(notify, [
    action("load", () => ({ rows: 2n })),
    failure("fail", "no rows"),
  ], { config: { tracer: new TracerPlace() } });
  const [request, ...more] = await inbox.received();
  assert.deepEqual(more, []);
  const { method, path, headers } = request;
  assert.deepEqual([method, path], ["POST", "/hook?tenant=7"]);
  assert.equal(headers["content-type"], "application/json");
  assert.equal(headers.authorization, "Bearer abc");
  assert.equal(headers["x-env"], "test");
  assert.equal(headers[HEADER], undefined);
  const { id, tasks, ...rest } = messageIn(request);
  assert.match(id, /^[0-9a-f-]{36}$/);
  assert.deepEqual(rest, {
    summary: "1 task failed, 1 completed",
    counts: { Completed: 1, Failed: 1 },
    omitted: 0,
  });
  const [load, fail] = tasks;
  const common = {
    workflow_id: "nightly",
    run_id: run.runId,
    group_name: "default",
    retry_count: 0,
  };
  for (const { duration, started_at, finished_at } of tasks) {
    assert.ok(duration >= 0 && duration < 10);
    for (const time of [started_at, finished_at]) {
      assert.equal(new Date(time!).toISOString(), time);
      assert.ok(Math.abs(Date.parse(time!) - before) < 10_000);
    }
  }
  const { duration: _, started_at: __, finished_at: ___, ...loaded } = load;
  assert.deepEqual(loaded, {
    ...common,
    task_id: "load",
    status: "Completed",
    error: null,
    result: '{"rows":2n}',
    traceparent: `00-${"a".repeat(32)}-${"load".repeat(4)}-01`,
  });
  const { duration: a, started_at: b, finished_at: c, ...failed } = fail;
  assert.ok([a, b, c].every((value) => value !== undefined));
  assert.deepEqual(failed, {
    ...common,
    task_id: "fail",
    status: "Failed",
    error: { exception: "TypeError", message: "no rows" },
    traceparent: `00-${"a".repeat(32)}-${"fail".repeat(4)}-01`,
  });
});

test("NotifyWebhook: ids are exact, also where the address has them", async () => {
  const inbox = await openInbox("webhook");
  const id = "nightly-run-2026";
  const headers = { "x-env": id };
  const url = `${inbox.url}/${id}?id=${id}`;
  const notify = new NotifyWebhook({ ...QUICK, url, headers });
  const task = { workflowId: id, taskId: id, runId: id };
  const [request] = await tell({ inbox, notify }, task);
  const [{ workflow_id, task_id, run_id }] = messageIn(request).tasks;
  assert.deepEqual([workflow_id, task_id, run_id], [id, id, id]);
});

test("NotifyWebhook: credentials in headers are hidden, words are not", async () => {
  const inbox = await openInbox("webhook");
  const credentials = {
    "x-api-key": "sk_live_canary",
    authorization: 'Token token="canary-token", user=somebody',
    cookie: "a=1; session=canaryOfCookies==",
    "x-password": "canaryword",
  };
  const headers = { ...credentials, "user-agent": "Acme production" };
  const notify = new NotifyWebhook({ ...QUICK, url: inbox.url, headers });
  const secrets = [
    ...Object.values(credentials),
    "canary-token",
    "somebody",
    "canaryOfCookies==",
  ];
  const error = `${secrets.join(" | ")} of Acme in production`;
  const [{ text }] = await tell(
    { inbox, notify },
    { error, workflowId: "daily-production" },
  );
  const [{ workflow_id, error: shown }] = JSON.parse(text).tasks;
  assert.equal(workflow_id, "daily-production");
  assert.ok(!/canary|somebody/.test(shown.message), shown.message);
  assert.ok(shown.message.endsWith("of Acme in production"), shown.message);
});

test("NotifyWebhook: what an answer says of the request is not shown", async () => {
  const secret = "a+b/c d=e";
  const inbox = await openInbox("webhook");
  const notify = new NotifyWebhook({
    ...QUICK,
    url: `${inbox.url}/hooks/hunter_secret/?key=correcthorse&t=Ab3dE7f`,
    secret,
    headers: { "x-env": "tenant-of-42" },
  });
  const encoded = encodeURIComponent(secret);
  const said = ["hunter_secret", "correcthorse", "Ab3dE7f", "tenant-of-42"];
  said.push(secret, encoded, encoded.toLowerCase());
  for (const body of said) {
    await inbox.fail([{
      kind: "answer",
      status: 400,
      body: `no ${body} here`,
    }]);
    notify.hookStatusTask(taskOf());
    const words = /status 400: no … here \(see to/;
    await rejectsWith(flush(notify), "DELIVERY", words);
  }
});

test("NotifyWebhook: no more of a result is looked at than is shown", async () => {
  const bench = await open({ showResult: true });
  let looks = 0;
  const result = {};
  for (let n = 0; n < 20_000; n++) {
    const get = () => ++looks;
    Object.defineProperty(result, `k${n}`, { get, enumerable: true });
  }
  const completed = { status: "Completed", result } as const;
  const [request] = await tell(bench, completed);
  assert.match(messageIn(request).tasks[0].result!, /^\{"k0":1,"k1":2,/);
  assert.ok(looks < 2_000, `${looks} of them`);
});

test("NotifyWebhook: what has not happened yet is null, and a duration in seconds", async () => {
  const bench = await open();
  const [waiting, running] = messageIn(
    (await tell(
      bench,
      { status: "Not started" },
      { status: "In progress", error: "the last attempt" },
    ))[0],
  ).tasks;
  assert.equal(waiting.error, null);
  assert.equal(running.started_at, new Date(2_000).toISOString());
  assert.equal(running.finished_at, null);
  assert.equal(running.duration, 1.235);
  assert.equal(running.error!.message, "the last attempt");
});

test("NotifyWebhook: results are text, JSON where that can hold them", async () => {
  const bench = await open({ showResult: true });
  const cycle: Record<string, unknown> = { a: 1 };
  cycle.self = [cycle];
  const shared = { x: 1 };
  let deep: unknown = 0;
  for (let n = 0; n < 50; n++) deep = [deep];
  class Point {
    x = 1;
    #y = 2;
    get y() {
      return this.#y;
    }
  }
  const results: [result: unknown, text: string][] = [
    [null, "null"],
    [true, "true"],
    [-0, "-0"],
    [NaN, "NaN"],
    [1.5, "1.5"],
    ['a\n"b"', '"a\\n\\"b\\""'],
    [12n, "12n"],
    [10n ** 5_000n, "[large bigint]"],
    [Symbol("s"), "Symbol(s)"],
    [function named() {}, "[function named]"],
    [[1, [2, undefined], {}], "[1,[2,undefined],{}]"],
    [{ a: 1, "b c": [null] }, '{"a":1,"b c":[null]}'],
    [[shared, shared], '[{"x":1},{"x":1}]'],
    [cycle, '{"a":1,"self":[[circular]]}'],
    [deep, `${"[".repeat(20)}[too deep]${"]".repeat(20)}`],
    [
      new Map<unknown, unknown>([["k", 1], [{}, new Map()]]),
      'Map {"k":1,{}:Map {}}',
    ],
    [new Set([1, "x"]), 'Set [1,"x"]'],
    [new Date(0), '"1970-01-01T00:00:00.000Z"'],
    [new Date(NaN), "null"],
    [/a+/g, "/a+/g"],
    [new RangeError("no"), "RangeError: no"],
    [new Uint8Array([1, 2]), "Uint8Array [1,2]"],
    [new ArrayBuffer(8), "[8 bytes]"],
    [new DataView(new ArrayBuffer(3)), "[3 bytes]"],
    [{ toJSON: () => ({ y: 1 }) }, '{"y":1}'],
    [new Point(), '{"x":1}'],
    [[{
      get x() {
        throw new Error("never");
      },
    }, 1], "[[unreadable],1]"],
    [
      new Proxy({}, {
        ownKeys() {
          throw new Error("never");
        },
      }),
      "[unreadable]",
    ],
    ["x".repeat(10_000_000), `"${"x".repeat(4_094)}…`],
    [
      new Array(1_000_000_000),
      `[${"undefined,".repeat(410)}`.slice(0, 4_095) + "…",
    ],
    ["😀".repeat(5_000), `"${"😀".repeat(2_047)}…`],
  ];
  for (const [result, text] of results) {
    await bench.inbox.forget();
    const completed = { status: "Completed", result } as const;
    const [request] = await tell(bench, completed);
    assert.equal(messageIn(request).tasks[0].result, text);
  }
});

test("NotifyWebhook: what JSON can hold is JSON", async () => {
  const bench = await open({ showResult: true });
  const values = fc.jsonValue({ maxDepth: 4 })
    .filter((value) => JSON.stringify(value).length < 4_000);
  await fc.assert(
    fc.asyncProperty(values, async (result) => {
      await bench.inbox.forget();
      const completed = { status: "Completed", result } as const;
      const [request] = await tell(bench, completed);
      const [{ result: text }] = messageIn(request).tasks;
      // As text, 0 and -0 are the same.
      assert.equal(JSON.stringify(JSON.parse(text!)), JSON.stringify(result));
    }),
    { numRuns: 50 },
  );
});

test("NotifyWebhook: a signature is verified as the recipe says", async () => {
  const bench = await open({ secret: SECRET });
  const [{ headers, text }] = await tell(bench, { error: "nö ☃" });
  const header = headers[HEADER];
  const [, time, digits] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(header)!;
  const expected = createHmac("sha256", SECRET).update(`${time}.${text}`)
    .digest("hex");
  assert.equal(digits, expected);
  assert.ok(Math.abs(Number(time) * 1_000 - Date.now()) < 10_000);
  const good = { secret: SECRET, header, body: text };
  assert.equal(await verifySignature(good), true);
  const bytes = new TextEncoder().encode(text);
  assert.equal(await verifySignature({ ...good, body: bytes }), true);
});

test("NotifyWebhook: whatever is changed, a signature is refused", async () => {
  const bench = await open({ secret: SECRET });
  const [{ headers, text }] = await tell(bench, {});
  const header = headers[HEADER];
  const good = { secret: SECRET, header, body: text };
  const flip = (value: string, at: number) => {
    const other = value[at] === "0" ? "1" : "0";
    return value.slice(0, at) + other + value.slice(at + 1);
  };
  const bad: Partial<typeof good>[] = [
    { secret: `${SECRET} ` },
    { body: `${text} ` },
    { body: "" },
    { header: "" },
    { header: header.replace("v1", "v0") },
    { header: header.toUpperCase() },
    { header: `${header},v1=${"0".repeat(64)}` },
    { header: header.slice(0, -2) },
    { header: header.replace(/t=\d+/, "t=") },
    { header: header.replace(/t=(\d+)/, (_, t) => `t=${Number(t) - 1}`) },
  ];
  for (const change of bad) {
    assert.equal(await verifySignature({ ...good, ...change }), false);
  }
  assert.equal(await verifySignature({ ...good, header: null }), false);
  assert.equal(await verifySignature({ ...good, header: undefined }), false);
  const digits = header.indexOf("v1=") + 3;
  await fc.assert(
    fc.asyncProperty(fc.nat(63), fc.nat(text.length - 1), async (n, at) => {
      const forged = { ...good, header: flip(header, digits + n) };
      assert.equal(await verifySignature(forged), false);
      const changed = { ...good, body: flip(text, at) };
      assert.equal(await verifySignature(changed), false);
    }),
    { numRuns: 50 },
  );
});

test("NotifyWebhook: what cannot be verified is refused, whatever the header", async () => {
  // The key that a careless encoder makes of null.
  const time = String(Math.floor(Date.now() / 1_000));
  const forged = createHmac("sha256", "null").update(`${time}.{}`).digest(
    "hex",
  );
  const check = { header: `t=${time},v1=${forged}`, body: "{}" };
  assert.equal(await verifySignature({ ...check, secret: "null" }), true);
  for (const header of [check.header, "t=1,v1=00", null]) {
    for (const secret of [null, undefined, "", 5, {}]) {
      const bad = { ...check, header, secret } as never;
      const words = /^Cannot use (nothing|what was given) as secret: give a/;
      await rejectsWith(verifySignature(bad), "INVALID_OPTION", words);
    }
    for (const body of [{}, null, undefined, 5]) {
      const bad = { ...check, header, body, secret: "null" } as never;
      const words = /as body: give the body as it came/;
      await rejectsWith(verifySignature(bad), "INVALID_OPTION", words);
    }
  }
});

test("NotifyWebhook: a request that is played again later is refused", async () => {
  const move = movableClock();
  const bench = await open({ secret: SECRET });
  const [{ headers, text }] = await tell(bench, {});
  const good = { secret: SECRET, header: headers[HEADER], body: text };
  const isGood = (toleranceMs?: number) =>
    verifySignature({ ...good, toleranceMs });
  move(298_000);
  assert.equal(await isGood(), true);
  move(4_000);
  assert.equal(await isGood(), false);
  assert.equal(await isGood(310_000), true);
  assert.equal(await isGood(NaN), false);
  // Nor is one from the future.
  move(-604_000);
  assert.equal(await isGood(), false);
  assert.equal(await isGood(310_000), true);
});

test("NotifyWebhook: each attempt is signed anew, and has the same id", async () => {
  const move = movableClock();
  const { inbox, notify } = await open({
    secret: SECRET,
    maxAttempts: 3,
    fetch: (url, init) => {
      move(60_000);
      return fetch(url, init);
    },
  });
  await inbox.fail([{ kind: "answer", status: 500, times: 2 }]);
  notify.hookStatusTask(taskOf());
  await flush(notify);
  const received = await inbox.received();
  const times = received.map(({ headers }) =>
    Number(/t=(\d+)/.exec(headers[HEADER])![1])
  );
  assert.equal(times.length, 3);
  assert.ok(times[1] - times[0] >= 59 && times[2] - times[1] >= 59, `${times}`);
  assert.equal(new Set(received.map(({ text }) => text)).size, 1);
  for (const { text: body, headers } of received) {
    const header = headers[HEADER];
    const toleranceMs = 600_000;
    const check = { secret: SECRET, header, body, toleranceMs };
    assert.equal(await verifySignature(check), true);
  }
  const [{ text: one }] = received;
  await inbox.forget();
  const [{ text: other }] = await tell({ inbox, notify }, {});
  assert.notEqual(JSON.parse(one).id, JSON.parse(other).id);
});

test("NotifyWebhook: bad options are refused by name, and never shown", async () => {
  const good: NotifyWebhookOptions = { url: "https://example.com/hook" };
  const make = (options: unknown) =>
    new NotifyWebhook(options as NotifyWebhookOptions);
  make(good);
  make({ ...good, secret: "s", headers: {} });
  make({ url: "http://127.0.0.1:1/", headers: { "x-a": "b", "X_1~": "ü" } });
  await refuses(make, good, {
    ...COMMON_REFUSALS,
    url: URL_REFUSALS,
    secret: [undefined, "", 5, null, { secret: CANARY }, [CANARY]],
    headers: [
      null,
      CANARY,
      { [CANARY]: 1 },
      { "x y": CANARY },
      { "": CANARY },
      { "x-a": `a\r\n${CANARY}: b` },
      { "x-a": `${CANARY} ☃` },
      { "Content-Type": CANARY },
      { "dotflow-Signature": CANARY },
      { host: CANARY },
      new Headers({ authorization: CANARY }),
      new Map([["authorization", CANARY]]),
      [CANARY],
    ],
  });
});
