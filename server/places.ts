/**
 * Where the server keeps what in its storage.
 *
 * Runs are spread over a few first parts of keys, since a storage in files has a
 * journal for each, in which all that is written at the same time waits for the
 * disk together. A run has its state, one object for each task, and once it has
 * ended the short forms of all its tasks in one.
 *
 * @module
 */

import { crc32 } from "../src/crc32.ts";
import { keyPart } from "../src/key.ts";

/** Over so many first parts of keys runs are spread. */
const SHARDS = 8;

/** From here on, times that count downwards are made: the year 33658. */
const LAST_MS = 1e15 - 1;

/** Where a run is kept. */
export interface RunPlace {
  /** Its workflow and itself, each as a part of a key: `daily/1f2e`. */
  readonly path: string;
  /** What all of its keys begin with. */
  readonly base: string;
}

/** The keys of one server's storage. */
export class Places {
  /** What the keys of the index begin with. */
  readonly index: string;
  /** What the keys of logins begin with. */
  readonly logins: string;
  readonly #prefix: string;

  /**
   * @param prefix How all keys begin.
   */
  constructor(prefix: string) {
    this.#prefix = prefix;
    this.index = `${prefix}-index/`;
    this.logins = `${prefix}-login/`;
  }

  /**
   * The place of a run.
   *
   * @param workflowId The workflow.
   * @param runId The run.
   * @returns The place.
   */
  run(workflowId: string, runId: string): RunPlace {
    return this.at(`${keyPart(workflowId)}/${keyPart(runId)}`);
  }

  /**
   * The place of a run of which the index tells.
   *
   * @param path The workflow and the run as parts of a key.
   * @returns The place.
   */
  at(path: string): RunPlace {
    const [workflow] = path.split("/");
    return { path, base: `${this.#shard(workflow)}${path}/` };
  }

  /**
   * Where the latest run of those is named whose client names none.
   *
   * @param workflowId The workflow.
   * @returns The key.
   */
  latest(workflowId: string): string {
    return this.latestOf(keyPart(workflowId));
  }

  /**
   * The same for a workflow of which the index tells.
   *
   * @param workflow The workflow as a part of a key.
   * @returns The key.
   */
  latestOf(workflow: string): string {
    return `${this.#shard(workflow)}${workflow}/_latest`;
  }

  /** By workflow: which run is the latest is in the same journal. */
  #shard(workflow: string): string {
    const hash = crc32(new TextEncoder().encode(workflow));
    return `${this.#prefix}-${hash % SHARDS}/`;
  }
}

/**
 * The key of a run's state.
 *
 * @param place The run.
 * @returns The key.
 */
export function stateKey({ base }: RunPlace): string {
  return `${base}_run`;
}

/**
 * The key of the short forms of all tasks.
 *
 * @param place The run.
 * @returns The key.
 */
export function tableKey({ base }: RunPlace): string {
  return `${base}_table`;
}

/**
 * What the keys of tasks begin with.
 *
 * @param place The run.
 * @returns The beginning.
 */
export function taskPrefix({ base }: RunPlace): string {
  return `${base}task/`;
}

/**
 * The key of a task.
 *
 * @param place The run.
 * @param taskId The task.
 * @returns The key.
 */
export function taskKey(place: RunPlace, taskId: string): string {
  return taskPrefix(place) + keyPart(taskId);
}

/**
 * A time as a text that sorts the latest first.
 *
 * @param ms The time, in milliseconds since the epoch.
 * @returns 15 digits.
 */
export function downwards(ms: number): string {
  const clamped = Math.min(Math.max(Math.trunc(ms), 0), LAST_MS);
  return String(LAST_MS - clamped).padStart(15, "0");
}

/**
 * Reads what {@linkcode downwards} has written.
 *
 * @param text 15 digits.
 * @returns The time, in milliseconds since the epoch.
 */
export function upwards(text: string): number {
  return LAST_MS - Number(text);
}
