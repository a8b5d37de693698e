/**
 * A storage in an R2 bucket, through the binding that a Worker has.
 *
 * @example
 * ```ts
 * import { action, Config, DotFlow } from "@dotflow/dotflow";
 * import {
 *   type R2Binding,
 *   StorageR2,
 * } from "@dotflow/dotflow/providers/storage-r2";
 *
 * export default {
 *   async fetch(_request: Request, env: { BUCKET: R2Binding }) {
 *     const storage = new StorageR2({ bucket: env.BUCKET });
 *     const workflow = new DotFlow({
 *       workflowId: "daily-users",
 *       config: new Config({ storage }),
 *     });
 *     workflow.task.add(action("extract", () => [1, 2, 3]));
 *     const run = await workflow.start({ resume: true });
 *     return Response.json(run.status);
 *   },
 * };
 * ```
 *
 * @module
 */

import { Context } from "../src/context.ts";
import { Storage } from "../src/contracts/storage.ts";
import { type Duration, toTimeout } from "../src/duration.ts";
import { isPrefix, PREFIX_WORDS } from "../src/object_name.ts";
import {
  kindOf,
  optional,
  readOptions,
  refuseEmptyPrefix,
  toCount,
} from "../src/options.ts";
import { isBinding, type R2Binding } from "./r2/binding.ts";
import { R2Objects } from "./r2/objects.ts";

export type {
  R2Binding,
  R2Body,
  R2Condition,
  R2Head,
  R2List,
} from "./r2/binding.ts";

/** Options of {@linkcode StorageR2}. */
export interface StorageR2Options {
  /** The bucket, as the Worker's `env` has it. */
  readonly bucket: R2Binding;
  /**
   * What the names of all objects begin with.
   *
   * @default {"dotflow/"}
   */
  readonly prefix?: string;
  /**
   * How long one attempt may take.
   *
   * @default {"10s"}
   */
  readonly timeout?: Duration;
  /**
   * How many attempts there are where R2 fails, or gives no answer.
   *
   * @default {4}
   */
  readonly maxAttempts?: number;
}

const CHECKS = {
  bucket: kindOf<R2Binding>(
    isBinding,
    "an R2 binding, such as env.BUCKET of a Worker",
  ),
  prefix: optional(kindOf<string>(isPrefix, PREFIX_WORDS), "dotflow/"),
  timeout: optional(toTimeout, 10_000),
  maxAttempts: optional(toCount, 4),
};

/**
 * Keeps contexts in an R2 bucket: each as an object of its own, whose text is
 * `Context.toText()`.
 *
 * - A commit or a read is one operation of R2, `delete` is two. Creates and
 *   swaps are conditional (`onlyIf`) and atomic at R2; it is consistent, so that
 *   a read sees every write that was confirmed before.
 * - What fails at R2 is tried again. Creates and swaps leave a number in the
 *   object's metadata, and keep up to 31 of those before: by its number a write
 *   whose answer got lost is known, also when others have swapped since. To look
 *   for it takes one operation more.
 * - R2 takes about one write a second for the same object, and refuses more for
 *   a while. Nothing of a run is written that often but in a race.
 * - A Worker may do 50 operations per request on the free plan and 1,000 on the
 *   paid one: a run of N tasks takes N + 2 writes and 1 read.
 *
 * A key may take 1,024 bytes together with the prefix. **Least permissions:** the
 * binding (`r2_buckets` in the configuration of the Worker), nothing else.
 *
 * @example
 * ```ts
 * import { Context } from "@dotflow/dotflow";
 * import {
 *   type R2Binding,
 *   StorageR2,
 * } from "@dotflow/dotflow/providers/storage-r2";
 *
 * async function count(bucket: R2Binding): Promise<boolean> {
 *   const storage = new StorageR2({ bucket, prefix: "counts/" });
 *   const before = await storage.get("visits");
 *   const next = new Context({ taskId: "n", storage: before.storage + 1 });
 *   return await storage.atomicSwap("visits", before, next);
 * }
 * console.log(count.name);
 * ```
 */
export class StorageR2 extends Storage {
  /** R2 evaluates conditions in one step with the write. */
  override readonly swapsAtomically: boolean = true;
  readonly #objects: R2Objects;

  /**
   * Makes the storage, without asking R2.
   *
   * @param options The bucket, and how to keep things there.
   * @throws {InvalidOptionError} If an option is unknown or of a wrong kind.
   */
  constructor(options: StorageR2Options) {
    super();
    const { bucket, prefix, timeout, maxAttempts } = readOptions(
      options,
      "StorageR2",
      CHECKS,
    );
    const attempts = { most: maxAttempts, timeoutMs: timeout };
    this.#objects = new R2Objects({ bucket, prefix, attempts });
  }

  /**
   * Stores a context under a key, over whatever was there.
   *
   * @param key The key.
   * @param context What to store.
   * @throws {UnstorableValueError} If a part of the value cannot be kept.
   * @throws {StorageError} If R2 refuses or keeps failing, or the key is too
   * long.
   */
  async post(key: string, context: Context): Promise<void> {
    await this.#objects.write(key, context);
  }

  /**
   * Reads the context under a key.
   *
   * @param key The key.
   * @returns What was stored; an empty Context where nothing is.
   * @throws {StorageError} If R2 refuses or keeps failing, or the key is too
   * long.
   * @throws {CorruptCheckpointError} If what is there is damaged or foreign.
   */
  async get(key: string): Promise<Context> {
    return await this.#objects.read(key) ?? new Context();
  }

  /**
   * Stores a context only if the key still holds what was expected, whatever
   * other Workers do.
   *
   * @param key The key.
   * @param expected What the key must hold, as `get` gave it; null: nothing.
   * @param next What to store.
   * @returns Whether it was stored.
   * @throws {UnstorableValueError} If a part of a value cannot be kept.
   * @throws {StorageError} If R2 refuses or keeps failing, or the key is too
   * long.
   */
  override async atomicSwap(
    key: string,
    expected: Context | null,
    next: Context,
  ): Promise<boolean> {
    const state = expected && await this.#objects.stateOf(key, expected);
    return state !== undefined && await this.#objects.swap(key, state, next);
  }

  /**
   * Removes what is stored under a key.
   *
   * @param key The key.
   * @returns Whether there was something; of two that remove it at once, both
   * may say so.
   * @throws {StorageError} If R2 refuses or keeps failing, or the key is too
   * long.
   */
  override async delete(key: string): Promise<boolean> {
    return await this.#objects.remove(key);
  }

  /**
   * Removes everything whose key begins with a prefix.
   *
   * @param prefix The beginning; an empty one is refused.
   * @returns How many keys were removed.
   * @throws {InvalidOptionError} If the prefix is empty.
   * @throws {StorageError} If R2 refuses or keeps failing.
   */
  override async deletePrefix(prefix: string): Promise<number> {
    refuseEmptyPrefix(prefix);
    const keys = await this.#objects.list(prefix);
    await this.#objects.removeAll(prefix, keys);
    return keys.length;
  }

  /**
   * Lists the keys that begin with a prefix, in the order of their code units.
   *
   * @param prefix The beginning; an empty one means every key.
   * @returns The keys.
   * @throws {StorageError} If R2 refuses or keeps failing.
   */
  override listKeys(prefix: string): Promise<string[]> {
    return this.#objects.list(prefix);
  }
}
