/**
 * What the remote API refuses, and how: over requests made here, since every
 * runtime can do that.
 *
 * @module
 */

import {
  Context,
  CorruptCheckpointError,
  StorageDefault,
} from "@dotflow/dotflow";
import { createServer, type ServerOptions } from "@dotflow/dotflow/server";
import assert from "node:assert/strict";
import { evict } from "../server/evict.ts";
import { Hub } from "../server/hub.ts";
import { LiveRun } from "../server/live_run.ts";
import { Places } from "../server/places.ts";
import type { TaskSummary } from "../src/wire.ts";
import { cleanup, test } from "./harness.ts";
import { passTime, startServer } from "./server_contract.ts";
import { Client, eventsOf, TOKEN } from "./server_client.ts";
import {
  StorageBare,
  StorageCounting,
  StorageFailing,
  StorageText,
} from "./storages.ts";

const start = (options = {}) => startServer(new StorageDefault(), options);

test("a body over the limit is 413, with and without a length", async () => {
  const { client } = start({ bodyLimit: 1_000 });
  const body = JSON.stringify({ status: "New", x: "y".repeat(1_000) });
  const path = "/cli/workflows/w";
  let pulled = 0;
  const endless = new ReadableStream({
    pull: (controller) => {
      pulled++;
      controller.enqueue(new Uint8Array(400).fill(32));
    },
  }, { highWaterMark: 0 });
  const tries: RequestInit[] = [
    { body, headers: { "content-length": String(body.length) } },
    { body },
    { body: endless, duplex: "half" } as RequestInit,
  ];
  for (const init of tries) {
    const response = await client.raw("PATCH", path, init);
    assert.equal(response.status, 413);
    assert.match((await response.json()).detail, /more than 1000 bytes/);
  }
  assert.ok(pulled <= 4, `${pulled} parts were read`);
  const told = await client.raw("PATCH", path, {
    body: new ReadableStream({
      pull: () => assert.fail("it was read"),
    }, { highWaterMark: 0 }),
    duplex: "half",
    headers: { "content-length": "1001" },
  } as RequestInit);
  assert.equal(told.status, 413);
  await told.body?.cancel();
  assert.deepEqual((await client.get("/api/runs")).items, []);
});

test("what cannot be read is 400, with the path of what is wrong", async () => {
  const { client } = start();
  const task = { task_id: "t", status: "Failed" };
  const tries: [string, unknown, RegExp][] = [
    ["PATCH /cli/workflows/w", '{"status":', /no JSON/],
    ["PATCH /cli/workflows/w", "[]", /no JSON object/],
    ["PATCH /cli/workflows/w", "", /no JSON/],
    ["PATCH /cli/workflows/w", "null", /no JSON object/],
    ["PATCH /cli/workflows/w", {}, /status is not "New" or/],
    ["PATCH /cli/workflows/w", { status: "done" }, /status is not/],
    ["PATCH /cli/workflows/w", { status: "New", run_id: 7 }, /run_id is not/],
    ["PATCH /cli/workflows/w", { status: "New", started_at: "soon" }, /ISO/],
    ["PATCH /cli/workflows/w", { status: "New", duration: -1 }, /duration is/],
    ["POST /cli/workflows", { workflow_id: "" }, /workflow_id is not/],
    [
      "POST /cli/workflows",
      { workflow_id: "w", tasks: [task, { ...task, progress: 2 }] },
      /tasks\[1\]\.progress is not a number from 0 to 1/,
    ],
    [
      "PATCH /cli/workflows/w/tasks/t",
      { ...task, errors: [{}, { attempt: "x" }] },
      /errors\[1\]\.attempt is not a number/,
    ],
    ["PATCH /cli/workflows/w/tasks/other", task, /task_id is not that/],
    ["POST /cli/workflows/w/tasks", { status: "Failed" }, /task_id is not/],
    ["POST /api/login/ABCDEFGH", { approve: "yes" }, /approve is not true/],
    ["POST /cli/token", {}, /device_code is not/],
    ["GET /api/runs?limit=0", undefined, /limit is not a whole number/],
    ["GET /api/runs?limit=1001", undefined, /from 1 to 1000/],
    ["GET /api/runs?since=yesterday", undefined, /since is not a time/],
  ];
  for (const [target, value, pattern] of tries) {
    const [method, path] = target.split(" ");
    const body = typeof value === "object" ? JSON.stringify(value) : value;
    const response = await client.raw(method, path, { body } as RequestInit);
    const { detail } = await response.json();
    assert.equal(response.status, 400, `${target}: ${detail}`);
    assert.match(detail, /^Cannot read the (body|query): /);
    assert.match(detail, pattern);
  }
  assert.deepEqual((await client.get("/api/runs")).items, []);
});

