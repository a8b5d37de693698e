/**
 * `MetricsStatsd`, against real sockets of UDP.
 *
 * @module
 */

import { action, Config, Context, DotFlow, Task } from "@dotflow/dotflow";
import {
  MetricsStatsd,
  type MetricsStatsdOptions,
} from "@dotflow/dotflow/providers/metrics-statsd";
import { metricsContract } from "@dotflow/dotflow/testing";
import fc from "fast-check";
import assert from "node:assert/strict";
import { effort } from "./effort.ts";
import { failing, moment, sleep, throwsWith } from "./flow.ts";
import { cleanup, runtime, spawnRuntime, test } from "./harness.ts";
import { type Line, LogRecorder } from "./recorder.ts";
import { count, listen, lookUpBy, parseLine, watchSockets } from "./statsd.ts";
import { testWatcher } from "./watcher_contract.ts";

const needs = ["udp"] as const;

/** Makes the provider; it is closed after the present test. */
function make(options: MetricsStatsdOptions): MetricsStatsd {
  const metrics = new MetricsStatsd(options);
  cleanup(() => metrics.close().catch(() => {}));
  return metrics;
}

/** Makes a workflow that metrics watch, and keeps what the log is told. */
function watched(metrics: MetricsStatsd, workflowId = "wf") {
  const lines: Line[] = [];
  const config = new Config({ metrics, log: new LogRecorder(lines) });
  const workflow = new DotFlow({ workflowId, config });
  const reports = () =>
    lines.filter(({ message }) => message.startsWith("Cannot"))
      .map(({ message, fields }) => `${message}: ${fields.reason}`);
  return { workflow, reports };
}

/** A task that has ended, to be told of without a run. */
function ended(taskId = "a", workflowId = "wf", duration = 1.5): Task {
  const empty = new Context();
  const init = { taskId, name: taskId, groupName: "g", initialContext: empty };
  const task = new Task(init, {
    workflowId,
    runId: "run",
    createdMs: 1,
    empty,
  });
  task.status = "Completed";
  task.duration = duration;
  return task;
}

testWatcher("MetricsStatsd", metricsContract, {
  needs: [...needs],
  silent: true,
  async open() {
    const receiver = await listen();
    return {
      provider: make({ port: receiver.port }),
      seen: async () => {
        await receiver.settle();
        return count(receiver.metrics);
      },
      break: () => receiver.close(),
    };
  },
});

test("MetricsStatsd sends what its table says, in order", {
  needs: [...needs],
}, async () => {
  const receiver = await listen();
  const { workflow, reports } = watched(make({ port: receiver.port }));
  workflow.task.add(failing(1, { name: "a", retry: 2 }))
    .add(failing(9, { name: "b" }));
  const run = await workflow.start();
  await receiver.settle();
  const short = (ms: number) => String(Math.round(ms * 1_000) / 1_000);
  const [a, b] = run.tasks.map(({ duration }) => short(duration));
  assert.deepEqual(receiver.lines, [
    "dotflow.workflow.total:1|c|#status:started",
    "dotflow.task.retry:1|c",
    "dotflow.task.total:1|c|#status:completed",
    `dotflow.task.duration:${a}|ms|#status:completed`,
    "dotflow.task.total:1|c|#status:failed",
    `dotflow.task.duration:${b}|ms|#status:failed`,
    "dotflow.workflow.total:1|c|#status:failed",
    `dotflow.workflow.duration:${short(run.duration)}|ms|#status:failed`,
  ]);
  assert.equal(receiver.packets.length, 1, "they go together");
  assert.deepEqual(reports(), []);
});

