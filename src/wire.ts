/**
 * The wire protocol of the remote API: what a client tells of runs, and what the
 * server answers with.
 *
 * The four calls, their paths and their fields in snake_case are those of the
 * reference system, and so are texts of contexts. Fields that it does not know
 * are marked as such: a server of the reference passes over them, and a client
 * of the reference leaves them out.
 *
 * @module
 */

import type { TaskStatus, WorkflowStatus } from "./status.ts";

/** A failed attempt. */
export interface WireError {
  /** Which attempt failed, from 1. */
  readonly attempt: number;
  /** The class of the error. */
  readonly exception: string;
  /** Its message. */
  readonly message: string;
  /** Its stack. */
  readonly traceback: string;
  /** When it failed, in ISO 8601; unknown to the reference. */
  readonly failed_at?: string;
}

/** A task: the body of `POST …/tasks` and `PATCH …/tasks/{task_id}`. */
export interface WireTask {
  /** The task. */
  readonly task_id: string;
  /** The same once more. */
  readonly id: string;
  /** The workflow. */
  readonly workflow_id: string;
  /** The run; unknown to the reference. */
  readonly run_id?: string;
  /** The name for people; unknown to the reference. */
  readonly name?: string;
  /** Where the task stands. */
  readonly status: TaskStatus;
  /** How long it took, in seconds. */
  readonly duration: number;
  /** JSON text of what was given to the task; null where empty. */
  readonly initial_context: string | null;
  /** JSON text of its result; null where empty. */
  readonly current_context: string | null;
  /** JSON text of what came before; null where empty. */
  readonly previous_context: string | null;
  /** The group. */
  readonly group_name: string;
  /** Attempts after the first. */
  readonly retry_count: number;
  /** When it was made, in ISO 8601. */
  readonly created_at: string | null;
  /** When it started. */
  readonly started_at: string | null;
  /** When it ended. */
  readonly finished_at: string | null;
  /** Every failed attempt. */
  readonly errors: readonly WireError[];
  /** The last of them. */
  readonly error: WireError | null;
  /** Whether the result was read from a checkpoint; unknown to the reference. */
  readonly restored?: boolean;
  /** From 0 to 1, as the step told; unknown to the reference. */
  readonly progress?: number | null;
  /** Its place in the order of `add`, from 0; unknown to the reference. */
  readonly position?: number;
}

/** The fields of a run that the reference does not know. */
export interface WireRun {
  /** The run. */
  readonly run_id?: string;
  /** The name of the workflow, for people. */
  readonly workflow_name?: string;
  /** The mode. */
  readonly mode?: string;
  /** Whether the run goes on from an earlier start. */
  readonly resumed?: boolean;
  /** How many tasks the run has. */
  readonly tasks_count?: number;
  /** When this start of the run began, in ISO 8601. */
  readonly started_at?: string;
  /** How long the run took, in seconds; on its end only. */
  readonly duration?: number;
}

/** The body of `PATCH …/workflows/{workflow_id}`. */
export interface WireWorkflowUpdate extends WireRun {
  /** Where the run stands; on the wire, a cancelled one is `Failed`. */
  readonly status: Exclude<WorkflowStatus, "Cancelled">;
  /** Whether it was cancelled; unknown to the reference. */
  readonly cancelled?: boolean;
}

/** The body of `POST …/workflows`. */
export interface WireWorkflow extends WireRun {
  /** The workflow. */
  readonly workflow_id: string;
  /** The same once more. */
  readonly id: string;
  /** The name for people. */
  readonly workflow_name: string;
  /** The same once more. */
  readonly name: string;
  /** The tasks. */
  readonly tasks: readonly WireTask[];
}

