/**
 * Every route of the API: its method, its path, and what answers. The OpenAPI
 * document describes the same ones; a test compares the two.
 *
 * @module
 */

import { readJson } from "./body.ts";
import { Fields } from "./fields.ts";
import { readFilter } from "./filters.ts";
import type { Logins } from "./logins.ts";
import { openApi } from "./openapi.ts";
import type { Places, RunPlace } from "./places.ts";
import { json, Problem } from "./problem.ts";
import type { Queries } from "./queries.ts";
import type { Runs } from "./runs.ts";
import type { Streams } from "./stream.ts";
import { readTask, readUpdate, readWorkflow } from "./words.ts";

/** What an answer is made of. */
export interface Question {
  /** The request. */
  readonly request: Request;
  /** Its query. */
  readonly query: URLSearchParams;
  /** A part of its path. */
  param(name: string): string;
}

/** A route. */
export interface Route {
  /** The method. */
  readonly method: "GET" | "POST" | "PATCH";
  /** The path, with `:name` for its parts. */
  readonly path: string;
  /** Whether it answers without a token. */
  readonly open?: boolean;
  /** What answers. */
  answer(question: Question): Response | Promise<Response>;
}

/** What the routes need. */
export interface RoutesOptions {
  /** How many bytes a body may have. */
  readonly bodyLimit: number;
  /** Whether everybody may ask. */
  readonly isOpen: boolean;
  /** Where people reach the server; undefined: where the request came to. */
  readonly publicUrl: string | undefined;
  /** Where is what. */
  readonly places: Places;
  /** What takes words. */
  readonly runs: Runs;
  /** What answers questions. */
  readonly queries: Queries;
  /** All logins. */
  readonly logins: Logins;
  /** The streams. */
  readonly streams: Streams;
  /** Throws where the storage fails. */
  readonly checkStorage: () => Promise<void>;
  /** Writes the figures of the server. */
  readonly writeMetrics: () => string;
}

/**
 * Makes the routes.
 *
 * @param options What they need.
 * @returns The routes.
 */
export function makeRoutes(options: RoutesOptions): readonly Route[] {
  return [
    ...cliRoutes(options),
    ...listRoutes(options),
    ...loginRoutes(options),
    ...ownRoutes(options),
  ];
}

const RUN = "/api/workflows/:workflow_id/runs/:run_id";

/** What clients tell. */
function cliRoutes({ runs, bodyLimit }: RoutesOptions): Route[] {
  const body = async (request: Request) =>
    new Fields(await readJson(request, bodyLimit));
  const tellTask = async (question: Question, taskId?: string) => {
    const fields = await body(question.request);
    const workflowId = idOf(question, "workflow_id");
    const task = readTask(fields, { workflowId, taskId });
    const runId = await runs.tellTask({ workflowId, runId: task.run_id }, task);
    return { task_id: task.task_id, workflow_id: workflowId, run_id: runId };
  };
  return [
    {
      method: "POST",
      path: "/cli/workflows",
      answer: async ({ request }) => {
        const { workflowId, runId, word, tasks } = readWorkflow(
          await body(request),
        );
        const run_id = await runs.tellRun({ workflowId, runId }, word);
        for (const task of tasks) {
          await runs.tellTask({ workflowId, runId: run_id }, task);
        }
        return json({ workflow_id: workflowId, run_id }, 201);
      },
    },
    {
      method: "PATCH",
      path: "/cli/workflows/:workflow_id",
      answer: async (question) => {
        const { runId, word } = readUpdate(await body(question.request));
        const workflowId = idOf(question, "workflow_id");
        const run_id = await runs.tellRun({ workflowId, runId }, word);
        return json({ workflow_id: workflowId, run_id });
      },
    },
    {
      method: "POST",
      path: "/cli/workflows/:workflow_id/tasks",
      answer: async (question) => json(await tellTask(question), 201),
    },
    {
      method: "PATCH",
      path: "/cli/workflows/:workflow_id/tasks/:task_id",
      answer: async (question) =>
        json(await tellTask(question, idOf(question, "task_id"))),
    },
  ];
}

