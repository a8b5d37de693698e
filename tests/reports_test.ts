/**
 * What logs are told of watchers that fail.
 *
 * @module
 */

import { action, type Config, DotFlow, Notify } from "@dotflow/dotflow";
import assert from "node:assert/strict";
import { flowOn, moment, rejectsWith, sleep } from "./flow.ts";
import { test } from "./harness.ts";
import { catchConsole, type Line, LogRecorder, Recorder } from "./recorder.ts";
import { StorageText } from "./storages.ts";

function oneTask(config: Config): DotFlow {
  const workflow = new DotFlow({ workflowId: "wf", config });
  workflow.task.add(action("a", () => 1));
  return workflow;
}

/** The reports among some lines: who failed, and why. */
function reportsIn(lines: readonly Line[]): string[] {
  return lines.filter(({ message }) => message.startsWith("Cannot deliver"))
    .map(({ message, fields }) =>
      `${message.split(" ").at(-1)} ${fields.reason}`
    );
}

test("reports: none holds a secret", async () => {
  const secrets = [
    "https://api.telegram.org/bot123456:AAabcdefghijklmnopqrstuvwxyz0123456/x",
    "https://user:password@example.com/hook?token=verysecret",
    "Authorization: Bearer abcdefgh12345678",
    "postgres://user:p4ss@w0rd99@example.com/api",
    "eyJhbGciOiJI.eyJzdWIiOiIx.SflKxwRJSMeK",
    "AKIAIOSFODNN7EXAMPLE",
  ];
  for (const secret of secrets) {
    const lines: Line[] = [];
    const recorder = new Recorder();
    class NotifySick extends Notify {
      hookStatusTask(): void {
        const error = new Error(`Cannot reach ${secret}: 500`);
        throw Object.assign(error, { name: `Error at ${secret}` });
      }
    }
    const log = new LogRecorder(lines);
    await oneTask(recorder.config({ notify: new NotifySick(), log })).start();
    const [report] = lines.filter(({ level }) => level === "ERROR");
    assert.match(String(report.fields.reason), /^Cannot reach /);
    const text = JSON.stringify(report);
    for (const word of secret.split(/[\s/:@?=.]+/)) {
      if (
        /^(https|postgres|api|telegram|org|example|com|Authorization|Bearer|user|x)$/
          .test(word)
      ) continue;
      assert.ok(!text.includes(word), `${word} in ${text}`);
    }
  }
});

test("reports: one stands where its run stands in a trace", async () => {
  const traceparent = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
  const recorder = new Recorder();
  const config = recorder.config();
  config.tracer[0].traceWorkflow = () => traceparent;
  config.notify[0].hookStatusTask = () => {
    throw new Error("no ears");
  };
  const run = await oneTask(config).start();
  const [{ fields }] = recorder.lines.filter(({ level }) => level === "ERROR");
  const { runId } = run;
  const expected = { workflowId: "wf", runId, traceparent };
  assert.deepEqual(fields, {
    ...expected,
    exception: "Error",
    reason: "no ears",
  });
});

test("reports: what is lost is told, also of one that has failed", async () => {
  const recorder = new Recorder();
  let calls = 0;
  class NotifySlow extends Notify {
    async hookStatusTask(): Promise<void> {
      if (calls++ === 0) throw new Error("once");
      await sleep(1_000);
    }
  }
  const config = recorder.config({
    notify: new NotifySlow(),
    server: [],
    drainTimeout: 50,
  });
  const workflow = new DotFlow({ config });
  for (let n = 0; n < 700; n++) workflow.task.add(action(() => n));
  await workflow.start({ mode: "parallel" });
  const reports = reportsIn(recorder.lines);
  assert.deepEqual(reports, [
    "NotifySlow once",
    "NotifySlow 1399 events were dropped: too slow",
  ]);
});

test("reports: other logs can still pass on what a log has missed", async () => {
  const order: string[] = [];
  class LogSick extends LogRecorder {
    override flush(): Promise<void> {
      return Promise.reject(new Error("no room"));
    }
  }
  class LogBatch extends LogRecorder {
    override async flush(): Promise<void> {
      const lines = this.lines.splice(0);
      await sleep(2);
      order.push(...reportsIn(lines));
    }
  }
  const log = [new LogBatch([]), new LogSick([])];
  await oneTask(new Recorder().config({ log })).start();
  assert.deepEqual(order, ["LogSick no room"]);
});

test("reports: where no log is left, the console has them", async () => {
  const lines = catchConsole();
  class LogSick extends LogRecorder {
    override flush(): Promise<void> {
      return Promise.reject(new Error("no room"));
    }
  }
  const told = () =>
    lines.splice(0).map(([method, line]) => `${method} ${line}`);
  await oneTask(new Recorder().config({ log: new LogSick([]) })).start();
  const [line, ...more] = told();
  const words =
    /^error .* ERROR "?Cannot deliver events to LogSick"? .*no room/;
  assert.match(line, words);
  assert.deepEqual(more, []);
  const logs = [new LogSick([]), new LogRecorder([])];
  await oneTask(new Recorder().config({ log: logs })).start();
  assert.deepEqual(told(), [], "another log has it");
  await oneTask(
    new Recorder().config({ log: [new LogSick([]), new LogSick([])] }),
  )
    .start();
  assert.equal(told().length, 1, "the last one that fails");
  await oneTask(new Recorder().config({ log: [] })).start();
  assert.deepEqual(told(), [], "nobody wants to know");
});

test("reports: where no log is left before a run, the console has them", async () => {
  const lines = catchConsole();
  class LogSick extends LogRecorder {
    override info(): void {
      throw new Error("no room");
    }
  }
  const storage = new StorageText();
  const gate = moment();
  const begun = moment();
  const owner = flowOn(storage);
  owner.task.add(action("a", () => {
    begun.resolve();
    return gate.promise;
  }));
  const running = owner.start();
  await begun.promise;
  const other = flowOn(storage, "wf", { log: new LogSick([]) });
  other.task.add(action("a", () => 1));
  await rejectsWith(other.start({ wait: 50 }), "WORKFLOW_LOCKED");
  gate.resolve();
  await running;
  const reports = lines.filter(([, line]) =>
    /deliver events to LogSick/.test(line)
  );
  assert.equal(reports.length, 1);
});

test("reports: what was told before a run is delivered with it", async () => {
  let isOpen = false;
  const late = moment();
  class LogSlow extends LogRecorder {
    override async info(message: string): Promise<void> {
      if (!message.startsWith("Waiting")) return;
      isOpen = true;
      await late.promise;
      isOpen = false;
    }
  }
  const storage = new StorageText();
  const begun = moment();
  const owner = flowOn(storage);
  owner.task.add(action("a", async () => {
    begun.resolve();
    await sleep(50);
  }));
  const running = owner.start();
  await begun.promise;
  const log = new LogSlow([]);
  const other = flowOn(storage, "wf", { log, lease: 200 });
  other.task.add(action("a", () => 1));
  const work: Promise<unknown>[] = [];
  const waitUntil = (each: Promise<unknown>) => void work.push(each);
  const onSuccess = () => void setTimeout(late.resolve, 100);
  await other.start({ wait: "10s", waitUntil, onSuccess });
  await Promise.all([running, ...work]);
  assert.equal(isOpen, false);
});