test("unknown paths, methods and media types are told apart", async () => {
  const { client } = start();
  const status = async (method: string, path: string, init?: RequestInit) => {
    const response = await client.raw(method, path, init);
    const text = await response.text();
    if (text !== "") assert.match(JSON.parse(text).detail, /^Cannot /);
    return [response.status, response.headers.get("allow")];
  };
  assert.deepEqual(await status("GET", "/nowhere"), [404, null]);
  assert.deepEqual(await status("GET", "/api/workflows/w/runs/r"), [404, null]);
  assert.deepEqual(await status("GET", "/api/workflows/w/runs/r/tasks"), [
    404,
    null,
  ]);
  assert.deepEqual(await status("GET", "/api/workflows/w/runs/r/tasks/t"), [
    404,
    null,
  ]);
  assert.deepEqual(await status("GET", "/api/login/ABCD-EFGH"), [404, null]);
  assert.deepEqual(await status("PUT", "/api/runs"), [405, "GET, HEAD"]);
  assert.deepEqual(await status("OPTIONS", "/cli/workflows"), [405, "POST"]);
  assert.deepEqual(await status("GET", "/cli/workflows/w"), [405, "PATCH"]);
  for (const type of ["text/plain", "application/x-www-form-urlencoded"]) {
    const init = { body: "{}", headers: { "content-type": type } };
    assert.deepEqual(await status("PATCH", "/cli/workflows/w", init), [
      415,
      null,
    ]);
  }
  const head = await client.raw("HEAD", "/health");
  assert.equal(head.status, 200);
});

test("every answer has the headers that keep it safe", async () => {
  const { app } = start();
  const paths = ["/", "/health", "/openapi.json", "/api/runs", "/nowhere"];
  for (const path of paths) {
    const response = await app.request(path);
    await response.body?.cancel();
    const { headers } = response;
    assert.match(
      headers.get("content-security-policy")!,
      /^default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/,
    );
    assert.equal(headers.get("x-content-type-options"), "nosniff");
    assert.equal(headers.get("referrer-policy"), "no-referrer");
    assert.equal(headers.get("set-cookie"), null);
    assert.equal(headers.get("access-control-allow-origin"), null);
  }
});

test("hostile values stay values", async () => {
  const { client } = start();
  const nasty = [
    "__proto__",
    "constructor",
    "a/b",
    "%2e%2e",
    "a%2Fb",
    "<img src=x onerror=alert(1)>",
    "con",
    "_latest",
    "\u202e\n\u0000",
    "💥",
    "x".repeat(1_000),
  ];
  for (const [nth, id] of nasty.entries()) {
    const run_id = nasty[(nth + 3) % nasty.length];
    const body = `{"__proto__":{"status":"Failed"},"status":"Completed",` +
      `"run_id":${JSON.stringify(run_id)},"task_id":${JSON.stringify(id)},` +
      `"constructor":{"prototype":{"x":1}},"current_context":"{}"}`;
    const part = encodeURIComponent(id);
    const path = `/cli/workflows/${part}/tasks/${part}`;
    const response = await client.raw("PATCH", path, { body });
    assert.equal(response.status, 200, await response.text());
    const run = `/api/workflows/${part}/runs/${encodeURIComponent(run_id)}`;
    const { items } = await client.get(`${run}/tasks`);
    assert.deepEqual([items.length, items[0].task_id, items[0].status], [
      1,
      id,
      "Completed",
    ]);
    const task = await client.get(`${run}/tasks/${part}`);
    assert.equal(task.task_id, id);
    assert.equal(task.workflow_id, id);
    assert.equal((await client.get(run)).run_id, run_id);
  }
  assert.equal(({} as { status?: string }).status, undefined);
  const listed = await client.all("/api/runs?limit=3");
  assert.deepEqual(
    listed.map(({ workflow_id }) => workflow_id).sort(),
    [...nasty].sort(),
  );
  for (const [open, close] of [["[", "]"], ['{"a":', "}"]]) {
    const depth = 20_000;
    const bomb = `{"status":"New","x":${open.repeat(depth)}1` +
      `${close.repeat(depth)}}`;
    const response = await client.raw("PATCH", "/cli/workflows/w", {
      body: bomb,
    });
    assert.equal(response.status, 400);
    assert.match((await response.json()).detail, /nested deeper/);
  }
  const text = '\\"[[['.repeat(100);
  await client.tellRun("deep", { status: "New", workflow_name: text });
});

