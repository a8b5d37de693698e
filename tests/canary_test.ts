/**
 * Every watcher at once, of which one after the other fails in every way: its
 * secrets are in the requests to its own other end, and nowhere else: in no line,
 * event, error, checkpoint or object, and in no request of another.
 *
 * @module
 */

import {
  action,
  Config,
  DotFlow,
  type Log,
  LogDefault,
  type Notify,
  type RunEvent,
  type Server,
  ServerDefault,
  type Tracer,
} from "@dotflow/dotflow";
import { LogOpenTelemetry } from "@dotflow/dotflow/providers/log-opentelemetry";
import { LogSentry } from "@dotflow/dotflow/providers/log-sentry";
import { TracerDatadog } from "@dotflow/dotflow/providers/tracer-datadog";
import { TracerSentry } from "@dotflow/dotflow/providers/tracer-sentry";
import assert from "node:assert/strict";
import { cleanup, refuseUnhandled, test } from "./harness.ts";
import {
  type InboxFault,
  type InboxKind,
  type LabInbox,
  openInbox,
} from "./inbox.ts";
import { unreachable } from "./lab.ts";
import { discord, showAll, slack, telegram, webhook } from "./notifiers.ts";
import { type Line, LogRecorder } from "./recorder.ts";
import { StorageText } from "./storages.ts";

/** What sends a request. */
type Fetch = (url: string, init: RequestInit) => Promise<Response>;

type Provider = Notify | Log | Tracer | Server;

/** A watcher with another end that is its own. */
interface Watcher {
  readonly name: string;
  readonly kind: InboxKind;
  readonly secrets: readonly string[];
  make(url: string, fetch: Fetch): Provider;
}

const KEY = "canary0sentry0key0123456789abcdef";
const TOKEN = "canary-server-token-0123456789";
const AGENT = "canary-agent-path-0123456789";

/** Nobody waits for long here. */
const QUICK = { interval: 0, timeout: 500, maxAttempts: 2 };

const dsnOf = (url: string) => `${url.replace("://", `://${KEY}@`)}/42`;

const WATCHERS: readonly Watcher[] = [
  ...[telegram, discord, slack, webhook].map((platform): Watcher => ({
    ...platform,
    make: (url, fetch) => platform.make(url, { ...QUICK, fetch }),
  })),
  {
    name: "LogSentry",
    kind: "sentry",
    secrets: [KEY],
    make: (url, fetch) =>
      new LogSentry({ dsn: dsnOf(url), timeout: 500, fetch }),
  },
  {
    name: "TracerSentry",
    kind: "sentry",
    secrets: [KEY],
    make: (url, fetch) =>
      new TracerSentry({ dsn: dsnOf(url), timeout: 500, fetch }),
  },
  {
    name: "TracerDatadog",
    kind: "webhook",
    secrets: [AGENT],
    make: (url, fetch) =>
      new TracerDatadog({ url: `${url}/${AGENT}`, timeout: 1_000, fetch }),
  },
  {
    name: "ServerDefault",
    kind: "remote",
    secrets: [TOKEN],
    make: (baseUrl, fetch) =>
      new ServerDefault({ baseUrl, token: TOKEN, timeout: 500, fetch }),
  },
];

/** A failure: of the other end, or of what sends requests. */
interface Failure {
  readonly fault?: InboxFault;
  /** In place of `fetch`. */
  readonly fetch?: Fetch;
}

/** An error that shows all of a request, as careless runtimes do. */
function tellTale(url: string, init: RequestInit): Error {
  const headers = JSON.stringify(init.headers);
  const all = `${url} ${headers} ${init.body}`;
  const error = new TypeError(`fetch failed: ${all}`, {
    cause: Object.assign(new Error(`connect ${all}`), { request: all }),
  });
  return Object.assign(error, { url, init, path: all });
}

const FAILURES: Readonly<Record<string, Failure>> = {
  "cannot be reached": {
    fetch: (url, init) =>
      fetch(url.replace(/^http:\/\/[^/]+/, unreachable), init),
  },
  "breaks the connection": { fault: { kind: "reset" } },
  "never answers": { fault: { kind: "hang" } },
  "answers in halves": { fault: { kind: "truncated" } },
  "answers with rubbish": { fault: { kind: "garbage" } },
  "shows the request with 400": { fault: { kind: "echo", status: 400 } },
  "shows the request with 403": { fault: { kind: "echo", status: 403 } },
  "shows the request with 500": { fault: { kind: "echo", status: 500 } },
  "leads elsewhere": { fault: { kind: "redirect" } },
  "is reached by a fetch that shows all": {
    fetch: (url, init) => Promise.reject(tellTale(url, init)),
  },
  "is reached by a fetch that throws texts": {
    fetch: (url, init) => {
      throw `${url} ${JSON.stringify(init.headers)} ${init.body}`;
    },
  },
};

/** Keeps what is written to the console until the present test ends. */
function hearConsole(): string[] {
  const heard: string[] = [];
  for (
    const method of ["debug", "error", "info", "log", "trace", "warn"] as const
  ) {
    const original = console[method];
    console[method] = (...parts: unknown[]) => {
      heard.push(parts.map(showAll).join(" "));
    };
    cleanup(() => console[method] = original);
  }
  return heard;
}

