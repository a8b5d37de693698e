/**
 * A storage on any driver of unstorage: one adapter for over twenty backends.
 *
 * @example
 * ```ts
 * import { action, Config, DotFlow } from "@dotflow/dotflow";
 * import {
 *   StorageUnstorage,
 *   type UnstorageLike,
 * } from "@dotflow/dotflow/providers/storage-unstorage";
 *
 * // const storage = createStorage({ driver: mongodbDriver({ … }) });
 * export function workflowOn(storage: UnstorageLike): DotFlow {
 *   const workflow = new DotFlow({
 *     workflowId: "daily-users",
 *     config: new Config({ storage: new StorageUnstorage({ storage }) }),
 *   });
 *   workflow.task.add(action("extract", () => [1, 2, 3]));
 *   return workflow;
 * }
 * ```
 *
 * @module
 */

import { Context } from "../src/context.ts";
import { Storage } from "../src/contracts/storage.ts";
import { CorruptCheckpointError, StorageError } from "../src/errors.ts";
import {
  kindOf,
  optional,
  readOptions,
  refuseEmptyPrefix,
} from "../src/options.ts";
import { redact } from "../src/redact.ts";
import {
  isUnstorage,
  refuseReadOnly,
  toText,
  type UnstorageLike,
} from "./unstorage/items.ts";
import { decodeKey, encodeKey, encodeParts } from "./unstorage/keys.ts";

export type { UnstorageLike } from "./unstorage/items.ts";

/** Options of {@linkcode StorageUnstorage}. */
export interface StorageUnstorageOptions {
  /** The storage, as `createStorage` of unstorage gives it. */
  readonly storage: UnstorageLike;
  /**
   * What all keys begin with: empty, or names that each end with `:`. It may name
   * a mount point.
   *
   * @default {"dotflow:"}
   */
  readonly prefix?: string;
}

const CHECKS = {
  storage: kindOf<UnstorageLike>(
    isUnstorage,
    "what createStorage of unstorage makes",
  ),
  prefix: optional(
    kindOf<string>(
      (value) =>
        typeof value === "string" && /^(?:[^:/\\?$]+:)*$/.test(value) &&
        !/(?:^|:)\.\.?:/.test(value),
      'an empty text, or names that end with ":", such as "app:dotflow:"',
    ),
    "dotflow:",
  ),
};

/**
 * What each item begins with. It is no beginning of JSON, which unstorage and
 * some drivers would parse and so change.
 */
const MARK = "dotflow ";

/** How many items are removed at once. */
const REMOVED_AT_ONCE = 16;

/**
 * Keeps contexts in any storage of unstorage: each as an item, which is the text
 * `dotflow ` followed by `Context.toText()`.
 *
 * - **There is no ownership.** unstorage has no compare-and-swap, so that
 *   nothing keeps two processes from running the same workflow at once; make
 *   sure of that by other means. A resume works as with every storage. Who needs
 *   ownership takes `StorageFile`, `StorageS3`, `StorageGCS`, `StorageR2` or
 *   `StorageRedis`.
 * - What is kept, how long, and how soon it is seen elsewhere is up to the
 *   driver: Workers KV takes up to a minute, so that a resume may find less than
 *   was stored; a cache (`lru-cache`) forgets; `memory` ends with the process.
 *   So are timeouts, attempts, permissions and how long a key may be.
 * - A commit or a read is one operation of the driver, `delete` is two.
 *   `deletePrefix` removes one by one.
 * - unstorage makes one key of `a/b`, `a:b` and `a\b`, some drivers one of `A`
 *   and `a`. Keys are encoded so that none meets another: `daily/_run` is
 *   `dotflow:daily:__run_`.
 *
 * @example
 * ```ts
 * import { Context } from "@dotflow/dotflow";
 * import {
 *   StorageUnstorage,
 *   type UnstorageLike,
 * } from "@dotflow/dotflow/providers/storage-unstorage";
 *
 * export async function keep(items: UnstorageLike): Promise<number[]> {
 *   const storage = new StorageUnstorage({ storage: items, prefix: "app:" });
 *   await storage.post("flights/1/load", new Context({ storage: [1, 2, 3] }));
 *   return (await storage.get("flights/1/load")).storage;
 * }
 * ```
 */
