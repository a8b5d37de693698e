/**
 * ServerDefault against a strict receiver of the reference system's protocol.
 *
 * @module
 */

import {
  action,
  Config,
  type ConfigOptions,
  Context,
  DotFlow,
  type LogFields,
  type Server,
  ServerDefault,
} from "@dotflow/dotflow";
import type { ServerDefaultOptions } from "@dotflow/dotflow/providers/server-default";
import assert from "node:assert/strict";
import process from "node:process";
import { failing, flowOn, sleep, throwsWith } from "./flow.ts";
import { cleanup, refuseUnhandled, runtime, tempDir, test } from "./harness.ts";
import { type LabInbox, openInbox, type Received } from "./inbox.ts";
import { unreachable } from "./lab.ts";
import { type Line, LogRecorder } from "./recorder.ts";
import { nobody } from "./sick_watchers.ts";
import { StorageText } from "./storages.ts";

// deno-lint-ignore no-explicit-any
type Json = any;

function to(inbox: LabInbox, options: ServerDefaultOptions = {}) {
  return new ServerDefault({ baseUrl: inbox.url, token: "token", ...options });
}

/** Keeps what the log is told of failures. */
function reporting(server: Server, more: ConfigOptions = {}) {
  const lines: Line[] = [];
  const config = new Config({ server, log: new LogRecorder(lines), ...more });
  const reports = () =>
    lines.filter(({ message }) => /ServerDefault/.test(message)).map((line) =>
      String((line.fields as LogFields).reason)
    );
  return { config, reports };
}

/** What was taken, in short: `updateTask a Completed`. */
function short({ value }: Received): string {
  const { call, body } = value as { call: string; body: Json };
  const what = [call, body.task_id, body.status];
  return what.filter((part) => part !== undefined).join(" ");
}

function taken(received: readonly Received[]): Received[] {
  return received.filter(({ value }) => value !== undefined);
}

function refusals(received: readonly Received[]): string[] {
  return received.map(({ refusal }) => refusal ?? "").filter(Boolean);
}

/** The bodies of a call, of one task where that is named. */
async function bodies(
  inbox: LabInbox,
  call: string,
  taskId?: string,
): Promise<Json[]> {
  const received = await inbox.received();
  assert.deepEqual(refusals(received), []);
  return taken(received).filter(({ value }) =>
    value.call === call && (taskId ?? value.body.task_id) === value.body.task_id
  ).map(({ value }) => value.body);
}

test("server default: it tells of a run live, in the reference's words", async () => {
  const inbox = await openInbox("remote");
  const config = new Config({ server: to(inbox) });
  const workflow = new DotFlow({ name: "users", config });
  const seen = async (text: string) => {
    for (;;) {
      const received = taken(await inbox.received()).map(short);
      if (received.includes(text)) return;
    }
  };
  workflow.task.add(
    action("a", async ({ progress }) => {
      await seen("updateTask a In progress");
      progress(0.25);
      return [1, new Context({ storage: 2, taskId: "x" })];
    }),
    { initialContext: { rows: 3 } },
  );
  workflow.task.add(
    action({ name: "b", retry: 2, retryDelay: 1 }, async ({ attempt }) => {
      if (attempt === 1) throw new RangeError("no rows");
      await seen("updateTask b In progress");
    }),
    { groupName: "default" },
  );
  const run = await workflow.start();
  const received = await inbox.received();
  assert.deepEqual(refusals(received), []);
  const calls = received.map(short);
  assert.deepEqual(calls.slice(0, 5), [
    "createWorkflow",
    "updateWorkflow In progress",
    "createTask a Not started",
    "createTask b Not started",
    "updateTask a In progress",
  ]);
  assert.equal(calls.at(-1), "updateWorkflow Completed");
  const index = (text: string) => calls.indexOf(text);
  assert.ok(index("updateTask a Completed") < index("updateTask b Completed"));
  const [created] = await bodies(inbox, "createWorkflow");
  assert.equal(created.workflow_name, "users");
  assert.deepEqual(created.tasks.map((task: Json) => task.task_id), ["a", "b"]);
  const a = (await bodies(inbox, "updateTask", "a")).at(-1);
  assert.deepEqual(JSON.parse(a.initial_context), { rows: 3 });
  assert.equal(a.current_context, '{"raw:0":1,"x":2}');
  assert.equal(a.run_id, run.runId);
  assert.equal(a.progress, 0.25);
  const b = (await bodies(inbox, "updateTask", "b")).at(-1);
  assert.deepEqual([b.position, b.retry_count, b.errors.length], [1, 1, 1]);
  assert.equal(b.error.exception, "RangeError");
  assert.equal(b.current_context, null);
  const task = run.tasks[1];
  assert.equal(b.duration, task.duration / 1_000);
  assert.equal(b.started_at, task.startedAt?.toISOString());
  assert.equal(b.finished_at, task.finishedAt?.toISOString());
  const [begun, ended] = await bodies(inbox, "updateWorkflow");
  assert.equal(begun.duration, undefined);
  assert.deepEqual([ended.mode, ended.tasks_count], ["sequential", 2]);
});