/** A way in which a text may be written into another one. */
function formsOf(secret: string): string[] {
  return [...new Set([secret, encodeURIComponent(secret), encodeURI(secret)])];
}

/** Every watcher with its inbox, one of which fails. */
async function setUp(failing: Watcher, { fault, fetch: send }: Failure) {
  const ends = await Promise.all(WATCHERS.map(async (watcher) => {
    const inbox = await openInbox(watcher.kind, {
      timeFactor: 1e-6,
      key: KEY,
      token: watcher.kind === "remote" ? TOKEN : undefined,
    });
    return { watcher, inbox };
  }));
  const elsewhere = await openInbox("webhook");
  const providers = await Promise.all(ends.map(async ({ watcher, inbox }) => {
    const isFailing = watcher === failing;
    if (isFailing && fault) {
      const location = `${elsewhere.url}/caught`;
      await inbox.fail([{ location, ...fault, times: 1_000 }]);
    }
    const fetcher = isFailing && send || ((url, init) => fetch(url, init));
    return watcher.make(inbox.url, fetcher);
  }));
  return { ends, elsewhere, providers };
}

/** Runs a workflow in which there is something to tell of. */
async function run(providers: readonly Provider[]) {
  const of = <P>(pattern: RegExp) =>
    providers.filter(({ constructor: { name } }) => pattern.test(name)) as P[];
  const lines: Line[] = [];
  const storage = new StorageText();
  const events: RunEvent[] = [];
  const config = new Config({
    storage,
    notify: of<Notify>(/^Notify/),
    log: [
      ...of<Log>(/^Log/),
      new LogOpenTelemetry(),
      new LogDefault({ level: "DEBUG", format: "json" }),
      new LogRecorder(lines),
    ],
    tracer: of<Tracer>(/^Tracer/),
    server: of<Server>(/^Server/),
    drainTimeout: "8s",
  });
  const workflow = new DotFlow({ workflowId: "canaries", config });
  workflow.task.add(action("works", ({ log }) => {
    log.info("a line");
    log.error("a grave line");
    return [1, 2, 3];
  }));
  workflow.task.add(action("fails", { retry: 2, retryDelay: 1 }, () => {
    throw new RangeError("no rows", { cause: new Error("the file is empty") });
  }));
  const result = await workflow.start({
    onEvent: (event) => void events.push(event),
  });
  assert.equal(result.status, "Failed");
  const statuses = result.tasks.map(({ status }) => status);
  assert.deepEqual(statuses, ["Completed", "Failed"]);
  assert.equal(result.tasks[1].error?.message, "no rows");
  return { lines, left: { result, workflow, lines, events, storage, config } };
}

/** Keeps what watchers throw at the end of a run, before anybody cleans it. */
function hearErrors(providers: readonly Provider[]): unknown[] {
  const thrown: unknown[] = [];
  for (const provider of providers) {
    const { flush } = provider;
    Object.defineProperty(provider, "flush", {
      value: async () => {
        try {
          await flush?.call(provider);
        } catch (error) {
          thrown.push(error);
          throw error;
        }
      },
    });
  }
  return thrown;
}

/** All that an inbox was sent. */
async function sentTo(inbox: LabInbox): Promise<string> {
  const received = await inbox.received();
  return received.map(({ path, headers, text }) =>
    `${path}\n${JSON.stringify(headers)}\n${text}`
  ).join("\n");
}

for (const [what, failure] of Object.entries(FAILURES)) {
  test(`canaries: none gets out where the other end ${what}`, {
    timeout: 120_000,
  }, async () => {
    refuseUnhandled();
    const heard = hearConsole();
    await Promise.all(WATCHERS.map(async (failing) => {
      const { ends, elsewhere, providers } = await setUp(failing, failure);
      const thrown = hearErrors(providers);
      const { lines, left } = await run(providers);
      const reports = lines.filter(({ message }) =>
        message === `Cannot deliver events to ${failing.name}`
      );
      // Nobody reads what a webhook, the agent, Sentry or the API says to a good status.
      const isHeeded = what !== "answers with rubbish" ||
        /Telegram|Discord|Slack/.test(failing.name);
      assert.equal(reports.length, isHeeded ? 1 : 0, failing.name);
      assert.equal(thrown.length, reports.length, failing.name);
      const seen = [
        ...heard,
        showAll(left),
        showAll(thrown),
        showAll(providers),
      ]
        .join("\n");
      assert.deepEqual(await elsewhere.received(), [], "it was led elsewhere");
      for (const { watcher, inbox } of ends) {
        const others = ends.filter((end) => end.inbox !== inbox);
        const sent = await Promise.all(others.map(async (end) => {
          // Both have the same key here, and so would two in a program.
          const isShared = end.watcher.secrets[0] === watcher.secrets[0];
          return isShared ? "" : await sentTo(end.inbox);
        }));
        for (const secret of watcher.secrets.flatMap(formsOf)) {
          const where = `${secret} of ${watcher.name} (${failing.name} fails)`;
          assert.ok(!seen.includes(secret), `${where} was shown`);
          assert.ok(!sent.join("\n").includes(secret), `${where} was sent`);
        }
      }
      // Or there would be nothing to find.
      const own = ends.find(({ watcher }) => watcher !== failing)!;
      const [secret] = own.watcher.secrets;
      assert.ok((await sentTo(own.inbox)).includes(secret), own.watcher.name);
    }));
  });
}
