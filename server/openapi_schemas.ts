/**
 * The schemas of the OpenAPI document: the types of `src/wire.ts`.
 *
 * @module
 */

import { STATUS_SYMBOL } from "../src/status.ts";

type Json = Readonly<Record<string, unknown>>;

const TEXT: Json = { type: "string" };
const COUNT: Json = { type: "integer", minimum: 0 };
const FLAG: Json = { type: "boolean" };
const SECONDS: Json = { type: "number", minimum: 0, description: "Seconds" };
const TIME: Json = { type: "string", format: "date-time" };
const TIME_OR_NULL: Json = { type: ["string", "null"], format: "date-time" };
const JSON_TEXT: Json = {
  type: ["string", "null"],
  description: "JSON text; null where empty",
};
const PROGRESS: Json = { type: ["number", "null"], minimum: 0, maximum: 1 };
const TASK_STATUS: Json = { enum: Object.keys(STATUS_SYMBOL) };

/** What is said of a run beside its status. */
const RUN: Readonly<Record<string, Json>> = {
  run_id: TEXT,
  workflow_name: TEXT,
  mode: TEXT,
  resumed: FLAG,
  tasks_count: COUNT,
  started_at: TIME,
  duration: SECONDS,
};

/**
 * Refers to a schema.
 *
 * @param name Its name.
 * @returns The reference.
 */
export function ref(name: string): Json {
  return { $ref: `#/components/schemas/${name}` };
}

/** The schemas, by name. */
export const SCHEMAS: Readonly<Record<string, Json>> = {
  Problem: object(["detail"], { detail: TEXT }),
  WorkflowUpdate: object(["status"], {
    status: { enum: ["New", "In progress", "Completed", "Failed"] },
    cancelled: FLAG,
    ...RUN,
  }),
  Workflow: object(["workflow_id"], {
    workflow_id: TEXT,
    id: TEXT,
    name: TEXT,
    tasks: { type: "array", items: ref("Task") },
    ...RUN,
  }),
  TaskError: object([], {
    attempt: { type: "integer", minimum: 1 },
    exception: TEXT,
    message: TEXT,
    traceback: TEXT,
    failed_at: TIME,
  }),
  Task: object(["task_id", "status"], {
    task_id: TEXT,
    id: TEXT,
    workflow_id: TEXT,
    run_id: TEXT,
    name: TEXT,
    status: TASK_STATUS,
    duration: SECONDS,
    initial_context: JSON_TEXT,
    current_context: JSON_TEXT,
    previous_context: JSON_TEXT,
    group_name: TEXT,
    retry_count: COUNT,
    created_at: TIME_OR_NULL,
    started_at: TIME_OR_NULL,
    finished_at: TIME_OR_NULL,
    errors: { type: "array", items: ref("TaskError") },
    error: { anyOf: [ref("TaskError"), { type: "null" }] },
    restored: FLAG,
    progress: PROGRESS,
    position: COUNT,
  }),
  RunSummary: all({
    workflow_id: TEXT,
    run_id: TEXT,
    workflow_name: TEXT,
    status: {
      enum: ["New", "In progress", "Completed", "Failed", "Cancelled"],
    },
    mode: { type: ["string", "null"] },
    resumed: FLAG,
    started_at: TIME,
    finished_at: TIME_OR_NULL,
    duration: { ...SECONDS, type: ["number", "null"] },
    updated_at: TIME,
    tasks: all({
      total: COUNT,
      completed: COUNT,
      failed: COUNT,
      running: COUNT,
    }),
  }),
  TaskSummary: all({
    task_id: TEXT,
    name: TEXT,
    group_name: TEXT,
    position: COUNT,
    status: TASK_STATUS,
    started_at: TIME_OR_NULL,
    finished_at: TIME_OR_NULL,
    duration: SECONDS,
    retry_count: COUNT,
    restored: FLAG,
    progress: PROGRESS,
    failed_at: { type: "array", items: TIME_OR_NULL },
    error: {
      anyOf: [all({ exception: TEXT, message: TEXT }), { type: "null" }],
    },
  }),
  WorkflowSummary: all({
    workflow_id: TEXT,
    workflow_name: TEXT,
    runs: COUNT,
    last: ref("RunSummary"),
  }),
};

function object(
  required: readonly string[],
  properties: Readonly<Record<string, Json>>,
): Json {
  return { type: "object", required, properties };
}

/** An object whose fields are all there. */
function all(properties: Readonly<Record<string, Json>>): Json {
  return object(Object.keys(properties), properties);
}