test("server default: without live, it tells of ends only", async () => {
  const inbox = await openInbox("remote");
  const config = { server: to(inbox, { live: false }) };
  const workflow = flowOn(new StorageText(), "wf", config);
  workflow.task.add(failing(1, { name: "a", retry: 2 }));
  workflow.task.add(action("b", async () => {
    await inbox.receives(4);
    // As long as it takes to be told that this one has started.
    await sleep(50);
  }));
  await workflow.start();
  assert.deepEqual((await inbox.received()).map(short), [
    "updateWorkflow In progress",
    "createTask a Not started",
    "createTask b Not started",
    "updateTask a Completed",
    "updateTask b Completed",
    "updateWorkflow Completed",
  ]);
});

test("server default: a restored task is told of as completed", async () => {
  const inbox = await openInbox("remote");
  const storage = new StorageText();
  const broken = failing(1, { name: "b" });
  for (const resume of [false, true]) {
    const workflow = flowOn(storage, "wf", { server: to(inbox), log: [] });
    workflow.task.add(action("a", () => 7)).add(broken);
    await workflow.start({ resume });
  }
  const last = (await bodies(inbox, "updateTask", "a")).at(-1);
  assert.deepEqual([last.status, last.restored, last.current_context], [
    "Completed",
    true,
    "7",
  ]);
});

test("server default: a cancelled run is a failed one to the reference", async () => {
  const inbox = await openInbox("remote");
  const workflow = flowOn(new StorageText(), "wf", { server: to(inbox) });
  const controller = new AbortController();
  workflow.task.add(action("a", () => controller.abort()));
  workflow.task.add(action("b", () => 1));
  const run = await workflow.start({ signal: controller.signal });
  assert.equal(run.status, "Cancelled");
  const ended = (await bodies(inbox, "updateWorkflow")).at(-1);
  assert.deepEqual([ended.status, ended.cancelled], ["Failed", true]);
});

test("server default: ids of any text stay in their place of the path", async () => {
  const inbox = await openInbox("remote");
  for (const id of ["..", ".", "a/b?c#d", "%2e", "ü €", "~."]) {
    const workflow = flowOn(new StorageText(), id, { server: to(inbox) });
    workflow.task.add(action("a", () => 1), { name: id });
    assert.equal((await workflow.start()).status, "Completed");
  }
  const received = await inbox.received();
  assert.deepEqual(refusals(received), []);
  assert.equal(
    taken(received).filter(({ value }) => value.body.current_context === "1")
      .length,
    6,
  );
});

test("server default: values that JSON lacks are shown, and none is thrown", async () => {
  const inbox = await openInbox("remote");
  const cycle: Record<string, unknown> = { big: 3n, nan: NaN };
  cycle.self = cycle;
  const deep = JSON.parse("[".repeat(500) + "]".repeat(500));
  const value = {
    cycle,
    deep,
    map: new Map([["k", new Set([1])]]),
    date: new Date(0),
    bytes: new Uint8Array(3),
    "half \ud800": "\udfff",
  };
  const workflow = flowOn(new StorageText(), "wf", { server: to(inbox) });
  workflow.task.add(action("a", () => 1), { initialContext: { value } });
  await workflow.start();
  const [body] = await bodies(inbox, "createTask");
  const told = JSON.parse(body.initial_context).value;
  assert.deepEqual(told.cycle, { big: "3", nan: "NaN", self: "[circular]" });
  assert.deepEqual(told.map, { k: [1] });
  assert.equal(told.date, "1970-01-01T00:00:00.000Z");
  assert.equal(told.bytes, "[3 bytes]");
  assert.equal(told["half \ufffd"], "\ufffd");
  assert.match(JSON.stringify(told.deep), /^\[+"\[too deep\]"\]+$/);
});

