/**
 * The storage family: where checkpoints and run records are kept.
 *
 * @module
 */

import { brand } from "../brand.ts";
import type { Context } from "../context.ts";
import { taskKey, type TaskPlace } from "../place.ts";
import type { Awaitable } from "../types.ts";

/**
 * Persists the contexts of tasks. `post` and `get` are enough for a storage of
 * one's own; every further method that it has makes more possible: `atomicSwap`
 * makes commits create-only and lets a run own its workflow, `deletePrefix` lets
 * old runs be removed, and `listKeys` lets a resume ask once instead of once per
 * task.
 *
 * Methods may answer at once or with a promise. What they throw ends the run
 * with a `StorageError`, unless it is a `DotFlowError` of its own.
 *
 * @example A storage of one's own
 * ```ts
 * import { Context, Storage } from "@dotflow/dotflow";
 *
 * class StorageMap extends Storage {
 *   #texts = new Map<string, string>();
 *
 *   post(key: string, context: Context): void {
 *     this.#texts.set(key, context.toText());
 *   }
 *
 *   get(key: string): Context {
 *     const text = this.#texts.get(key);
 *     return text === undefined ? new Context() : Context.fromText(text, key);
 *   }
 * }
 * ```
 */
export abstract class Storage {
  static {
    brand(this, Symbol.for("dotflow.storage"));
  }

  /**
   * Whether what is posted leaves the memory of this process. A storage that
   * persists is given values that any runtime can read back, and refuses what
   * cannot be kept; one that does not persist keeps references.
   *
   * @default true
   */
  readonly persistent: boolean = true;

  /**
   * Whether `atomicSwap` is known to keep two writers apart. Where it is not
   * known, such as behind an address that a user has given, it is tried out once
   * before a run relies on it.
   *
   * @default false
   */
  readonly swapsAtomically: boolean = false;

  /**
   * Stores a context under a key, over whatever was there.
   *
   * @param key The key, as `key` or `listKeys` gives it.
   * @param context What to store.
   */
  abstract post(key: string, context: Context): Awaitable<void>;

  /**
   * Reads the context under a key.
   *
   * @param key The key.
   * @returns What was stored; an empty Context (no `taskId`) where nothing is.
   */
  abstract get(key: string): Awaitable<Context>;

  /**
   * The key of a task's checkpoint: workflow, run and task, each encoded so
   * that no id leaves its place or meets another's.
   *
   * @param task The task, or its three ids.
   * @returns The key.
   */
  key(task: TaskPlace): string {
    return taskKey(task);
  }

  /**
   * Stores a context only if the key still holds what was expected, in one
   * step that no other writer can come between.
   *
   * @param key The key.
   * @param expected What the key must hold, as `get` gave it; null: nothing.
   * @param next What to store.
   * @returns Whether it was stored.
   */
  atomicSwap?(
    key: string,
    expected: Context | null,
    next: Context,
  ): Awaitable<boolean>;

  /**
   * Removes what is stored under a key.
   *
   * @param key The key.
   * @returns Whether there was something.
   */
  delete?(key: string): Awaitable<boolean>;

  /**
   * Removes everything whose key begins with a prefix.
   *
   * @param prefix The beginning; an empty one is refused.
   * @returns How many keys were removed.
   * @throws {InvalidOptionError} If the prefix is empty.
   */
  deletePrefix?(prefix: string): Awaitable<number>;

  /**
   * Lists the keys that begin with a prefix, in the order of their code units.
   *
   * @param prefix The beginning; an empty one means every key.
   * @returns The keys.
   */
  listKeys?(prefix: string): Awaitable<string[]>;

  /**
   * Says what process this is, for a storage that only processes of one machine
   * share.
   *
   * @returns What `isGone` can tell by; undefined where it cannot be found out.
   */
  holder?(): Awaitable<string | undefined>;

  /**
   * Tells whether a process has ended for certain, so that a run of its need
   * not be waited for.
   *
   * @param holder What `holder` said in that process.
   * @returns Whether it is gone; false where that is not certain.
   */
  isGone?(holder: string): Awaitable<boolean>;

  /** Gives back what the storage holds open, such as files. */
  close?(): Awaitable<void>;
}
