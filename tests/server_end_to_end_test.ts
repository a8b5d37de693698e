/**
 * ServerDefault and the remote API, together: what a run does is what the API
 * shows.
 *
 * @module
 */

import { action, type Server, ServerDefault } from "@dotflow/dotflow";
import { StorageDefault } from "@dotflow/dotflow";
import assert from "node:assert/strict";
import fc from "fast-check";
import { fromPathPart, toPathPart } from "../src/wire.ts";
import { effort, seed } from "./effort.ts";
import { failing, flowOn } from "./flow.ts";
import { test } from "./harness.ts";
import { startServer } from "./server_contract.ts";
import { eventsOf, TOKEN } from "./server_client.ts";
import { StorageText } from "./storages.ts";

/** A server, and a provider that tells it. */
function startBoth() {
  const { app, client } = startServer(new StorageDefault());
  const server: Server = new ServerDefault({
    baseUrl: "http://localhost",
    token: TOKEN,
    fetch: async (url, init) => await app.fetch(new Request(url, init)),
  });
  return { client, server };
}

const pathOf = ({ workflowId, runId }: { workflowId: string; runId: string }) =>
  `/api/workflows/${toPathPart(workflowId)}/runs/${toPathPart(runId)}`;

test("server end to end: a run with groups, retries, a failure and a resume", async () => {
  const { client, server } = startBoth();
  const storage = new StorageText();
  const flaky = failing(2, { name: "flaky", retry: 3, retryDelay: 0 }, {
    rows: 3,
  });
  const broken = failing(1, { name: "broken" });
  const start = (resume: boolean) => {
    const workflow = flowOn(storage, "daily", { server, log: [] });
    workflow.task.add(action("load", () => [1, 2]), { groupName: "one" })
      .add(flaky, { groupName: "one" })
      .add(broken, { groupName: "two" });
    return workflow.start({ mode: "sequential_group", resume });
  };
  const first = await start(false);
  assert.equal(first.status, "Failed");
  const path = pathOf(first);
  const failed = await client.get(path);
  assert.deepEqual([failed.status, failed.mode, failed.resumed], [
    "Failed",
    "sequential_group",
    false,
  ]);
  const counts = { total: 3, completed: 2, failed: 1, running: 0 };
  assert.deepEqual(failed.tasks, counts);
  assert.deepEqual((await client.get("/api/runs")).items, [failed]);
  const { items } = await client.get(`${path}/tasks`);
  // deno-lint-ignore no-explicit-any
  const short = items.map((task: any) => [
    task.position,
    task.name,
    task.group_name,
    task.status,
    task.retry_count,
    task.failed_at.length,
    task.error?.message ?? null,
  ]);
  assert.deepEqual(short, [
    [0, "load", "one", "Completed", 0, 0, null],
    [1, "flaky", "one", "Completed", 2, 2, "failure 2"],
    [2, "broken", "two", "Failed", 0, 1, "failure 1"],
  ]);
  for (const at of items[1].failed_at) {
    assert.ok(at >= items[1].started_at && at <= items[1].finished_at, at);
  }
  const whole = await client.get(
    `${path}/tasks/${toPathPart(items[1].task_id)}`,
  );
  assert.equal(whole.current_context, '{"rows":3}');
  assert.deepEqual(
    whole.errors.map((error: { attempt: number }) => error.attempt),
    [1, 2],
  );
  assert.match(whole.errors[0].traceback, /failure 1/);

  const second = await start(true);
  assert.deepEqual([second.status, second.runId], ["Completed", first.runId]);
  const resumed = await client.get(path);
  assert.deepEqual([resumed.status, resumed.resumed], ["Completed", true]);
  assert.deepEqual(resumed.tasks, { ...counts, completed: 3, failed: 0 });
  const again = (await client.get(`${path}/tasks`)).items;
  assert.deepEqual(
    again.map((task: { restored: boolean }) => task.restored),
    [true, true, false],
  );
  assert.equal((await client.get("/api/runs")).items.length, 1);
});

test("server end to end: a cancelled run is shown as cancelled", async () => {
  const { client, server } = startBoth();
  const workflow = flowOn(new StorageText(), "wf", { server });
  const controller = new AbortController();
  workflow.task.add(action("a", () => controller.abort()));
  workflow.task.add(action("b", () => 1));
  const run = await workflow.start({ signal: controller.signal });
  assert.equal((await client.get(pathOf(run))).status, "Cancelled");
  const { items } = await client.get("/api/runs?status=Cancelled");
  assert.equal(items[0].run_id, run.runId);
});