test("a storage that fails is 503, and tells the client no more", async () => {
  class Failing extends StorageText {
    fails = false;
    override get(key: string): Promise<Context> {
      if (this.fails) throw new Error("the password is hunter2");
      return super.get(key);
    }
  }
  const storage = new Failing();
  const errors: unknown[] = [];
  const { client } = startServer(storage, {
    onError: (error: unknown) => errors.push(error),
  });
  await client.get("/health");
  storage.fails = true;
  for (const path of ["/health", "/api/workflows/w/runs/r"]) {
    const { status, body } = await client.ask("GET", path);
    assert.equal(status, 503);
    assert.equal(body.detail, "Cannot reach the storage: try again later");
  }
  const told = await client.ask("PATCH", "/cli/workflows/w", { status: "New" });
  assert.equal(told.status, 503);
  assert.match(String(errors[0]), /hunter2/);
  storage.fails = false;
  await client.tellRun("w", { status: "New", run_id: "r" });
  const metrics = await (await client.raw("GET", "/metrics")).text();
  assert.match(metrics, /^dotflow_server_storage_failures_total 3$/m);
  assert.match(metrics, /^dotflow_server_live_runs 1$/m);
});

test("a word that is answered by 503 may be said again", async () => {
  for (let failing = 1;; failing++) {
    let calls = 0;
    class Failing extends StorageText {
      override async atomicSwap(
        ...args: Parameters<StorageText["atomicSwap"]>
      ): Promise<boolean> {
        const before = ++calls === failing && failing % 2 === 1;
        if (before) throw new Error("cut before it was written");
        const done = await super.atomicSwap(...args);
        if (calls === failing) throw new Error("cut after it was written");
        return done;
      }
      override post(key: string, context: Context): Promise<void> {
        if (++calls === failing) throw new Error("cut");
        return super.post(key, context);
      }
    }
    const texts = new Map<string, string>();
    const onError = () => {};
    const { client } = startServer(new Failing(texts), { onError });
    const say = async (path: string, value: unknown) => {
      for (let tries = 0; tries < 2; tries++) {
        const { status } = await client.ask("PATCH", path, value);
        if (status === 200) return;
        assert.equal(status, 503);
      }
      assert.fail("it fails twice");
    };
    const run = { run_id: "r" };
    await say("/cli/workflows/w", { ...run, status: "In progress" });
    const task = { ...run, task_id: "t", status: "Completed" };
    await say("/cli/workflows/w/tasks/t", task);
    await say("/cli/workflows/w", { ...run, status: "Completed" });
    for (const storage of [new StorageText(texts), new StorageText(texts)]) {
      const { client } = startServer(storage);
      const { items } = await client.get("/api/runs");
      assert.equal(items.length, 1, `call ${failing}`);
      assert.equal(items[0].status, "Completed");
      assert.equal(items[0].tasks.completed, 1);
    }
    if (calls < failing) break;
  }
});