test("server default: of a body that is too long, the largest context gives way", async () => {
  const inbox = await openInbox("remote");
  const workflow = flowOn(new StorageText(), "wf", {
    server: to(inbox, { timeout: "10s" }),
    drainTimeout: "20s",
  });
  workflow.task.add(action("a", () => "r".repeat(4_900_000)), {
    initialContext: "i".repeat(200_000),
  });
  workflow.task.add(action("b", () => "s".repeat(6_000_000)));
  await workflow.start();
  const a = (await bodies(inbox, "updateTask", "a")).at(-1);
  const exceeded = { message: "Context size exceeded" };
  assert.deepEqual(JSON.parse(a.current_context), exceeded);
  assert.equal(a.initial_context.length, 200_002);
  const b = (await bodies(inbox, "updateTask", "b")).at(-1);
  assert.deepEqual(JSON.parse(b.current_context), exceeded);
});

test("server default: a context is written once, however often it is told of", async () => {
  const inbox = await openInbox("remote");
  const readsBy = async (server: Server[]) => {
    let reads = 0;
    const storage = {
      get rows() {
        return ++reads && "the same";
      },
    };
    const workflow = flowOn(new StorageText(), "wf", { server, log: [] });
    workflow.task.add(failing(2, { name: "a", retry: 3 }), {
      initialContext: new Context({ storage }),
    });
    await workflow.start();
    return reads;
  };
  const none = await readsBy([]);
  const reads = await readsBy([to(inbox)]) - none;
  assert.ok((await bodies(inbox, "updateTask", "a")).length >= 1);
  // It is looked through, and then written.
  assert.ok(reads <= 2, `read ${reads} times`);
});

test("server default: a large context costs little more than JSON itself", {
  skip: runtime === "workerd" && "its clock stands still meanwhile",
}, async () => {
  const inbox = await openInbox("remote");
  const workflow = new DotFlow({ workflowId: "wf", config: nobody().config });
  const large = (n: number) => ({
    n,
    rows: Array.from(
      { length: 10_000 },
      (_, id) => ({ id, name: `row ${id}` }),
    ),
  });
  for (let n = 0; n < 12; n++) {
    const initialContext = large(n);
    workflow.task.add(action(`${n}`, () => n), { initialContext });
  }
  const { tasks } = await workflow.start();
  const server = to(inbox, { timeout: "20s" });
  const took = (call: () => unknown) => {
    const start = performance.now();
    call();
    return performance.now() - start;
  };
  // Until the client is there.
  server.createTask(tasks[0]);
  await server.flush();
  const ratios = tasks.slice(1).map((task) => {
    const { storage } = task.initialContext;
    const told = took(() => server.createTask(task));
    return told / took(() => JSON.stringify({ text: JSON.stringify(storage) }));
  });
  ratios.sort((a, b) => a - b);
  await server.flush();
  assert.equal((await bodies(inbox, "createTask")).length, tasks.length);
  const [, , low] = ratios;
  assert.ok(low < 5, `${low} times as long`);
});