/** A run as the server lists it. */
export interface RunSummary {
  /** The workflow. */
  readonly workflow_id: string;
  /** The run; that of a client which names none is given by the server. */
  readonly run_id: string;
  /** The name of the workflow, for people. */
  readonly workflow_name: string;
  /** Where the run stands. */
  readonly status: WorkflowStatus;
  /** The mode; null where the client did not say. */
  readonly mode: string | null;
  /** Whether the run went on from an earlier start. */
  readonly resumed: boolean;
  /** When it began, in ISO 8601. */
  readonly started_at: string;
  /** When it ended; null while it goes on. */
  readonly finished_at: string | null;
  /** How long it took, in seconds; null while it goes on. */
  readonly duration: number | null;
  /** When the server last heard of it. */
  readonly updated_at: string;
  /** How many tasks it has, and how many of them stand where. */
  readonly tasks: {
    readonly total: number;
    readonly completed: number;
    readonly failed: number;
    readonly running: number;
  };
}

/** A task as the server lists it: without contexts, stacks and long messages. */
export interface TaskSummary {
  /** The task. */
  readonly task_id: string;
  /** The name for people. */
  readonly name: string;
  /** The group. */
  readonly group_name: string;
  /** Its place in the order of `add`, from 0. */
  readonly position: number;
  /** Where it stands. */
  readonly status: TaskStatus;
  /** When it started, in ISO 8601. */
  readonly started_at: string | null;
  /** When it ended. */
  readonly finished_at: string | null;
  /** How long it took, in seconds. */
  readonly duration: number;
  /** Attempts after the first. */
  readonly retry_count: number;
  /** Whether the result was read from a checkpoint. */
  readonly restored: boolean;
  /** From 0 to 1; null where the step did not tell. */
  readonly progress: number | null;
  /** When each failed attempt failed, in order; null where unknown. */
  readonly failed_at: readonly (string | null)[];
  /** The last error, its message cut at 200 characters; null without one. */
  readonly error: Pick<WireError, "exception" | "message"> | null;
}

/** A page of a list. */
export interface Page<Item> {
  /** The items. */
  readonly items: readonly Item[];
  /** What asks for the next page as `cursor`; null on the last one. */
  readonly next_cursor: string | null;
}

/** What `GET /api/events` streams: the event's name, and its data. */
export type ServerEvent =
  | { readonly event: "run"; readonly data: RunSummary }
  | {
    readonly event: "task";
    readonly data: TaskSummary & Pick<RunSummary, "workflow_id" | "run_id">;
  };

/** Half of a pair alone, or what stands for one; and tildes before it. */
const HALF = /(~*)(\p{Surrogate})|(~+)(ud[89a-f][0-9a-f]{2})/gu;
const HALF_WRITTEN = /(~+)ud([89a-f][0-9a-f]{2})/g;

/**
 * Writes an id as one part of a path, from which {@linkcode fromPathPart} reads
 * the very same id.
 *
 * A part of dots alone would lead elsewhere, encoded or not, and half of a pair
 * of surrogates cannot be encoded at all: the first has a `~` before it (`~..`),
 * the other is written as `~ud800`, and an id that looks like that has one `~`
 * more. All other ids are encoded as ever.
 *
 * @param id The id.
 * @returns The part.
 */
export function toPathPart(id: string): string {
  const whole = /^~*\.\.?$/.test(id) ? `~${id}` : id.replace(
    HALF,
    (_, before, half, tildes, looksSo) =>
      half === undefined
        ? tildes + tildes + looksSo
        : `${before}${before}~u${half.charCodeAt(0).toString(16)}`,
  );
  return encodeURIComponent(whole);
}

/**
 * Reads an id from a part of a path.
 *
 * @param part The part, as it stands in the path.
 * @returns The id; what cannot be decoded is taken as it is.
 */
export function fromPathPart(part: string): string {
  const whole = decode(part);
  return /^~+\.\.?$/.test(whole) ? whole.slice(1) : whole.replace(
    HALF_WRITTEN,
    (_, tildes: string, digits: string) => {
      const before = "~".repeat(Math.floor(tildes.length / 2));
      return before +
        (tildes.length % 2 === 0
          ? `ud${digits}`
          : String.fromCharCode(parseInt(`d${digits}`, 16)));
    },
  );
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
