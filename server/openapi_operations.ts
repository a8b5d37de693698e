/**
 * What the OpenAPI document says of each route.
 *
 * @module
 */

import { ref } from "./openapi_schemas.ts";

type Json = Readonly<Record<string, unknown>>;

/** A route, as it is described. */
export interface Operation {
  /** What it does. */
  readonly summary: string;
  /** The parameters of its query. */
  readonly query?: readonly (keyof typeof PARAMETERS)[];
  /** Its body. */
  readonly body?: keyof typeof BODIES;
  /** Its answer. */
  readonly answer: {
    readonly description: string;
    readonly status?: number;
    readonly type?: string;
    readonly schema?: Json;
  };
  /** Whether it needs no token. */
  readonly open?: boolean;
  /** Statuses of errors that only some routes have. */
  readonly errors?: readonly number[];
}

/** The parameters of queries. */
export const PARAMETERS = {
  status: query("Only with this status", { type: "string" }),
  text: query("Only with this text in an id or a name", { type: "string" }),
  workflow_id: query("Only of this workflow", { type: "string" }),
  run_id: query("Only of this run", { type: "string" }),
  since: query("Only what began then or later", time()),
  until: query("Only what began then or earlier", time()),
  cursor: query("next_cursor of the page before", { type: "string" }),
  limit: query("How many items", { type: "integer", minimum: 1 }),
} satisfies Record<string, Json>;

/** The bodies. */
export const BODIES = {
  workflow: ref("Workflow"),
  update: ref("WorkflowUpdate"),
  task: ref("Task"),
  decision: object({ approve: { type: "boolean" } }),
  device: object({ device_code: { type: "string" } }),
} satisfies Record<string, Json>;

/** What statuses of errors mean. */
export const ERRORS: Readonly<Record<number, string>> = {
  400: "The body or the query cannot be read; the detail says why",
  401: "There is no token, or it is not good",
  404: "Nothing is known of it",
  410: "The code has expired, was refused, or was used",
  413: "The body is too large",
  415: "The body is not said to be JSON",
  429: "There are too many logins",
  503: "The storage fails",
};

const RUN = "/api/workflows/{workflow_id}/runs/{run_id}";
const TOLD = object({
  workflow_id: { type: "string" },
  run_id: { type: "string" },
});
const TOLD_TASK = object({
  task_id: { type: "string" },
  workflow_id: { type: "string" },
  run_id: { type: "string" },
});
const FILTER = ["status", "text", "since", "until", "cursor", "limit"] as const;

/** Every route of the API, by method and path. */
export const OPERATIONS: Readonly<Record<string, Operation>> = {
  "POST /cli/workflows": {
    summary: "Tells of a workflow that was made",
    body: "workflow",
    answer: { status: 201, description: "It is stored", schema: TOLD },
  },
  "PATCH /cli/workflows/{workflow_id}": {
    summary: "Tells that a run has begun or ended",
    body: "update",
    answer: { description: "It is stored", schema: TOLD },
  },
  "POST /cli/workflows/{workflow_id}/tasks": {
    summary: "Tells of a task of a run",
    body: "task",
    answer: { status: 201, description: "It is stored", schema: TOLD_TASK },
  },
  "PATCH /cli/workflows/{workflow_id}/tasks/{task_id}": {
    summary: "Tells where a task stands",
    body: "task",
    answer: { description: "It is stored", schema: TOLD_TASK },
  },
  "GET /api/runs": {
    summary: "Lists runs, the latest first",
    query: [...FILTER, "workflow_id"],
    answer: { description: "A page", schema: page("RunSummary") },
    errors: [400],
  },
  [`GET ${RUN}`]: {
    summary: "Shows a run",
    answer: { description: "The run", schema: ref("RunSummary") },
    errors: [404],
  },
  [`GET ${RUN}/tasks`]: {
    summary: "Lists the tasks of a run, in their order",
    query: FILTER,
    answer: { description: "A page", schema: page("TaskSummary") },
    errors: [400, 404],
  },
  [`GET ${RUN}/tasks/{task_id}`]: {
    summary: "Shows a task with contexts and errors",
    answer: { description: "The task", schema: ref("Task") },
    errors: [404],
  },
  "GET /api/workflows": {
    summary: "Lists workflows, the one that has run last first",
    query: ["text", "status", "cursor", "limit"],
    answer: { description: "A page", schema: page("WorkflowSummary") },
    errors: [400],
  },
  "GET /api/events": {
    summary: "Streams changes: events run, task and reset",
    query: ["workflow_id", "run_id"],
    answer: {
      description: "Server-sent events; Last-Event-ID goes on from an event",
      type: "text/event-stream",
      schema: { type: "string" },
    },
  },
  "GET /api/login/{user_code}": {
    summary: "Shows a login that waits for approval",
    answer: {
      description: "The login",
      schema: object({
        user_code: { type: "string" },
        created_at: time(),
        expires_at: time(),
      }),
    },
    errors: [404],
  },
  "POST /api/login/{user_code}": {
    summary: "Approves or refuses a login",
    body: "decision",
    answer: { status: 204, description: "It is done" },
    errors: [404],
  },
  "POST /cli/device": {
    summary: "Begins the login of a command line",
    open: true,
    answer: {
      description: "What to show, and what to ask with",
      schema: object({
        device_code: { type: "string" },
        user_code: { type: "string" },
        verification_uri: { type: "string" },
        interval: { type: "integer", description: "Seconds between polls" },
        expires_in: { type: "integer", description: "Seconds" },
      }),
    },
    errors: [429],
  },
  "POST /cli/token": {
    summary:
      "Asks for the token of a login; 400 with authorization_pending or " +
      "slow_down until it is approved",
    open: true,
    body: "device",
    answer: {
      description: "The token, which is given once",
      schema: object({ api_token: { type: "string" } }),
    },
    errors: [410],
  },
  "GET /health": {
    summary: "Tells whether the storage answers",
    open: true,
    answer: {
      description: "It does",
      schema: object({ status: { const: "ok" } }),
    },
  },
  "GET /openapi.json": {
    summary: "This document",
    open: true,
    answer: { description: "OpenAPI 3.1", schema: { type: "object" } },
  },
  "GET /metrics": {
    summary: "Figures in the text format of Prometheus",
    answer: {
      description: "Text",
      type: "text/plain",
      schema: { type: "string" },
    },
  },
};

function query(description: string, schema: Json): Json {
  return { in: "query", description, schema };
}

function time(): Json {
  return { type: "string", format: "date-time" };
}

function object(properties: Readonly<Record<string, Json>>): Json {
  return { type: "object", required: Object.keys(properties), properties };
}

function page(name: string): Json {
  return object({
    items: { type: "array", items: ref(name) },
    next_cursor: { type: ["string", "null"] },
  });
}
