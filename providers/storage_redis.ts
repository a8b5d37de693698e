/**
 * A storage in Redis, or in a server that speaks as it does, such as Valkey.
 *
 * @example
 * ```ts
 * import { action, Config, DotFlow } from "@dotflow/dotflow";
 * import { StorageRedis } from "@dotflow/dotflow/providers/storage-redis";
 *
 * const workflow = new DotFlow({
 *   workflowId: "daily-users",
 *   config: new Config({
 *     storage: new StorageRedis({ host: "localhost", port: 6379 }),
 *   }),
 * });
 * workflow.task.add(action("extract", () => [1, 2, 3]));
 * ```
 *
 * @module
 */

import { Context } from "../src/context.ts";
import { Storage } from "../src/contracts/storage.ts";
import { type Duration, toTimeout } from "../src/duration.ts";
import { bytesIn, LONGEST_NAME } from "../src/object_name.ts";
import {
  kindOf,
  optional,
  readOptions,
  refuseEmptyPrefix,
  toName,
} from "../src/options.ts";
import type { RedisClient } from "./redis/client.ts";
import { Connection } from "./redis/connection.ts";
import { RedisObjects } from "./redis/objects.ts";
import { serverOf, toClient, toRedisUrl } from "./redis/server.ts";

export type { RedisClient } from "./redis/client.ts";

/** Options of {@linkcode StorageRedis}. */
export interface StorageRedisOptions {
  /**
   * The server as a url, with user, password and number of the database where
   * there are some: `redis://user:password@host:6379/0`; `rediss:` for TLS. Not
   * together with `host`, `port` or `client`.
   */
  readonly url?: string;
  /**
   * The name or address of the server.
   *
   * @default {"127.0.0.1"}
   */
  readonly host?: string;
  /**
   * The port of the server.
   *
   * @default {6379}
   */
  readonly port?: number;
  /**
   * A client that is connected, in place of an address: one of `redis`, ioredis
   * or iovalkey, or Bun's own. It is used as it is, and never closed. It has to
   * give texts, not bytes; one of a cluster is refused.
   */
  readonly client?: RedisClient;
  /**
   * What all keys in the server begin with.
   *
   * @default {"dotflow:"}
   */
  readonly prefix?: string;
  /**
   * How long checkpoints stay, counted from when each was last written. A task
   * whose checkpoint is gone runs again when its run is resumed. Run records
   * stay, one for each workflow id: without them two owners could meet.
   *
   * @default For ever
   */
  readonly ttl?: Duration;
  /**
   * How long a command may take, with all attempts.
   *
   * @default {"10s"}
   */
  readonly timeout?: Duration;
}

const CHECKS = {
  url: optional(toRedisUrl),
  host: optional(toName),
  port: optional(kindOf<number>(
    (value) =>
      Number.isInteger(value) && value as number > 0 && value as number < 65536,
    "a number from 1 to 65535",
  )),
  client: optional(toClient),
  prefix: optional(
    kindOf<string>(
      (value) =>
        typeof value === "string" && !/[\p{Cc}\p{Cs}]/u.test(value) &&
        bytesIn(value) < LONGEST_NAME,
      "a text of less than 1,024 bytes without control characters",
    ),
    "dotflow:",
  ),
  ttl: optional((value, option) => Math.ceil(toTimeout(value, option))),
  timeout: optional(toTimeout, 10_000),
};

/**
 * Keeps contexts in Redis: each under a key of its own, as a text of two lines.
 * The first has numbers, that of the write and up to 31 of swaps before it, and
 * the second is `Context.toText()`.
 *
 * - A commit or a read is one command. A create is `SET … NX`, a swap a script
 *   (`EVAL`); of those that write at once, exactly one wins.
 * - Where no reply comes (the connection breaks, a server starts anew or gives
 *   way to another), the command is sent again until `timeout`. By its number a
 *   write is known as one's own, also when others have swapped since: a create
 *   that comes second takes one command more to look, a swap none. After a lost
 *   reply `delete` may say that there was nothing, and `deletePrefix` may count
 *   too few.
 * - The connection is opened with the first command. When idle it keeps no
 *   process alive; `close` ends it, and the next command opens a new one.
 * - Lists go through all keys of the database (`SCAN`, a thousand a command):
 *   give it a database of its own where there are millions of others.
 *
 * **What it asks of the server.** One primary, with or without replicas, at
 * version 4 or later. Lists and removals would see one node of a cluster only,
 * so a cluster is refused. Redis confirms a write before its replicas have it,
 * and by default before it is on the disk: **a failover or a crash of the
 * server can lose what was confirmed**, and with it the lock of an owner. Where
 * that may not be, set `appendonly yes` and `appendfsync always`, and do not
 * fail over by machine. `maxmemory-policy` has to be `noeviction`.
 *
 * **Least permissions:** `ACL SETUSER dotflow on >password resetkeys ~dotflow:*
 * -@all +get +getrange +set +eval +scan +unlink`, and `+select` for another
 * database than 0. In Deno: `--allow-net=HOST:PORT`. The package `redis` has to
 * be installed, unless a client is handed in. Tried in Deno, Node and Bun, not
 * in Workers.
 *
 * @example With a client of one's own
 * ```ts
 * import { StorageRedis } from "@dotflow/dotflow/providers/storage-redis";
 * import { createClient } from "redis";
 *
 * const client = createClient({ url: "redis://localhost:6379" });
 * const storage = new StorageRedis({ client, prefix: "app:", ttl: "30d" });
 * // Before the first run: await client.connect();
 * console.log(storage.swapsAtomically);
 * ```
 */
