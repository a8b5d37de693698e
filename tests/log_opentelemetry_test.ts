import {
  action,
  type ConfigOptions,
  type LogLevel,
  StorageDefault,
  type Task,
  TracerDefault,
} from "@dotflow/dotflow";
import { LogOpenTelemetry } from "@dotflow/dotflow/providers/log-opentelemetry";
import { TracerOpenTelemetry } from "@dotflow/dotflow/providers/tracer-opentelemetry";
import { logContract } from "@dotflow/dotflow/testing";
import { trace } from "@opentelemetry/api";
import assert from "node:assert/strict";
import { failing, flowOn, throwsWith } from "./flow.ts";
import { cleanup, test } from "./harness.ts";
import {
  infoOf,
  openSdk,
  type OtlpLog,
  type Sdk,
  spanNamed,
  taskOf,
} from "./otel.ts";
import { type Line, LogRecorder } from "./recorder.ts";
import { testWatcher } from "./watcher_contract.ts";

const LEVEL_OF: Record<string, LogLevel> = {
  DEBUG: "DEBUG",
  INFO: "INFO",
  WARN: "WARNING",
  ERROR: "ERROR",
};

testWatcher("LogOpenTelemetry", logContract, {
  traced: true,
  // The SDK keeps failures of its exporters to itself.
  silent: true,
  async open() {
    const sdk = await openSdk({ global: false });
    const { loggerProvider } = sdk;
    return {
      provider: new LogOpenTelemetry({ loggerProvider, level: "DEBUG" }),
      seen: async () => (await sdk.logs()).map(toSeen),
      break: () =>
        sdk.inbox.fail([{ kind: "answer", status: 500, times: 1_000 }]),
    };
  },
});

function toSeen({ severityText, body, attributes, ...log }: OtlpLog) {
  return {
    level: LEVEL_OF[severityText],
    text: `${body} ${JSON.stringify(attributes)}`,
    traceparent: log.traceId && `00-${log.traceId}-${log.spanId}-01`,
  };
}

function loggedFlow(log: LogOpenTelemetry, options: ConfigOptions = {}) {
  return flowOn(new StorageDefault(), "wf", { log, ...options });
}

/** The bodies of the records that have arrived. */
async function bodies(sdk: Sdk): Promise<unknown[]> {
  return (await sdk.logs()).map(({ body }) => body);
}

const LEVELS = ["DEBUG", "INFO", "WARNING", "ERROR"] as const;

test("log otel: only lines of its level and above are handed on", async () => {
  const sdk = await openSdk();
  for (const [index, level] of LEVELS.entries()) {
    await sdk.inbox.forget();
    const log = new LogOpenTelemetry({ level });
    assert.deepEqual(LEVELS.map((each) => log.enabled(each)), [
      ...LEVELS.map((_, each) => each >= index),
    ]);
    for (const each of LEVELS) {
      const method = each.toLowerCase() as Lowercase<LogLevel>;
      log[method](each);
    }
    await log.flush();
    assert.deepEqual(await bodies(sdk), LEVELS.slice(index));
  }
  assert.equal(new LogOpenTelemetry().enabled("DEBUG"), false);
  assert.equal(new LogOpenTelemetry().enabled("INFO"), true);
});

test("log otel: lines that the SDK does not want are not made", async () => {
  const sdk = await openSdk({ global: false });
  const asked: unknown[] = [];
  const logger = sdk.loggerProvider.getLogger("tests");
  const loggerProvider = {
    getLogger: () => ({
      emit: (record: never) => logger.emit(record),
      enabled(options?: { severityNumber?: number }) {
        asked.push(options?.severityNumber);
        return options!.severityNumber! >= 13;
      },
    }),
    forceFlush: () => sdk.loggerProvider.forceFlush(),
  };
  const workflow = loggedFlow(
    new LogOpenTelemetry({ loggerProvider, level: "DEBUG" }),
  );
  workflow.task.add(failing(1, { name: "a", retry: 2 }));
  await workflow.start();
  assert.deepEqual(asked, [5, 9, 13, 17]);
  assert.deepEqual(await bodies(sdk), ["Retry"]);
});