test("server default: 200 runs at once lose and mix nothing", {
  timeout: 120_000,
}, async () => {
  refuseUnhandled();
  const inbox = await openInbox("remote");
  let [atOnce, most] = [0, 0];
  const server = to(inbox, {
    timeout: "20s",
    fetch: async (url, init) => {
      most = Math.max(most, ++atOnce);
      return await fetch(url, init).finally(() => atOnce--);
    },
  });
  const { config, reports } = reporting(server, { drainTimeout: "60s" });
  const runs = await Promise.all(
    Array.from({ length: 200 }, (_, n) => {
      const workflow = new DotFlow({ workflowId: `wf-${n}`, config });
      workflow.task.add(action("a", () => `${n} a`));
      workflow.task.add(failing(1, { name: "b", retry: 2 }, `${n} b`));
      return workflow.start();
    }),
  );
  assert.ok(runs.every(({ status }) => status === "Completed"));
  assert.equal(most, 4);
  assert.deepEqual(reports(), []);
  const received = await inbox.received();
  assert.deepEqual(refusals(received), []);
  for (let n = 0; n < 200; n++) {
    const own = received.filter(({ path }) => path.split("/")[3] === `wf-${n}`);
    const calls = own.map(short).filter((call) =>
      !/updateTask . (In progress|Retry)/.test(call)
    );
    assert.deepEqual(calls, [
      "updateWorkflow In progress",
      "createTask a Not started",
      "createTask b Not started",
      "updateTask a Completed",
      "updateTask b Completed",
      "updateWorkflow Completed",
    ]);
    const results = own.filter((each) => / Completed$/.test(short(each)))
      .map(({ value }) => value.body.current_context).slice(0, 2);
    assert.deepEqual(results, [`"${n} a"`, `"${n} b"`]);
  }
});

test("server default: what fails for a while is told all the same, in order", async () => {
  const inbox = await openInbox("remote");
  await inbox.fail([
    { kind: "answer", status: 500, times: 2 },
    { kind: "reset" },
    { kind: "answer", status: 503, times: 4 },
    { kind: "answer", status: 429, headers: { "retry-after": "0.1" } },
  ]);
  const { config, reports } = reporting(to(inbox), { drainTimeout: "20s" });
  const workflow = new DotFlow({ workflowId: "wf", config });
  workflow.task.add(action("a", () => 1));
  assert.equal((await workflow.start()).status, "Completed");
  assert.deepEqual(reports(), []);
  assert.deepEqual(taken(await inbox.received()).map(short), [
    "updateWorkflow In progress",
    "createTask a Not started",
    "updateTask a Completed",
    "updateWorkflow Completed",
  ]);
});

const SICK = {
  "hangs": [{ kind: "hang" }, /^Cannot deliver to the remote API: timeout/],
  "breaks off": [{ kind: "reset" }, /ECONNRESET|network/],
  "fails": [{ kind: "answer", status: 500 }, /status 500/],
  "leads elsewhere": [{ kind: "redirect" }, /status 307, a redirect/],
  "wants nobody": [{ kind: "answer", status: 401 }, /status 401.*token/],
  "refuses": [
    { kind: "answer", status: 422, body: '{"detail":"why"}' },
    /status 422: why; \d messages given up/,
  ],
  "wants to be left alone": [
    { kind: "answer", status: 429, headers: { "retry-after": "30" } },
    /told to wait 30 s/,
  ],
} as const;

for (const [what, [fault, reason]] of Object.entries(SICK)) {
  test(`server default: a server that ${what} changes nothing of a run`, async () => {
    refuseUnhandled();
    const inbox = await openInbox("remote");
    await inbox.fail([{ ...fault, times: 1_000 }]);
    const server = to(inbox, { timeout: 500 });
    const { config, reports } = reporting(server);
    const order: string[] = [];
    const workflow = new DotFlow({ workflowId: "wf", config });
    for (const name of ["a", "b", "c"]) {
      workflow.task.add(action(name, () => void order.push(name)));
    }
    assert.equal((await workflow.start()).status, "Completed");
    assert.deepEqual(order, ["a", "b", "c"]);
    assert.equal(reports().length, 1);
    assert.match(reports()[0], reason);
    // It is well again, and so is what is told of the next run.
    if (fault.kind !== "answer" || fault.status !== 500) return;
    await inbox.fail([]);
    await inbox.forget();
    // Until it is tried again.
    await sleep(1_100);
    await workflow.start();
    assert.equal(reports().length, 1);
    const calls = taken(await inbox.received()).map(short);
    assert.equal(calls.at(-1), "updateWorkflow Completed");
  });
}

