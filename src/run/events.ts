/**
 * The one stream of events of a run. Everything that only watches hangs on it;
 * an event that nobody listens for is not even made.
 *
 * @module
 */

import type { LogFields, LogLevel } from "../contracts/log.ts";
import type { RunInfo } from "../run_info.ts";
import type { Task } from "../task.ts";

/** A line for the logs. */
export interface LogLine {
  /** How grave it is. */
  readonly level: LogLevel;
  /** What happened. */
  readonly message: string;
  /** What it is about. */
  readonly fields: LogFields;
}

/** The run has started (`runStarted`) or ended (`runEnded`). */
export interface RunStateEvent {
  /** What has happened. */
  readonly type: "runStarted" | "runEnded";
  /** The run as it stood. */
  readonly run: RunInfo;
}

/**
 * Something has happened to a task: it is about to make its first attempt
 * (`taskStarted`), its status has changed (`taskStatus`), its step has told how
 * far it is (`taskProgress`), its result was read from its checkpoint
 * (`taskRestored`), or it has ended with its final status (`taskEnded`).
 */
export interface TaskEvent {
  /** What has happened. */
  readonly type:
    | "taskStarted"
    | "taskStatus"
    | "taskProgress"
    | "taskRestored"
    | "taskEnded";
  /** The task as it stood. */
  readonly task: Task;
}

/** A step, or the run itself, has written a line for the logs. */
export interface LoggedEvent {
  /** What has happened. */
  readonly type: "logged";
  /** The line. */
  readonly line: LogLine;
}

/** What happens in a run, told apart by `type`. */
export type RunEvent = RunStateEvent | TaskEvent | LoggedEvent;

/** What an event of a type carries. */
export type Payload<Type extends RunEvent["type"]> = Type extends
  TaskEvent["type"] ? Task
  : Type extends RunStateEvent["type"] ? RunInfo
  : LogLine;

/** Takes events of one type. It must not throw. */
export type Listener<Type extends RunEvent["type"]> = (
  payload: Payload<Type>,
) => void;

/** Picks events by how the task stands, before a copy of it is made. */
export type TaskFilter = (task: Task) => boolean;

// deno-lint-ignore no-explicit-any
type Entry = { listener: Listener<any>; filter: TaskFilter | undefined };

/** Hands events on to those who listen for their type. */
export class EventStream {
  readonly #entries: Partial<Record<RunEvent["type"], Entry[]>> = {};

  /**
   * Listens for a type of events.
   *
   * @param type The type.
   * @param listener Takes the events, in order.
   * @param filter Picks among events about tasks; without it: all.
   */
  on<Type extends RunEvent["type"]>(
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
  emitTask(type: TaskEvent["type"], task: Task): void {
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
  emit<Type extends Exclude<RunEvent["type"], TaskEvent["type"]>>(
    type: Type,
    make: () => Payload<Type>,
  ): void {
    const entries = this.#entries[type];
    if (entries === undefined) return;
    const payload = make();
    for (const { listener } of entries) listener(payload);
  }
}