test("a run that begins while runs are listed stays in the list", async () => {
  let release = () => {};
  class Slow extends StorageText {
    gate: Promise<void> | undefined;
    override async listKeys(prefix: string): Promise<string[]> {
      const keys = await super.listKeys(prefix);
      await this.gate;
      return keys;
    }
  }
  const storage = new Slow();
  const { client } = startServer(storage, {
    refresh: "1h",
    keep: null,
  });
  storage.gate = new Promise((resolve) => release = resolve);
  const listing = client.get("/api/runs");
  const run = { run_id: "r", task_id: "t", status: "In progress" } as const;
  const telling = client.tellTask("w", run);
  while (!storage.listKeysNow().some((key) => key.startsWith("server-index"))) {
    await new Promise((wake) => setTimeout(wake, 1));
  }
  release();
  await Promise.all([listing, telling]);
  assert.equal((await client.get("/api/runs")).items.length, 1);
});

test("listeners load anew where more is new than can be told", async () => {
  const storage = new StorageDefault();
  const { client } = startServer(storage);
  const { client: other } = startServer(storage, { refresh: "1h" });
  const stream = eventsOf(await client.raw("GET", "/api/events"));
  const heard = stream.next();
  await client.tellRun("here", { status: "In progress", run_id: "r" });
  await heard;
  const next = stream.next();
  const runs = Array.from({ length: 1_500 }, (_, nth) => `r${nth}`);
  await Promise.all(
    runs.map((run_id) => other.tellRun("w", { status: "New", run_id })),
  );
  let told = await next;
  while (told.value!.event !== "reset") told = await stream.next();
  // And from then on, all is told again.
  await other.tellRun("w", { status: "New", run_id: "last" });
  for await (const { data } of stream) {
    if (JSON.parse(data).run_id === "last") break;
  }
});

test("without a token, it only answers by names of this machine", async () => {
  const storage = new StorageDefault();
  const status = async (url: string, options = {}, headers = {}) => {
    const { app } = startServer(storage, { token: null, ...options });
    const response = await app.fetch(new Request(url, { headers }));
    await response.body?.cancel();
    return response.status;
  };
  for (const host of ["localhost:8710", "127.0.0.1", "127.1.2.3", "[::1]:80"]) {
    assert.equal(await status(`http://${host}/api/runs`), 200, host);
  }
  for (
    const path of ["/", "/api/runs", "/health", "/openapi.json", "/nowhere"]
  ) {
    assert.equal(await status(`http://rebound.example${path}`), 421, path);
  }
  assert.equal(await status("http://127.0.0.1.example/api/runs"), 421);
  const rebound = { host: "rebound.example" };
  if (
    new Request("http://localhost", { headers: rebound }).headers.has("host")
  ) {
    assert.equal(await status("http://localhost/api/runs", {}, rebound), 421);
  }
  const hosts = ["Flows.example", "::1"];
  assert.equal(await status("http://flows.example/api/runs", { hosts }), 200);
  assert.equal(await status("http://[::1]:8710/api/runs", { hosts }), 200);
  assert.equal(await status("http://localhost/api/runs", { hosts }), 421);
  assert.equal(
    await status("http://any.example/api/runs", { hosts: null }),
    200,
  );
  // With a token, whoever knows it may use any name, unless told otherwise.
  const token = { token: TOKEN };
  assert.equal(await status("http://any.example/health", token), 200);
  const both = { ...token, hosts };
  assert.equal(await status("http://any.example/health", both), 421);
});

test("without a token, nobody logs in or is let in", async () => {
  const storage = new StorageDefault();
  const { client: guarded } = startServer(storage);
  const { client: open } = startServer(storage, { token: null });
  const { body } = await guarded.ask("POST", "/cli/device");
  const path = `/api/login/${body.user_code}`;
  const { device_code } = body;
  for (
    const [method, target, value] of [
      ["POST", "/cli/device"],
      ["POST", "/cli/token", { device_code }],
      ["GET", path],
      ["POST", path, { approve: true }],
    ] as const
  ) {
    const { status } = await open.ask(method, target, value);
    assert.equal(status, 403, `${method} ${target}`);
  }
  const asked = await guarded.ask("POST", "/cli/token", { device_code });
  assert.equal(asked.body.detail, "authorization_pending");
});

test("a device that asks too often makes no writes", async () => {
  const storage = new StorageCounting();
  const { client } = startServer(storage);
  const { device_code } = (await client.ask("POST", "/cli/device")).body;
  const poll = async () =>
    (await client.ask("POST", "/cli/token", { device_code })).body.detail;
  assert.equal(await poll(), "authorization_pending");
  storage.take();
  for (let nth = 0; nth < 20; nth++) assert.equal(await poll(), "slow_down");
  const { post = 0, swap = 0 } = storage.take();
  assert.deepEqual([post, swap], [0, 0]);
});

