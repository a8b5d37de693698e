/**
 * The tasks of a run: in order, in their groups, and when each of them was.
 *
 * @module
 */

import type { RunSummary, TaskSummary } from "../src/wire.ts";
import { goesOn, lookOf } from "./status.ts";

/** A group of tasks. */
export interface Group {
  /** Its name. */
  readonly name: string;
  /** Its tasks, in order. */
  readonly ids: readonly string[];
}

/** A part of a bar. */
export interface Segment {
  /** When it begins, in milliseconds since 1970. */
  readonly from: number;
  /** When it ends. */
  readonly to: number;
  /** The name of its colours. */
  readonly kind: string;
}

/** The tasks of a run. */
export class TasksModel {
  #tasks = new Map<string, TaskSummary>();
  #groups: Group[] | undefined = [];
  #heard = new Set<string>();

  /** How many there are. */
  get size(): number {
    return this.#tasks.size;
  }

  /** The groups, in order of first appearance. */
  get groups(): readonly Group[] {
    return this.#groups ??= toGroups(this.#tasks.values());
  }

  /**
   * Finds a task.
   *
   * @param id Its id.
   * @returns The task as it is now.
   */
  get(id: string): TaskSummary | undefined {
    return this.#tasks.get(id);
  }

  /** All tasks, in no order. */
  all(): Iterable<TaskSummary> {
    return this.#tasks.values();
  }

  /** Says that all is loaded anew: what events tell meanwhile is newer. */
  beginLoad(): void {
    this.#heard.clear();
  }

  /**
   * Takes a page of the server.
   *
   * @param tasks The tasks.
   */
  addPage(tasks: readonly TaskSummary[]): void {
    for (const task of tasks) {
      if (!this.#heard.has(task.task_id)) this.#put(task);
    }
  }

  /**
   * Takes what an event tells.
   *
   * @param task The task as it is now.
   */
  hear(task: TaskSummary): void {
    this.#heard.add(task.task_id);
    this.#put(task);
  }

  #put(task: TaskSummary): void {
    const known = this.#tasks.get(task.task_id);
    const same = known?.position === task.position &&
      known.group_name === task.group_name;
    this.#tasks.set(task.task_id, task);
    if (!same) this.#groups = undefined;
  }
}

function toGroups(tasks: Iterable<TaskSummary>): Group[] {
  const sorted = [...tasks].sort((a, b) => a.position - b.position);
  const groups = new Map<string, string[]>();
  for (const { group_name, task_id } of sorted) {
    const ids = groups.get(group_name);
    if (ids) ids.push(task_id);
    else groups.set(group_name, [task_id]);
  }
  return [...groups].map(([name, ids]) => ({ name, ids }));
}

/**
 * Counts where tasks stand.
 *
 * @param tasks The tasks.
 * @returns As a run tells it.
 */
export function countTasks(
  tasks: Iterable<TaskSummary | undefined>,
): RunSummary["tasks"] {
  const counts = { total: 0, completed: 0, failed: 0, running: 0 };
  for (const task of tasks) {
    counts.total++;
    if (task === undefined) continue;
    if (task.status === "Completed") counts.completed++;
    else if (task.status === "Failed") counts.failed++;
    else if (goesOn(task.status)) counts.running++;
  }
  return counts;
}

/**
 * Tells the parts of a task's bar: one for each failed attempt, from the
 * failure before, and one for what came of it.
 *
 * @param task The task.
 * @param now The time, in milliseconds since 1970.
 * @returns The parts; none where it has not begun, or was read back.
 */
export function segmentsOf(task: TaskSummary, now: number): Segment[] {
  if (task.started_at === null || task.restored) return [];
  const start = Date.parse(task.started_at);
  const end = task.finished_at === null ? now : Date.parse(task.finished_at);
  const segments: Segment[] = [];
  let from = start;
  for (const failed of task.failed_at) {
    const to = failed === null ? NaN : Date.parse(failed);
    if (!(to >= from)) continue;
    segments.push({ from, to, kind: "failed" });
    from = to;
  }
  const over = task.status === "Failed" && segments.length > 0;
  if (!over) {
    segments.push({
      from,
      to: Math.max(from, end),
      kind: lookOf(task.status).kind,
    });
  }
  return segments;
}

/**
 * Tells from when to when a run was, with all its tasks.
 *
 * @param run The run.
 * @param tasks Its tasks.
 * @param now The time, in milliseconds since 1970.
 * @returns Two times, in milliseconds since 1970.
 */
export function spanOf(
  run: RunSummary,
  tasks: Iterable<TaskSummary>,
  now: number,
): [start: number, end: number] {
  let start = Date.parse(run.started_at);
  let end = run.finished_at === null ? now : Date.parse(run.finished_at);
  for (const task of tasks) {
    if (task.started_at === null || task.restored) continue;
    start = Math.min(start, Date.parse(task.started_at));
    if (task.finished_at === null) continue;
    end = Math.max(end, Date.parse(task.finished_at));
  }
  return [start, Math.max(end, start + 1)];
}
