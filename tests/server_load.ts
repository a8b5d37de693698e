/**
 * The server under load, beside the least that taking the same bodies can cost:
 * both in this process, over HTTP, in turns.
 *
 * @module
 */

import { Agent, request } from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { serve } from "@hono/node-server";
import { StorageFile } from "@dotflow/dotflow/providers/storage-file";
import { createServer } from "@dotflow/dotflow/server";
import { Hono } from "hono";

const TOKEN = "load-test-token";
/** Updates of tasks in one run. */
const UPDATES_PER_RUN = 200;
/** So many runs go on at once. */
const RUNS_AT_ONCE = 20;
const UPDATES_PER_ROUND = UPDATES_PER_RUN * RUNS_AT_ONCE;

/** What was measured; times in milliseconds, the heap in bytes. */
export interface LoadFigures {
  readonly updates: number;
  readonly errors: number;
  readonly ours: Latency;
  readonly bare: Latency;
  /** p99 of ours by that of the bare one. */
  readonly ratio: number;
  readonly heapAtTenth: number;
  readonly heapAtEnd: number;
}

/** How long answers took. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
}

/** What to do. */
export interface LoadPlan {
  /** How long. */
  readonly seconds: number;
  /** How many updates a second. */
  readonly rate: number;
  /** The folder of the storage, which waits for the disk. */
  readonly path: string;
}

/** A server on a port of its own. */
export interface Served {
  /** Its address. */
  readonly url: string;
  /** Ends it. */
  close(): Promise<void>;
}

/**
 * Serves an app on 127.0.0.1, with `node:http`.
 *
 * @param app What to serve.
 * @returns Where it is.
 */
export function serveApp(
  app: { fetch: (request: Request) => Response | Promise<Response> },
): Promise<Served> {
  return new Promise((resolve) => {
    const options = { fetch: app.fetch, hostname: "127.0.0.1", port: 0 };
    const server = serve(options, ({ port }: AddressInfo) =>
      resolve({
        url: `http://127.0.0.1:${port}`,
        close: () =>
          new Promise((done) => {
            server.close(() => done());
            if ("closeAllConnections" in server) server.closeAllConnections();
          }),
      }));
  });
}

/**
 * Measures.
 *
 * @param plan What to do.
 * @returns The figures.
 */
export async function measureLoad(
  { seconds, rate, path }: LoadPlan,
): Promise<LoadFigures> {
  const storage = new StorageFile({ path, fsync: true });
  const app = createServer({ storage, token: TOKEN });
  const ours = await serveApp(app);
  const bare = await serveApp(
    new Hono().all("*", async (c) => c.json(await c.req.json())),
  );
  const times = { ours: [] as number[], bare: [] as number[] };
  let errors = 0;
  const send = async (
    to: "ours" | "bare",
    method: string,
    target: string,
    body: string,
  ) => {
    const begun = performance.now();
    try {
      const { url } = to === "ours" ? ours : bare;
      if (await post(url + target, method, body) >= 300) errors++;
    } catch {
      errors++;
    }
    times[to].push(performance.now() - begun);
  };
  for (const to of ["ours", "bare"] as const) {
    for (let at = 0; at < 200; at++) await send(to, ...update(-1 - at));
  }
  times.ours = [];
  times.bare = [];
  const total = seconds * rate;
  const begun = performance.now();
  const waiting = new Set<Promise<void>>();
  let heapAtTenth = 0;
  for (let at = 0, rounds = 0; at < total;) {
    for (; rounds < Math.floor(at / UPDATES_PER_ROUND) - 1; rounds++) {
      // All of their tasks have ended: nobody waits for that, or measures it.
      for (let nth = 0; nth < RUNS_AT_ONCE; nth++) {
        const body = { run_id: `run-${rounds}-${nth}`, status: "Completed" };
        const target = `${ours.url}/cli/workflows/load`;
        await post(target, "PATCH", JSON.stringify(body));
      }
    }
    const due = Math.min(total, (performance.now() - begun) / 1000 * rate);
    for (; at < due; at++) {
      for (const to of ["ours", "bare"] as const) {
        const sent = send(to, ...update(at)).then(() =>
          void waiting.delete(sent)
        );
        waiting.add(sent);
      }
    }
    if (heapAtTenth === 0 && at > total / 6) heapAtTenth = heap();
    await new Promise((wake) => setTimeout(wake, 2));
  }
  await Promise.all(waiting);
  const heapAtEnd = heap();
  await Promise.all([ours.close(), bare.close(), app.close()]);
  await storage.close();
  const [own, floor] = [latency(times.ours), latency(times.bare)];
  return {
    updates: times.ours.length,
    errors,
    ours: own,
    bare: floor,
    ratio: own.p99 / floor.p99,
    heapAtTenth,
    heapAtEnd,
  };
}

const agent = new Agent({ keepAlive: true, maxSockets: 64 });

/** Sends a request; `fetch` would cost more than what is measured. */
function post(url: string, method: string, body: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${TOKEN}`,
      "content-type": "application/json",
      "content-length": new TextEncoder().encode(body).length,
    };
    request(url, { method, headers, agent }, (response) => {
      response.resume().once("end", () => resolve(response.statusCode ?? 0));
    }).once("error", reject).end(body);
  });
}

/** An update of a task: each begins, and is completed some time later. */
function update(at: number): [method: string, path: string, body: string] {
  const round = Math.floor(at / UPDATES_PER_ROUND);
  const run = `run-${round}-${Math.abs(at % RUNS_AT_ONCE)}`;
  const nth = Math.abs(Math.floor(at / RUNS_AT_ONCE)) % UPDATES_PER_RUN;
  const isEnd = nth >= UPDATES_PER_RUN / 2;
  const id = `task-${nth % (UPDATES_PER_RUN / 2)}`;
  const moment = new Date(1_800_000_000_000 + at).toISOString();
  const body = {
    task_id: id,
    id,
    workflow_id: "load",
    run_id: run,
    name: id,
    status: isEnd ? "Completed" : "In progress",
    duration: isEnd ? 1.5 : 0,
    initial_context: null,
    current_context: isEnd ? JSON.stringify({ rows: "x".repeat(600) }) : null,
    previous_context: JSON.stringify({ rows: "y".repeat(200) }),
    group_name: "default",
    retry_count: 0,
    created_at: "2026-11-28T07:00:00.000Z",
    started_at: moment,
    finished_at: isEnd ? moment : null,
    errors: [],
    error: null,
    position: nth % (UPDATES_PER_RUN / 2),
  };
  return ["PATCH", `/cli/workflows/load/tasks/${id}`, JSON.stringify(body)];
}

function latency(times: number[]): Latency {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (part: number) => sorted[Math.floor(part * (sorted.length - 1))];
  return { p50: at(0.5), p99: at(0.99) };
}

/** What is in use, after garbage was collected where that can be asked for. */
function heap(): number {
  (globalThis as { gc?: () => void }).gc?.();
  return process.memoryUsage().heapUsed;
}