test("an onError that throws takes no answer with it", async () => {
  const storage = new StorageFailing();
  let told = 0;
  const onError = () => {
    told++;
    throw new Error("nobody can be told");
  };
  const { client } = startServer(storage, { onError });
  storage.fails = () => true;
  const { status, body } = await client.ask("GET", "/api/workflows/w/runs/r");
  assert.equal(status, 503);
  assert.match(body.detail, /^Cannot reach the storage/);
  assert.equal(told, 1);
});

test("a list knows at once what was written after an end long ago", async () => {
  const { client } = start();
  const tell = async (status: "In progress" | "Completed") => {
    const started_at = "2026-01-01T00:00:00.000Z";
    await client.tellRun("w", { run_id: "r", status, started_at });
  };
  const completed = async () =>
    (await client.get("/api/runs")).items[0].tasks.completed;
  await tell("In progress");
  await tell("Completed");
  passTime(70_000);
  assert.equal(await completed(), 0);
  assert.equal(await completed(), 0);
  const task = { run_id: "r", task_id: "t", status: "Completed" } as const;
  await client.tellTask("w", task);
  assert.equal(await completed(), 1);
});

test("a list learns in time what others wrote after an end long ago", async () => {
  const storage = new StorageDefault();
  const { client } = startServer(storage);
  const { client: other } = startServer(storage);
  const run = { run_id: "r", started_at: "2026-01-01T00:00:00.000Z" };
  await client.tellRun("w", { ...run, status: "In progress" });
  await client.tellRun("w", { ...run, status: "Completed" });
  passTime(70_000);
  const completed = async () =>
    (await client.get("/api/runs")).items[0].tasks.completed;
  assert.equal(await completed(), 0);
  const task = { run_id: "r", task_id: "t", status: "Completed" } as const;
  await other.tellTask("w", task);
  passTime(40_000);
  assert.equal(await completed(), 1);
});

test("workflows whose runs are removed leave nothing behind", async () => {
  const storage = new StorageDefault();
  const { client } = startServer(storage, { keep: { runs: 5 } });
  for (let nth = 0; nth < 40; nth++) {
    await client.tellRun(`w${nth}`, { status: "In progress" });
  }
  const latest = storage.listKeys("").filter((key) => key.endsWith("/_latest"));
  assert.ok(latest.length <= 6, `${latest.length} are left`);
});

test("a damaged run is left out of lists, and told of", async () => {
  const storage = new StorageFailing();
  const told: unknown[] = [];
  const onError = (error: unknown) => void told.push(error);
  const { client } = startServer(storage, { onError });
  for (const run_id of ["good", "bad"]) {
    await client.tellRun("w", { status: "In progress", run_id });
  }
  const key = storage.listKeysNow().find((key) => key.endsWith("/bad/_run"))!;
  storage.texts.set(key, storage.texts.get(key)!.slice(0, -9));
  const server = startServer(storage, { onError });
  const { items } = await server.client.get("/api/runs");
  assert.deepEqual(items.map(({ run_id }: { run_id: string }) => run_id), [
    "good",
  ]);
  assert.equal(told.length, 1);
  assert.ok(told[0] instanceof CorruptCheckpointError);
  storage.fails = (method, key) => method === "get" && key.endsWith("/_run");
  const { status } = await server.client.ask("GET", "/api/runs");
  assert.equal(status, 503);
});

test("of very many failed attempts, the last ones are listed", async () => {
  const { client } = start();
  const path = "/api/workflows/w/runs/r/tasks";
  const task = { task_id: "t", run_id: "r", status: "Retry" } as const;
  const errors = (count: number) =>
    Array.from({ length: count }, (_, nth) => ({
      attempt: nth + 1,
      exception: "Error",
      message: `no. ${nth + 1}`,
      traceback: "",
      failed_at: new Date(nth * 1_000).toISOString(),
    }));
  await client.tellTask("w", { ...task, errors: errors(300) });
  await client.tellTask("w", { ...task, errors: errors(301) });
  const [row] = (await client.get(path)).items;
  assert.equal(row.failed_at.length, 100);
  assert.equal(row.failed_at.at(-1), new Date(300_000).toISOString());
  assert.equal(row.error.message, "no. 301");
  assert.equal((await client.get(`${path}/t`)).errors.length, 301);
  const tooMany = await client.ask("PATCH", "/cli/workflows/w/tasks/t", {
    ...task,
    errors: Array(5_001).fill({}),
  });
  assert.equal(tooMany.status, 400);
  assert.match(tooMany.body.detail, /errors is not a list of at most 5000/);
});