export class StorageRedis extends Storage {
  /** The server carries out one command after the other. */
  override readonly swapsAtomically: boolean = true;
  readonly #connection: Connection;
  readonly #objects: RedisObjects;

  /**
   * Makes the storage, without connecting.
   *
   * @param options Where the server is, and how to keep things there.
   * @throws {InvalidOptionError} If an option is unknown or of a wrong kind, or
   * if the server is given in two ways.
   */
  constructor(options: StorageRedisOptions = {}) {
    super();
    const given = readOptions(options, "StorageRedis", CHECKS);
    const connection = new Connection(serverOf(given), given.timeout);
    const { prefix, ttl } = given;
    this.#connection = connection;
    this.#objects = new RedisObjects({ connection, prefix, ttl });
  }

  /**
   * Stores a context under a key, over whatever was there.
   *
   * @param key The key; any text.
   * @param context What to store.
   * @throws {UnstorableValueError} If a part of the value cannot be kept.
   * @throws {StorageError} If the server refuses, or gives no answer in time.
   */
  async post(key: string, context: Context): Promise<void> {
    await this.#objects.write(key, context);
  }

  /**
   * Reads the context under a key.
   *
   * @param key The key; any text.
   * @returns What was stored; an empty Context where nothing is.
   * @throws {StorageError} If the server refuses, or gives no answer in time.
   * @throws {CorruptCheckpointError} If what is there is damaged or foreign.
   */
  async get(key: string): Promise<Context> {
    return await this.#objects.read(key) ?? new Context();
  }

  /**
   * Stores a context only if the key still holds what was expected, whatever
   * other processes do.
   *
   * @param key The key; any text.
   * @param expected What the key must hold, as `get` gave it; null: nothing.
   * @param next What to store.
   * @returns Whether it was stored.
   * @throws {UnstorableValueError} If a part of a value cannot be kept.
   * @throws {StorageError} If the server refuses, or gives no answer in time.
   * @throws {CorruptCheckpointError} If what is there is damaged or foreign.
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
   * @param key The key; any text.
   * @returns Whether there was something.
   * @throws {StorageError} If the server refuses, or gives no answer in time.
   */
  override async delete(key: string): Promise<boolean> {
    return await this.#objects.remove(key, [key]) === 1;
  }

  /**
   * Removes everything whose key begins with a prefix.
   *
   * @param prefix The beginning; an empty one is refused.
   * @returns How many keys were removed.
   * @throws {InvalidOptionError} If the prefix is empty.
   * @throws {StorageError} If the server refuses, or gives no answer in time.
   */
  override async deletePrefix(prefix: string): Promise<number> {
    refuseEmptyPrefix(prefix);
    let count = 0;
    for await (const keys of this.#objects.pages("remove", prefix)) {
      if (keys.length === 0) continue;
      count += await this.#objects.remove(prefix, keys);
    }
    return count;
  }

  /**
   * Lists the keys that begin with a prefix, in the order of their code units.
   *
   * @param prefix The beginning; an empty one means every key.
   * @returns The keys.
   * @throws {StorageError} If the server refuses, or gives no answer in time.
   */
  override async listKeys(prefix: string): Promise<string[]> {
    // SCAN may give a key more than once.
    const found = new Set<string>();
    for await (const keys of this.#objects.pages("list", prefix)) {
      for (const key of keys) found.add(key);
    }
    return [...found].sort();
  }

  /** Closes the connection, once what is under way is done; no client's. */
  override async close(): Promise<void> {
    await this.#connection.close();
  }
}
