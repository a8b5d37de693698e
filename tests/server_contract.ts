/**
 * What the remote API promises, whatever it keeps its data in.
 *
 * @module
 */

import type { Storage } from "@dotflow/dotflow";
import { createServer, type ServerApp } from "@dotflow/dotflow/server";
import assert from "node:assert/strict";
import fc from "fast-check";
import { effort, seed } from "./effort.ts";
import { cleanup, test, type TestOptions } from "./harness.ts";
import { Client, eventsOf, TOKEN } from "./server_client.ts";

/** A kind of storage to keep data in. */
export interface ServerPlace {
  /** Its name. */
  readonly name: string;
  /** What it needs. */
  readonly options?: TestOptions;
  /** Whether each call takes long, so that less is tried. */
  readonly slow?: boolean;
  /** Opens storages on the same, empty data. */
  open(): Promise<() => Storage>;
}

/** A server of a test. */
export interface TestServer {
  readonly app: ServerApp;
  readonly client: Client;
}

/** Starts a server; it ends with the test. */
export function startServer(storage: Storage, options = {}): TestServer {
  const app = createServer({ storage, token: TOKEN, refresh: 0, ...options });
  cleanup(() => app.close());
  return { app, client: new Client((request) => app.fetch(request)) };
}

/** Registers the tests. */
export function testServer(place: ServerPlace): void {
  const check = (
    name: string,
    fn: (open: () => Storage) => Promise<void>,
  ) =>
    test(`server on ${place.name}: ${name}`, place.options ?? {}, async () => {
      await fn(await place.open());
    });

  check("a run is told, listed and shown", async (open) => {
    const { client } = startServer(open());
    const begun = "2026-03-01T10:00:00.000Z";
    const first = await client.tellRun("daily", {
      status: "In progress",
      run_id: "r1",
      workflow_name: "Daily users",
      mode: "sequential",
      tasks_count: 3,
      started_at: begun,
    });
    assert.deepEqual(first, { workflow_id: "daily", run_id: "r1" });
    await client.tellTask("daily", {
      task_id: "load",
      run_id: "r1",
      status: "Completed",
      duration: 1.5,
      current_context: "[1,2]",
      position: 0,
    });
    await client.tellTask("daily", {
      task_id: "sum",
      run_id: "r1",
      status: "Failed",
      position: 1,
      errors: [{
        attempt: 1,
        exception: "TypeError",
        message: "x".repeat(300),
        traceback: "at",
        failed_at: begun,
      }],
    });
    const path = "/api/workflows/daily/runs/r1";
    const live = await client.get(path);
    assert.equal(live.status, "In progress");
    assert.equal(live.started_at, begun);
    assert.equal(live.finished_at, null);
    const counts = { total: 3, completed: 1, failed: 1, running: 0 };
    assert.deepEqual(live.tasks, counts);
    await client.tellRun("daily", {
      status: "Failed",
      run_id: "r1",
      duration: 90,
    });
    // Another server on the same data sees the same.
    for (const { client } of [startServer(open()), startServer(open())]) {
      const ended = await client.get(path);
      assert.equal(ended.status, "Failed");
      assert.equal(ended.workflow_name, "Daily users");
      assert.equal(ended.mode, "sequential");
      assert.equal(ended.duration, 90);
      assert.equal(ended.finished_at, "2026-03-01T10:01:30.000Z");
      assert.deepEqual(ended.tasks, counts);
      assert.deepEqual((await client.get("/api/runs")).items, [ended]);
      const { items } = await client.get(`${path}/tasks`);
      assert.deepEqual(
        items.map((task: { task_id: string }) => task.task_id),
        ["load", "sum"],
      );
      assert.equal(items[1].error.message.length, 200);
      assert.deepEqual(items[1].failed_at, [begun]);
      assert.equal("current_context" in items[0], false);
      const whole = await client.get(`${path}/tasks/load`);
      assert.equal(whole.current_context, "[1,2]");
      const failed = await client.get(`${path}/tasks/sum`);
      assert.equal(failed.error.message.length, 300);
      const workflows = await client.get("/api/workflows");
      assert.deepEqual(workflows.items, [{
        workflow_id: "daily",
        workflow_name: "Daily users",
        runs: 1,
        last: ended,
      }]);
    }
  });

  check("what comes late or twice changes nothing", async (open) => {
    const { client } = startServer(open());
    const { client: other } = startServer(open());
    const run = { run_id: "r", started_at: "2026-03-01T10:00:00.000Z" };
    const task = { task_id: "t", run_id: "r", created_at: run.started_at };
    await client.tellRun("w", { ...run, status: "In progress" });
    await client.tellTask("w", { ...task, status: "Completed", duration: 2 });
    await client.tellRun("w", { ...run, status: "Completed", duration: 5 });
    const path = "/api/workflows/w/runs/r";
    const [ended, listed, whole] = [
      await client.get(path),
      await client.get(`${path}/tasks`),
      await client.get(`${path}/tasks/t`),
    ];
    assert.equal(listed.items[0].status, "Completed");
    for (const { tellRun, tellTask } of [client, other].map(bound)) {
      await tellTask("w", { ...task, status: "In progress" });
      await tellTask("w", { ...task, status: "Not started" });
      await tellTask("w", { ...task, status: "Failed" });
      await tellRun("w", { ...run, status: "In progress" });
      await tellRun("w", { ...run, status: "In progress", resumed: true });
      await tellRun("w", { ...run, status: "Failed", duration: 9 });
    }
    const { client: third } = startServer(open());
    for (const one of [client, other, third]) {
      const now = await one.get(path);
      assert.deepEqual({ ...now, updated_at: 0 }, { ...ended, updated_at: 0 });
      assert.deepEqual(await one.get(`${path}/tasks`), listed);
      assert.deepEqual(await one.get(`${path}/tasks/t`), whole);
    }
  });

  check("two servers that hear of one run know all of it", async (open) => {
    const clients = [startServer(open()), startServer(open())]
      .map(({ client }) => client);
    const [one, two] = clients;
    const path = "/api/workflows/w/runs/r";
    await one.tellRun("w", { status: "In progress", run_id: "r" });
    for (let nth = 0; nth < 4; nth++) {
      await clients[nth % 2].tellTask("w", {
        task_id: `t${nth}`,
        run_id: "r",
        status: "In progress",
        position: nth,
      });
    }
    for (const client of clients) {
      assert.equal((await client.get(path)).tasks.running, 4);
    }
    for (let nth = 0; nth < 4; nth++) {
      await clients[(nth + 1) % 2].tellTask("w", {
        task_id: `t${nth}`,
        run_id: "r",
        status: nth === 0 ? "Failed" : "Completed",
      });
    }
    await two.tellRun("w", { status: "Failed", run_id: "r" });
    const { client: third } = startServer(open());
    for (const client of [one, two, third]) {
      const run = await client.get(path);
      assert.equal(run.status, "Failed");
      const counts = { total: 4, completed: 3, failed: 1, running: 0 };
      assert.deepEqual(run.tasks, counts);
      assert.deepEqual((await client.get("/api/runs")).items, [run]);
      const { items } = await client.get(`${path}/tasks`);
      assert.equal(items.length, 4);
    }
  });

  check("of two words at the same time, the later one stays", async (open) => {
    const clients = [startServer(open()), startServer(open())]
      .map(({ client }) => client);
    const nths = Array.from({ length: place.slow ? 4 : 20 }, (_, nth) => nth);
    await clients[0].tellRun("w", { status: "In progress", run_id: "r" });
    const statuses = ["In progress", "Retry", "Completed"] as const;
    await Promise.all(
      nths.flatMap((nth) =>
        statuses.map((_, at) =>
          clients[(nth + at) % 2].tellTask("w", {
            task_id: `t${nth}`,
            run_id: "r",
            position: nth,
            status: statuses[(nth + at) % 3],
          })
        )
      ),
    );
    clients.push(startServer(open()).client);
    for (const client of clients) {
      const run = await client.get("/api/workflows/w/runs/r");
      assert.equal(run.tasks.completed, nths.length);
    }
  });

  check("a task that is heard of after the end counts", async (open) => {
    const { client } = startServer(open());
    await client.tellRun("w", { status: "In progress", run_id: "r" });
    await client.tellRun("w", { status: "Completed", run_id: "r" });
    const task = { task_id: "t", run_id: "r", status: "Completed" } as const;
    await client.tellTask("w", task);
    for (const one of [client, startServer(open()).client]) {
      const run = await one.get("/api/workflows/w/runs/r");
      assert.equal(run.tasks.completed, 1);
      assert.equal(run.status, "Completed");
      const { items } = await one.get("/api/runs");
      assert.equal(items[0].tasks.completed, 1);
    }
  });

  check(
    "a task counts that is told to a server that knows no end",
    async (open) => {
      const [ends, tells] = [startServer(open()), startServer(open())]
        .map(({ client }) => client);
      const path = "/api/workflows/w/runs";
      const task = (task_id: string, run_id: string) =>
        ({ task_id, run_id, status: "Completed" }) as const;
      const found = async (run_id: string) => {
        for (const client of [ends, tells, startServer(open()).client]) {
          const { items } = await client.get(`${path}/${run_id}/tasks`);
          const ids = items.map(({ task_id }: { task_id: string }) => task_id);
          assert.deepEqual(ids.sort(), ["t1", "t2"]);
          const { tasks } = await client.get(`${path}/${run_id}`);
          assert.equal(tasks.completed, 2);
        }
      };
      // It has only read the run.
      await ends.tellRun("w", { status: "In progress", run_id: "r1" });
      await ends.tellTask("w", task("t1", "r1"));
      await tells.get(`${path}/r1`);
      await ends.tellRun("w", { status: "Completed", run_id: "r1" });
      await tells.tellTask("w", task("t2", "r1"));
      await found("r1");
      // It has written to the run long ago, and it is counted since.
      await ends.tellRun("w", { status: "In progress", run_id: "r2" });
      await tells.tellTask("w", task("t1", "r2"));
      await ends.tellRun("w", { status: "Completed", run_id: "r2" });
      passTime(70_000);
      await ends.get(`${path}/r2`);
      await tells.tellTask("w", task("t2", "r2"));
      await found("r2");
    },
  );

  check(
    "a task counts that is stored while the run is counted",
    async (open) => {
      const storage = open();
      const { client: ends } = startServer(storage);
      let whileStoring = () => Promise.resolve();
      const { client: tells } = startServer(
        storing(open(), async (key) => {
          if (key.endsWith("/task/t2")) await whileStoring();
        }),
      );
      const path = "/api/workflows/w/runs/r";
      await ends.tellRun("w", { status: "In progress", run_id: "r" });
      const task = { run_id: "r", status: "Completed" } as const;
      await tells.tellTask("w", { ...task, task_id: "t1" });
      await ends.tellRun("w", { status: "Completed", run_id: "r" });
      passTime(70_000);
      whileStoring = async () => void await ends.get(path);
      await tells.tellTask("w", { ...task, task_id: "t2" });
      for (const client of [ends, tells, startServer(open()).client]) {
        assert.equal((await client.get(path)).tasks.completed, 2);
      }
    },
  );

  check("a resume begins the same run again", async (open) => {
    const { client } = startServer(open());
    const at = (minute: number) => `2026-03-01T10:0${minute}:00.000Z`;
    const path = "/api/workflows/w/runs/r";
    const failing = { task_id: "t", run_id: "r", created_at: at(0) };
    await client.tellRun("w", {
      status: "In progress",
      run_id: "r",
      started_at: at(0),
    });
    await client.tellTask("w", { ...failing, status: "Failed" });
    await client.tellRun("w", { status: "Failed", run_id: "r" });
    assert.equal((await client.get(path)).tasks.failed, 1);
    await client.tellRun("w", {
      status: "In progress",
      run_id: "r",
      resumed: true,
      started_at: at(5),
    });
    // The clock of the machine that goes on may be behind.
    const again = { ...failing, created_at: "2026-03-01T09:59:00.000Z" };
    await client.tellTask("w", { ...again, status: "In progress" });
    const live = await client.get(path);
    assert.equal(live.status, "In progress");
    assert.equal(live.resumed, true);
    assert.equal(live.finished_at, null);
    assert.deepEqual(live.tasks, {
      total: 1,
      completed: 0,
      failed: 0,
      running: 1,
    });
    await client.tellTask("w", { ...again, status: "Completed" });
    // The end of the earlier start arrives late.
    await client.tellRun("w", {
      status: "Failed",
      run_id: "r",
      started_at: at(0),
    });
    assert.equal((await client.get(path)).status, "In progress");
    await client.tellRun("w", {
      status: "Completed",
      run_id: "r",
      started_at: at(5),
    });
    const { items } = await client.get("/api/runs");
    assert.equal(items.length, 1);
    assert.equal(items[0].status, "Completed");
    assert.equal(items[0].tasks.completed, 1);
  });

  check(
    "a resume on a machine whose clock is behind ends too",
    async (open) => {
      const { client } = startServer(open());
      const { client: other } = startServer(open());
      const at = (second: number) => `2026-03-01T10:00:0${second}.000Z`;
      const first = { run_id: "r", started_at: at(9) };
      const second = { run_id: "r", started_at: at(5), resumed: true };
      const path = "/api/workflows/w/runs/r";
      await client.tellRun("w", { ...first, status: "In progress" });
      await client.tellRun("w", { ...second, status: "In progress" });
      // What comes twice or late is still told apart.
      await other.tellRun("w", { ...second, status: "In progress" });
      await other.tellRun("w", {
        ...first,
        status: "In progress",
        resumed: true,
      });
      await other.tellRun("w", { ...first, status: "Failed" });
      assert.equal((await client.get(path)).status, "In progress");
      await client.tellRun("w", { ...second, status: "Completed" });
      for (const one of [client, other, startServer(open()).client]) {
        assert.equal((await one.get(path)).status, "Completed");
      }
    },
  );

  check("a client that names no run has one after the other", async (open) => {
    const { client } = startServer(open());
    const made = await client.ask("POST", "/cli/workflows", {
      workflow_id: "w",
      id: "w",
      workflow_name: "host",
      name: "host",
      tasks: [],
    });
    assert.equal(made.status, 201);
    const task = { task_id: "t", status: "Not started" };
    const added = await client.ask("POST", "/cli/workflows/w/tasks", task);
    assert.equal(added.status, 201);
    const first = made.body.run_id;
    const runs = [];
    for (const status of ["Completed", "Failed"] as const) {
      const begun = await client.tellRun("w", { status: "In progress" });
      const told = await client.tellTask("w", { task_id: "t", status });
      const ended = await client.tellRun("w", { status });
      assert.deepEqual(
        [told.run_id, ended.run_id],
        Array(2).fill(begun.run_id),
      );
      runs.push(begun.run_id);
    }
    assert.equal(runs[0], first);
    assert.notEqual(runs[1], first);
    const { items } = await client.get("/api/runs?workflow_id=w");
    assert.deepEqual(
      items.map((run: { status: string }) => run.status).sort(),
      ["Completed", "Failed"],
    );
    const [named] = items.filter((run: { run_id: string }) =>
      run.run_id === first
    );
    assert.equal(named.workflow_name, "host");
  });

  check("without a token, 401 before the body is read", async (open) => {
    const { app } = startServer(open());
    const tries = [
      ["PATCH", "/cli/workflows/w", ""],
      ["POST", "/cli/workflows", "Bearer wrong"],
      ["POST", "/cli/workflows/w/tasks", `Bearer ${TOKEN}x`],
      ["PATCH", "/cli/workflows/w/tasks/t", `Basic ${TOKEN}`],
      ["POST", "/api/login/ABCD-EFGH", "Bearer"],
    ];
    for (const [method, path, authorization] of tries) {
      let pulled = 0;
      const body = new ReadableStream({
        pull: (controller) => {
          pulled++;
          controller.enqueue(new TextEncoder().encode("{}"));
          controller.close();
        },
      }, { highWaterMark: 0 });
      const init = {
        method,
        headers: { authorization, "content-type": "application/json" },
        body,
        duplex: "half",
      };
      const request = new Request(`http://localhost${path}`, init);
      const response = await app.fetch(request);
      assert.equal(response.status, 401, path);
      assert.match(response.headers.get("www-authenticate")!, /^Bearer/);
      assert.match((await response.json()).detail, /^Cannot /);
      assert.equal(pulled, 0, "the body was read");
    }
    for (const path of ["/api/runs", "/api/events", "/metrics"]) {
      const response = await app.request(path);
      assert.equal(response.status, 401, path);
      await response.body?.cancel();
    }
  });

  check("pages and filters agree with a plain list", async (open) => {
    const storage = open();
    const { client } = startServer(storage);
    const numRuns = (place.slow ? 3 : 25) * effort();
    let round = 0;
    const property = fc.asyncProperty(RUNS, FILTERS, async (runs, filters) => {
      const prefix = `p${round++}`;
      const { client } = startServer(storage, { prefix });
      await Promise.all(runs.map((run, nth) => tellAll(client, run, nth)));
      const model = runs.map((run, nth) => ({ ...run, run_id: `run-${nth}` }))
        .sort((a, b) => b.minute - a.minute);
      for (const filter of filters) {
        const items = await client.all(`/api/runs?${queryOf(filter)}`);
        const wanted = model.filter((run) =>
          (!filter.status || run.status === filter.status) &&
          (!filter.workflow || run.workflow === filter.workflow) &&
          (!filter.text || run.run_id.includes(filter.text) ||
            run.workflow.toLowerCase().includes(filter.text)) &&
          (filter.since === undefined || run.minute >= filter.since) &&
          (filter.until === undefined || run.minute <= filter.until)
        );
        assert.deepEqual(
          items.map(({ run_id }) => run_id).sort(),
          wanted.map(({ run_id }) => run_id).sort(),
        );
        const times = items.map(({ started_at }) => started_at);
        assert.deepEqual(times, [...times].sort().reverse());
        assert.deepEqual(
          items.map(({ status }) => status).sort(),
          wanted.map(({ status }) => status).sort(),
        );
      }
      const workflows = await client.all("/api/workflows?limit=2");
      assert.deepEqual(
        workflows.map(({ workflow_id, runs }) => [workflow_id, runs]).sort(),
        [...new Set(model.map(({ workflow }) => workflow))].map((workflow) => [
          workflow,
          model.filter((run) => run.workflow === workflow).length,
        ]).sort(),
      );
    });
    await fc.assert(property, { numRuns, seed: seed() });
    await client.get("/health");
  });

  check("pages of tasks agree with a plain list", async (open) => {
    const { client } = startServer(open());
    const count = place.slow ? 12 : 40;
    const statuses = ["Not started", "In progress", "Completed", "Failed"];
    const tasks = Array.from({ length: count }, (_, nth) => ({
      task_id: `t${nth * 7 % count}`,
      run_id: "r",
      position: nth * 7 % count,
      status: statuses[nth % 4] as "Failed",
      started_at: nth % 4 === 0 ? null : minute(nth * 7 % count),
    }));
    await Promise.all(tasks.map((task) => client.tellTask("w", task)));
    const path = "/api/workflows/w/runs/r/tasks";
    const sorted = [...tasks].sort((a, b) => a.position - b.position);
    for (const limit of [1, 3, count, 10_000]) {
      const items = await client.all(`${path}?limit=${limit}`);
      assert.deepEqual(
        items.map(({ task_id }) => task_id),
        sorted.map(({ task_id }) => task_id),
      );
    }
    const since = minute(5);
    const some = await client.all(
      `${path}?limit=2&status=Completed&since=${since}&text=T1`,
    );
    assert.deepEqual(
      some.map(({ task_id }) => task_id),
      sorted.filter(({ status, started_at, task_id }) =>
        status as string === "Completed" && started_at! >= since &&
        task_id.includes("t1")
      ).map(({ task_id }) => task_id),
    );
  });

  check("changes are streamed, and again from where one was", async (open) => {
    const { client } = startServer(open());
    const stream = eventsOf(await client.raw("GET", "/api/events"));
    const heard = stream.next();
    // The stream has begun once its first event is on its way.
    await client.tellRun("w", { status: "In progress", run_id: "r" });
    const { value: first } = await heard;
    assert.equal(first!.event, "run");
    assert.equal(JSON.parse(first!.data).status, "In progress");
    const task = { task_id: "t", run_id: "r", status: "Completed" } as const;
    await client.tellTask("w", task);
    await client.tellRun("w", { status: "Completed", run_id: "r" });
    await client.tellRun("other", { status: "In progress", run_id: "r" });
    const until = async (
      events: ReturnType<typeof eventsOf>,
      ends: (data: { workflow_id: string; status: string }) => boolean,
    ) => {
      const seen = [];
      for await (const event of events) {
        seen.push(event);
        if (event.event !== "reset" && ends(JSON.parse(event.data))) break;
      }
      return seen;
    };
    const isOther = (data: { workflow_id: string }) =>
      data.workflow_id === "other";
    const seen = await until(stream, isOther);
    const told = seen.find(({ event }) => event === "task")!;
    const data = JSON.parse(told.data);
    assert.equal(data.task_id, "t");
    assert.equal(data.run_id, "r");
    assert.equal("current_context" in data, false);
    const again = await client.raw("GET", "/api/events", {
      headers: { "last-event-id": first!.id },
    });
    assert.deepEqual(
      (await until(eventsOf(again), isOther)).map(({ id }) => id)
        .slice(0, seen.length),
      seen.map(({ id }) => id),
    );
    const query = "workflow_id=w&run_id=r2";
    const lost = await client.raw("GET", `/api/events?${query}`, {
      headers: { "last-event-id": "from-another-server-7" },
    });
    const stale = eventsOf(lost);
    assert.equal((await stale.next()).value!.event, "reset");
    const next = stale.next();
    await client.tellRun("other", { status: "In progress", run_id: "r2" });
    await client.tellRun("w", { status: "In progress", run_id: "r1" });
    await client.tellRun("w", { status: "In progress", run_id: "r2" });
    const { workflow_id, run_id } = JSON.parse((await next).value!.data);
    assert.deepEqual([workflow_id, run_id], ["w", "r2"]);
    await stale.return(undefined);
  });

  check("one server streams what another has taken", async (open) => {
    const { client } = startServer(open());
    const { client: other } = startServer(open());
    const stream = eventsOf(await client.raw("GET", "/api/events"));
    const heard = stream.next();
    // A first look, after which there are news.
    await client.tellRun("here", { status: "In progress", run_id: "r" });
    await heard;
    await other.tellRun("there", { status: "In progress", run_id: "r" });
    await other.tellTask("there", {
      task_id: "t",
      run_id: "r",
      status: "In progress",
    });
    const heardOf = new Set<string>();
    for await (const { event, data } of stream) {
      const { workflow_id, status } = JSON.parse(data);
      if (workflow_id === "there") heardOf.add(`${event} ${status}`);
      if (heardOf.size === 1 && heardOf.has("run In progress")) {
        await other.tellTask("there", {
          task_id: "t",
          run_id: "r",
          status: "Completed",
        });
      }
      if (heardOf.has("task Completed")) break;
    }
  });

  check(
    "one server streams all of many runs that another takes",
    async (open) => {
      const { client } = startServer(open());
      const { client: other } = startServer(open());
      const stream = eventsOf(await client.raw("GET", "/api/events"));
      const heard = stream.next();
      await client.tellRun("here", { status: "In progress", run_id: "r" });
      await heard;
      const missing = new Set(
        Array.from({ length: place.slow ? 40 : 100 }, (_, nth) => `run-${nth}`),
      );
      await Promise.all(
        [...missing].map((run_id) =>
          other.tellRun("there", { status: "In progress", run_id })
        ),
      );
      // One that was read here is new to those who listen all the same.
      await client.get("/api/workflows/there/runs/run-0");
      for await (const { event, data } of stream) {
        assert.equal(event, "run");
        missing.delete(JSON.parse(data).run_id);
        if (missing.size === 0) break;
      }
    },
  );

  check("a device is given a token once, when approved", async (open) => {
    const { client, app } = startServer(open());
    const { client: approver } = startServer(open());
    const device = await client.ask("POST", "/cli/device");
    assert.equal(device.status, 200);
    const { device_code, user_code, verification_uri } = device.body;
    assert.match(user_code, /^[A-Z]{4}-[A-Z]{4}$/);
    assert.equal(verification_uri, "http://localhost/device");
    const poll = () => client.ask("POST", "/cli/token", { device_code });
    const pending = await poll();
    assert.equal(pending.status, 400);
    assert.equal(pending.body.detail, "authorization_pending");
    assert.equal((await poll()).body.detail, "slow_down");
    const path = `/api/login/${user_code.toLowerCase().replace("-", "")}`;
    assert.equal((await approver.get(path)).user_code, user_code);
    const approved = await approver.ask("POST", path, { approve: true });
    assert.equal(approved.status, 204);
    const given = await poll();
    assert.equal(given.status, 200);
    const fetch = (request: Request) => app.fetch(request);
    const token = given.body.api_token;
    const owner = new Client(fetch, undefined, token);
    assert.deepEqual((await owner.get("/api/runs")).items, []);
    assert.equal((await poll()).status, 410);
    assert.equal((await approver.ask("GET", path)).status, 404);
    const stored = open();
    for (const key of await stored.listKeys!("")) {
      assert.equal(key.includes(token), false);
      const text = JSON.stringify((await stored.get(key)).storage);
      assert.equal(text?.includes(token) ?? false, false, key);
    }
    const second = (await client.ask("POST", "/cli/device")).body;
    const refusal = `/api/login/${second.user_code}`;
    await approver.ask("POST", refusal, { approve: false });
    const refused = await client.ask("POST", "/cli/token", {
      device_code: second.device_code,
    });
    assert.equal(refused.status, 410);
    const unknown = await client.ask("POST", "/cli/token", {
      device_code: "x",
    });
    assert.equal(unknown.status, 410);
  });

  check("many runs at once lose and mix nothing", async (open) => {
    const storage = open();
    const { client } = startServer(storage);
    const [runs, tasks] = place.slow ? [20, 2] : [200, 4];
    const nths = Array.from({ length: runs }, (_, nth) => nth);
    await Promise.all(nths.map(async (nth) => {
      const run_id = `run-${nth}`;
      const workflow = `w${nth % 7}`;
      await client.tellRun(workflow, { status: "In progress", run_id });
      await Promise.all(Array.from({ length: tasks }, async (_, at) => {
        const task = { task_id: `t${at}`, run_id, position: at };
        await client.tellTask(workflow, { ...task, status: "In progress" });
        await client.tellTask(workflow, {
          ...task,
          status: "Completed",
          current_context: `"${run_id}/${at}"`,
        });
      }));
      await client.tellRun(workflow, { status: "Completed", run_id });
    }));
    for (const server of [{ client }, startServer(open())]) {
      const listed = await server.client.all("/api/runs?limit=90");
      assert.equal(listed.length, runs);
      assert.equal(new Set(listed.map(({ run_id }) => run_id)).size, runs);
      for (const { run_id, workflow_id, status, tasks: counts } of listed) {
        assert.equal(workflow_id, `w${Number(run_id.slice(4)) % 7}`);
        assert.equal(status, "Completed");
        assert.equal(counts.completed, tasks, run_id);
        const at = tasks - 1;
        const task = await server.client.get(
          `/api/workflows/${workflow_id}/runs/${run_id}/tasks/t${at}`,
        );
        assert.equal(task.current_context, `"${run_id}/${at}"`);
      }
    }
  });

  check("old runs are removed whole", async (open) => {
    const storage = open();
    const { client } = startServer(storage, { keep: { runs: 2 } });
    for (let nth = 0; nth < 4; nth++) {
      const run_id = `r${nth}`;
      const started_at = minute(nth);
      await client.tellRun("w", { status: "In progress", run_id, started_at });
      await client.tellTask("w", { task_id: "t", run_id, status: "Completed" });
      await client.tellRun("w", { status: "Completed", run_id });
    }
    const { items } = await client.get("/api/runs");
    assert.deepEqual(
      items.map(({ run_id }: { run_id: string }) => run_id),
      ["r3", "r2"],
    );
    const keys = await open().listKeys!("");
    assert.deepEqual(keys.filter((key) => /\/r[01]\//.test(key)), []);
    const gone = await client.ask("GET", "/api/workflows/w/runs/r0");
    assert.equal(gone.status, 404);
  });
}

/** Sets the clock on, until the test ends. */
export function passTime(ms: number): void {
  const { now } = Date;
  Date.now = () => now() + ms;
  cleanup(() => void (Date.now = now));
}

/** A storage, this very one, that tells of what it is about to swap. */
function storing(
  storage: Storage,
  before: (key: string) => Promise<void>,
): Storage {
  const swap = storage.atomicSwap!.bind(storage);
  return Object.assign(storage, {
    atomicSwap: async (...args: Parameters<typeof swap>) => {
      await before(args[0]);
      return await swap(...args);
    },
  });
}

function bound(client: Client) {
  return {
    tellRun: client.tellRun.bind(client),
    tellTask: client.tellTask.bind(client),
  };
}

function minute(nth: number): string {
  return new Date(Date.UTC(2026, 0, 1, 0, nth)).toISOString();
}

const STATUSES = ["New", "In progress", "Completed", "Failed"] as const;
const WORKFLOWS = ["a", "ab", "A/b", "ü"];

const RUNS = fc.array(
  fc.record({
    workflow: fc.constantFrom(...WORKFLOWS),
    status: fc.constantFrom(...STATUSES),
    minute: fc.nat(9),
  }),
  { minLength: 1, maxLength: 12 },
);

/** Mostly left out, since many filters at once leave nothing. */
const maybe = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, {
    weight: 1,
    arbitrary,
  });

const FILTERS = fc.array(
  fc.record({
    limit: fc.integer({ min: 1, max: 5 }),
    status: maybe(fc.constantFrom(...STATUSES)),
    workflow: maybe(fc.constantFrom(...WORKFLOWS)),
    text: maybe(fc.constantFrom("a", "1", "run-", "zzz")),
    since: maybe(fc.nat(9)),
    until: maybe(fc.nat(9)),
  }),
  { minLength: 3, maxLength: 8 },
);

interface ModelRun {
  readonly workflow: string;
  readonly status: (typeof STATUSES)[number];
  readonly minute: number;
}

async function tellAll(
  client: Client,
  { workflow, status, minute: at }: ModelRun,
  nth: number,
): Promise<void> {
  const run = { run_id: `run-${nth}`, started_at: minute(at) };
  await client.tellRun(workflow, {
    ...run,
    status: status === "New" ? status : "In progress",
  });
  if (status === "Completed" || status === "Failed") {
    await client.tellRun(workflow, { ...run, status });
  }
}

function queryOf(filter: Record<string, unknown>): string {
  const { limit, status, workflow, text, since, until } = filter;
  const query = new URLSearchParams({ limit: String(limit) });
  if (status) query.set("status", String(status));
  if (workflow) query.set("workflow_id", String(workflow));
  if (text) query.set("text", String(text));
  if (since !== undefined) query.set("since", minute(since as number));
  if (until !== undefined) query.set("until", minute(until as number));
  return String(query);
}