test("MetricsStatsd sends tags, ids and distributions if asked to", {
  needs: [...needs],
}, async () => {
  const receiver = await listen();
  const metrics = make({
    port: receiver.port,
    prefix: "shop.dotflow",
    tags: { env: "prod", "git.branch": "feature/ä b,c|d\n", edge: "::x::" },
    idTags: true,
    distribution: true,
  });
  metrics.taskRetried(ended("a,b|#:\n", ":wf@ü"));
  metrics.taskFailed(ended("x".repeat(300), "🦊".repeat(300), 0.12345));
  // The cut is right behind a colon, which may not be the end of a tag.
  metrics.taskRetried(ended(`${"x".repeat(191)}:y`));
  await metrics.flush();
  await receiver.settle();
  const [retry, , duration, cut] = receiver.metrics;
  const own = ["env:prod", "git.branch:feature/ä_b_c_d_", "edge:x"];
  assert.deepEqual(retry, {
    name: "shop.dotflow.task.retry",
    value: 1,
    type: "c",
    tags: ["workflow_id:wf_ü", "task_id:a_b_:_", ...own],
  });
  assert.deepEqual(duration, {
    name: "shop.dotflow.task.duration",
    value: 0.123,
    type: "d",
    tags: [
      "status:failed",
      "workflow_id:_",
      `task_id:${"x".repeat(200 - "task_id:".length)}`,
      ...own,
    ],
  });
  assert.equal(cut.tags[1], `task_id:${"x".repeat(191)}`);
});

test("MetricsStatsd sends no id unless asked to", {
  needs: [...needs],
}, async () => {
  const receiver = await listen();
  const { workflow } = watched(make({ port: receiver.port }), "wf-canary");
  workflow.task.add(failing(1, { name: "task-canary", retry: 2 }));
  const { runId } = await workflow.start();
  await receiver.settle();
  const text = receiver.lines.join("\n");
  assert.match(text, /status:completed/);
  for (const id of ["canary", runId]) assert.ok(!text.includes(id), text);
});

test("MetricsStatsd sends no packet over the limit, and whole lines only", {
  needs: [...needs],
}, async () => {
  const receiver = await listen();
  const hostile = fc.oneof(
    fc.string({ unit: "binary", minLength: 1 }),
    fc.string({ unit: fc.constantFrom(..."a:|,#@\n\r\t é🦊") }),
    fc.string({ unit: "grapheme", minLength: 150, maxLength: 300 }),
  ).map((text) => text || "empty");
  const key = fc.stringMatching(/^[a-zA-Z][\w\-./]{0,60}$/)
    .filter((key) => !/^(status|(task|workflow)_id)$/.test(key));
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        workflowId: hostile,
        taskIds: fc.array(hostile, { minLength: 1, maxLength: 40 }),
        durations: fc.array(fc.double(), { minLength: 1 }),
        tags: fc.dictionary(key, hostile, { maxKeys: 5 }),
        prefix: fc.stringMatching(/^[a-zA-Z]\w{0,40}(\.\w{1,40}){0,2}$/)
          .filter((prefix) => prefix.length <= 100),
        packetSize: fc.integer({ min: 60, max: 3_000 }),
        idTags: fc.boolean(),
        distribution: fc.boolean(),
      }),
      async ({ workflowId, taskIds, durations, ...options }) => {
        receiver.packets.length = 0;
        let metrics;
        try {
          metrics = new MetricsStatsd({ port: receiver.port, ...options });
        } catch (error) {
          // What leaves a line no room is refused beforehand, with the size
          // that it takes.
          const { message } = error as Error;
          const [, size] = /packetSize: give (\d+) bytes/.exec(message)!;
          options.packetSize = Number(size);
          metrics = new MetricsStatsd({ port: receiver.port, ...options });
        }
        for (const [n, taskId] of taskIds.entries()) {
          const duration = durations[n % durations.length];
          metrics.taskCompleted(ended(taskId, workflowId, duration));
        }
        await metrics.close();
        await receiver.settle();
        for (const packet of receiver.packets) {
          assert.ok(packet.length <= options.packetSize, `${packet.length}`);
        }
        const received = receiver.metrics;
        assert.equal(received.length, taskIds.length * 2);
        for (const metric of received) {
          const fixed = 1 + (options.idTags ? 2 : 0);
          const most = fixed + Object.keys(options.tags).length;
          assert.equal(metric.tags.length, most);
          assert.ok(metric.name.startsWith(`${options.prefix}.task.`));
        }
      },
    ),
    { numRuns: 100 * effort() },
  );
});