test("server default: a message that always fails takes no other with it", async () => {
  const inbox = await openInbox("remote");
  const server = to(inbox, {
    live: false,
    timeout: "10s",
    fetch: async (url, init) =>
      url.includes("/wf-bad/tasks/")
        ? new Response(null, { status: 500 })
        : await fetch(url, init),
  });
  const { config, reports } = reporting(server, { drainTimeout: "20s" });
  const start = (workflowId: string) => {
    const workflow = new DotFlow({ workflowId, config });
    workflow.task.add(action("a", () => 1));
    return workflow.start();
  };
  let isOver = false;
  const bad = start("wf-bad").finally(() => isOver = true);
  const runs: Promise<unknown>[] = [];
  // Each of them waits for all, and others come meanwhile.
  while (!isOver) {
    runs.push(start(`wf-${runs.length}`));
    await sleep(50);
  }
  await Promise.all([bad, ...runs]);
  // All but one message of one run.
  assert.equal((await inbox.received()).length, 4 * runs.length + 3);
  assert.equal(reports().length, 1);
  assert.match(reports()[0], /status 500.*; 1 message given up/);
});

test("server default: only the newest state of a task waits for a server that is away", async () => {
  const inbox = await openInbox("remote");
  await inbox.fail([{ kind: "answer", status: 500, times: 3 }]);
  const { config, reports } = reporting(to(inbox));
  const workflow = new DotFlow({ workflowId: "wf", config });
  workflow.task.add(action("a", async ({ progress }) => {
    for (let n = 0; n < 1_000; n++) progress(n / 1_000);
    await inbox.receives(1);
  }));
  await workflow.start();
  assert.deepEqual(reports(), []);
  const calls = taken(await inbox.received()).map(short);
  assert.ok(calls.filter((call) => call.startsWith("updateTask")).length <= 3);
  assert.equal(calls.at(-1), "updateWorkflow Completed");
});

/** Sets the environment for the present test. */
function setEnvironment(values: Record<string, string | undefined>): void {
  for (const [name, value] of Object.entries(values)) {
    const before = process.env[name];
    const set = (value: string | undefined) => {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    };
    set(value);
    cleanup(() => set(before));
  }
}

test("server default: it is found in the environment", async () => {
  const inbox = await openInbox("remote");
  setEnvironment({ SERVER_BASE_URL: inbox.url, SERVER_USER_TOKEN: "token" });
  const workflow = new DotFlow({ workflowId: "wf" });
  workflow.task.add(action("a", () => 1));
  await workflow.start();
  const calls = (await inbox.received()).map(short);
  assert.equal(calls.at(-1), "updateWorkflow Completed");
});

test("server default: it is found in the file, whose token goes nowhere else", {
  needs: ["files"],
}, async () => {
  const { writeCloudConfig } = await import("../src/cloud_config.ts");
  const [inbox, other] = [await openInbox("remote"), await openInbox("remote")];
  const home = await tempDir();
  const cloud = { baseUrl: inbox.url, token: "token" };
  await writeCloudConfig(cloud, `${home}/.dotflow/config.json`);
  setEnvironment({ SERVER_BASE_URL: undefined, HOME: home });
  setEnvironment({ SERVER_USER_TOKEN: undefined });
  const start = async (config: Config) => {
    const workflow = new DotFlow({ workflowId: "wf", config });
    workflow.task.add(action("a", () => 1));
    await workflow.start();
  };
  await start(new Config());
  await start(new Config());
  const calls = (await inbox.received()).map(short);
  assert.equal(calls.length, 8);
  assert.equal(calls.at(-1), "updateWorkflow Completed");
  // The same server, but another origin.
  const baseUrl = other.url.replace("127.0.0.1", "localhost");
  assert.notEqual(baseUrl, other.url);
  const { config, reports } = reporting(new ServerDefault({ baseUrl }));
  await start(config);
  assert.deepEqual(await other.received(), []);
  assert.match(reports()[0], /as token of ServerDefault/);
});

test("server default: without an API it is not even called", async () => {
  setEnvironment({ SERVER_BASE_URL: undefined, HOME: undefined });
  setEnvironment({ SERVER_USER_TOKEN: undefined, USERPROFILE: undefined });
  const called: string[] = [];
  class Spy extends ServerDefault {
    override updateWorkflow(): void {
      called.push("updateWorkflow");
    }
    override updateTask(): void {
      called.push("updateTask");
    }
  }
  const server = new Spy();
  assert.equal(server.enabled(), false);
  const workflow = flowOn(new StorageText(), "wf", { server });
  workflow.task.add(action("a", () => 1));
  await workflow.start();
  assert.deepEqual(called, []);
});

