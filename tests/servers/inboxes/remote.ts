/**
 * The remote API as the reference system expects it: four calls, whose path,
 * token, fields and order are checked. Fields that the reference does not know
 * are passed over.
 *
 * @module
 */

import type { Received, RemoteCall, RemoteOptions } from "./api.ts";
import type { Service, Verdict } from "./inbox.ts";
import { findBroken, type Json, json, parseJson } from "./json.ts";

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === "string";
const isName: Check = (value) => isText(value) && value !== "";
const isNumber: Check = (value) => Number.isFinite(value) && Number(value) >= 0;
const isCount: Check = (value) => Number.isInteger(value) && Number(value) >= 0;
const isMaybe = (check: Check): Check => (value) =>
  value === null || check(value);
const isTime: Check = (value) =>
  isText(value) &&
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)$/.test(String(value));
const isListOf = (check: Check): Check => (value) =>
  Array.isArray(value) && value.every(check);

/** The text of JSON, of which the outermost value is no list. */
const isContext: Check = (value) => {
  try {
    return isText(value) && !Array.isArray(JSON.parse(String(value)));
  } catch {
    return false;
  }
};

const ERROR: Record<string, Check> = {
  attempt: isCount,
  exception: isName,
  message: isText,
  traceback: isText,
};

const TASK_STATUSES = [
  "Not started",
  "In progress",
  "Completed",
  "Paused",
  "Retry",
  "Failed",
];

const TASK: Record<string, Check> = {
  task_id: isName,
  id: isName,
  workflow_id: isName,
  status: (value) => TASK_STATUSES.includes(String(value)),
  duration: isNumber,
  initial_context: isMaybe(isContext),
  current_context: isMaybe(isContext),
  previous_context: isMaybe(isContext),
  group_name: isName,
  retry_count: isCount,
  created_at: isMaybe(isTime),
  started_at: isMaybe(isTime),
  finished_at: isMaybe(isTime),
  errors: isListOf((error) => !problemIn(error, ERROR)),
  error: isMaybe((error) => !problemIn(error, ERROR)),
};

const WORKFLOW: Record<string, Check> = {
  workflow_id: isName,
  id: isName,
  workflow_name: isName,
  name: isName,
  tasks: isListOf((task) => !problemIn(task, TASK)),
};

const UPDATE: Record<string, Check> = {
  status: (value) =>
    ["New", "In progress", "Completed", "Failed"].includes(String(value)),
};

function problemIn(
  value: unknown,
  checks: Record<string, Check>,
): string | undefined {
  for (const [name, isOk] of Object.entries(checks)) {
    const member = Object(value)[name];
    if (!isOk(member)) return `${name} is ${JSON.stringify(member)}`;
  }
  return undefined;
}

/** Makes a server. */
export function makeRemote({ token = "token" }: RemoteOptions = {}): Service {
  /** Tasks that were made, by workflow. */
  const tasks = new Map<string, Set<string>>();
  return ({ method, path, headers, text }: Received): Verdict => {
    if (headers.authorization !== `Bearer ${token}`) {
      return refuse(401, "the token is not known");
    }
    const [, base, workflow, isTasks, task] =
      /^(\/cli\/workflows)(?:\/([^/]+)(\/tasks(?:\/([^/]+))?)?)?$/.exec(path) ??
        [];
    const call = base === undefined
      ? undefined
      : nameOf(method, workflow, isTasks, task);
    if (call === undefined) return refuse(404, `nobody is at ${path}`);
    if (!/^application\/json\b/.test(headers["content-type"] ?? "")) {
      return refuse(415, "it is no JSON");
    }
    if (text.length > 5_000_000) return refuse(413, "it is too long");
    const body = parseJson(text);
    if (body === undefined) return refuse(400, "it is no JSON object");
    if (findBroken(body)) return refuse(400, "it is not well-formed");
    const problem = problemIn(body, CHECKS[call]) ??
      problemOf(body, call, decode(workflow), decode(task));
    if (problem) return refuse(422, problem);
    if (call === "createTask") {
      const known = tasks.get(body.workflow_id) ?? new Set();
      tasks.set(body.workflow_id, known.add(body.task_id));
    }
    if (call === "updateTask") {
      const isKnown = tasks.get(body.workflow_id)?.has(body.task_id);
      if (!isKnown) return refuse(404, "the task was not made before");
    }
    return json(method === "POST" ? 201 : 200, {}, { value: { call, body } });
  };
}

const CHECKS: Record<RemoteCall, Record<string, Check>> = {
  createWorkflow: WORKFLOW,
  updateWorkflow: UPDATE,
  createTask: TASK,
  updateTask: TASK,
};

function nameOf(
  method: string,
  workflow: string | undefined,
  isTasks: string | undefined,
  task: string | undefined,
): RemoteCall | undefined {
  if (method === "POST") {
    if (workflow === undefined) return "createWorkflow";
    return isTasks && task === undefined ? "createTask" : undefined;
  }
  if (method !== "PATCH" || workflow === undefined) return undefined;
  if (task !== undefined) return "updateTask";
  return isTasks ? undefined : "updateWorkflow";
}

/** What is in a body has to be what is in its path. */
function problemOf(
  body: Json,
  call: RemoteCall,
  workflow: string | undefined,
  task: string | undefined,
): string | undefined {
  if (call === "updateWorkflow") return undefined;
  if (call !== "createWorkflow" && body.workflow_id !== workflow) {
    return `the path is of workflow ${workflow}`;
  }
  if (task !== undefined && body.task_id !== task) {
    return `the path is of task ${task}`;
  }
  const id = call === "createWorkflow" ? body.workflow_id : body.task_id;
  if (body.id !== id) return `id is ${JSON.stringify(body.id)}`;
  const last = JSON.stringify(body.errors?.at(-1) ?? null);
  return call === "createWorkflow" || JSON.stringify(body.error) === last
    ? undefined
    : "error is not the last of errors";
}

/** What would be dots alone comes with a tilde before it. */
function decode(segment: string | undefined): string | undefined {
  return segment && decodeURIComponent(segment).replace(/^~(~*\.\.?)$/, "$1");
}

function refuse(status: number, refusal: string): Verdict {
  return json(status, { detail: refusal }, { refusal });
}
