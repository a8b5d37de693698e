/**
 * Sentry in a Worker, where requests that share a provider may end before their
 * events have arrived.
 *
 * @module
 */

import { action, Config, DotFlow } from "@dotflow/dotflow";
import { LogSentry } from "@dotflow/dotflow/providers/log-sentry";
import assert from "node:assert/strict";
import { sleep } from "./flow.ts";
import { test } from "./harness.ts";
import { type Line, LogRecorder } from "./recorder.ts";
import { type LabSentry, openSentry, reportsIn } from "./sentry.ts";
import { call, noWorker, serve } from "./workerd/requests.ts";

/** What has become of the runs of requests that were not abandoned. */
interface Drained {
  readonly id: string;
  readonly tookMs: number;
  readonly reasons: unknown[];
}

/** The logs of this worker, and what has become of its runs, by DSN. */
const logs = new Map<string, LogSentry>();
const drained = new Map<string, Drained[]>();

/** Runs a workflow that fails, with a log that all requests share. */
serve("sentry-run", async (request, context) => {
  const { searchParams } = new URL(request.url);
  const { id, dsn, timeout, abandonedMs } = Object.fromEntries(searchParams);
  if (!logs.has(dsn)) {
    logs.set(dsn, new LogSentry({ dsn, timeout: Number(timeout) }));
    drained.set(dsn, []);
  }
  const lines: Line[] = [];
  const log = [logs.get(dsn)!, new LogRecorder(lines)];
  const workflow = new DotFlow({ workflowId: id, config: new Config({ log }) });
  workflow.task.add(action("a", () => {
    throw new Error(`no ${id}`);
  }));
  if (abandonedMs !== undefined) {
    await workflow.start({ mode: "background" });
    await sleep(Number(abandonedMs));
    return Response.json(id);
  }
  const works: Promise<unknown>[] = [];
  const startMs = performance.now();
  await workflow.start({ waitUntil: (work) => void works.push(work) });
  const end = () => {
    const tookMs = performance.now() - startMs;
    const reasons = reportsIn(lines).map(([, reason]) => reason);
    drained.get(dsn)!.push({ id, tookMs, reasons });
  };
  context.waitUntil(Promise.all(works).then(end));
  return Response.json(id);
});

serve("sentry-drained", (request) => {
  const { searchParams } = new URL(request.url);
  return Response.json(drained.get(searchParams.get("dsn")!));
});

/** Requests to a worker whose log tells one project of Sentry. */
class Requests {
  constructor(readonly sentry: LabSentry, readonly timeout: number) {}

  /** Makes requests that end while their events hang. */
  async abandon(ids: readonly string[]): Promise<void> {
    const { length } = await this.sentry.inbox.received();
    await this.sentry.inbox.fail([{ kind: "hang", times: 999 }]);
    const abandonedMs = "100";
    await Promise.all(ids.map((id) => this.#call(id, { abandonedMs })));
    const count = Math.min(ids.length, 6);
    await this.sentry.inbox.receives(length + count);
    await this.sentry.inbox.fail([]);
  }

  /** Makes a request, and waits for what it has handed to `waitUntil`. */
  async run(id: string): Promise<Drained> {
    await this.#call(id);
    const endMs = performance.now() + 20_000;
    for (;;) {
      const { dsn } = this.sentry;
      const all = await call<Drained[]>("sentry-drained", { dsn });
      const found = all.find((run) => run.id === id);
      if (found) return found;
      assert.ok(performance.now() < endMs, "it is not drained in time");
      await sleep(20);
    }
  }

  #call(id: string, params: Record<string, string> = {}): Promise<string> {
    const { sentry: { dsn }, timeout } = this;
    const timeoutText = String(timeout);
    return call("sentry-run", { id, dsn, timeout: timeoutText, ...params });
  }
}

/** The workflows whose failures have arrived. */
async function arrived({ inbox }: LabSentry): Promise<string[]> {
  const received = await inbox.received();
  return received.flatMap(({ status, value }) =>
    status === 200 && value ? [value.payload.tags.workflow_id] : []
  );
}

const SKIPPED = { skip: noWorker };
const idsOf = (name: string, count: number) =>
  Array.from({ length: count }, (_, n) => `${name}${n}`);

test(
  "LogSentry: requests of a Worker that are over hold up no later one for long",
  SKIPPED,
  async () => {
    const sentry = await openSentry();
    const requests = new Requests(sentry, 1_000);
    await requests.abandon(idsOf("dead", 8));
    const first = await requests.run("first");
    const second = await requests.run("second");
    assert.deepEqual(await arrived(sentry), ["first", "second"]);
    // The time of an attempt, and a second.
    assert.ok(first.tookMs < 3_500, `${first.tookMs}`);
    assert.ok(second.tookMs < 500, `${second.tookMs}`);
    assert.deepEqual(first.reasons, [
      "Cannot deliver to Sentry: no answer in time; 8 events of 8 runs are lost",
    ]);
    assert.deepEqual(second.reasons, []);
  },
);

test(
  "LogSentry: a request of a Worker may be left behind as often as it likes",
  SKIPPED,
  async () => {
    const sentry = await openSentry();
    const requests = new Requests(sentry, 200);
    // Six at a time: more than a Toucan can hold, which is 64.
    for (let round = 0; round < 11; round++) {
      await requests.abandon(idsOf(`dead${round}-`, 6));
      // As long as somebody may be at work on them.
      await sleep(1_500);
    }
    const { reasons } = await requests.run("last");
    assert.deepEqual(await arrived(sentry), ["last"]);
    assert.deepEqual(reasons, [
      "Cannot deliver to Sentry: no answer in time; " +
      "66 events of 66 runs are lost",
    ]);
  },
);
