/**
 * Where a run stands, and what a client's word changes of it. A word that comes
 * twice or late changes nothing.
 *
 * @module
 */

import type { WorkflowStatus } from "../src/status.ts";
import type { RunSummary, WireRun } from "../src/wire.ts";

/** How many tasks of a run stand where. */
export type Counts = RunSummary["tasks"];

/** The state of a run, as it is stored: what is listed of it, and more. */
export interface RunState extends Omit<RunSummary, "tasks"> {
  /** When its latest start began, as the client has said; null: it has not. */
  readonly begun_at: string | null;
  /** When its latest starts began, as clients have said, in their order. */
  readonly begins: readonly string[];
  /** How many starts there have been; a resume is one more. */
  readonly starts: number;
  /** How many tasks it has, as the client has said. */
  readonly tasks_count: number;
  /** Its place in the index. */
  readonly index: string;
  /** What the tasks amount to; null: they have to be looked at. */
  readonly counts: Counts | null;
  /** Which table of tasks belongs to the counts. */
  readonly seal: string | null;
  /** How many words on tasks came after the end. */
  readonly late: number;
  /** Which servers have written to it; see {@linkcode withWriter}. */
  readonly writers: readonly string[];
}

/** What a client says of a run. */
export interface RunWord extends Omit<WireRun, "run_id"> {
  /** Where it stands. */
  readonly status: WorkflowStatus;
}

/**
 * Tells whether a status is a last one.
 *
 * @param status The status of a run or a task.
 * @returns Whether it is.
 */
export function isEnd(status: string): boolean {
  return status === "Completed" || status === "Failed" ||
    status === "Cancelled";
}

/** So many starts are told apart. */
const MOST_BEGINS = 32;

/** So many servers are named; where there are more, none is alone. */
const MOST_WRITERS = 8;

/**
 * Names a server as one that writes to a run. The names are part of the state
 * and no records of their own, since listing records costs the more the more
 * there are, and this is asked whenever a run ends.
 *
 * @param state The state.
 * @param writer The server.
 * @returns The state that names it; the very same where nothing changes.
 */
export function withWriter(state: RunState, writer: string): RunState {
  const { writers } = state;
  return writers.includes(writer) || writers.length >= MOST_WRITERS
    ? state
    : { ...state, writers: [...writers, writer] };
}

/**
 * Applies what a client says.
 *
 * @param before The state; undefined where nothing is known of the run.
 * @param word What the client says.
 * @param made The state of a run of which nothing was known.
 * @param now The present moment, in ISO 8601.
 * @returns The state from now on; undefined where nothing changes.
 */
export function nextState(
  before: RunState | undefined,
  word: RunWord,
  made: RunState,
  now: string,
): RunState | undefined {
  const state = before ?? made;
  const merged = {
    ...state,
    workflow_name: word.workflow_name ?? state.workflow_name,
    mode: word.mode ?? state.mode,
    tasks_count: word.tasks_count ?? state.tasks_count,
    updated_at: now,
  };
  if (isEnd(word.status)) {
    return isEnd(state.status) || isOfEarlierStart(state, word)
      ? undefined
      : ended(merged, word, now);
  }
  if (word.status === "New") {
    return before === undefined ? { ...merged, status: "New" } : undefined;
  }
  if (state.status === "New") {
    return {
      ...merged,
      status: "In progress",
      resumed: word.resumed ?? false,
      ...asBegun(state, word),
    };
  }
  return beginsAgain(state, word)
    ? {
      ...merged,
      status: "In progress",
      resumed: true,
      ...asBegun(state, word),
      starts: state.starts + 1,
      finished_at: null,
      duration: null,
      counts: null,
      seal: null,
    }
    : undefined;
}

/**
 * What was said of an earlier start arrives after a later one has begun. Clocks
 * of machines differ, so times tell which start it was, and order only those
 * of which nothing was heard.
 */
function isOfEarlierStart(state: RunState, { started_at }: RunWord): boolean {
  if (started_at === undefined || state.begun_at === null) return false;
  return started_at !== state.begun_at &&
    (state.begins.includes(started_at) || started_at < state.begun_at);
}

function asBegun(
  { begins }: RunState,
  { started_at }: RunWord,
): Pick<RunState, "begun_at" | "begins"> {
  if (started_at === undefined) return { begun_at: null, begins };
  return {
    begun_at: started_at,
    begins: [...begins.slice(1 - MOST_BEGINS), started_at],
  };
}

function beginsAgain(state: RunState, word: RunWord): boolean {
  if (word.resumed !== true) return false;
  if (word.started_at === undefined) return isEnd(state.status);
  return word.started_at !== state.begun_at &&
    !state.begins.includes(word.started_at);
}

function ended(
  state: RunState,
  { status, started_at, duration }: RunWord,
  now: string,
): RunState {
  const begun = Date.parse(started_at ?? state.begun_at ?? state.started_at);
  const lasted = duration ?? Math.max(0, Date.parse(now) - begun) / 1000;
  const end = new Date(begun + lasted * 1000);
  return {
    ...state,
    status,
    ...state.begun_at === null && asBegun(state, { status, started_at }),
    // The client's clock tells both, and this one may go differently.
    finished_at: Number.isNaN(end.getTime()) ? now : end.toISOString(),
    duration: lasted,
    counts: null,
    seal: null,
  };
}

/**
 * A run as it is listed.
 *
 * @param state Its state.
 * @param counts What its tasks amount to.
 * @returns The summary.
 */
export function toRunSummary(state: RunState, counts: Counts): RunSummary {
  return {
    workflow_id: state.workflow_id,
    run_id: state.run_id,
    workflow_name: state.workflow_name,
    status: state.status,
    mode: state.mode,
    resumed: state.resumed,
    started_at: state.started_at,
    finished_at: state.finished_at,
    duration: state.duration,
    updated_at: state.updated_at,
    tasks: { ...counts, total: Math.max(counts.total, state.tasks_count) },
  };
}
