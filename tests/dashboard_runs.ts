/**
 * Runs as clients tell of them, for the tests and the pictures of the
 * dashboard: made up by arithmetic, so that they are the same every time.
 *
 * @module
 */

/** Takes requests; the server of the remote API. */
export interface Takes {
  /** Answers a request. */
  fetch(request: Request): Response | Promise<Response>;
}

/** A task, as far as a test says how it is; the rest is made up. */
export interface Told {
  /** Its id and name. */
  id: string;
  /** Where it stands. @default {"Completed"} */
  status?: string;
  /** Its group. @default {"default"} */
  group?: string;
  /** When it started and ended, in milliseconds from the start of the run. */
  at?: readonly [start: number, end?: number];
  /** When attempts failed, in milliseconds from the start of the run. */
  failed?: readonly number[];
  /** What the errors say. */
  message?: string;
  /** Its result. */
  result?: unknown;
  /** How far it is, from 0 to 1. */
  progress?: number;
  /** Its place. */
  position?: number;
}

/** Tells a server of one run. */
export class Teller {
  /** The workflow. */
  readonly workflow: string;
  /** The run. */
  readonly run: string;
  #server: Takes;
  #token: string;
  #start: number;
  #mode: string;

  constructor(
    server: Takes,
    token: string,
    [workflow, run]: readonly [workflow: string, run: string],
    start: number,
    mode = "sequential",
  ) {
    this.#server = server;
    this.#token = token;
    this.workflow = workflow;
    this.run = run;
    this.#start = start;
    this.#mode = mode;
  }

  /** Says that the run goes on, with so many tasks. */
  async begin(tasks: number): Promise<void> {
    await this.#send("PATCH", "", {
      status: "In progress",
      tasks_count: tasks,
    });
  }

  /** Says that the run has ended, after so many milliseconds. */
  async end(status: string, ms: number): Promise<void> {
    await this.#send("PATCH", "", {
      status: status === "Cancelled" ? "Failed" : status,
      cancelled: status === "Cancelled",
      duration: ms / 1_000,
    });
  }

  /** Says where a task stands. */
  async task(told: Told): Promise<void> {
    const path = `/tasks/${encodeURIComponent(told.id)}`;
    await this.#send("PATCH", path, this.#toWire(told));
  }

  #iso(ms: number | undefined): string | null {
    return ms === undefined ? null : new Date(this.#start + ms).toISOString();
  }

  #toWire(told: Told) {
    const { id, status = "Completed", group = "default", at, failed = [] } =
      told;
    const { message = "Cannot load the page: 503" } = told;
    const errors = failed.map((ms, n) => ({
      attempt: n + 1,
      exception: "TypeError",
      message,
      traceback: `TypeError: ${message}\n    at load (steps.ts:12:9)\n` +
        "    at attempt (run.ts:40:5)",
      failed_at: this.#iso(ms),
    }));
    const [start, end] = at ?? [];
    return {
      task_id: id,
      id,
      workflow_id: this.workflow,
      name: id,
      status,
      duration: start === undefined || end === undefined
        ? 0
        : (end - start) / 1_000,
      initial_context: JSON.stringify({ day: "2026-11-28" }),
      current_context: "result" in told ? JSON.stringify(told.result) : null,
      previous_context: null,
      group_name: group,
      retry_count: status === "Failed"
        ? Math.max(0, failed.length - 1)
        : failed.length,
      created_at: this.#iso(0),
      started_at: this.#iso(start),
      finished_at: this.#iso(end),
      errors,
      error: errors.at(-1) ?? null,
      restored: false,
      progress: told.progress ?? null,
      position: told.position ?? 0,
    };
  }

  async #send(method: string, path: string, body: object): Promise<void> {
    const workflow = encodeURIComponent(this.workflow);
    const response = await this.#server.fetch(
      new Request(`http://localhost/cli/workflows/${workflow}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${this.#token}`,
          "content-type": "application/json",
        },
        body: JSON.stringify({
          run_id: this.run,
          workflow_name: this.workflow,
          mode: this.#mode,
          started_at: this.#iso(0),
          ...body,
        }),
      }),
    );
    const text = await response.text();
    if (!response.ok) throw new Error(`${response.status}: ${text}`);
  }
}