test("events that are long are kept the less", () => {
  const hub = new Hub();
  const data = { workflow_id: "w", run_id: "r", name: "x".repeat(100_000) };
  const add = () => hub.add({ event: "task", data: data as never });
  for (let nth = 0; nth < 10; nth++) add();
  assert.equal(hub.after(0, 100)?.length, 10);
  for (let nth = 0; nth < 400; nth++) add();
  assert.equal(hub.after(0, 100), undefined);
  assert.equal(hub.after(410 - 150, 1_000)?.length, 150);
  assert.equal(hub.after(410 - 170, 1_000), undefined);
  hub.lose();
  assert.equal(hub.after(410, 10), undefined);
  add();
  assert.equal(hub.after(411, 10)?.length, 1);
});

test("a run of very many tasks stays in memory while it is read", () => {
  const runs = new Map<string, LiveRun>();
  const place = new Places("server").run("w", "large");
  const large = new LiveRun(place);
  const row = { start: 1, created_at: null, failures: 0 };
  for (let position = 0; position < 100_001; position++) {
    const summary = { task_id: `t${position}`, position } as TaskSummary;
    large.apply({ ...row, summary });
  }
  runs.set("small", new LiveRun(place));
  runs.set("large", large);
  evict(runs);
  assert.deepEqual([...runs.keys()], ["large"]);
  runs.set("next", new LiveRun(place));
  large.uses++;
  evict(runs);
  assert.deepEqual([...runs.keys()], ["large", "next"]);
  large.uses--;
  evict(runs);
  assert.deepEqual([...runs.keys()], ["next"]);
});

test("runs of which nothing is heard are asked about the less often", async () => {
  const storage = new StorageCounting();
  const { client: other } = startServer(storage);
  const { client } = startServer(storage);
  for (let nth = 0; nth < 20; nth++) {
    const run_id = `r${nth}`;
    await other.tellRun("w", { status: "In progress", run_id });
    await client.get(`/api/workflows/w/runs/${run_id}`);
  }
  passTime(600_000);
  const stream = eventsOf(await client.raw("GET", "/api/events"));
  const next = stream.next();
  const looks = async () => {
    for (let nth = 0; nth < 8; nth++) {
      await new Promise((resolve) => setTimeout(resolve, 120));
    }
    return storage.take().get;
  };
  await looks();
  const asked = await looks();
  assert.ok((asked ?? 0) < 20, `${asked} reads`);
  // What goes on is heard of at once.
  await other.tellRun("new", { status: "In progress", run_id: "r" });
  assert.equal(JSON.parse((await next).value!.data).workflow_id, "new");
  await stream.return(undefined);
});

test("logins are bounded", async () => {
  const { client } = start();
  const statuses = [];
  for (let nth = 0; nth < 32; nth++) {
    statuses.push((await client.ask("POST", "/cli/device")).status);
  }
  assert.deepEqual(statuses.slice(0, 30), Array(30).fill(200));
  assert.deepEqual(statuses.slice(30), [429, 429]);
});

test("a token may be one of several, or a function's word", async () => {
  const status = async (token: ServerOptions["token"], given: string) => {
    const app = createServer({ storage: new StorageDefault(), token });
    cleanup(() => app.close());
    const fetch = (request: Request) => app.fetch(request);
    const { status } = await new Client(fetch, undefined, given)
      .ask("GET", "/api/runs");
    return status;
  };
  assert.equal(await status(["one", "two"], "two"), 200);
  assert.equal(await status(["one", "two"], "three"), 401);
  assert.equal(await status((token) => token === "x", "x"), 200);
  const later = (token: string) => Promise.resolve(token === "x");
  assert.equal(await status(later, "x"), 200);
  assert.equal(await status(later, "y"), 401);
  assert.equal(await status(() => "yes" as unknown as boolean, "y"), 401);
  assert.equal(await status(null, "anything"), 200);
});