test("MetricsStatsd fills packets to the last byte", {
  needs: [...needs],
}, async () => {
  const receiver = await listen();
  const line = "dotflow.task.retry:1|c";
  const three = line.length * 3 + 2;
  for (const [packetSize, packets] of [[three, 2], [three - 1, 3]]) {
    receiver.packets.length = 0;
    const metrics = make({ port: receiver.port, packetSize });
    for (let n = 0; n < 6; n++) metrics.taskRetried(ended());
    await metrics.flush();
    await receiver.settle();
    assert.deepEqual(receiver.lines, Array(6).fill(line));
    assert.equal(receiver.packets.length, packets);
  }
});

test("MetricsStatsd brings 10,000 tasks in full packets", {
  needs: [...needs],
}, async () => {
  const receiver = await listen();
  const { workflow, reports } = watched(make({ port: receiver.port }));
  for (let n = 0; n < 10_000; n++) workflow.task.add(action("t", () => n));
  const run = await workflow.start({ mode: "parallel" });
  assert.equal(run.status, "Completed");
  await receiver.settle();
  const { tasksCompleted, taskTimes } = count(receiver.metrics);
  assert.equal(tasksCompleted, 10_000);
  assert.equal(taskTimes.count, 10_000);
  const sizes = receiver.packets.map(({ length }) => length);
  assert.ok(Math.max(...sizes) <= 1_432);
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  assert.ok(bytes / sizes.length > 1_300, "packets are full");
  assert.deepEqual(reports(), []);
});

test("MetricsStatsd keeps 2 MiB, and says how much it has dropped", {
  needs: [...needs],
}, async () => {
  const receiver = await listen();
  const metrics = make({ port: receiver.port, packetSize: 8_192 });
  const task = ended();
  // Without a turn of the event loop in between, nothing can leave.
  for (let n = 0; n < 50_000; n++) metrics.taskCompleted(task);
  const reason = await metrics.flush().then(() => "", ({ message }) => message);
  const [, lost] = /^Cannot deliver to StatsD: (\d+) metrics were dropped/
    .exec(reason)!;
  await receiver.settle();
  const bytes = receiver.packets.reduce((sum, { length }) => sum + length, 0);
  assert.ok(bytes <= 2 ** 21 + 8_192 && bytes > 2 ** 20, `${bytes} bytes`);
  assert.equal(receiver.lines.length + Number(lost), 100_000);
  await metrics.flush(); // It is told once.
});

test("MetricsStatsd bears that nobody listens", {
  needs: [...needs],
}, async () => {
  const receiver = await listen();
  const { port } = receiver;
  receiver.close();
  const metrics = make({ port });
  for (let n = 0; n < 5; n++) {
    const { workflow, reports } = watched(metrics);
    workflow.task.add(action("a", () => sleep(1))).add(action("b", () => n));
    const run = await workflow.start();
    assert.equal(run.status, "Completed");
    assert.deepEqual(workflow.resultStorage(), [undefined, n]);
    assert.deepEqual(reports(), [], "UDP does not tell");
  }
});

test("MetricsStatsd reports a host that does not exist, once a run", {
  needs: [...needs],
}, async () => {
  const metrics = make({ host: "nowhere.invalid", interval: 0 });
  for (let n = 0; n < 2; n++) {
    const { workflow, reports } = watched(metrics);
    for (let n = 0; n < 5; n++) workflow.task.add(action("t", () => sleep(2)));
    const run = await workflow.start();
    assert.equal(run.status, "Completed");
    const [report, ...more] = reports();
    assert.match(
      report,
      /^Cannot deliver events to MetricsStatsd: Cannot deliver to StatsD at nowhere\.invalid:8125: its name cannot be looked up \([A-Z_]+\)$/,
    );
    assert.deepEqual(more, []);
  }
});