test("log otel: without a tracer, lines stand in the active span", async () => {
  const sdk = await openSdk();
  const workflow = loggedFlow(new LogOpenTelemetry());
  workflow.task.add(action("a", ({ log }) => log.info("here")));
  await trace.getTracer("user").startActiveSpan("request", async (span) => {
    await workflow.start();
    span.end();
  });
  await sdk.tracerProvider.forceFlush();
  const request = spanNamed(await sdk.spans(), "request");
  const logs = await sdk.logs();
  assert.equal(logs.length, 5);
  for (const log of logs) {
    assert.equal(log.spanId, request.spanId);
    assert.equal(log.traceId, request.traceId);
  }
});

test("log otel: a line of a step is of its task, also within another span", async () => {
  const sdk = await openSdk();
  const tracer = new TracerOpenTelemetry();
  const workflow = loggedFlow(new LogOpenTelemetry(), { tracer });
  workflow.task.add(action("a", ({ log }) => {
    trace.getTracer("user").startActiveSpan("own", (span) => {
      log.info("within");
      span.end();
    });
  }));
  await workflow.start();
  const line = (await sdk.logs()).find(({ body }) => body === "within");
  const task = spanNamed(await sdk.spans(), "task:a");
  assert.equal(line?.spanId, task.spanId);
});

test("log otel: a line of a task without a span is of its run", async () => {
  const sdk = await openSdk();
  const [traceId, spanId] = ["1".repeat(32), "2".repeat(16)];
  const traceparent = `00-${traceId}-${spanId}-01`;
  const log = new LogOpenTelemetry();
  const restored = taskOf(infoOf({}));
  log.info("Restored", { task: restored, traceparent });
  const task = {
    ...restored,
    traceparent: `00-${traceId}-${"3".repeat(16)}-01`,
  } as Task;
  log.info("Completed", { task, traceparent });
  await log.flush();
  const logs = await sdk.logs();
  assert.deepEqual(
    logs.map((line) => [line.body, line.traceId, line.spanId]),
    [["Restored", traceId, spanId], ["Completed", traceId, "3".repeat(16)]],
  );
  assert.ok(!("traceparent" in logs[0].attributes));
});

test("log otel: the logs of api 1.10 are found where it keeps them", async () => {
  const sdk = await openSdk({ global: false });
  const key = Symbol.for("opentelemetry.js.api.1");
  // deno-lint-ignore no-explicit-any
  const registered = (globalThis as any)[key];
  const log = new LogOpenTelemetry();
  assert.equal(log.enabled("ERROR"), false);
  registered.logs = sdk.loggerProvider;
  cleanup(() => delete registered.logs);
  assert.equal(log.enabled("ERROR"), true);
  log.error("found");
  await log.flush();
  assert.deepEqual(await bodies(sdk), ["found"]);
});

test("log otel: fields cannot take the place of what the engine says", async () => {
  const sdk = await openSdk();
  const workflow = loggedFlow(new LogOpenTelemetry());
  const fields = JSON.parse(`{
    "dotflow.task_id": "forged",
    "__proto__": { "polluted": 1 },
    "constructor": "c",
    "status": "paid",
    "reason": "none",
    "workflowId": "another",
    "nothing": null
  }`);
  workflow.task.add(action("a", ({ log }) => {
    log.info("odd", { ...fields, gone: undefined });
  }));
  await workflow.start();
  const line = (await sdk.logs()).find(({ body }) => body === "odd")!;
  assert.equal(line.attributes["dotflow.task_id"], "a");
  assert.equal(line.attributes["dotflow.workflow_id"], "wf");
  assert.equal(line.attributes.status, "paid");
  assert.equal(line.attributes.reason, "none");
  assert.equal(line.attributes.workflowId, "another");
  assert.equal(line.attributes.constructor, "c");
  assert.ok(!("gone" in line.attributes));
  assert.equal(({} as { polluted?: 1 }).polluted, undefined);
});