/** What is asked of runs and tasks. */
function listRoutes({ queries, places, streams }: RoutesOptions): Route[] {
  const placeOf = (question: Question): RunPlace =>
    places.run(idOf(question, "workflow_id"), idOf(question, "run_id"));
  return [
    {
      method: "GET",
      path: "/api/runs",
      answer: async ({ query }) => {
        const filter = readFilter(query, 1_000, 50);
        const workflowId = query.get("workflow_id") || undefined;
        return json(await queries.runs(filter, workflowId));
      },
    },
    {
      method: "GET",
      path: RUN,
      answer: async (question) =>
        json(found(await queries.run(placeOf(question)), "run")),
    },
    {
      method: "GET",
      path: `${RUN}/tasks`,
      answer: async (question) => {
        const filter = readFilter(question.query, 10_000, 1_000);
        const page = await queries.tasks(placeOf(question), filter);
        return json(found(page, "run"));
      },
    },
    {
      method: "GET",
      path: `${RUN}/tasks/:task_id`,
      answer: async (question) => {
        const taskId = idOf(question, "task_id");
        const task = await queries.task(placeOf(question), taskId);
        return json(found(task, "task"));
      },
    },
    {
      method: "GET",
      path: "/api/workflows",
      answer: async ({ query }) =>
        json(await queries.workflows(readFilter(query, 1_000, 50))),
    },
    {
      method: "GET",
      path: "/api/events",
      answer: ({ request, query }) =>
        streams.answer({
          workflowId: query.get("workflow_id") || undefined,
          runId: query.get("run_id") || undefined,
          headOnly: request.method === "HEAD",
          lastId: request.headers.get("last-event-id") || undefined,
        }),
    },
  ];
}

/** How a command line gets a token of its own. */
function loginRoutes(
  { logins, publicUrl, isOpen }: RoutesOptions,
): Route[] {
  /** No body here is long. */
  const body = async (request: Request) =>
    new Fields(await readJson(request, 10_000));
  const routes: Route[] = [
    {
      method: "GET",
      path: "/api/login/:user_code",
      answer: async (question) =>
        json(await logins.waiting(question.param("user_code"))),
    },
    {
      method: "POST",
      path: "/api/login/:user_code",
      answer: async (question) => {
        const fields = await body(question.request);
        const approve = fields.flag("approve");
        await logins.decide(question.param("user_code"), approve);
        return new Response(null, { status: 204 });
      },
    },
    {
      method: "POST",
      path: "/cli/device",
      open: true,
      answer: async ({ request }) =>
        json(await logins.begin(publicUrl ?? new URL(request.url).origin)),
    },
    {
      method: "POST",
      path: "/cli/token",
      open: true,
      answer: async ({ request }) => {
        const code = (await body(request)).id("device_code");
        return json({ api_token: await logins.poll(code) });
      },
    },
  ];
  // A token would be good on a guarded server that shares the storage, too.
  return isOpen
    ? routes.map((route) => ({ ...route, answer: refuseLogin }))
    : routes;
}

function refuseLogin(): never {
  throw new Problem(403, "Cannot log in here: this server needs no token");
}

/** What is asked of the server itself. */
function ownRoutes(options: RoutesOptions): Route[] {
  return [
    {
      method: "GET",
      path: "/health",
      open: true,
      answer: async () => {
        await options.checkStorage();
        return json({ status: "ok" });
      },
    },
    {
      method: "GET",
      path: "/openapi.json",
      open: true,
      answer: () => json(openApi()),
    },
    {
      method: "GET",
      path: "/metrics",
      answer: () =>
        new Response(options.writeMetrics(), {
          headers: { "content-type": "text/plain; version=0.0.4" },
        }),
    },
  ];
}

function idOf(question: Question, name: string): string {
  return new Fields({ [name]: question.param(name) }).id(name);
}

function found<T>(value: T | undefined, what: string): T {
  if (value !== undefined) return value;
  throw new Problem(404, `Cannot find the ${what}: nothing is known of it`);
}
