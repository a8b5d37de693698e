/**
 * The remote API over sockets: in `@hono/node-server`, killed in between, and
 * under load.
 *
 * @module
 */

import { StorageDefault } from "@dotflow/dotflow";
import assert from "node:assert/strict";
import { effort, makeRandom, seed, tell } from "./effort.ts";
import { cleanup, spawnRuntime, tempDir, test } from "./harness.ts";
import { startServer } from "./server_contract.ts";
import { Client, eventsOf } from "./server_client.ts";

const needs = ["processes", "files"] as const;

/** Rounds of killing; the environment may ask for more. */
const KILLS = 3 * effort();

test("it is served over sockets", { needs }, async () => {
  const { serveApp } = await import("./server_load.ts");
  const { app } = startServer(new StorageDefault(), { bodyLimit: 1_000 });
  const { url, close } = await serveApp(app);
  cleanup(close);
  const client = new Client(undefined, url);
  await client.get("/health");
  const events = eventsOf(await client.raw("GET", "/api/events"));
  const heard = events.next();
  await client.tellRun("a/b", { status: "In progress", run_id: "r" });
  assert.equal(JSON.parse((await heard).value!.data).workflow_id, "a/b");
  await events.return(undefined);
  const large = { status: "New", x: "y".repeat(2_000_000) };
  const refused = await client.ask("PATCH", "/cli/workflows/w", large)
    .catch(() => ({ status: 413 }));
  assert.equal(refused.status, 413);
  const other = new Client(undefined, url, "wrong");
  assert.equal((await other.ask("GET", "/api/runs")).status, 401);
  const device = await other.ask("POST", "/cli/device");
  assert.equal(device.body.verification_uri, `${url}/device`);
  assert.equal((await client.all("/api/runs")).length, 1);
});

test("401 comes before the body has arrived", { needs }, async () => {
  const { serveApp } = await import("./server_load.ts");
  const { app } = startServer(new StorageDefault());
  const { url, close } = await serveApp(app);
  cleanup(close);
  const { connect } = await import("node:net");
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  cleanup(() => socket.destroy());
  // The body is announced, and never sent.
  socket.write(
    "PATCH /cli/workflows/w HTTP/1.1\r\nHost: x\r\n" +
      "Content-Type: application/json\r\nContent-Length: 5000\r\n\r\n{",
  );
  const answer = await new Promise<string>((resolve) =>
    socket.once("data", (data) => resolve(String(data)))
  );
  assert.match(answer, /^HTTP\/1.1 401 /);
});

test(
  "kill -9 of the server loses nothing that was acknowledged",
  { needs, timeout: 60_000 + 10_000 * KILLS },
  async () => {
    const path = await tempDir();
    const random = makeRandom(seed(), "server kills");
    let server = await spawnRuntime("workers/server.ts", [path, "0"]);
    const port = (await server.line(/^port /)).slice(5);
    const client = new Client(undefined, `http://127.0.0.1:${port}`);
    /** What was acknowledged, by its place. */
    const said = new Map<string, string>();
    let number = 0;
    let goesOn = true;
    const say = async (target: string, value: Record<string, unknown>) => {
      while (goesOn) {
        try {
          const { status } = await client.ask("PATCH", target, value);
          if (status === 200) return true;
        } catch {
          // The server is being killed, and will be there again.
          await new Promise((wake) => setTimeout(wake, 10));
        }
      }
      return false;
    };
    const report = async () => {
      while (goesOn) {
        const run_id = `r${number++}`;
        const run = `/cli/workflows/w`;
        const told = (status: string, at: string) => said.set(at, status);
        const place = `/api/workflows/w/runs/${run_id}`;
        if (!await say(run, { run_id, status: "In progress" })) return;
        told("In progress", place);
        for (let nth = 0; nth < 3; nth++) {
          const task_id = `t${nth}`;
          const target = `${run}/tasks/${task_id}`;
          for (const status of ["In progress", "Completed"]) {
            if (!await say(target, { run_id, task_id, status })) return;
            told(status, `${place}/tasks/${task_id}`);
          }
        }
        if (!await say(run, { run_id, status: "Completed" })) return;
        told("Completed", place);
      }
    };
    const clients = Array.from({ length: 20 }, report);
    for (let round = 0; round < KILLS; round++) {
      const before = said.size;
      while (said.size < before + 20 + random(200)) {
        await new Promise((wake) => setTimeout(wake, 1));
      }
      await server.kill();
      server = await spawnRuntime("workers/server.ts", [path, port]);
      await server.line(/^port /);
    }
    goesOn = false;
    await Promise.all(clients);
    await server.kill();
    server = await spawnRuntime("workers/server.ts", [path, port]);
    await server.line(/^port /);
    const order = ["New", "Not started", "In progress", "Completed"];
    for (const [place, status] of said) {
      const { status: found } = await client.get(place);
      // What was said next may have been stored before the answer was lost.
      const isLater = order.indexOf(found) >= order.indexOf(status);
      assert.ok(isLater, `${place} is ${found}, and was ${status}`);
    }
    const runs = await client.all("/api/runs?limit=1000");
    const listed = new Map(runs.map((run) => [run.run_id, run]));
    assert.equal(listed.size, runs.length, "a run is listed twice");
    for (const [place, status] of said) {
      const run_id = /runs\/(\w+)$/.exec(place)?.[1];
      if (run_id === undefined) continue;
      assert.ok(listed.has(run_id), `${run_id} is not listed`);
      if (status !== "Completed") continue;
      assert.equal(listed.get(run_id).tasks.completed, 3, run_id);
    }
    await tell("server kills", { kills: KILLS, acknowledged: said.size });
  },
);

test(
  "an update on disk takes at most ten times as long as a bare one",
  { needs, timeout: 120_000 },
  async () => {
    const { measureLoad } = await import("./server_load.ts");
    const measure = async () => {
      const seconds = effort() > 1 ? 60 : 4;
      const figures = await measureLoad({
        seconds,
        rate: 500,
        path: await tempDir(),
      });
      assert.equal(figures.errors, 0, JSON.stringify(figures));
      return figures;
    };
    let figures = await measure();
    // The disk is shared: others may have kept it busy.
    for (let again = 0; again < 2 && figures.ratio > 10; again++) {
      figures = await measure();
    }
    assert.ok(figures.ratio <= 10, JSON.stringify(figures));
    await tell("server load", {
      updates: figures.updates,
      p99: figures.ours.p99,
      ratio: figures.ratio,
      heapGrowth: figures.heapAtEnd - figures.heapAtTenth,
    });
  },
);