test("log otel: what the engine says of failures is told in OTel's words", async () => {
  const sdk = await openSdk();
  class TracerSick extends TracerDefault {
    override startTask(): void {
      throw new RangeError("no ears");
    }
  }
  const workflow = loggedFlow(new LogOpenTelemetry(), {
    tracer: new TracerSick(),
  });
  workflow.task.add(action("a", () => 1), {
    callback: () => {
      throw new TypeError("no callback");
    },
  });
  const { runId } = await workflow.start();
  const errors = (await sdk.logs()).filter(({ severityNumber }) =>
    severityNumber === 17
  );
  assert.deepEqual(
    errors.map(({ body, attributes }) => {
      const { "exception.stacktrace": stack, ...rest } = attributes;
      return [body, rest, typeof stack];
    }),
    [
      ["Cannot deliver events to TracerSick", {
        "dotflow.workflow_id": "wf",
        "dotflow.run_id": runId,
        "exception.type": "RangeError",
        "exception.message": "no ears",
      }, "undefined"],
      ["Cannot finish task callback", {
        "dotflow.workflow_id": "wf",
        "dotflow.run_id": runId,
        "exception.type": "TypeError",
        "exception.message": "no callback",
      }, "string"],
    ],
  );
});

test("log otel: a receiver that fails changes nothing, and the SDK tells", async () => {
  const sdk = await openSdk();
  await sdk.inbox.fail([{ kind: "answer", status: 400, times: 99 }]);
  const workflow = loggedFlow(new LogOpenTelemetry());
  workflow.task.add(action("a", () => 1));
  assert.equal((await workflow.start()).status, "Completed");
  assert.equal((await sdk.inbox.received()).length, 1);
  assert.match(sdk.complaints.join(), /400|OTLPExporterError/);
});

test("log otel: an SDK that cannot send is told to the other logs", async () => {
  const sdk = await openSdk();
  const lines: Line[] = [];
  const loggerProvider = {
    getLogger: () => sdk.loggerProvider.getLogger("tests"),
    forceFlush: () => Promise.reject(new Error("https://token@host/path")),
  };
  const log = [
    new LogOpenTelemetry({ loggerProvider }),
    new LogRecorder(lines),
  ];
  const workflow = flowOn(new StorageDefault(), "wf", { log });
  workflow.task.add(action("a", () => 1));
  assert.equal((await workflow.start()).status, "Completed");
  const reports = lines.filter(({ level }) => level === "ERROR");
  assert.deepEqual(
    reports.map(({ message, fields }) => [
      message,
      fields.reason,
    ]),
    [[
      "Cannot deliver events to LogOpenTelemetry",
      "Cannot deliver to OpenTelemetry: https://host/…",
    ]],
  );
  const expected = /^Cannot deliver to OpenTelemetry: https:\/\/host\/…$/;
  await throwsWith(() => log[0].flush!(), "DELIVERY", expected);
});

test("log otel: the end of a run sends, unless it is told not to", async () => {
  const sdk = await openSdk();
  for (const flush of [false, true]) {
    const workflow = loggedFlow(new LogOpenTelemetry({ flush }));
    workflow.task.add(action("a", () => 1));
    await workflow.start();
    assert.equal((await bodies(sdk)).length, flush ? 8 : 0);
  }
});

test("log otel: bad options are refused by name", () => {
  const refused = (options: unknown, message: RegExp) =>
    assert.throws(
      () => new LogOpenTelemetry(options as never),
      (error: Error & { code?: string }) =>
        error.code === "INVALID_OPTION" && message.test(error.message),
    );
  for (const loggerProvider of [null, "x", {}, trace.getTracerProvider()]) {
    refused({ loggerProvider }, /^Cannot use .+ as loggerProvider: give a Log/);
  }
  refused(
    { level: "WARN" },
    /^Cannot use "WARN" as level: allowed are "DEBUG"/,
  );
  refused({ flush: 0 }, /^Cannot use 0 as flush/);
  refused({ format: "json" }, /option "format" of LogOpenTelemetry/);
});
