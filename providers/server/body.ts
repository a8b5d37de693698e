/**
 * Tasks and runs as the remote API is told of them.
 *
 * @module
 */

import { Context } from "../../src/context.ts";
import type { RunInfo } from "../../src/run_info.ts";
import type { Task } from "../../src/task.ts";
import type { TaskErrorRecord } from "../../src/task_error.ts";
import type {
  WireError,
  WireTask,
  WireWorkflow,
  WireWorkflowUpdate,
} from "../../src/wire.ts";
import { toJsonText } from "./json_text.ts";

/** The most that a body may have, in UTF-16 code units. */
export const LONGEST_BODY = 5_000_000;

const EXCEEDED = JSON.stringify({ message: "Context size exceeded" });

const CONTEXTS = [
  "initial_context",
  "previous_context",
  "current_context",
] as const;

/**
 * The body that tells of a task. The largest contexts give way where it would be
 * too long.
 *
 * @param task The task.
 * @param position Its place in the order of `add`, where that is known.
 * @returns JSON text.
 */
export function taskBody(task: Task, position: number | undefined): string {
  const whole = toWireTask(task, position);
  let text = JSON.stringify(whole);
  for (const lesser of reductions(whole)) {
    if (text.length <= LONGEST_BODY) break;
    text = JSON.stringify(lesser);
  }
  return text;
}

/**
 * The body that tells of a new workflow. The contexts of its tasks give way where
 * it would be too long, and then the tasks: each is told of by itself as well.
 *
 * @param run The run.
 * @returns JSON text.
 */
export function workflowBody(run: RunInfo): string {
  const { workflowId, workflowName } = run;
  const { workflow_name: _, ...more } = runFields(run);
  const write = (tasks: readonly WireTask[]) => {
    const body: WireWorkflow = {
      workflow_id: workflowId,
      id: workflowId,
      workflow_name: workflowName,
      name: workflowName,
      ...more,
      tasks,
    };
    return JSON.stringify(body);
  };
  let left = LONGEST_BODY;
  const tasks: WireTask[] = [];
  for (const [position, task] of run.tasks.entries()) {
    const wire = toWireTask(task, position, left);
    left -= JSON.stringify(wire).length;
    if (left < 0) return write([]);
    tasks.push(wire);
  }
  const text = write(tasks);
  return text.length <= LONGEST_BODY ? text : write([]);
}

/**
 * The body that tells where a run stands.
 *
 * @param run The run.
 * @returns JSON text.
 */
export function runBody(run: RunInfo): string {
  const { status, duration } = run;
  const isOver = status !== "New" && status !== "In progress";
  const body: WireWorkflowUpdate = {
    status: status === "Cancelled" ? "Failed" : status,
    ...status === "Cancelled" ? { cancelled: true } : {},
    ...runFields(run),
    ...isOver ? { duration: duration / 1_000 } : {},
  };
  return JSON.stringify(body);
}

function runFields(run: RunInfo) {
  return {
    run_id: run.runId,
    workflow_name: run.workflowName,
    mode: run.mode,
    resumed: run.resumed,
    tasks_count: run.tasks.length,
    started_at: toIso(run.startedMs)!,
  };
}

function toWireTask(
  task: Task,
  position: number | undefined,
  longest: number = LONGEST_BODY,
): WireTask {
  const errors = task.errors.map(toWireError);
  const { startedMs } = task;
  return {
    task_id: task.taskId,
    id: task.taskId,
    workflow_id: task.workflowId,
    run_id: task.runId,
    name: task.name,
    ...position === undefined ? {} : { position },
    status: task.status,
    duration: task.duration / 1_000,
    initial_context: contextText(task.initialContext, longest),
    current_context: contextText(task.currentContext, longest),
    previous_context: contextText(task.previousContext, longest),
    group_name: task.groupName,
    retry_count: task.retryCount,
    created_at: toIso(task.createdMs),
    started_at: startedMs ? toIso(startedMs) : null,
    finished_at: toIso(task.finishedAt?.getTime()),
    errors,
    error: errors.at(-1) ?? null,
    restored: task.restored,
    progress: task.progress?.fraction ?? null,
  };
}

function toWireError(error: TaskErrorRecord): WireError {
  const { attempt, exception, message, traceback, failedMs } = error;
  const failed_at = toIso(failedMs) ?? undefined;
  return { attempt, exception, message, traceback, failed_at };
}

/** Times may come from a checkpoint, and be anything. */
function toIso(ms: number | undefined): string | null {
  const date = new Date(ms ?? NaN);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}

/** What is sent in place of a task that is too long, one after the other. */
function* reductions(task: WireTask): Iterable<WireTask> {
  const bySize = CONTEXTS.filter((name) => task[name] !== null)
    .sort((a, b) => task[b]!.length - task[a]!.length);
  let lesser = task;
  for (const name of bySize) yield lesser = { ...lesser, [name]: EXCEEDED };
  yield lesser = { ...lesser, errors: [], error: null };
  const none = Object.fromEntries(CONTEXTS.map((name) => [name, null]));
  yield { ...lesser, ...none } as WireTask;
}

/**
 * The texts of contexts, which are told of again and again while they stay as
 * they are: each is written once, the first time.
 */
const texts = new WeakMap<Context, string>();

function contextText(context: Context, longest: number): string | null {
  const { storage } = context;
  if (storage === undefined) return null;
  const known = texts.get(context);
  if (known !== undefined) return known.length > longest ? EXCEEDED : known;
  const text = storageText(storage, longest) ?? EXCEEDED;
  // Another time, there may be more room.
  const isLasting = text !== EXCEEDED || longest === LONGEST_BODY;
  if (isLasting) texts.set(context, text);
  return text;
}

/** A list becomes an object, whose keys say where its items come from. */
function storageText(storage: unknown, longest: number): string | undefined {
  return isList(storage)
    ? listText(storage, longest)
    : toJsonText(storage, longest);
}

function isList(value: unknown): value is readonly unknown[] {
  try {
    return Array.isArray(value);
  } catch {
    return false;
  }
}

function listText(
  items: readonly unknown[],
  longest: number,
): string | undefined {
  const members = new Map<string, string>();
  let left = longest;
  for (let n = 0; n < items.length; n++) {
    const item = itemOf(items, n);
    const text = toJsonText(item.value, left);
    if (text === undefined) return undefined;
    const key = item.key === undefined || members.has(item.key)
      ? `${item.isContext ? "ctx" : "raw"}:${n}`
      : item.key;
    members.set(key, text);
    left -= text.length + key.length + 4;
    if (left < 0) return undefined;
  }
  const texts = [...members].map(([key, text]) =>
    `${JSON.stringify(key)}:${text}`
  );
  return `{${texts.join(",")}}`;
}

function itemOf(items: readonly unknown[], n: number) {
  try {
    const item = items[n];
    if (item instanceof Context) {
      return { key: item.taskId, value: item.storage, isContext: true };
    }
    return { key: undefined, value: item, isContext: false };
  } catch {
    return { key: undefined, value: "[unreadable]", isContext: false };
  }
}
