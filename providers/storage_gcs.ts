/**
 * A storage in a bucket of Google Cloud Storage, over its JSON API.
 *
 * @example
 * ```ts
 * import { action, Config, DotFlow } from "@dotflow/dotflow";
 * import { StorageGCS } from "@dotflow/dotflow/providers/storage-gcs";
 *
 * const workflow = new DotFlow({
 *   workflowId: "daily-users",
 *   config: new Config({ storage: new StorageGCS({ bucket: "my-flows" }) }),
 * });
 * workflow.task.add(action("extract", () => [1, 2, 3]));
 * ```
 *
 * @module
 */

import { Context } from "../src/context.ts";
import { Storage } from "../src/contracts/storage.ts";
import type { Duration } from "../src/duration.ts";
import type { Fetch } from "../src/http/retry.ts";
import { addNonce } from "../src/nonces.ts";
import { refuseEmptyPrefix } from "../src/options.ts";
import type { GoogleToken, TokenFunction } from "./gcs/credentials.ts";
import type { GoogleKey } from "./gcs/key.ts";
import { nameOf } from "./gcs/names.ts";
import type { Objects, State, Stored } from "./gcs/objects.ts";
import { setUp } from "./gcs/setup.ts";

export type { Fetch, GoogleKey, GoogleToken, TokenFunction };

/** Options of {@linkcode StorageGCS}. */
export interface StorageGCSOptions {
  /** The bucket. It must exist. */
  readonly bucket: string;
  /** What every object's name begins with; may be empty. @default {"dotflow/"} */
  readonly prefix?: string;
  /**
   * The project that pays for the requests, needed only for a bucket where the
   * requester pays. The account needs `serviceusage.services.use` there.
   *
   * @default The project of the bucket
   */
  readonly project?: string;
  /**
   * A key as Google writes it to a JSON file (of a service account, or of
   * `gcloud auth application-default login`), parsed or as text; or a function
   * that gives an access token.
   *
   * @default What `GOOGLE_APPLICATION_CREDENTIALS` names, what gcloud has
   * written, or the service account of the machine
   */
  readonly credentials?: GoogleKey | string | TokenFunction;
  /**
   * The address of the service: https, or http on this machine.
   *
   * @default {"https://storage.googleapis.com"}, or an emulator at
   * `STORAGE_EMULATOR_HOST`, which gets no credentials
   */
  readonly endpoint?: string;
  /** What sends the requests. @default The runtime's own `fetch` */
  readonly fetch?: Fetch;
  /**
   * How long one attempt of a request may take: milliseconds, or a string such
   * as "5s". All attempts together may take three times as long.
   *
   * @default {"10s"}
   */
  readonly timeout?: Duration;
  /**
   * How often a request is tried, in all. One object takes about one write per
   * second, and refuses more (429); with fewer than 6 attempts, waiting for the
   * next second may be given up.
   *
   * @default {8}
   */
  readonly maxAttempts?: number;
}

/** How many objects are removed at once. */
const REMOVALS_AT_ONCE = 32;

/**
 * Keeps contexts as objects in a bucket of Google Cloud Storage, so that any
 * machine can go on with what another one began.
 *
 * - A commit is one request, and so is a read; a commit that comes second is
 *   two. Of those who create or swap the same object at once exactly one wins
 *   (`ifGenerationMatch`).
 * - An object is `Context.toText()`; before it, where it was created or swapped,
 *   a line with numbers: that of this write, and up to 31 of swaps before it. By
 *   its number a write whose answer got lost is known, also when others have
 *   swapped since.
 * - The account needs `storage.objects.create`, `get`, `list` and `delete` (also
 *   to write over an object): the role Storage Object User on the bucket.
 * - The key is the object's name behind the prefix. A name may have 1,024 bytes
 *   of UTF-8, no line break and no half of a surrogate pair; what else Cloud
 *   Storage forbids is refused too. All that `key` makes is allowed.
 * - Cloud Storage takes about one write per second of the same object, and
 *   answers more with 429: such a write waits and is tried again. Of what a run
 *   writes, that can only be its record: a run of less than a second may take
 *   one or two.
 * - In Deno it needs `--allow-net=storage.googleapis.com,oauth2.googleapis.com`
 *   and, for a key of the environment, `--allow-env` and `--allow-read`.
 *
 * Against an emulator, or another address, it is tried out whether swaps hold.
 *
 * @see {@link https://cloud.google.com/storage/docs/json_api/v1}
 *
 * @example
 * ```ts
 * import { StorageGCS } from "@dotflow/dotflow/providers/storage-gcs";
 *
 * const storage = new StorageGCS({
 *   bucket: "my-flows",
 *   prefix: "production/",
 *   credentials: async () => await tokenOfMyOwn(),
 * });
 *
 * function tokenOfMyOwn(): Promise<{ token: string; expires: Date }> {
 *   const expires = new Date(Date.now() + 3_600_000);
 *   return Promise.resolve({ token: "…", expires });
 * }
 * ```
 */
