/**
 * Transactions: a run as Sentry's tracing has it, with a span for each task.
 *
 * They are made whole when the run has ended. Spans that Sentry's own library
 * keeps open stand in globals, where concurrent runs would get into each other.
 *
 * @see https://develop.sentry.dev/sdk/data-model/event-payloads/transaction/
 * @module
 */

import { bytesIn } from "../../src/object_name.ts";
import type { RunInfo } from "../../src/run_info.ts";
import type { Task } from "../../src/task.ts";
import {
  parseTraceparent,
  randomTraceId,
  type TracePlace,
} from "../../src/traceparent.ts";
import type { Capture } from "./outlet.ts";
import { toTag, toTags, toText } from "./text.ts";
import { clientOf, withSampling } from "./toucan.ts";

/** The most that is kept of a task's id, in UTF-16 code units. */
const LONGEST_NAME = 200;
/** The most spans that Sentry takes. */
const MOST_SPANS = 1_000;
/** How many spans are as large as an event of ordinary size. */
const SPANS_OF_AN_EVENT = 50;
/** What all spans together may weigh; Sentry takes 1 MB in all. */
const MOST_BYTES = 900_000;

/** A task as Sentry has it. */
interface Span {
  readonly span_id: string;
  readonly [name: string]: unknown;
}

/**
 * Makes the transaction of a run.
 *
 * @param run The run, which has ended.
 * @param place Where it stands in its trace.
 * @param sampleRate Which part of all runs is traced.
 * @returns Hands the event over; and how many events of ordinary size it is as
 * large as.
 */
export function transactionEvent(
  run: RunInfo,
  place: TracePlace,
  sampleRate: number,
): { readonly capture: Capture; readonly weight: number } {
  const event = toTransaction(run, place, sampleRate);
  const sampling = {
    transaction: event.transaction,
    sample_rate: String(sampleRate),
    sampled: "true",
  };
  return {
    // deno-lint-ignore require-await
    capture: async (toucan, eventId) => {
      const whole = withSampling(clientOf(toucan), event, sampling);
      toucan.captureEvent(whole, { event_id: eventId });
    },
    weight: 1 + event.spans.length / SPANS_OF_AN_EVENT,
  };
}

function toTransaction(run: RunInfo, place: TracePlace, sampleRate: number) {
  const ran = run.tasks.filter((task) => task.startedMs > 0);
  const spans = spansOf(ran, place);
  const first = parseTraceparent(run.resumedFrom);
  const name = toTag(run.workflowId);
  return {
    type: "transaction",
    transaction: name,
    transaction_info: { source: "task" },
    ...times(run),
    tags: toTags({
      workflow_id: run.workflowId,
      run_id: run.runId,
      mode: run.mode,
      resumed_from: first?.traceId,
    }),
    contexts: {
      trace: {
        trace_id: place.traceId,
        span_id: place.spanId,
        op: "dotflow.workflow",
        origin: "manual",
        status: statusOfRun(run),
        client_sample_rate: sampleRate,
        links: first && [linkTo(first)],
        data: {
          "dotflow.workflow_id": name,
          "dotflow.run_id": toTag(run.runId),
          "dotflow.mode": run.mode,
          "dotflow.status": run.status,
          "dotflow.tasks": run.tasks.length,
          "dotflow.tasks_restored":
            run.tasks.filter((task) => task.restored).length,
          "dotflow.spans_left_out": ran.length - spans.length,
          "dotflow.resumed_from": first?.traceId,
        },
      },
    },
    spans,
  };
}

/** Where there are too many, those of tasks that have failed come first. */
function spansOf(tasks: readonly Task[], place: TracePlace): Span[] {
  const failed = tasks.filter((task) => task.status === "Failed");
  const others = tasks.filter((task) => task.status !== "Failed");
  const spans: Span[] = [];
  let bytes = 0;
  for (const task of [...failed, ...others]) {
    const span = toSpan(task, place);
    bytes += bytesIn(JSON.stringify(span)) + 1;
    if (spans.length === MOST_SPANS || bytes > MOST_BYTES) break;
    spans.push(span);
  }
  return spans;
}

function toSpan(task: Task, run: TracePlace): Span {
  const place = parseTraceparent(task.traceparent);
  const failure = task.status === "Failed" ? task.error : undefined;
  return {
    trace_id: run.traceId,
    span_id: place?.spanId ?? randomTraceId(8),
    parent_span_id: run.spanId,
    op: "dotflow.task",
    origin: "manual",
    description: toText(task.taskId, LONGEST_NAME),
    ...times(task),
    status: statusOfTask(task),
    data: {
      "dotflow.task.status": task.status,
      "dotflow.task.group": toTag(task.groupName),
      "dotflow.task.attempts": task.retryCount + 1,
      "dotflow.task.retry_count": task.retryCount,
      "dotflow.task.exception": failure && toTag(failure.exception),
    },
  };
}

/** Seconds since the epoch. */
function times(
  { startedMs, duration }: { startedMs: number; duration: number },
): { start_timestamp: number; timestamp: number } {
  return {
    start_timestamp: startedMs / 1_000,
    timestamp: (startedMs + duration) / 1_000,
  };
}

/** A run that was resumed is linked to where it began. */
function linkTo({ traceId, spanId, sampled }: TracePlace): object {
  return {
    trace_id: traceId,
    span_id: spanId,
    sampled,
    attributes: { "sentry.link.type": "previous_trace" },
  };
}

/** Of tasks that a run's own timeout has cut off, the run has failed. */
function statusOfRun({ status, tasks }: RunInfo): string {
  if (status === "Completed") return "ok";
  if (status === "Cancelled") return "cancelled";
  const isLate = tasks.some(({ error }) =>
    error?.exception === "WorkflowTimeoutError"
  );
  return isLate ? "deadline_exceeded" : "internal_error";
}

function statusOfTask({ status, error }: Task): string {
  if (status === "Completed") return "ok";
  switch (error?.exception) {
    case "WorkflowCancelledError":
      return "cancelled";
    case "TaskTimeoutError":
    case "WorkflowTimeoutError":
      return "deadline_exceeded";
    default:
      return "internal_error";
  }
}