test("bad options are refused, and no token is shown", () => {
  const storage = new StorageDefault();
  const good = { storage, token: TOKEN };
  const tries: [unknown, RegExp][] = [
    [{ storage }, /Cannot use nothing as token/],
    [{ storage, token: "" }, /Cannot use nothing as token/],
    [{ storage, token: "hunter2 hunter2" }, /what was given as token/],
    [{ storage, token: ["hunter2", 7] }, /what was given as token/],
    [{ storage, token: [] }, /what was given as token/],
    ["hunter2", /Cannot use a text as options of createServer/],
    [{ ...good, storage: {} }, /as storage/],
    [
      { ...good, storage: new StorageBare() },
      /listKeys and deletePrefix and atomicSwap/,
    ],
    [{ ...good, bodyLimit: 0 }, /bodyLimit/],
    [{ ...good, prefix: "a/b" }, /prefix/],
    [{ ...good, keep: { runs: 0 } }, /runs/],
    [{ ...good, keep: { days: 1 } }, /allowed are runs, age/],
    [{ ...good, refresh: "soon" }, /refresh/],
    [{ ...good, publicUrl: "https://u:hunter2@host" }, /as publicUrl/],
    [{ ...good, publicUrl: "host:80" }, /as publicUrl/],
    [{ ...good, tokenAge: 0 }, /tokenAge/],
    [{ ...good, hosts: [] }, /as hosts/],
    [{ ...good, hosts: ["http://u:hunter2@host"] }, /as hosts/],
    [{ ...good, onError: "log" }, /onError/],
    [{ ...good, tokens: "hunter2" }, /Cannot use option "tokens"/],
  ];
  for (const [options, pattern] of tries) {
    assert.throws(() => createServer(options as ServerOptions), (error) => {
      const { message, stack } = error as Error;
      assert.match(message, pattern);
      assert.equal(`${message}${stack}`.includes("hunter2"), false);
      return true;
    });
  }
});

test("a slow listener costs nothing, and is told to load anew", async () => {
  const { client } = start();
  const response = await client.raw("GET", "/api/events");
  const reader = response.body!.getReader();
  await reader.read();
  const count = 5_000;
  for (let at = 0; at < count; at += 100) {
    await Promise.all(
      Array.from({ length: 100 }, (_, nth) =>
        client.tellTask("w", {
          task_id: `t${at + nth}`,
          run_id: "r",
          status: "Completed",
        })),
    );
  }
  let text = "";
  while (!text.includes("event: reset")) {
    const { value, done } = await reader.read();
    assert.equal(done, false);
    text += new TextDecoder().decode(value);
  }
  const events = text.split("event: task").length - 1;
  assert.ok(events < count - 1_000, `${events} events were kept for it`);
  await reader.cancel();
  const metrics = await (await client.raw("GET", "/metrics")).text();
  assert.match(metrics, /^dotflow_server_listeners 0$/m);
});

test("a device is told of the page where people reach the server", async () => {
  const { client } = start({ publicUrl: "https://flows.example/api/" });
  const { body } = await client.ask("POST", "/cli/device");
  assert.equal(body.verification_uri, "https://flows.example/api/device");
});

test("a device's token ends, for a server that believed it too", async () => {
  const storage = new StorageDefault();
  const { client, app } = startServer(storage, { tokenAge: "1h" });
  const { device_code, user_code } =
    (await client.ask("POST", "/cli/device")).body;
  await client.ask("POST", `/api/login/${user_code}`, { approve: true });
  const { body } = await client.ask("POST", "/cli/token", { device_code });
  const owner = new Client(
    (request) => app.fetch(request),
    undefined,
    body
      .api_token,
  );
  const status = async () => (await owner.ask("GET", "/api/runs")).status;
  assert.equal(await status(), 200);
  const { now } = Date;
  cleanup(() => void (Date.now = now));
  Date.now = () => now() + 3_599_000;
  assert.equal(await status(), 200);
  Date.now = () => now() + 3_600_000;
  assert.equal(await status(), 401);
  assert.deepEqual(storage.listKeys("server-login/token/"), []);
});

