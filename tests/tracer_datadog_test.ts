// deno-lint-ignore-file no-import-prefix
import {
  action,
  Config,
  type ConfigOptions,
  DotFlow,
  type Storage,
  StorageDefault,
} from "@dotflow/dotflow";
import { TracerDatadog } from "@dotflow/dotflow/providers/tracer-datadog";
import { TracerOpenTelemetry } from "@dotflow/dotflow/providers/tracer-opentelemetry";
import { tracerContract } from "@dotflow/dotflow/testing";
import { context, propagation, ROOT_CONTEXT, trace } from "@opentelemetry/api";
import assert from "node:assert/strict";
import fc from "fast-check";
import { JsonTraceSerializer } from "npm:@opentelemetry/otlp-transformer@0.223.0";
import { AlwaysOffSampler } from "npm:@opentelemetry/sdk-trace-base@2.12.0";
import process from "node:process";
import {
  encodeRequest,
  encodeSpan,
  type EndedSpan,
} from "../providers/datadog/otlp.ts";
import { failing, flowOn, moment, sleep, throwsWith } from "./flow.ts";
import { cleanup, test } from "./harness.ts";
import { type LabInbox, openInbox } from "./inbox.ts";
import {
  infoOf,
  openSdk,
  type OtlpSpan,
  placeOf,
  spanNamed,
  spansIn,
  taskOf,
  toSeenSpan,
  useContexts,
} from "./otel.ts";
import { type Line, LogRecorder } from "./recorder.ts";
import { StorageText } from "./storages.ts";
import { testWatcher } from "./watcher_contract.ts";

testWatcher("TracerDatadog", tracerContract, {
  async open() {
    const inbox = await openInbox("otlp");
    return {
      provider: new TracerDatadog({ url: inbox.url }),
      seen: async () => (await spansIn(inbox)).map(toSeenSpan),
      break: () => inbox.fail([{ kind: "answer", status: 500, times: 1_000 }]),
    };
  },
});

function tracedFlow(
  tracer: TracerDatadog,
  options: ConfigOptions = {},
  storage: Storage = new StorageDefault(),
): DotFlow {
  return flowOn(storage, "wf", { tracer, log: [], ...options });
}

/** Runs two tasks, and gives what the log was told of trouble. */
async function runTwo(
  tracer: TracerDatadog,
  options: ConfigOptions = {},
): Promise<{ reports: string[]; tookMs: number }> {
  const lines: Line[] = [];
  const log = new LogRecorder(lines);
  const workflow = tracedFlow(tracer, { log, ...options });
  workflow.task.add(action("a", () => 1)).add(action("b", () => 2));
  const startMs = performance.now();
  const run = await workflow.start();
  const tookMs = performance.now() - startMs;
  assert.equal(run.status, "Completed");
  assert.deepEqual(workflow.resultStorage(), [1, 2]);
  const errors = lines.filter(({ level }) => level === "ERROR");
  for (const { message } of errors) {
    assert.equal(message, "Cannot deliver events to TracerDatadog");
  }
  return { reports: errors.map(({ fields }) => String(fields.reason)), tookMs };
}

/** The names of the spans of a request. */
function namesIn({ body }: RequestInit): string[] {
  return [...String(body).matchAll(/"name":"(\w+:[\w-]+)"/g)]
    .map(([, name]) => name);
}

/** The variables of the environment that it reads. */
const VARIABLES = ["DD_SERVICE", "DD_ENV", "DD_VERSION", "DD_AGENT_HOST"];

/** Sets the environment for the present test. */
function setEnvironment(values: Record<string, string>): void {
  const { env } = process;
  const before = VARIABLES.map((name) => [name, env[name]] as const);
  const set = (name: string, value: string | undefined) => {
    if (value === undefined) delete env[name];
    else env[name] = value;
  };
  for (const name of VARIABLES) set(name, values[name]);
  cleanup(() => before.forEach(([name, value]) => set(name, value)));
}

