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
import { StorageError } from "../src/errors.ts";
import {
  addNonce,
  joinNonces,
  type Nonces,
  splitNonces,
} from "../src/nonces.ts";
import {
  bytesIn,
  LONGEST_NAME,
  toKey,
  toName,
  wholeOf,
} from "../src/object_name.ts";
import {
  kindOf,
  optional,
  readOptions,
  refuseEmptyPrefix,
  toCount,
  toText,
} from "../src/options.ts";
import { type Attempts, persist } from "./r2/attempts.ts";
import { isBinding, type R2Binding, type R2Head } from "./r2/binding.ts";

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
  prefix: optional(toText, "dotflow/"),
  timeout: optional(toTimeout, 10_000),
  maxAttempts: optional(toCount, 4),
};

/** R2 removes at most so many objects at once. */
const REMOVED_AT_ONCE = 1000;

/** Where the numbers of writes are kept: in the metadata, as `StorageS3` does. */
const NONCES = "dotflow-nonces";

/** A state of an object. */
interface State {
  /** Its ETag. */
  readonly etag: string;
  /** The numbers of the writes that led to it. */
  readonly nonces: Nonces;
}

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
 *   paid one: a run of N tasks takes N + 2 writes and 2 reads.
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
  readonly #bucket: R2Binding;
  readonly #prefix: string;
  readonly #attempts: Attempts;
  /** Which state of which key a Context is known to stand for. */
  readonly #states = new WeakMap<Context, State & { readonly key: string }>();

  /**
   * Makes the storage, without asking R2.
   *
   * @param options The bucket, and how to keep things there.
   * @throws {InvalidOptionError} If an option is unknown or of a wrong kind.
   */
  constructor(options: StorageR2Options) {
    super();
    const given = readOptions(options, "StorageR2", CHECKS);
    this.#bucket = given.bucket;
    this.#prefix = given.prefix;
    this.#attempts = { most: given.maxAttempts, timeoutMs: given.timeout };
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
    const name = this.#nameOf(key);
    const text = context.toText();
    const head = await this.#persist("store", key, () =>
      // Without a condition there is always an object.
      this.#bucket.put(name, text) as Promise<R2Head>);
    this.#remember(context, key, head);
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
    const stored = await this.#read(key);
    if (stored === null) return new Context();
    const context = Context.fromText(stored.text, this.#nameOf(key));
    this.#remember(context, key, stored.head);
    return context;
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
    const name = this.#nameOf(key);
    const text = next.toText();
    const state = expected && await this.#stateOf(key, expected);
    if (state === undefined) return false;
    const onlyIf = state === null
      ? { etagDoesNotMatch: "*" }
      : { etagMatches: state.etag };
    const nonces = addNonce(state?.nonces);
    const customMetadata = { [NONCES]: joinNonces(nonces) };
    const put = () => this.#bucket.put(name, text, { onlyIf, customMetadata });
    let unclear = false;
    const written = await this.#persist(
      "store",
      key,
      put,
      () => unclear = true,
    );
    if (written !== null) {
      this.#states.set(next, { key, etag: written.etag, nonces });
      return true;
    }
    const head = unclear ? await this.#head("store", key) : null;
    const found = head === null ? -1 : stateIn(head).nonces.indexOf(nonces[0]);
    if (found === 0) this.#remember(next, key, head!);
    return found >= 0;
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
    const name = this.#nameOf(key);
    if (await this.#head("remove", key) === null) return false;
    await this.#persist("remove", key, () => this.#bucket.delete(name));
    return true;
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
    const keys = await this.listKeys(prefix);
    const names = keys.map((key) => this.#nameOf(key));
    for (let first = 0; first < names.length; first += REMOVED_AT_ONCE) {
      const some = names.slice(first, first + REMOVED_AT_ONCE);
      await this.#persist("remove", prefix, () => this.#bucket.delete(some));
    }
    return names.length;
  }

  /**
   * Lists the keys that begin with a prefix, in the order of their code units.
   *
   * @param prefix The beginning; an empty one means every key.
   * @returns The keys.
   * @throws {StorageError} If R2 refuses or keeps failing.
   */
  override async listKeys(prefix: string): Promise<string[]> {
    const keys: (string | undefined)[] = [];
    const start = toName(wholeOf(prefix));
    let cursor: string | undefined;
    do {
      const options = { prefix: this.#prefix + start, cursor };
      const page = await this.#persist(
        "list",
        prefix,
        () => this.#bucket.list(options),
      );
      for (const { key: name } of page.objects) {
        keys.push(toKey(name.slice(this.#prefix.length)));
      }
      cursor = page.truncated ? page.cursor : undefined;
    } while (cursor !== undefined);
    return keys.filter((key) => key !== undefined)
      .filter((key) => key.startsWith(prefix)).sort();
  }

  /** The state that a Context stands for; undefined: not what is there. */
  async #stateOf(key: string, expected: Context): Promise<State | undefined> {
    const known = this.#states.get(expected);
    if (known?.key === key) return known;
    const stored = await this.#read(key);
    return stored?.text === expected.toText()
      ? stateIn(stored.head)
      : undefined;
  }

  #remember(context: Context, key: string, head: R2Head): void {
    this.#states.set(context, { key, ...stateIn(head) });
  }

  async #read(key: string): Promise<{ text: string; head: R2Head } | null> {
    const name = this.#nameOf(key);
    return await this.#persist("read", key, async () => {
      const head = await this.#bucket.get(name);
      return head && { text: await head.text(), head };
    });
  }

  #head(verb: string, key: string): Promise<R2Head | null> {
    const name = this.#nameOf(key);
    return this.#persist(verb, key, () => this.#bucket.head(name));
  }

  #persist<T>(
    verb: string,
    key: string,
    attempt: () => Promise<T>,
    onUnclear?: () => void,
  ): Promise<T> {
    const what = `${verb} ${JSON.stringify(this.#prefix + key)}`;
    return persist(what, this.#attempts, attempt, onUnclear);
  }

  #nameOf(key: string): string {
    const name = this.#prefix + toName(key);
    if (key !== "" && bytesIn(name) <= LONGEST_NAME) return name;
    throw new StorageError(
      `Cannot use a key of ${
        bytesIn(toName(key))
      } bytes in R2: it takes 1 or ` +
        `more, and ${LONGEST_NAME} at most together with the prefix`,
    );
  }
}

function stateIn({ etag, customMetadata }: R2Head): State {
  return { etag, nonces: splitNonces(customMetadata?.[NONCES]) };
}