test("MetricsStatsd goes on after its socket was closed", {
  needs: [...needs],
}, async () => {
  const receiver = await listen();
  const metrics = make({ port: receiver.port });
  await metrics.close(); // It was never open.
  const { workflow, reports } = watched(metrics);
  for (let n = 0; n < 6; n++) {
    workflow.task.add(action("t", () => n % 2 ? metrics.close() : undefined));
  }
  await workflow.start();
  await metrics.close();
  metrics.taskCompleted(ended());
  await metrics.flush();
  await receiver.settle();
  assert.equal(count(receiver.metrics).tasksCompleted, 7);
  assert.deepEqual(reports(), []);
});

test("MetricsStatsd sends amid a run, after its interval", {
  needs: [...needs],
}, async () => {
  const receiver = await listen();
  const metrics = make({ port: receiver.port, interval: "20ms" });
  const { workflow } = watched(metrics);
  const received = moment();
  workflow.task.add([
    action("a", () => 1),
    action("b", () => received.promise),
  ]);
  const run = await workflow.start({ mode: "background" });
  await receiver.until(() => count(receiver.metrics).tasksCompleted > 0);
  assert.equal(run.status, "In progress");
  assert.equal(count(receiver.metrics).tasksCompleted, 1);
  received.resolve();
  await run.finished;
  await receiver.settle();
  assert.equal(count(receiver.metrics).tasksCompleted, 2);
});

test("MetricsStatsd finds a name, and an address of IPv6", {
  needs: [...needs],
}, async () => {
  const four = await listen();
  const named = make({ host: "localhost", port: four.port });
  named.taskCompleted(ended());
  await named.flush();
  await four.settle();
  assert.equal(four.lines.length, 2);

  const six = await listen("::1").catch(() => undefined);
  if (six === undefined) return; // There are machines without IPv6.
  const addressed = make({ host: "::1", port: six.port });
  addressed.taskCompleted(ended());
  await addressed.flush();
  await six.settle();
  assert.equal(six.lines.length, 2);
});

const LOOPBACK = { address: "127.0.0.1", family: 4 };

test("MetricsStatsd prefers IPv4 where a name has both", {
  needs: [...needs],
}, async () => {
  const receiver = await listen();
  await lookUpBy(() =>
    Promise.resolve([{ address: "::1", family: 6 }, LOOPBACK])
  );
  const metrics = make({ host: "statsd.test", port: receiver.port });
  metrics.taskCompleted(ended());
  await metrics.flush();
  await receiver.settle();
  assert.equal(receiver.lines.length, 2);
});

test("MetricsStatsd looks a name up again after a minute", {
  needs: [...needs],
}, async () => {
  const receiver = await listen();
  const sockets = await watchSockets();
  const asked: string[] = [];
  await lookUpBy((name) => {
    asked.push(name);
    return Promise.resolve([LOOPBACK]);
  });
  const metrics = make({ host: "statsd.test", port: receiver.port });
  const now = performance.now.bind(performance);
  cleanup(() => performance.now = now);
  for (const [laterMs, times] of [[0, 1], [58_000, 1], [61_000, 2]]) {
    performance.now = () => now() + laterMs;
    metrics.taskRetried(ended());
    await metrics.flush();
    assert.deepEqual(asked, Array(times).fill("statsd.test"));
    assert.equal(sockets.length, times);
  }
  await receiver.settle();
  assert.equal(receiver.lines.length, 3);
});

test("MetricsStatsd opens another socket where one fails between packets", {
  needs: [...needs],
}, async () => {
  const receiver = await listen();
  const sockets = await watchSockets();
  const metrics = make({ port: receiver.port });
  for (const count of [1, 1, 2]) {
    if (count === 2) sockets[0].emit("error", new Error("planted"));
    metrics.taskRetried(ended());
    await metrics.flush();
    assert.equal(sockets.length, count);
  }
  await receiver.settle();
  assert.equal(receiver.lines.length, 3);
});