test("server default: options that cannot be used are refused, and no secret is shown", async () => {
  const secret = "canary-0123456789";
  const bad: [Record<string, unknown>, RegExp][] = [
    [{ baseUrl: "http://example.com" }, /as baseUrl: give an https address/],
    [{ baseUrl: `https://u:${secret}@example.com` }, /as baseUrl/],
    [{ baseUrl: `https://example.com?t=${secret}` }, /as baseUrl/],
    [{ baseUrl: "" }, /Cannot use nothing as baseUrl/],
    [{ token: `${secret}\n` }, /Cannot use what was given as token/],
    [{ token: "" }, /Cannot use nothing as token/],
    [{ live: 1 }, /as live: give true or false/],
    [{ timeout: 0 }, /as timeout/],
    [{ fetch: 1 }, /as fetch: give a function/],
    [{ url: "https://example.com" }, /option "url" of ServerDefault/],
  ];
  for (const [options, message] of bad) {
    const error = await throwsWith(
      () => new ServerDefault(options as ServerDefaultOptions),
      "INVALID_OPTION",
      message,
    );
    assert.ok(!String(error.stack).includes(secret));
  }
});

test("server default: half of what it needs is told of once", async () => {
  setEnvironment({ SERVER_USER_TOKEN: undefined, HOME: undefined });
  const server = new ServerDefault({ baseUrl: unreachable });
  const { config, reports } = reporting(server);
  const workflow = new DotFlow({ workflowId: "wf", config });
  workflow.task.add(action("a", () => 1));
  assert.equal((await workflow.start()).status, "Completed");
  assert.equal(reports().length, 1);
  assert.match(reports()[0], /as token of ServerDefault.*SERVER_USER_TOKEN/);
});

test("server default: the file of the user is read and written", {
  needs: ["files"],
}, async () => {
  const { readCloudConfig, writeCloudConfig } = await import(
    "../src/cloud_config.ts"
  );
  const { readFile, stat, writeFile } = await import("node:fs/promises");
  const path = `${await tempDir()}/.dotflow/config.json`;
  const cloud = { baseUrl: "https://example.com", token: "t" };
  assert.equal(await readCloudConfig(path), undefined);
  assert.equal(await writeCloudConfig(undefined, path), path);
  assert.equal(await writeCloudConfig(cloud, path), path);
  assert.deepEqual(await readCloudConfig(path), cloud);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  const other = { other: 1, cloud: { base_url: "x", token: "y" } };
  await writeFile(path, JSON.stringify(other));
  await writeCloudConfig(undefined, path);
  assert.deepEqual(JSON.parse(await readFile(path, "utf8")), { other: 1 });
  await writeFile(path, "[1");
  assert.equal(await readCloudConfig(path), undefined);
  await assert.rejects(writeCloudConfig(cloud, path), /holds no JSON object/);
  assert.equal(await readFile(path, "utf8"), "[1");
});

test("server default: a file that may not be read, or is a link, is not lost", {
  needs: ["files"],
}, async () => {
  const { readCloudConfig, writeCloudConfig } = await import(
    "../src/cloud_config.ts"
  );
  const { lstat, readFile, symlink, writeFile } = await import(
    "node:fs/promises"
  );
  const folder = await tempDir();
  const cloud = { baseUrl: "https://example.com", token: "t" };
  const [path, real] = [`${folder}/config.json`, `${folder}/real.json`];
  await symlink("real.json", path);
  for (const before of [undefined, '{"other":1}']) {
    if (before) await writeFile(real, before);
    await writeCloudConfig(cloud, path);
    assert.ok((await lstat(path)).isSymbolicLink());
    assert.ok(!(await lstat(real)).isSymbolicLink());
    assert.deepEqual(await readCloudConfig(path), cloud);
  }
  assert.equal(JSON.parse(await readFile(real, "utf8")).other, 1);
  // As where Deno was not given the permission.
  const { Deno: host } = globalThis as Json;
  const permissions = { querySync: () => ({ state: "prompt" }) };
  const set = (value: unknown) =>
    Object.defineProperty(globalThis, "Deno", { value, configurable: true });
  cleanup(() => void (host ? set(host) : delete (globalThis as Json).Deno));
  set({ ...host, permissions });
  await assert.rejects(writeCloudConfig(cloud, path), /it may not be read/);
});