test("tracer datadog: it tells what TracerOpenTelemetry tells", async () => {
  const sdk = await openSdk();
  const inbox = await openInbox("otlp");
  const storage = new StorageText();
  const broken = failing(1, { name: "broken" });
  const start = (resume: boolean) => {
    const tracer = [
      new TracerOpenTelemetry(),
      new TracerDatadog({ url: inbox.url }),
    ];
    const workflow = flowOn(storage, "wf", { tracer, log: [] });
    workflow.task
      .add(action("a", () => sleep(2)))
      .add(failing(2, { name: "b", retry: 3 }), { groupName: "other" })
      .add(broken)
      .add(action("d", () => 1));
    return workflow.start({ resume });
  };
  assert.equal((await start(false)).status, "Failed");
  assert.equal((await start(true)).status, "Completed");
  const [ours, official] = [await spansIn(inbox), await sdk.spans()];
  assert.equal(ours.length, 7);
  assert.deepEqual(ours.map(plain), official.map(plain));
  // Both link to the first start as the leading one has told it.
  const first = official.find(({ name }) => name === "workflow:wf")!;
  for (const spans of [ours, official]) {
    const roots = spans.filter(({ name }) => name === "workflow:wf");
    const { traceId, spanId } = first;
    assert.deepEqual(roots.map(({ links }) => links), [
      [],
      [{ traceId, spanId, sampled: true }],
    ]);
  }
  for (const span of ours) {
    const parent = ours.find(({ spanId }) => spanId === span.parentSpanId);
    const isRoot = span.name === "workflow:wf";
    assert.equal(parent?.name, isRoot ? undefined : "workflow:wf");
    assert.equal(parent?.traceId ?? span.traceId, span.traceId);
    assert.equal(
      span.attributes["operation.name"],
      isRoot ? "dotflow.workflow" : "dotflow.task",
    );
  }
});

/** A span without its ids, and what Datadog alone has. */
function plain({ attributes, ...span }: OtlpSpan): unknown {
  const { "operation.name": _, "resource.name": __, ...rest } = attributes;
  const { scope, name, kind, startMs, endMs, events, status } = span;
  return { rest, scope, name, kind, startMs, endMs, events, status };
}

const word = fc.oneof(
  fc.string(),
  fc.constantFrom("a", "é😀", '\\ud83d\\u0000"'),
);
const timeMs = fc.double({
  min: 1_600_000_000_000,
  max: 1_900_000_000_000,
  noNaN: true,
});
const attributes = fc.dictionary(
  word.filter((key) => key !== "" && key !== "__proto__"),
  fc.oneof(
    word,
    fc.boolean(),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.maxSafeInteger(),
  ),
);
const idOf = (length: number) =>
  fc.array(fc.integer({ min: 1, max: 15 }), {
    minLength: length,
    maxLength: length,
  }).map((digits) => digits.map((digit) => digit.toString(16)).join(""));
const endedSpan: fc.Arbitrary<EndedSpan> = fc.record({
  traceId: idOf(32),
  spanId: idOf(16),
  traceState: fc.option(word, { nil: undefined }),
  parentSpanId: fc.option(idOf(16), { nil: undefined }),
  name: word,
  startMs: timeMs,
  endMs: timeMs,
  attributes,
  events: fc.array(fc.record({ name: word, timeMs, attributes })),
  links: fc.array(fc.record({
    traceId: idOf(32),
    spanId: idOf(16),
    sampled: fc.boolean(),
  })),
  failure: fc.option(word, { nil: undefined }),
});

test("tracer datadog: it writes spans as OpenTelemetry's own encoder does", () => {
  fc.assert(
    fc.property(fc.array(endedSpan, { minLength: 1 }), attributes, (
      spans,
      resource,
    ) => {
      const request = encodeRequest(spans.map(encodeSpan), resource);
      const bytes = JsonTraceSerializer.serializeRequest(
        spans.map((span) => readable(span, resource)) as never,
      );
      assert.deepEqual(
        meaning(JSON.parse(request)),
        meaning(JSON.parse(new TextDecoder().decode(bytes))),
      );
    }),
  );
});

test("tracer datadog: numbers of 64 bits are texts, and texts are well-formed", () => {
  const text = encodeSpan({
    traceId: "1".repeat(32),
    spanId: "2".repeat(16),
    traceState: undefined,
    parentSpanId: undefined,
    name: "half \ud83d",
    startMs: 1_700_000_000_000.25,
    endMs: 1_700_000_000_001,
    attributes: { whole: 7, part: 0.5, large: 2 ** 60, text: "\udc00x" },
    events: [],
    links: [],
    failure: "why \ud83d?",
  });
  const span = JSON.parse(text);
  assert.equal(span.startTimeUnixNano, "1700000000000250000");
  assert.equal(span.endTimeUnixNano, "1700000000001000000");
  assert.equal(span.name, "half \ufffd");
  assert.equal(span.status.message, "why \ufffd?");
  assert.deepEqual(
    span.attributes.map(({ value }: { value: unknown }) => value),
    [
      { intValue: "7" },
      { doubleValue: 0.5 },
      { doubleValue: 2 ** 60 },
      { stringValue: "\ufffdx" },
    ],
  );
  assert.ok(!("parentSpanId" in span));
});