test("MetricsStatsd waits 2 s for a name or a packet, and goes on", {
  needs: [...needs],
}, async () => {
  const receiver = await listen();
  const { setTimeout } = globalThis;
  const sooner = (call: () => void, ms?: number) =>
    setTimeout(call, ms === 2_000 ? 10 : ms);
  globalThis.setTimeout = sooner as typeof setTimeout;
  cleanup(() => globalThis.setTimeout = setTimeout);
  let stuck: "name" | "packet" | undefined = "name";
  await lookUpBy(() =>
    stuck === "name" ? new Promise(() => {}) : Promise.resolve([LOOPBACK])
  );
  await watchSockets((socket) => {
    if (stuck === "packet") socket.send = () => {};
  });
  const metrics = new MetricsStatsd({
    host: "statsd.test",
    port: receiver.port,
  });
  const reasons = {
    name: "its name cannot be looked up (TimeoutError)",
    packet: "a packet cannot be sent (TimeoutError)",
  };
  for (stuck of ["name", "packet"] as const) {
    metrics.taskRetried(ended());
    const outcome = metrics.flush().then(
      () => "sent",
      ({ message }) => message,
    );
    assert.equal(
      await Promise.race([outcome, sleep(5_000)]),
      "Cannot deliver to StatsD at statsd.test:" +
        `${receiver.port}: ${reasons[stuck]}`,
    );
  }
  stuck = undefined;
  metrics.taskCompleted(ended());
  await metrics.close();
  await receiver.settle();
  assert.equal(count(receiver.metrics).tasksCompleted, 1);
});

test("MetricsStatsd gives up what waits when sending fails", {
  needs: [...needs],
}, async () => {
  const receiver = await listen();
  const [asked, found] = [moment(), moment<[typeof LOOPBACK]>()];
  await lookUpBy(() => {
    asked.resolve();
    return found.promise;
  });
  const host = "statsd.test";
  const metrics = make({ host, port: receiver.port, packetSize: 63 });
  // Four packets of two lines, and two lines for which there is still room.
  for (let n = 0; n < 10; n++) metrics.taskRetried(ended());
  await asked.promise;
  await lookUpBy(() => Promise.resolve([LOOPBACK]));
  found.reject(Object.assign(new Error("no"), { code: "ENOTFOUND" }));
  await sleep(1); // All that follows on it is done.
  await throwsWith(
    () => metrics.taskCompleted(ended()),
    "DELIVERY",
    /\(ENOTFOUND\)/,
  );
  await metrics.flush();
  await receiver.settle();
  const { tasksRetried, tasksCompleted } = count(receiver.metrics);
  assert.deepEqual([tasksRetried, tasksCompleted], [2, 1]);
});

test("MetricsStatsd keeps no process alive", {
  needs: ["udp", "processes"],
}, async () => {
  const receiver = await listen();
  for (const what of ["run", "pending", "refused"]) {
    const port = what === "refused" ? 9 : receiver.port;
    const worker = await spawnRuntime("workers/statsd.ts", [what, `${port}`]);
    await worker.line(/^done/);
    const before = performance.now();
    const { code } = await worker.exit;
    assert.equal(code, 0, worker.stderr);
    assert.ok(performance.now() - before < 10_000, `${what} stayed`);
  }
  await receiver.settle();
  // What was pending is lost with its process; the run has waited for its end.
  assert.equal(count(receiver.metrics).workflowsCompleted, 1);
});

test("MetricsStatsd needs no more permissions than it says", {
  needs: ["udp", "processes"],
  skip: runtime !== "deno" && "permissions are those of Deno",
}, async () => {
  const receiver = await listen();
  const wanted = `0.0.0.0:0,127.0.0.1:${receiver.port}`;
  const expected = {
    [wanted]: "",
    [`127.0.0.1:${receiver.port}`]: "NotCapable",
  };
  for (const [net, report] of Object.entries(expected)) {
    const args = ["run", `${receiver.port}`];
    const flags = ["--no-prompt", "--no-check", `--allow-net=${net}`];
    const worker = await spawnRuntime("workers/statsd.ts", args, { flags });
    assert.match(await worker.line(/^done/), new RegExp(`^done ?.*${report}`));
    assert.equal((await worker.exit).code, 0, worker.stderr);
  }
  await receiver.settle();
  assert.equal(count(receiver.metrics).workflowsCompleted, 1);
});