test("server end to end: 200 runs at once are all shown, each with its own", async () => {
  const { client, server } = startBoth();
  const storage = new StorageDefault();
  const nths = Array.from({ length: 200 }, (_, nth) => nth);
  const runs = await Promise.all(nths.map((nth) => {
    const workflow = flowOn(storage, `w${nth}`, { server, log: [] });
    workflow.task.add(action("value", () => nth));
    workflow.task.add(failing(nth % 3 === 0 ? 1 : 0, { name: "step" }));
    return workflow.start();
  }));
  const listed = await client.all("/api/runs?limit=90");
  assert.equal(listed.length, runs.length);
  for (const [nth, run] of runs.entries()) {
    const shown = await client.get(pathOf(run));
    assert.equal(shown.status, nth % 3 === 0 ? "Failed" : "Completed");
    assert.deepEqual(shown, listed.find((one) => one.run_id === run.runId));
    const { items } = await client.get(`${pathOf(run)}/tasks`);
    const path = `${pathOf(run)}/tasks/${toPathPart(items[0].task_id)}`;
    assert.equal((await client.get(path)).current_context, String(nth));
  }
});

test("server end to end: a listener hears of a task as it goes", async () => {
  const { client, server } = startBoth();
  const events = eventsOf(await client.raw("GET", "/api/events"));
  const next = events.next();
  let attempts = 0;
  let release = () => {};
  const workflow = flowOn(new StorageText(), "wf", { server, log: [] });
  workflow.task.add(action({ name: "a", retry: 2, retryDelay: 0 }, async () => {
    // Each attempt waits until its beginning was heard of.
    await new Promise<void>((resolve) => release = resolve);
    if (++attempts === 1) throw new Error("once");
  }));
  const running = workflow.start();
  const heard: string[] = [];
  for (let event = await next; !event.done; event = await events.next()) {
    const { status } = JSON.parse(event.value.data);
    const what = `${event.value.event} ${status}`;
    if (heard.at(-1) !== what) heard.push(what);
    if (event.value.event === "task") release();
    if (what === "run Completed") break;
  }
  await running;
  assert.deepEqual(
    heard.filter((what) => what.startsWith("task ")).filter((what, nth, all) =>
      all.indexOf(what) === nth
    ),
    [
      "task Not started",
      "task In progress",
      "task Retry",
      "task Completed",
    ],
  );
});

/** Texts that a path, a decoder or the escape itself might take for another. */
const HOSTILE = fc.oneof(
  fc.string({ unit: "binary", minLength: 1, maxLength: 8 }),
  fc.array(
    fc.constantFrom(
      ".",
      "..",
      "~",
      "%",
      "%2E",
      "%252e",
      "/",
      "\\",
      "?",
      "#",
      "+",
      " ",
      "a",
      "ud800",
      "\ud800",
      "\udfff",
      "😀",
      "\u0000",
      "é",
    ),
    { minLength: 1, maxLength: 4 },
  ).map((parts) => parts.join("")),
);

test("an id comes back from a part of a path, and no two meet", () => {
  const property = fc.property(HOSTILE, HOSTILE, (one, other) => {
    const part = toPathPart(one);
    assert.equal(fromPathPart(part), one);
    const url = new URL(`http://host/a/${part}/b`);
    assert.equal(url.pathname, `/a/${part}/b`);
    assert.equal(toPathPart(other) === part, one === other);
  });
  fc.assert(property, { numRuns: 2_000 * effort(), seed: seed() });
});

test("server end to end: every id survives", { timeout: 60_000 }, async () => {
  const { client, server } = startBoth();
  const check = async (workflowId: string, name: string) => {
    const workflow = flowOn(new StorageText(), workflowId, { server });
    workflow.task.add(action("a", () => 1), { name });
    const run = await workflow.start();
    const shown = await client.get(pathOf(run));
    assert.deepEqual([shown.workflow_id, shown.status, shown.tasks.completed], [
      workflowId,
      "Completed",
      1,
    ]);
    const { items } = await client.get(`${pathOf(run)}/tasks`);
    assert.equal(items.length, 1);
    const path = `${pathOf(run)}/tasks/${toPathPart(items[0].task_id)}`;
    const task = await client.get(path);
    assert.deepEqual([task.task_id, task.workflow_id], [
      items[0].task_id,
      workflowId,
    ]);
  };
  for (const id of [".", "..", "%2E", "~.", "a/b", "%", "\ud800", "~ud800"]) {
    await check(id, id);
  }
  const property = fc.asyncProperty(HOSTILE, HOSTILE, check);
  await fc.assert(property, { numRuns: 30 * effort(), seed: seed() });
});
