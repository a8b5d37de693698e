/**
 * The checkpoints of one run: results that are committed once and read back on
 * a resume.
 *
 * @module
 */

import { asStored, Context } from "../context.ts";
import { Storage } from "../contracts/storage.ts";
import { runPrefix } from "../place.ts";
import type { Task } from "../task.ts";
import { type Awaitable, isThenable } from "../types.ts";
import { checked, guarded, storageFailure } from "./guarded.ts";
import type { Ownership } from "./ownership.ts";

/** How many reads are on the way at once. */
const READS_AT_ONCE = 64;

const STORE = "store checkpoint";
const READ = "read checkpoint";

/** A task with its id as a part of a key. */
export interface KeyedTask {
  /** The task. */
  readonly task: Task;
  /** Its id as a part of a key. */
  readonly part: string;
}

/** The checkpoints of one run in a storage. */
export class Checkpoints {
  readonly #storage: Storage;
  readonly #runId: string;
  readonly #prefix: string;
  readonly #ownKeys: boolean;
  /** The ownership of the workflow, where the run has it. */
  ownership: Ownership | undefined;

  constructor(storage: Storage, workflowId: string, runId: string) {
    this.#storage = storage;
    this.#runId = runId;
    this.#prefix = runPrefix(workflowId, runId);
    this.#ownKeys = storage.key !== Storage.prototype.key;
  }

  /**
   * Commits a result. Where the storage can, the first commit wins, and a later
   * one adopts it.
   *
   * @param keyed The task.
   * @param value The result.
   * @param time When it was given, in milliseconds since the epoch.
   * @returns What counts as the task's result.
   * @throws {UnstorableValueError} If a part of the result cannot be kept.
   * @throws {StorageError} If the storage fails.
   */
  commit(keyed: KeyedTask, value: unknown, time: number): Awaitable<Context> {
    const { taskId, workflowId, runId } = keyed.task;
    const init = { storage: value, taskId, workflowId, runId, time };
    const storage = this.#storage;
    const context = storage.persistent ? asStored(init) : new Context(init);
    const key = this.#key(keyed);
    try {
      const written = storage.atomicSwap
        ? storage.atomicSwap(key, null, context)
        : posted(storage.post(key, context));
      if (!isThenable(written)) {
        return written ? context : this.#adopt(key, context);
      }
      return written.then(
        (ok) => ok ? context : this.#adopt(key, context),
        (cause) => {
          throw storageFailure(STORE, key, cause);
        },
      );
    } catch (cause) {
      throw storageFailure(STORE, key, cause);
    }
  }

  /**
   * Reads back the results of tasks.
   *
   * @param tasks The tasks.
   * @returns The results in the same order; undefined where there is none.
   * @throws {CorruptCheckpointError} If one is damaged.
   * @throws {StorageError} If the storage fails.
   */
  async load(tasks: readonly KeyedTask[]): Promise<(Context | undefined)[]> {
    const keys = tasks.map((keyed) => this.#key(keyed));
    const stored = await this.#list();
    const found: (Context | undefined)[] = keys.map(() => undefined);
    let next = 0;
    const lane = async () => {
      while (next < keys.length) {
        const index = next++;
        if (stored && !stored.has(keys[index])) continue;
        const answer = this.#read(keys[index]);
        // What a storage answers at once is not waited for.
        found[index] = isThenable(answer) ? await answer : answer;
      }
    };
    const lanes = Math.min(READS_AT_ONCE, keys.length);
    await Promise.all(Array.from({ length: lanes }, lane));
    return found;
  }

  /** One result, at once where the storage answers at once; it never throws. */
  #read(key: string): Awaitable<Context | undefined> {
    const pick = (context: Context) =>
      this.#isOurs(checked(context)) ? context : undefined;
    const fail = (cause: unknown) =>
      Promise.reject(storageFailure(READ, key, cause));
    try {
      const answer = this.#storage.get(key);
      return isThenable(answer)
        ? answer.then(pick).then(undefined, fail)
        : pick(answer);
    } catch (cause) {
      return fail(cause);
    }
  }

  /** The keys that are there, where one question answers it. */
  async #list(): Promise<Set<string> | undefined> {
    const storage = this.#storage;
    if (this.#ownKeys || !storage.listKeys) return undefined;
    const prefix = this.#prefix;
    const list = () => storage.listKeys!(prefix);
    return new Set(await guarded("list checkpoints", prefix, list));
  }

  #key({ task, part }: KeyedTask): string {
    if (!this.#ownKeys) return this.#prefix + part;
    try {
      return this.#storage.key(task);
    } catch (cause) {
      throw storageFailure("make the key of", task.taskId, cause);
    }
  }

  /** A commit that came second: takes over what is there, if it is ours. */
  async #adopt(key: string, context: Context): Promise<Context> {
    const storage = this.#storage;
    for (;;) {
      const read = async () => checked(await storage.get(key));
      const stored = await guarded(READ, key, read);
      if (this.#isOurs(stored)) return stored;
      // What another run has left here may be that of a newer owner.
      await this.ownership?.confirm();
      if (this.ownership?.lost) throw this.ownership.lost;
      const expected = isAbsent(stored) ? null : stored;
      const swap = () => storage.atomicSwap!(key, expected, context);
      if (await guarded(STORE, key, swap)) return context;
    }
  }

  /** Under keys without run id, another run's result counts as absent. */
  #isOurs(context: Context): boolean {
    return !isAbsent(context) &&
      (context.runId === undefined || context.runId === this.#runId);
  }
}

/** A plain write always counts. */
function posted(answer: Awaitable<void>): Awaitable<boolean> {
  return isThenable(answer) ? answer.then(() => true) : true;
}

/** A store that keeps only the bare value gives it without its task. */
function isAbsent(context: Context): boolean {
  return context.taskId === undefined && context.storage === undefined;
}
