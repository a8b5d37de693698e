/**
 * The one stream of events of a run. Everything that only watches hangs on it;
 * an event that nobody listens for is not even made.
 *
 * @module
 */

import type { LogFields, LogLevel } from "../contracts/log.ts";
import type { RunInfo } from "../run_info.ts";
import type { Task } from "../task.ts";

/** What an event of each type carries. */
export interface RunEvents {
  /** The run starts. */
  runStarted: RunInfo;
  /** The run has ended, with its final status. */
  runEnded: RunInfo;
  /** A task is about to make its first attempt. */
  taskStarted: Task;
  /** The status of a task has changed. */
  taskStatus: Task;
  /** A step has told how far it is. */
  taskProgress: Task;
  /** A task's result was read from its checkpoint. */
  taskRestored: Task;
  /** A task has ended, with its final status. */
  taskEnded: Task;
  /** A line for the logs, of a step or of the run itself. */
  logged: LogLine;
}

/** A line for the logs. */
export interface LogLine {
  /** How grave it is. */
  readonly level: LogLevel;
  /** What happened. */
  readonly message: string;
  /** What it is about. */
  readonly fields: LogFields;
}

/** The types of events about a task. */
export type TaskEvent =
  | "taskStarted"
  | "taskStatus"
  | "taskProgress"
  | "taskRestored"
  | "taskEnded";

/** Takes events of one type. It must not throw. */
export type Listener<Type extends keyof RunEvents> = (
  event: RunEvents[Type],
) => void;

/** Picks events by how the task stands, before a copy of it is made. */
export type TaskFilter = (task: Task) => boolean;

// deno-lint-ignore no-explicit-any
type Entry = { listener: Listener<any>; filter: TaskFilter | undefined };

/** Hands events on to those who listen for their type. */
export class EventStream {
  readonly #entries: Partial<Record<keyof RunEvents, Entry[]>> = {};

  /**
   * Listens for a type of events.
   *
   * @param type The type.
   * @param listener Takes the events, in order.
   * @param filter Picks among events about tasks; without it: all.
   */
  on<Type extends keyof RunEvents>(
    type: Type,
    listener: Listener<Type>,
    filter?: TaskFilter,
  ): void {
    const entries: Partial<Record<string, Entry[]>> = this.#entries;
    (entries[type] ??= []).push({ listener, filter });
  }

  /**
   * Hands on an event about a task, as the task stands at this moment.
   *
   * @param type The type.
   * @param task The task.
   */
  emitTask(type: TaskEvent, task: Task): void {
    const entries = this.#entries[type];
    if (entries === undefined) return;
    let snapshot: Task | undefined;
    for (const { listener, filter } of entries) {
      if (filter?.(task) ?? true) listener(snapshot ??= task.snapshot());
    }
  }

  /**
   * Hands on an event about the run.
   *
   * @param type The type.
   * @param make Makes what the event carries, if anybody wants it.
   */
  emit<Type extends Exclude<keyof RunEvents, TaskEvent>>(
    type: Type,
    make: () => RunEvents[Type],
  ): void {
    const entries = this.#entries[type];
    if (entries === undefined) return;
    const event = make();
    for (const { listener } of entries) listener(event);
  }
}