test("MetricsStatsd says in Workers that there is no UDP, and hurts nothing", {
  skip: runtime !== "workerd" && "this runtime has UDP",
}, async () => {
  const metrics = new MetricsStatsd({ host: "statsd.local" });
  for (let n = 0; n < 2; n++) {
    const { workflow, reports } = watched(metrics);
    workflow.task.add([action("a", () => n), action("b", () => sleep(2))]);
    const run = await workflow.start();
    assert.equal(run.status, "Completed");
    assert.deepEqual(workflow.resultStorage(), [n, undefined]);
    assert.deepEqual(reports(), [
      "Cannot deliver events to MetricsStatsd: Cannot deliver to StatsD at " +
      "statsd.local:8125: this runtime has no UDP; use Deno, Node or Bun",
    ]);
  }
  await metrics.close();
});

test("MetricsStatsd refuses options that make no sense", () => {
  const refused = (options: object, pattern: RegExp) =>
    assert.throws(() => new MetricsStatsd(options), {
      code: "INVALID_OPTION",
      message: pattern,
    });
  refused({ hosts: "a" }, /"hosts".*allowed are host, port/);
  for (
    const host of [
      "",
      " ",
      "a b",
      "localhost:8125",
      "udp://localhost",
      "[::1]",
      "::1::",
      "-a",
      "a\n",
      "a\\b",
      "%41",
      "fe80::1%eth0",
      "300.1.1.1",
      "http://user:canary@agent",
      "x".repeat(256),
      1,
      null,
    ]
  ) refused({ host }, /^Cannot use what was given as host: give a name/);
  for (const port of [0, -1, 65_536, 1.5, NaN, "8125"]) {
    refused({ port }, /as port: give a number from 1 to 65535/);
  }
  for (
    const prefix of ["", ".", "a.", ".a", "a..b", "1a", "a:b", "a b", "é", 1]
  ) refused({ prefix }, /as prefix: give/);
  refused({ prefix: "x".repeat(101) }, /as prefix: give/);
  refused({ tags: ["a:b"] }, /as tags: give an object/);
  refused({ tags: null }, /as tags/);
  for (const key of ["", "1a", "a:b", "a,b", "status", "x".repeat(101)]) {
    refused({ tags: { [key]: "b" } }, /as a key of tags: give a letter/);
  }
  refused({ tags: { env: "" } }, /as tags\.env: give a text/);
  refused({ tags: { env: 1 } }, /as tags\.env: give a text/);
  refused({ idTags: 1 }, /idTags/);
  refused({ distribution: "d" }, /distribution/);
  for (const packetSize of [0, 65_508, 1.5, "1"]) {
    refused({ packetSize }, /as packetSize: give a number of bytes/);
  }
  refused({ packetSize: 60 }, /60 as packetSize: give 63 bytes or more/);
  const tags = { a: "🦊ä".repeat(100), b: "ä".repeat(300) };
  refused({ packetSize: 500, tags }, /packetSize: give \d+ bytes or more/);
  for (const interval of [-1, "soon", "2m"]) refused({ interval }, /interval/);
  for (const host of ["::1", "fe80::1", "10.0.0.1", "a_b.c-d.local"]) {
    assert.ok(new MetricsStatsd({ host }), host);
  }
  assert.ok(new MetricsStatsd());
});

test("MetricsStatsd's tests know a good line from a bad one", () => {
  assert.deepEqual(parseLine("a.b_c:1.5|ms|#x:y:z,é"), {
    name: "a.b_c",
    value: 1.5,
    type: "ms",
    tags: ["x:y:z", "é"],
  });
  for (
    const line of [
      "",
      "a",
      "a:|c",
      "a:1",
      "a:1e5|c",
      "é:1|c",
      "1a:1|c",
      "a:1|x",
      "a:1|c|",
      "a:1|c|#",
      "a:1|c|#x,",
      "a:1|c|#x:",
      "a:1|c|#1",
      "a:1|c|#a b",
      "a:1|c|#a|b",
    ]
  ) assert.throws(() => parseLine(line), Error, line);
});