const NAMES = ["nightly-etl", "invoices", "daily-users", "search-index"];

/**
 * Tells of a server that has been in use for a while: a run that goes on, with
 * retries and groups, and those before it.
 *
 * @param server The server.
 * @param token Its token.
 * @param now The time, in milliseconds since 1970.
 * @returns The run that goes on.
 */
export async function tellStory(
  server: Takes,
  token: string,
  now: number,
): Promise<Teller> {
  for (let n = 40; n > 0; n--) {
    const name = NAMES[(n * 7) % 4 === 3 ? n % 3 : n % 2];
    const start = now - n * 1_260_000 - (n % 5) * 61_000;
    const run = `run-${(7_919 * n).toString(36).padStart(5, "0")}`;
    const teller = new Teller(server, token, [name, run], start);
    const count = 3 + n % 5;
    const ms = (name === NAMES[0] ? 38_000 : 4_000) +
      ((n * n * 2_654_435) % (name === NAMES[0] ? 29_000 : 7_000));
    const status = n % 9 === 4
      ? "Failed"
      : n % 17 === 5
      ? "Cancelled"
      : "Completed";
    await teller.begin(count);
    for (let t = 0; t < count; t++) {
      const late = status !== "Completed" && t === count - 1;
      if (late && status === "Cancelled") continue;
      const [from, to] = [t, t + 1].map((part) =>
        Math.round(ms * part / count)
      );
      await teller.task({
        id: ["extract", "clean", "join", "check", "load", "index", "tell"][t],
        position: t,
        status: late ? "Failed" : "Completed",
        at: [from, to],
        failed: late ? [to] : [],
      });
    }
    await teller.end(status, ms);
  }
  return await tellLive(server, token, now);
}

/** Tells of the run that goes on. */
async function tellLive(
  server: Takes,
  token: string,
  now: number,
): Promise<Teller> {
  const place = ["nightly-etl", "run-7f3k2"] as const;
  const mode = "parallel_group";
  const teller = new Teller(server, token, place, now - 48_300, mode);
  const rows = { rows: 184_203, file: "orders-2026-11-28.parquet" };
  const tasks: Told[] = [
    { id: "list-files", group: "orders", at: [80, 2_100], result: 12 },
    {
      id: "extract-orders",
      group: "orders",
      at: [2_120, 19_400],
      failed: [5_300, 11_200],
      result: rows,
      message: "Cannot read orders: the server said 503 (try again in 3 s)",
    },
    { id: "clean-orders", group: "orders", at: [19_420, 27_900], result: rows },
    { id: "check-totals", group: "orders", at: [27_920, 31_000] },
    {
      id: "load-orders",
      group: "orders",
      status: "In progress",
      at: [31_020],
      progress: 0.62,
    },
    { id: "index-orders", group: "orders", status: "Not started" },
    { id: "extract-users", group: "users", at: [90, 9_800] },
    { id: "mask-emails", group: "users", at: [9_830, 14_100] },
    { id: "join-regions", group: "users", at: [14_110, 29_700] },
    {
      id: "load-users",
      group: "users",
      status: "Retry",
      at: [29_720],
      failed: [36_900, 43_400],
      message: "Cannot open the connection: it was closed by the other side",
    },
    { id: "tell-sales", group: "users", status: "Not started" },
    { id: "fetch-rates", group: "rates", at: [70, 1_300] },
    { id: "convert", group: "rates", at: [1_320, 6_400] },
    {
      id: "publish-rates",
      group: "rates",
      status: "Failed",
      at: [6_420, 16_700],
      failed: [9_100, 12_800, 16_700],
      message: "Cannot publish: the bucket refuses the key rates/2026-11-28",
    },
  ];
  await teller.begin(tasks.length);
  for (const [position, task] of tasks.entries()) {
    await teller.task({ ...task, position });
  }
  return teller;
}