export class StorageUnstorage extends Storage {
  readonly #items: UnstorageLike;
  readonly #prefix: string;

  /**
   * Makes the storage, without asking the driver.
   *
   * @param options The storage of unstorage, and where in it to keep things.
   * @throws {InvalidOptionError} If an option is unknown or of a wrong kind, or
   * the driver cannot write.
   */
  constructor(options: StorageUnstorageOptions) {
    super();
    const given = readOptions(options, "StorageUnstorage", CHECKS);
    refuseReadOnly(given.storage, given.prefix);
    this.#items = given.storage;
    this.#prefix = given.prefix;
  }

  /**
   * Stores a context under a key, over whatever was there.
   *
   * @param key The key; any text that the driver has room for.
   * @param context What to store.
   * @throws {UnstorableValueError} If a part of the value cannot be kept.
   * @throws {StorageError} If the driver fails.
   */
  async post(key: string, context: Context): Promise<void> {
    const text = MARK + context.toText();
    const at = this.#at(key);
    await this.#ask("store", key, () => this.#items.setItem(at, text));
  }

  /**
   * Reads the context under a key.
   *
   * @param key The key; any text that the driver has room for.
   * @returns What was stored; an empty Context where nothing is.
   * @throws {StorageError} If the driver fails.
   * @throws {CorruptCheckpointError} If what is there is damaged or foreign.
   */
  async get(key: string): Promise<Context> {
    const at = this.#at(key);
    const text = await this.#ask(
      "read",
      key,
      async () => toText(await this.#items.getItem(at)),
    );
    if (text === undefined) return new Context();
    if (!text.startsWith(MARK)) {
      throw new CorruptCheckpointError(
        at,
        `it does not begin with "${MARK.trim()}"`,
      );
    }
    return Context.fromText(text.slice(MARK.length), at);
  }

  /**
   * Removes what is stored under a key.
   *
   * @param key The key; any text that the driver has room for.
   * @returns Whether there was something; of two that remove it at once, both
   * may say so.
   * @throws {StorageError} If the driver fails.
   */
  override async delete(key: string): Promise<boolean> {
    const at = this.#at(key);
    return await this.#ask("remove", key, async () => {
      if (!await this.#items.hasItem(at)) return false;
      await this.#items.removeItem(at);
      return true;
    });
  }

  /**
   * Removes everything whose key begins with a prefix.
   *
   * @param prefix The beginning; an empty one is refused.
   * @returns How many keys were removed.
   * @throws {InvalidOptionError} If the prefix is empty.
   * @throws {StorageError} If the driver fails.
   */
  override async deletePrefix(prefix: string): Promise<number> {
    refuseEmptyPrefix(prefix);
    const keys = await this.listKeys(prefix);
    for (let first = 0; first < keys.length; first += REMOVED_AT_ONCE) {
      const some = keys.slice(first, first + REMOVED_AT_ONCE);
      await Promise.all(
        some.map((key) =>
          this.#ask("remove", key, () => this.#items.removeItem(this.#at(key)))
        ),
      );
    }
    return keys.length;
  }

  /**
   * Lists the keys that begin with a prefix, in the order of their code units.
   *
   * @param prefix The beginning; an empty one means every key.
   * @returns The keys.
   * @throws {StorageError} If the driver fails.
   */
  override async listKeys(prefix: string): Promise<string[]> {
    const slash = prefix.lastIndexOf("/");
    const folder = slash < 0 ? "" : encodeParts(prefix.slice(0, slash));
    const found = await this.#ask(
      "list",
      prefix,
      () => this.#items.getKeys(this.#prefix + folder),
    );
    return found.filter((at) => at.startsWith(this.#prefix))
      .map((at) => decodeKey(at.slice(this.#prefix.length)))
      .filter((key) => key !== undefined)
      .filter((key) => key.startsWith(prefix)).sort();
  }

  #at(key: string): string {
    return this.#prefix + encodeKey(key);
  }

  /** Makes what a driver throws an error that a caller may catch. */
  async #ask<T>(
    verb: string,
    key: string,
    operation: () => Promise<T>,
  ): Promise<T> {
    try {
      return await operation();
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new StorageError(
        `Cannot ${verb} ${JSON.stringify(key)} in unstorage: ${redact(reason)}`,
      );
    }
  }
}