/** A span as an SDK would hand it to its exporter. */
function readable(span: EndedSpan, resource: unknown): unknown {
  const { traceId, spanId, parentSpanId, name, failure } = span;
  const traceFlags = 1;
  const traceState = { serialize: () => span.traceState };
  return {
    spanContext: () => ({ traceId, spanId, traceFlags, traceState }),
    parentSpanContext: parentSpanId && {
      traceId,
      spanId: parentSpanId,
      traceFlags,
    },
    name,
    kind: 0,
    startTime: hrTime(span.startMs),
    endTime: hrTime(span.endMs),
    attributes: span.attributes,
    events: span.events.map(({ name, timeMs, attributes }) => ({
      name,
      time: hrTime(timeMs),
      attributes,
    })),
    links: span.links.map(({ sampled, ...context }) => ({
      context: { ...context, traceFlags: sampled ? 1 : 0 },
    })),
    status: failure === undefined ? { code: 0 } : { code: 2, message: failure },
    resource: SHARED.get(resource as object) ?? share(resource as object),
    instrumentationScope: { name: "@dotflow/dotflow" },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

/** The official encoder groups spans by the identity of their resource. */
const SHARED = new WeakMap<object, unknown>();

function share(attributes: object): unknown {
  const resource = { attributes };
  SHARED.set(attributes, resource);
  return resource;
}

/** Seconds and nanoseconds. */
function hrTime(ms: number): [number, number] {
  const whole = Math.floor(ms);
  const nanoseconds = (whole % 1_000) * 1e6 + Math.round((ms - whole) * 1e6);
  const seconds = Math.floor(whole / 1_000);
  return [seconds + Math.floor(nanoseconds / 1e9), nanoseconds % 1e9];
}

/**
 * What a reader makes of it: what is zero or empty may be left out, whole numbers
 * may be numbers or texts, flags may say more than what is sampled.
 */
function meaning(value: unknown, key = ""): unknown {
  if (Array.isArray(value)) return value.map((item) => meaning(item));
  if (typeof value !== "object" || value === null) {
    if (key === "flags") return (value as number) & 1;
    return key === "intValue" || key === "doubleValue" ? Number(value) : value;
  }
  const entries = Object.entries(value)
    .map(([name, item]) => [
      name === "intValue" ? "doubleValue" : name,
      meaning(item, name),
    ])
    .filter(([name, item]) =>
      /Value$/.test(String(name)) ||
      !(item === 0 || item === "" ||
        (Array.isArray(item) && item.length === 0) ||
        /^dropped/.test(String(name)))
    );
  return Object.fromEntries(entries.sort());
}

test("tracer datadog: the resource is what Datadog maps", async () => {
  setEnvironment({});
  const resourceOf = async (tracer: (inbox: LabInbox) => TracerDatadog) => {
    const inbox = await openInbox("otlp");
    await runTwo(tracer(inbox));
    const [{ resource }] = await spansIn(inbox);
    return resource;
  };
  assert.deepEqual(
    await resourceOf(({ url }) => new TracerDatadog({ url })),
    { "service.name": "dotflow" },
  );
  const given = { service: "users", env: "prod", version: "1.2" };
  const mapped = {
    "service.name": "users",
    "service.version": "1.2",
    "deployment.environment.name": "prod",
    "deployment.environment": "prod",
  };
  assert.deepEqual(
    await resourceOf(({ url }) => new TracerDatadog({ url, ...given })),
    mapped,
  );
  // It is read at first use, and what is given wins.
  const tracers: TracerDatadog[] = [];
  const early = (options: object) => ({ url }: LabInbox) => {
    tracers.push(new TracerDatadog({ url, ...options }));
    setEnvironment({
      DD_SERVICE: "users",
      DD_ENV: "prod",
      DD_VERSION: "1.2",
    });
    return tracers.at(-1)!;
  };
  assert.deepEqual(await resourceOf(early({})), mapped);
  const other = { service: "other", env: "test", version: "2" };
  assert.deepEqual(await resourceOf(early(other)), {
    "service.name": "other",
    "service.version": "2",
    "deployment.environment.name": "test",
    "deployment.environment": "test",
  });
});

test("tracer datadog: the agent is found by host, port, url and environment", async () => {
  setEnvironment({});
  const urls: string[] = [];
  const fetch = (url: string, init: RequestInit) => {
    urls.push(url);
    assert.equal(init.method, "POST");
    assert.equal(init.redirect, "manual");
    return Promise.resolve(new Response("{}"));
  };
  await runTwo(new TracerDatadog({ fetch }));
  await runTwo(new TracerDatadog({ fetch, host: "agent", port: 1 }));
  await runTwo(new TracerDatadog({ fetch, host: "::1" }));
  await runTwo(new TracerDatadog({ fetch, url: "https://otel.test/base/" }));
  await runTwo(new TracerDatadog({ fetch, url: "http://a:1/v1/traces" }));
  for (
    const url of ["http://a:1#", "http://a:1?", " http://a:1 ", "HTTP://a:1//"]
  ) {
    await runTwo(new TracerDatadog({ fetch, url }));
  }
  setEnvironment({ DD_AGENT_HOST: "10.0.0.7" });
  await runTwo(new TracerDatadog({ fetch }));
  await runTwo(new TracerDatadog({ fetch, host: "agent" }));
  assert.deepEqual(urls, [
    "http://127.0.0.1:4318/v1/traces",
    "http://agent:1/v1/traces",
    "http://[::1]:4318/v1/traces",
    "https://otel.test/base/v1/traces",
    ...Array(5).fill("http://a:1/v1/traces"),
    "http://10.0.0.7:4318/v1/traces",
    "http://agent:4318/v1/traces",
  ]);
  setEnvironment({ DD_AGENT_HOST: "http://user:canary@agent" });
  const { reports } = await runTwo(new TracerDatadog({ fetch }));
  assert.equal(reports.length, 1);
  assert.match(reports[0], /^Cannot use what DD_AGENT_HOST says as host: give/);
  assert.doesNotMatch(reports[0], /canary/);
});

test("tracer datadog: what others say of the trace is handed on", async () => {
  useContexts();
  const inbox = await openInbox("otlp");
  const workflow = tracedFlow(new TracerDatadog({ url: inbox.url }));
  const tracestate = "dd=s:2;o:rum,other=1";
  const carrier: Record<string, string> = {};
  workflow.task.add(
    action("a", () => propagation.inject(context.active(), carrier)),
  );
  const traceparent = `00-${"1".repeat(32)}-${"2".repeat(16)}-01`;
  const around = propagation.extract(ROOT_CONTEXT, { traceparent, tracestate });
  await context.with(around, () => workflow.start());
  const spans = await spansIn(inbox);
  assert.equal(spanNamed(spans, "workflow:wf").parentSpanId, "2".repeat(16));
  assert.equal(carrier.traceparent, placeOf(spanNamed(spans, "task:a")));
  assert.equal(carrier.tracestate, tracestate);
  assert.deepEqual(spans.map((span) => span.traceState), [
    tracestate,
    tracestate,
  ]);
});

test("tracer datadog: resources are names, not ids", async () => {
  const inbox = await openInbox("otlp");
  const config = new Config({ tracer: new TracerDatadog({ url: inbox.url }) });
  const start = async (options: { workflowId?: string; name?: string }) => {
    await inbox.forget();
    const workflow = new DotFlow({ ...options, config });
    workflow.task.add(action("a", () => 1)).add(action("a", () => 2));
    await workflow.start();
    return (await spansIn(inbox)).map(({ name, attributes }) =>
      `${name} ${attributes["resource.name"]}`
    );
  };
  const named = await start({ workflowId: "users-1", name: "users" });
  assert.deepEqual(named, [
    "task:a task:a",
    "task:a-2 task:a",
    "workflow:users-1 workflow:users",
  ]);
  const [, , fixed] = await start({ workflowId: "users" });
  assert.equal(fixed, "workflow:users workflow:users");
  const [, , generated] = await start({ name: "users" });
  assert.match(generated, /^workflow:[\w-]+ workflow:users$/);
  const [, , nameless] = await start({});
  assert.match(nameless, /^workflow:[\w-]+ workflow$/);
});

test("tracer datadog: the span of a step is the active one", async () => {
  useContexts();
  const inbox = await openInbox("otlp");
  const tracer = new TracerDatadog({ url: inbox.url });
  const carriers: Record<string, Record<string, string>> = {};
  const workflow = tracedFlow(tracer);
  for (const name of ["a", "b"]) {
    workflow.task.add(action(name, async ({ task }) => {
      await sleep(Math.random() * 5);
      const carrier = carriers[name] = {};
      propagation.inject(context.active(), carrier);
      assert.deepEqual(carrier, { traceparent: task.traceparent });
    }));
  }
  const run = await workflow.start({ mode: "parallel" });
  assert.equal(run.status, "Completed");
  const spans = await spansIn(inbox);
  for (const name of ["a", "b"]) {
    const place = placeOf(spanNamed(spans, `task:${name}`));
    assert.equal(carriers[name].traceparent, place);
  }
});

test("tracer datadog: spans of an SDK and its own are one trace", async () => {
  const sdk = await openSdk();
  const inbox = await openInbox("otlp");
  const workflow = tracedFlow(new TracerDatadog({ url: inbox.url }));
  const user = trace.getTracer("user");
  workflow.task.add(
    action("a", () => user.startActiveSpan("inner", (span) => span.end())),
  );
  await user.startActiveSpan("outer", async (span) => {
    await workflow.start();
    span.end();
  });
  await sdk.tracerProvider.forceFlush();
  const [theirs, ours] = [await sdk.spans(), await spansIn(inbox)];
  const outer = spanNamed(theirs, "outer");
  const root = spanNamed(ours, "workflow:wf");
  const task = spanNamed(ours, "task:a");
  assert.equal(root.parentSpanId, outer.spanId);
  assert.equal(spanNamed(theirs, "inner").parentSpanId, task.spanId);
  const traces = new Set([...theirs, ...ours].map(({ traceId }) => traceId));
  assert.equal(traces.size, 1);
});

test("tracer datadog: its own requests are no part of the trace", async () => {
  const sdk = await openSdk();
  const statuses = [503, 200];
  // As an instrumented fetch does.
  const fetch = (url: string) =>
    trace.getTracer("fetch").startActiveSpan("POST", async (span) => {
      assert.equal(url, "http://127.0.0.1:4318/v1/traces");
      await sleep(1);
      span.end();
      return new Response("{}", { status: statuses.shift() });
    });
  const workflow = tracedFlow(new TracerDatadog({ fetch }));
  workflow.task.add(action("a", () => {
    trace.getTracer("user").startActiveSpan("inner", (span) => span.end());
  }));
  await trace.getTracer("user").startActiveSpan("outer", async (span) => {
    await workflow.start();
    span.end();
  });
  await sdk.tracerProvider.forceFlush();
  const names = (await sdk.spans()).map(({ name }) => name);
  assert.deepEqual(names.sort(), ["inner", "outer"]);
  assert.deepEqual(statuses, []);
});

test("tracer datadog: what its caller does not record, it does not", async () => {
  await openSdk({ sampler: new AlwaysOffSampler() });
  const inbox = await openInbox("otlp");
  const tracer = new TracerDatadog({ url: inbox.url });
  const workflow = tracedFlow(tracer);
  let place: string | undefined;
  workflow.task.add(action("a", ({ task }) => place = task.traceparent));
  await trace.getTracer("user").startActiveSpan("outer", async () => {
    await workflow.start();
  });
  assert.match(String(place), /-00$/);
  assert.deepEqual(await inbox.received(), []);
});

test("tracer datadog: 20 runs at once lose and mix nothing", async () => {
  const inbox = await openInbox("otlp");
  const tracer = new TracerDatadog({ url: inbox.url });
  const runs = await Promise.all(Array.from({ length: 20 }, (_, n) => {
    const workflow = flowOn(new StorageDefault(), `wf-${n}`, { tracer });
    for (const name of ["a", "b", "c"]) {
      workflow.task.add(action(name, () => sleep(Math.random() * 5)));
    }
    return workflow.start({ mode: n % 2 ? "parallel" : "sequential" });
  }));
  const spans = await spansIn(inbox);
  assert.equal(spans.length, 80);
  for (const { runId, workflowId } of runs) {
    const ofRun = spans.filter(({ attributes }) =>
      attributes["dotflow.run_id"] === runId
    );
    const { traceId, spanId } = spanNamed(ofRun, `workflow:${workflowId}`);
    assert.equal(ofRun.length, 4);
    for (const span of ofRun) {
      assert.equal(span.traceId, traceId);
      if (span.spanId !== spanId) assert.equal(span.parentSpanId, spanId);
    }
  }
});

test("tracer datadog: an agent that fails for a moment is asked again", async () => {
  for (
    const fault of [
      { kind: "answer", status: 503 },
      { kind: "answer", status: 429, headers: { "retry-after": "0" } },
      { kind: "reset" },
    ] as const
  ) {
    const inbox = await openInbox("otlp");
    await inbox.fail([fault]);
    const { reports } = await runTwo(new TracerDatadog({ url: inbox.url }));
    assert.deepEqual(reports, []);
    assert.equal((await spansIn(inbox)).length, 3);
  }
});

/** Moves what the outbox takes for the time, until the end of the test. */
function moveClock(ms: number): void {
  const now = performance.now.bind(performance);
  performance.now = () => now() + ms;
  cleanup(() => performance.now = now);
}

const REFUSALS: Record<string, [fault: object, reason: RegExp]> = {
  "answers 500": [
    { kind: "answer", status: 500 },
    /: status 500 \(\d attempts\)/,
  ],
  "has no intake": [
    { kind: "answer", status: 404 },
    /: status 404: nobody takes OTLP there; switch on the HTTP receiver/,
  ],
  "refuses": [{ kind: "answer", status: 400 }, /: status 400$/],
  "echoes the request": [{ kind: "echo", status: 403 }, /: status 403$/],
  "leads elsewhere": [
    { kind: "redirect", location: "http://127.0.0.1:1/canary" },
    /: (status 307|network error.*)$/,
  ],
  "breaks off": [
    { kind: "reset" },
    /: ECONNRESET \(\d attempts\)|network error/,
  ],
  "never answers": [{ kind: "hang" }, /: timeout after \d+ ms \(1 attempt\)/],
  "takes a part": [
    {
      kind: "answer",
      status: 200,
      body: JSON.stringify({
        partialSuccess: {
          rejectedSpans: "2",
          errorMessage: "too old, see https://agent/canary",
        },
      }),
    },
    /: the agent has refused them: too old, see https:\/\/agent\/…$/,
  ],
};

for (const [what, [fault, reason]] of Object.entries(REFUSALS)) {
  test(`tracer datadog: an agent that ${what} is reported once`, async () => {
    const inbox = await openInbox("otlp");
    await inbox.fail([{ ...fault, times: 99 } as never]);
    const tracer = new TracerDatadog({ url: inbox.url, timeout: 300 });
    const run = infoOf({});
    tracer.startWorkflow(run);
    tracer.endWorkflow({ ...run, status: "Completed" });
    const error = await throwsWith(() => tracer.flush(), "DELIVERY", reason);
    assert.doesNotMatch(error.stack!, /canary/);
    assert.equal(error.cause, undefined);
    await tracer.flush();
    const requests = (await inbox.received()).length;
    const { reports, tookMs } = await runTwo(tracer);
    // Who only refuses is asked again, who is out of reach is not.
    const asked = (await inbox.received()).length > requests;
    assert.equal(asked, /^(refuses|echoes|takes)/.test(what));
    assert.equal(reports.length, 1);
    const lost = what === "takes a part" ? 2 : 3;
    assert.ok(
      reports[0].startsWith(
        `Cannot deliver to the agent of Datadog: spans: ${lost} were given up: `,
      ),
      reports[0],
    );
    assert.match(reports[0], reason);
    assert.doesNotMatch(reports[0], /canary/);
    assert.ok(tookMs < 5_000, `it took ${tookMs} ms`);
    // What was given up is gone, and a later run is as good as ever.
    await inbox.fail([]);
    moveClock(5_100);
    assert.deepEqual((await runTwo(tracer)).reports, []);
    assert.equal((await spansIn(inbox)).length, 3);
  });
}

test("tracer datadog: an absent agent is reported once for each run", async () => {
  const tracer = new TracerDatadog({ port: 61_003, timeout: 2_000 });
  for (let n = 0; n < 2; n++) {
    const { reports, tookMs } = await runTwo(tracer);
    assert.equal(reports.length, 1);
    assert.match(reports[0], /ECONNREFUSED|ECONNRESET/);
    assert.ok(tookMs < 5_000, `it took ${tookMs} ms`);
  }
});

test("tracer datadog: what waits is bounded, whatever the agent does", async () => {
  const gate = moment();
  const sizes: number[] = [];
  const fetch = async (_url: string, init: RequestInit) => {
    sizes.push(String(init.body).split('"traceId"').length - 1);
    await gate.promise;
    return new Response("{}");
  };
  const tracer = new TracerDatadog({ fetch, timeout: "10s" });
  const lines: Line[] = [];
  const log = new LogRecorder(lines);
  const workflow = tracedFlow(tracer, { log });
  for (let n = 0; n < 5_000; n++) workflow.task.add(action("a", () => n));
  const started = workflow.start({
    mode: "parallel",
    onSuccess: () => gate.resolve(),
  });
  assert.equal((await started).status, "Completed");
  // One batch is on its way; 2,048 spans wait, then that of the run comes.
  assert.deepEqual(sizes, [512, 512, 512, 512, 512]);
  const reports = lines.filter(({ level }) => level === "ERROR");
  assert.deepEqual(reports.map(({ fields }) => fields.reason), [
    "Cannot deliver to the agent of Datadog: spans: 2441 were given up: more " +
    "came than could be sent",
  ]);
});

/** Starts a run of many tasks at once, and gives what the log was told. */
async function runMany(tracer: TracerDatadog, count: number): Promise<string> {
  const lines: Line[] = [];
  const workflow = tracedFlow(tracer, { log: new LogRecorder(lines) });
  for (let n = 0; n < count; n++) workflow.task.add(action("a", () => n));
  const run = await workflow.start({ mode: "parallel" });
  assert.equal(run.status, "Completed");
  const reports = lines.filter(({ level }) => level === "ERROR");
  return reports.map(({ fields }) => fields.reason).join();
}

test("tracer datadog: where the agent is out of reach, one batch is tried", async () => {
  const inbox = await openInbox("otlp");
  await inbox.fail([{ kind: "hang", times: 99 }]);
  const tracer = new TracerDatadog({ url: inbox.url, timeout: 300 });
  assert.match(
    await runMany(tracer, 1_500),
    /: spans: 1501 were given up: timeout after \d+ ms \(1 attempt\)$/,
  );
  assert.equal((await inbox.received()).length, 1);
  // For a while, nobody waits for it again; then it is tried again.
  assert.match(await runMany(tracer, 1), /: 2 were given up: timeout after/);
  assert.match(await runMany(tracer, 600), /: 601 were given up: timeout/);
  assert.equal((await inbox.received()).length, 1);
  await inbox.fail([]);
  moveClock(5_100);
  assert.equal(await runMany(tracer, 1), "");
  assert.equal((await inbox.received()).length, 2);
});

test("tracer datadog: a batch that is refused takes no other with it", async () => {
  const [asked, othersEnded] = [moment(), moment()];
  const names: string[][] = [];
  const fetch = async (_url: string, init: RequestInit) => {
    names.push(namesIn(init));
    if (names.length > 1) return new Response("{}");
    asked.resolve();
    await othersEnded.promise;
    return new Response("{}", { status: 400 });
  };
  const tracer = new TracerDatadog({ fetch });
  let ended = 0;
  const lost = await Promise.all(Array.from({ length: 20 }, async (_, n) => {
    const lines: Line[] = [];
    const log = new LogRecorder(lines);
    const workflow = flowOn(new StorageDefault(), `wf-${n}`, { tracer, log });
    workflow.task.add(action("a", () => n > 0 ? asked.promise : undefined));
    const onSuccess = () => {
      if (++ended === 20) othersEnded.resolve();
    };
    await workflow.start({ onSuccess });
    const reports = lines.filter(({ level }) => level === "ERROR");
    return reports.map(({ fields }) => fields.reason);
  }));
  assert.deepEqual(lost.flat(), [
    "Cannot deliver to the agent of Datadog: spans: 2 were given up: status 400",
  ]);
  assert.deepEqual(names[0], ["task:a", "workflow:wf-0"]);
  const delivered = names.slice(1).flat();
  assert.equal(delivered.length, 38);
  assert.equal(new Set(delivered).size, 20, "19 runs, and tasks of one name");
});

test("tracer datadog: of a batch that is taken in part, the rest counts", async () => {
  const inbox = await openInbox("otlp");
  const partialSuccess = { rejectedSpans: "1" };
  const body = JSON.stringify({ partialSuccess });
  await inbox.fail([{ kind: "answer", status: 200, body }]);
  assert.match(
    await runMany(new TracerDatadog({ url: inbox.url }), 1_500),
    /: spans: 1 were given up: the agent has refused them: it does not say why$/,
  );
  assert.ok((await inbox.received()).length > 1);
});

test("tracer datadog: what an agent claims to refuse is at most what was sent", async () => {
  for (const [rejectedSpans, lost] of [["99", 3], [-1, 0], ["x", 0], [{}, 0]]) {
    const fetch = () =>
      Promise.resolve(Response.json({ partialSuccess: { rejectedSpans } }));
    const { reports } = await runTwo(new TracerDatadog({ fetch }));
    const counts = reports.map((reason) =>
      Number(/: (\d+) were/.exec(reason)![1])
    );
    assert.deepEqual(counts, lost === 0 ? [] : [lost]);
  }
});

test("tracer datadog: of many attempts, the latest are told", async () => {
  const inbox = await openInbox("otlp");
  const workflow = tracedFlow(new TracerDatadog({ url: inbox.url }));
  workflow.task.add(failing(200, { name: "a", retry: 201 }));
  await workflow.start();
  const { events } = spanNamed(await spansIn(inbox), "task:a");
  assert.equal(events.length, 128);
  assert.equal(events.at(-1)?.attributes["dotflow.task.attempt"], 200);
});

test("tracer datadog: large spans are sent apart, and bounded too", async () => {
  const lengths: number[] = [];
  const fetch = (_url: string, init: RequestInit) => {
    lengths.push(String(init.body).length);
    return Promise.resolve(new Response("{}"));
  };
  const workflow = tracedFlow(new TracerDatadog({ fetch }));
  const message = "x".repeat(8_000);
  for (let n = 0; n < 60; n++) {
    const options = { retry: 10, retryDelay: 0 };
    workflow.task.add(action("a", options, () => {
      throw new Error(message);
    }));
  }
  await workflow.start({ mode: "parallel", keepGoing: true });
  assert.ok(lengths.length > 5, `${lengths.length} requests`);
  for (const length of lengths) {
    assert.ok(length < 1_400_000, `a request has ${length} characters`);
  }
});

test("tracer datadog: large spans that wait are bounded by their size", async () => {
  const gate = moment();
  let held = 0;
  let sent = 0;
  const fetch = async (_url: string, init: RequestInit) => {
    const { length } = String(init.body);
    if (held === 0) held = length;
    else sent += length;
    await gate.promise;
    return new Response("{}");
  };
  const tracer = new TracerDatadog({ fetch, timeout: "10s" });
  const run = infoOf({});
  tracer.startWorkflow(run);
  const message = "x".repeat(500_000);
  const error = { attempt: 1, exception: "Error", message, traceback: "" };
  const errors = [{ ...error, failedMs: run.startedMs }];
  for (let n = 0; n < 40; n++) {
    const task = { ...taskOf(run), taskId: `a-${n}`, errors };
    tracer.startTask(task as never);
    tracer.endTask(task as never);
  }
  gate.resolve();
  const lost = await tracer.flush().then(() => "", ({ message }) => message);
  assert.match(lost, /spans: 2\d were given up: more came than could be sent$/);
  assert.ok(held < 1_600_000, `${held} characters are on their way`);
  assert.ok(sent > 6_000_000 && sent < 8_100_000, `${sent} characters waited`);
});

test("tracer datadog: a long run sends what has waited for 5 s", async () => {
  const inbox = await openInbox("otlp");
  const workflow = tracedFlow(new TracerDatadog({ url: inbox.url }));
  let early = 0;
  workflow.task
    .add(action("a", () => 1))
    .add(action("b", () => moveClock(5_100)))
    .add(action("c", async () => {
      early = (await inbox.receives(1)).length;
    }));
  await workflow.start();
  assert.equal(early, 1);
  const requests = await inbox.received();
  assert.deepEqual(
    requests.map(({ value }) => value.spans.map(({ name }: OtlpSpan) => name)),
    [["task:a", "task:b"], ["task:c", "workflow:wf"]],
  );
});

test("tracer datadog: nobody waits for the batch of a request that is gone", async () => {
  const names: string[][] = [];
  let hang = true;
  const fetch = (_url: string, init: RequestInit) => {
    if (hang) return new Promise<Response>(() => {});
    names.push(namesIn(init));
    return Promise.resolve(new Response("{}"));
  };
  // Timers of a request that is gone never fire, as in a Worker.
  const { setTimeout } = globalThis;
  const tracer = new TracerDatadog({ fetch, timeout: 200 });
  const first = tracedFlow(tracer, { drainTimeout: 50 });
  first.task.add(action("a", () => 1));
  globalThis.setTimeout =
    ((call: () => void, ms: number) =>
      setTimeout(ms > 100 ? () => {} : call, ms)) as never;
  cleanup(() => globalThis.setTimeout = setTimeout);
  await first.start();
  globalThis.setTimeout = setTimeout;
  hang = false;
  const { reports, tookMs } = await runTwo(tracer);
  assert.ok(tookMs < 4_000, `it took ${tookMs} ms`);
  assert.equal(reports.length, 1);
  assert.match(
    reports[0],
    /2 were given up: the request that sent them has ended before/,
  );
  assert.deepEqual(names, [["task:a", "task:b", "workflow:wf"]]);
});

test("tracer datadog: bad options are refused by name, and shown nowhere", () => {
  const refused = (options: unknown, message: RegExp) =>
    assert.throws(
      () => new TracerDatadog(options as never),
      (error: Error & { code?: string }) =>
        error.code === "INVALID_OPTION" && message.test(error.message) &&
        !/canary/.test(error.message + error.stack),
    );
  for (
    const url of [
      "",
      7,
      "agent:4318",
      "ftp://agent",
      "http://",
      "udp://127.0.0.1:8126",
      "http://user:canary@agent:4318",
      "http://agent:4318?token=canary",
      "http://agent:4318#canary",
    ]
  ) {
    refused(
      { url },
      /^Cannot use what was given as url: give the http or http/,
    );
  }
  for (
    const host of [
      "",
      7,
      "http://user:canary@agent",
      "agent:4318",
      "a b",
      "a/b",
      "a\\b",
      "%41",
      "a%2fb",
      "[::1]",
      "::1::",
      "fe80::1%eth0",
      "300.1.1.1",
      "-a",
      "a\n",
      "x".repeat(256),
    ]
  ) {
    const why = /^Cannot use what was given as host: give a name such as "age/;
    refused({ host }, why);
    refused({ host, url: "http://a" }, why);
  }
  for (
    const host of ["a_b.c-d.local", "10.0.0.1", "fe80::1", "::ffff:1.2.3.4"]
  ) {
    assert.ok(new TracerDatadog({ host }), host);
  }
  for (const port of [0, 65_536, 1.5, "4318"]) {
    refused({ port }, /^Cannot use .+ as port: give a number from 1 to 65535/);
  }
  for (const name of ["service", "env", "version"]) {
    for (const value of ["", 7, null]) {
      refused({ [name]: value }, new RegExp(`^Cannot use .+ as ${name}: give`));
    }
  }
  refused({ url: "http://a", host: "canary" }, /as host: give it only without/);
  refused({ url: "http://a", port: 1 }, /as port: give it only without url/);
  refused({ timeout: 0 }, /as timeout/);
  refused({ fetch: "fetch" }, /as fetch: give a function/);
  refused({ apiKey: "x" }, /option "apiKey" of TracerDatadog/);
});