test("runs that are too old are removed whole", async () => {
  const storage = new StorageDefault();
  const { client } = startServer(storage, { keep: { age: "1d" } });
  const tell = async (run_id: string, ms: number) => {
    const started_at = new Date(Date.now() - ms).toISOString();
    await client.tellRun("w", { run_id, status: "In progress", started_at });
    await client.tellTask("w", { run_id, task_id: "t", status: "Completed" });
  };
  await tell("young", 80_000_000);
  await tell("old", 90_000_000);
  const { now } = Date;
  cleanup(() => void (Date.now = now));
  // It is looked for old runs once in a while.
  Date.now = () => now() + 2_000;
  await tell("new", 0);
  const { items } = await client.get("/api/runs");
  assert.deepEqual(items.map(({ run_id }: { run_id: string }) => run_id), [
    "new",
    "young",
  ]);
  assert.deepEqual(
    storage.listKeys("").filter((key) => /\/old\//.test(key)),
    [],
  );
});

test("a table of tasks that is not that of the state is not believed", async () => {
  /** A server that dies once the table is written. */
  class Dying extends StorageText {
    isDead = false;
    override async post(key: string, context: Context): Promise<void> {
      await super.post(key, context);
      if (key.endsWith("/_table")) this.isDead = true;
    }
    override atomicSwap(
      ...args: Parameters<StorageText["atomicSwap"]>
    ): Promise<boolean> {
      if (this.isDead) throw new Error("it has died");
      return super.atomicSwap(...args);
    }
  }
  const texts = new Map<string, string>();
  const { client } = startServer(new Dying(texts), { onError: () => {} });
  const run_id = "r";
  await client.tellRun("w", { run_id, status: "In progress" });
  await client.tellTask("w", { run_id, task_id: "a", status: "Completed" });
  await client.tellRun("w", { run_id, status: "Completed" });
  const task = { run_id, task_id: "b", status: "Completed" } as const;
  // Another one hears of a further task, of which the table does not know.
  await startServer(new StorageText(texts)).client.tellTask("w", task);
  const shows = async (workflow: string, tasks: readonly string[]) => {
    const { client } = startServer(new StorageText(texts));
    const path = `/api/workflows/${workflow}/runs/r`;
    const { items } = await client.get(`${path}/tasks`);
    assert.deepEqual(
      items.map(({ task_id }: { task_id: string }) => task_id),
      tasks,
    );
    assert.equal((await client.get(path)).tasks.completed, tasks.length);
  };
  assert.ok([...texts.keys()].some((key) => key.endsWith("/w/r/_table")));
  await shows("w", ["a", "b"]);
  // One that was planted beside the state of a run that is sealed.
  const storage = new StorageText(texts);
  const { client: whole } = startServer(storage);
  await whole.tellTask("x", { ...task, task_id: "a" });
  await whole.tellRun("x", { run_id, status: "Completed" });
  const key = [...texts.keys()].find((key) => key.endsWith("/x/r/_table"))!;
  const { taskId } = await storage.get(key);
  const table = { seal: "another", rows: [] };
  await storage.post(key, new Context({ storage: table, taskId }));
  await shows("x", ["a"]);
});

test("a stream without news has a sign of life", async () => {
  const { client } = start();
  const { setTimeout: wait } = globalThis;
  cleanup(() => void (globalThis.setTimeout = wait));
  let naps = 0;
  // Time goes by at once.
  const nap = (wake: () => void) => {
    assert.ok(++naps < 1_000, "nothing comes");
    return wait(wake, 0);
  };
  globalThis.setTimeout = nap as unknown as typeof wait;
  const response = await client.raw("GET", "/api/events");
  const reader = response.body!.getReader();
  const decoder = new TextDecoder();
  assert.match(decoder.decode((await reader.read()).value), /^retry: 1000/);
  for (let nth = 0; nth < 2; nth++) {
    assert.equal(decoder.decode((await reader.read()).value), ": alive\n\n");
  }
  await reader.cancel();
});