export class StorageGCS extends Storage {
  /** Google's own service does; an emulator is tried out. */
  override readonly swapsAtomically: boolean;
  readonly #bucket: string;
  readonly #prefix: string;
  readonly #objects: Objects;
  /** The state that a Context was read from or written as. */
  readonly #known = new WeakMap<Context, State & { readonly name: string }>();

  /**
   * Makes the storage, without a request.
   *
   * @param options Where and how to keep the objects.
   * @throws {InvalidOptionError} If an option is unknown or of a wrong kind, or
   * the key is incomplete.
   */
  constructor(options: StorageGCSOptions) {
    super();
    const { bucket, prefix, objects, isGoogles } = setUp(options);
    this.swapsAtomically = isGoogles;
    this.#bucket = bucket;
    this.#prefix = prefix;
    this.#objects = objects;
  }

  /**
   * Stores a context under a key, over whatever was there.
   *
   * @param key The key.
   * @param context What to store.
   * @throws {UnstorableValueError} If a part of the value cannot be kept.
   * @throws {StorageError} If the key is no name of an object, or the bucket is
   * not known to have taken it.
   */
  async post(key: string, context: Context): Promise<void> {
    const name = nameOf(this.#prefix, key);
    const next = { text: context.toText(), nonces: [] };
    const stored = await this.#objects.write(name, next);
    this.#remember(context, name, stored!);
  }

  /**
   * Reads the context under a key.
   *
   * @param key The key.
   * @returns What was stored; an empty Context where nothing is.
   * @throws {StorageError} If it cannot be read.
   * @throws {CorruptCheckpointError} If what is there is no Context.
   */
  async get(key: string): Promise<Context> {
    const name = nameOf(this.#prefix, key);
    const stored = await this.#objects.read(name);
    if (stored === undefined) return new Context();
    const place = `gs://${this.#bucket}/${name}`;
    const context = Context.fromText(stored.text, place);
    this.#remember(context, name, stored);
    return context;
  }

  /**
   * Stores a context only if the key still holds what was expected. It is one
   * request where this storage has read or written what is expected, and
   * otherwise reads first; where it is not stored, it reads once more to be
   * sure.
   *
   * @param key The key.
   * @param expected What the key must hold, as `get` gave it; null: nothing.
   * @param next What to store.
   * @returns Whether it was stored.
   * @throws {UnstorableValueError} If a part of a value cannot be kept.
   * @throws {StorageError} If that is not known.
   */
  override async atomicSwap(
    key: string,
    expected: Context | null,
    next: Context,
  ): Promise<boolean> {
    const name = nameOf(this.#prefix, key);
    const state = expected && await this.#stateOf(name, expected);
    if (state === undefined) return false;
    const text = next.toText();
    const stored = await this.#objects.write(
      name,
      { text, nonces: addNonce(state?.nonces) },
      state === null ? "0" : state.generation,
    );
    // Others may have swapped since: then it is not what is there.
    if (stored?.text === text) this.#remember(next, name, stored);
    return stored !== undefined;
  }

  /**
   * Removes what is stored under a key.
   *
   * @param key The key.
   * @returns Whether there was something; where an answer got lost, that is a
   * guess.
   * @throws {StorageError} If it is not known to be gone.
   */
  override async delete(key: string): Promise<boolean> {
    return await this.#objects.remove(nameOf(this.#prefix, key));
  }

  /**
   * Removes everything whose key begins with a prefix: a list, then a request
   * for each key, up to 32 at once.
   *
   * @param prefix The beginning; an empty one is refused.
   * @returns How many keys were removed.
   * @throws {InvalidOptionError} If the prefix is empty.
   * @throws {StorageError} If they are not known to be gone.
   */
  override async deletePrefix(prefix: string): Promise<number> {
    refuseEmptyPrefix(prefix);
    const names = await this.#objects.list(this.#prefix + prefix);
    let count = 0;
    const removeSome = async () => {
      for (let name = names.pop(); name !== undefined; name = names.pop()) {
        if (await this.#objects.remove(name)) count++;
      }
    };
    const workers = Array.from({ length: REMOVALS_AT_ONCE }, removeSome);
    await Promise.all(workers);
    return count;
  }

  /**
   * Lists the keys that begin with a prefix, in the order of their code units:
   * a request for every 1,000 keys.
   *
   * @param prefix The beginning; an empty one means every key.
   * @returns The keys.
   * @throws {StorageError} If they cannot be listed.
   */
  override async listKeys(prefix: string): Promise<string[]> {
    const names = await this.#objects.list(this.#prefix + prefix);
    return names.map((name) => name.slice(this.#prefix.length)).sort();
  }

  /** The state that a Context stands for; undefined: not what is there. */
  async #stateOf(name: string, expected: Context): Promise<State | undefined> {
    const known = this.#known.get(expected);
    if (known?.name === name) return known;
    const stored = await this.#objects.read(name);
    return stored?.text === expected.toText() ? stored : undefined;
  }

  #remember(context: Context, name: string, stored: Stored): void {
    const { generation, nonces } = stored;
    this.#known.set(context, { name, generation, nonces });
  }
}
