/**
 * Events about failures, and what is shown of what came before them.
 *
 * @see https://develop.sentry.dev/sdk/data-model/event-payloads/
 * @module
 */

import type { LogFields } from "../../src/contracts/log.ts";
import { bytesIn } from "../../src/object_name.ts";
import type { Task } from "../../src/task.ts";
import { parseTraceparent, randomTraceId } from "../../src/traceparent.ts";
import { copyError, isError } from "./error_copy.ts";
import type { Capture } from "./outlet.ts";
import { toPlainFields, toTag, toTags, toText } from "./text.ts";
import { clientOf, withSampling } from "./toucan.ts";
import type { Breadcrumb, Trail } from "./trail.ts";

/** The most that Sentry keeps of a message, in UTF-16 code units. */
const LONGEST_MESSAGE = 8_192;
/** The most that is kept of a breadcrumb's message, and of its data. */
const LONGEST_CRUMB = 1_000;
/** The most that is kept of a field: at most 16 kB, in any script. */
const LONGEST_FIELD = 2_500;
/** The most that is kept of all fields together. */
const LONGEST_FIELDS = 20_000;
/** What an event may weigh without its error; Sentry takes 1 MB in all. */
const MOST_BYTES = 400_000;
/** How many failed attempts an event tells of. */
const MOST_ATTEMPTS = 5;

/**
 * Makes of a line what later events of its run show of it.
 *
 * @param level How grave it is.
 * @param message What has happened.
 * @param fields What it is about.
 * @returns The breadcrumb.
 */
export function toBreadcrumb(
  level: Breadcrumb["level"],
  message: string,
  fields: LogFields,
): Breadcrumb {
  const { task, rest } = takeApart(fields);
  const data = task ? { ...aboutTask(task), ...rest } : rest;
  return {
    type: "default",
    category: task ? "dotflow.task" : "dotflow.workflow",
    level,
    message: toText(message, LONGEST_CRUMB),
    data: toPlainFields(data, LONGEST_CRUMB),
    timestamp: Date.now() / 1_000,
  };
}

/**
 * Makes the event about a task that has failed.
 *
 * @param task The task.
 * @param trail What is known of its run.
 * @param withThrown Whether filters find there what was thrown itself.
 * @returns Hands the event over.
 */
export function failureEvent(
  task: Task,
  trail: Trail,
  withThrown: boolean,
): Capture {
  const event = makeEvent({ task }, trail);
  return errorEvent(event, task.error?.thrown, withThrown);
}

/**
 * Makes the event about a line of the log; an error among its fields is shown as
 * that of a task is.
 *
 * @param message What the line says.
 * @param fields What it is about.
 * @param trail What is known of its run, if it is about one.
 * @param withThrown Whether filters find there the error itself.
 * @returns Hands the event over.
 */
export function messageEvent(
  message: string,
  fields: LogFields,
  trail: Trail | undefined,
  withThrown: boolean,
): Capture {
  const { rest } = takeApart(fields);
  const event = makeEvent(fields, trail, {
    message: toText(message, LONGEST_MESSAGE),
    extra: toPlainFields(rest, LONGEST_FIELD, LONGEST_FIELDS),
  });
  const error = [rest.error, rest.cause].find(isError);
  if (error !== undefined) return errorEvent(event, error, withThrown);
  // deno-lint-ignore require-await
  return async (toucan, eventId) => {
    const hint = { event_id: eventId };
    toucan.captureEvent(withSampling(clientOf(toucan), event), hint);
  };
}

function errorEvent(
  event: ReturnType<typeof makeEvent>,
  thrown: unknown,
  withThrown: boolean,
): Capture {
  const error = copyError(thrown);
  const mechanism = { type: "dotflow", handled: true };
  // While the event waits, what was thrown would be kept with all that it holds.
  const data = { mechanism, ...withThrown && { thrown } };
  return async (toucan, eventId) => {
    const client = clientOf(toucan);
    const hint = { event_id: eventId, originalException: error, data };
    const made = await client.eventFromException(error, hint);
    toucan.captureEvent(withSampling(client, { ...made, ...event }), hint);
  };
}

/** What every event says. */
function makeEvent(
  fields: LogFields,
  trail: Trail | undefined,
  more: object = {},
) {
  const { task } = fields;
  const { workflowId, runId, traceparent } = task ?? fields;
  const place = parseTraceparent(traceparent);
  const trace = {
    trace_id: place?.traceId ?? trail?.traceId ?? randomTraceId(16),
    span_id: place?.spanId ?? randomTraceId(8),
  };
  const tags = {
    workflow_id: workflowId,
    run_id: runId,
    task_id: task?.taskId,
    attempt: task && String(task.retryCount + 1),
    mode: trail?.mode,
  };
  return fit({
    level: "error",
    logger: "dotflow",
    timestamp: Date.now() / 1_000,
    transaction: workflowId && toTag(workflowId),
    tags: toTags(tags),
    contexts: { trace, ...task && { dotflow: contextOf(task) } },
    breadcrumbs: [...trail?.breadcrumbs ?? []],
    ...more,
  });
}

function contextOf(task: Task): Record<string, unknown> {
  const failed = task.errors.slice(-MOST_ATTEMPTS).map((error) =>
    toTag(`${error.attempt}: ${error.exception}: ${error.message}`)
  );
  return {
    type: "dotflow",
    task_id: toTag(task.taskId),
    group: toTag(task.groupName),
    status: task.status,
    duration: Math.round(task.duration) / 1_000,
    retry_count: task.retryCount,
    failed_attempts: failed,
  };
}

function aboutTask(task: Task): Record<string, unknown> {
  const error = task.status === "Completed" ? undefined : task.error;
  return {
    task_id: task.taskId,
    attempt: task.retryCount + 1,
    exception: error?.exception,
    reason: error?.message,
  };
}

/** The task, and what is no part of every line. */
function takeApart(fields: LogFields) {
  const { task, workflowId: _w, runId: _r, traceparent: _t, ...rest } = fields;
  return { task, rest };
}

/** Leaves out what came first, until the event is no larger than it may be. */
function fit<Event extends { breadcrumbs: readonly Breadcrumb[] }>(
  event: Event,
): Event {
  const { breadcrumbs } = event;
  if (breadcrumbs.length === 0) return event;
  if (bytesIn(JSON.stringify(event)) <= MOST_BYTES) return event;
  const latest = breadcrumbs.slice(Math.ceil(breadcrumbs.length / 2));
  return fit({ ...event, breadcrumbs: latest });
}
