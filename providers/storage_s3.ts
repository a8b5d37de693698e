/**
 * A storage in a bucket of S3, or of anything that speaks like it: Cloudflare
 * R2, MinIO, Ceph.
 *
 * @example
 * ```ts
 * import { action, Config, DotFlow } from "@dotflow/dotflow";
 * import { StorageS3 } from "@dotflow/dotflow/providers/storage-s3";
 *
 * const workflow = new DotFlow({
 *   workflowId: "daily-users",
 *   config: new Config({
 *     storage: new StorageS3({ bucket: "my-flows", region: "eu-central-1" }),
 *   }),
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
import { readOptions, refuseEmptyPrefix } from "../src/options.ts";
import type { Awaitable } from "../src/types.ts";
import { S3Client } from "./s3/client.ts";
import type { S3Credentials } from "./s3/credentials.ts";
import { deleteKeys, listKeys } from "./s3/lists.ts";
import { S3Objects } from "./s3/objects.ts";
import { CHECKS, refuseBucketTwice } from "./s3/options.ts";

export type { Fetch, S3Credentials };

/** Options of {@linkcode StorageS3}. */
export interface StorageS3Options {
  /** The bucket, which must be there. */
  readonly bucket: string;
  /**
   * What the names of all objects begin with.
   *
   * @default {"dotflow/"}
   */
  readonly prefix?: string;
  /**
   * The region of the bucket. Servers without regions take "us-east-1".
   *
   * @default `AWS_REGION` or `AWS_DEFAULT_REGION` of the environment; "auto" for
   * R2
   */
  readonly region?: string;
  /**
   * The address of the server, without the bucket.
   *
   * @default `AWS_ENDPOINT_URL_S3` or `AWS_ENDPOINT_URL` of the environment, or
   * AWS
   */
  readonly endpoint?: string;
  /**
   * What requests are signed with, or a function that gives it, which is called
   * again before it expires (one call at a time).
   *
   * @default What is found in the environment, by a web identity
   * (`AWS_WEB_IDENTITY_TOKEN_FILE`), or from the container
   * (`AWS_CONTAINER_CREDENTIALS_FULL_URI`), in this order; no profiles, and no
   * metadata of EC2
   */
  readonly credentials?: S3Credentials | (() => Awaitable<S3Credentials>);
  /**
   * Whether the bucket is named in the path of addresses rather than in the
   * host.
   *
   * @default Yes, where an endpoint is given or the name has dots or capitals
   */
  readonly pathStyle?: boolean;
  /** What sends requests. @default The runtime's own `fetch` */
  readonly fetch?: Fetch;
  /**
   * How long one attempt of a request may take, its answer included.
   *
   * @default {"10s"}
   */
  readonly timeout?: Duration;
  /**
   * How often a request is tried in all. Between attempts it waits up to 100 ms
   * (500 ms where the server has too much to do), then up to twice that and so
   * on, but no more than 20 s.
   *
   * @default {3}
   */
  readonly maxAttempts?: number;
}

/**
 * Keeps contexts as objects of a bucket, one for each key.
 *
 * - Storing, reading and swapping take one request each; a list takes one per
 *   1,000 keys, and removing many another one per 1,000.
 * - A swap is a conditional write (`If-None-Match`, `If-Match`). Where its answer
 *   was lost, it is sent again, and is known by a number of its own, as long as
 *   fewer than 32 others have come after it.
 * - A request is tried again after errors of the server, of the network and of
 *   the clock. `post` has no condition: one that was lost on its way, and comes
 *   late, may write over a newer one.
 * - Any text up to S3's 1,024 bytes (with the prefix) is a key, but halves of
 *   surrogate pairs, control characters, `%`, and `.` or `/` where a part begins
 *   take 3 to 6 bytes.
 *
 * It needs `s3:GetObject`, `s3:PutObject` and `s3:DeleteObject` for the objects,
 * `s3:ListBucket` for the bucket (without it S3 does not tell what is absent). In
 * Deno it needs `--allow-net=HOST`; `--allow-env` where credentials, region or
 * endpoint come from the environment; and `--allow-read` for tokens in files (web
 * identity, EKS Pod Identity).
 *
 * @example With another server
 * ```ts
 * import { StorageS3 } from "@dotflow/dotflow/providers/storage-s3";
 *
 * const storage = new StorageS3({
 *   bucket: "my-flows",
 *   endpoint: "https://minio.example.com",
 *   region: "us-east-1",
 *   credentials: { accessKeyId: "…key…", secretAccessKey: "…secret…" },
 * });
 * ```
 */
export class StorageS3 extends Storage {
  readonly #client: S3Client;
  readonly #objects: S3Objects;

  /**
   * Makes the storage, without a request.
   *
   * @param options Which bucket, and how to reach it.
   * @throws {InvalidOptionError} If an option is unknown or not usable.
   */
  constructor(options: StorageS3Options) {
    super();
    const { fetch, timeout, maxAttempts, ...given } = readOptions(
      options,
      "StorageS3",
      CHECKS,
    );
    refuseBucketTwice(given);
    const policy = { fetch, timeoutMs: timeout, maxAttempts };
    this.#client = new S3Client({ ...given, policy });
    this.#objects = new S3Objects(this.#client);
  }

  /**
   * Stores a context under a key, over whatever was there.
   *
   * @param key The key.
   * @param context What to store.
   * @throws {UnstorableValueError} If a part of the value cannot be kept.
   * @throws {StorageError} If the server did not take it.
   */
  async post(key: string, context: Context): Promise<void> {
    await this.#objects.write(key, context);
  }

  /**
   * Reads the context under a key.
   *
   * @param key The key.
   * @returns What was stored; an empty Context where nothing is.
   * @throws {StorageError} If the server did not give it.
   * @throws {CorruptCheckpointError} If the object is no checkpoint.
   */
  async get(key: string): Promise<Context> {
    return (await this.#objects.read(key))?.context ?? new Context();
  }

  /**
   * Stores a context only if the key still holds what was expected, whatever
   * others do. It takes one request where `get`, `post` or this method of the
   * same instance has handled `expected`, and otherwise reads first; where it
   * is not stored, it reads once more to be sure.
   *
   * @param key The key.
   * @param expected What the key must hold, as `get` gave it; null: nothing.
   * @param next What to store.
   * @returns Whether it was stored.
   * @throws {UnstorableValueError} If a part of a value cannot be kept.
   * @throws {StorageError} If the server did not say so, one way or the other.
   * @throws {CorruptCheckpointError} If the object is no checkpoint.
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
   * Removes what is stored under a key, in two requests.
   *
   * @param key The key.
   * @returns Whether there was something.
   * @throws {StorageError} If the server did not do it.
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
   * @throws {StorageError} If the server did not remove all of them.
   */
  override async deletePrefix(prefix: string): Promise<number> {
    refuseEmptyPrefix(prefix);
    const keys = await listKeys(this.#client, prefix, "delete");
    await deleteKeys(this.#client, keys, prefix);
    return keys.length;
  }

  /**
   * Lists the keys that begin with a prefix, in the order of their code units.
   *
   * @param prefix The beginning; an empty one means every key.
   * @returns The keys.
   * @throws {StorageError} If the server did not list them.
   */
  override listKeys(prefix: string): Promise<string[]> {
    return listKeys(this.#client, prefix, "list");
  }
}
