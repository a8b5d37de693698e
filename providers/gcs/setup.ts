/**
 * From options to a bucket that is ready for requests.
 *
 * @module
 */

import { toTimeout } from "../../src/duration.ts";
import { CachedCredential } from "../../src/http/cached_credential.ts";
import type { Fetch, RetryPolicy } from "../../src/http/retry.ts";
import {
  type Check,
  kindOf,
  optional,
  readOptions,
  toCount,
  toFunction,
  toName,
} from "../../src/options.ts";
import { environment } from "../../src/runtime.ts";
import { Client } from "./client.ts";
import {
  functionSource,
  keySource,
  type TokenFunction,
  type TokenSource,
} from "./credentials.ts";
import { environmentSource } from "./environment.ts";
import { type Key, readKey } from "./key.ts";
import { isName } from "./names.ts";
import { Objects } from "./objects.ts";
import { addressOf, isGoogles, toEndpoint } from "./places.ts";

/** A bucket that is ready for requests. */
export interface Setup {
  /** The bucket. */
  readonly bucket: string;
  /** What names of objects begin with. */
  readonly prefix: string;
  /** The objects of the bucket. */
  readonly objects: Objects;
  /** Whether the service is Google's own. */
  readonly isGoogles: boolean;
}

/**
 * A token is renewed so long before it ends, as Google's own libraries do: the
 * metadata server has a new one by then.
 */
const EARLY_MS = 225_000;

/** What was given may be a key, so nothing of it is shown. */
const toCredentials: Check<Key | TokenFunction> = (value, option) =>
  typeof value === "function"
    ? value as TokenFunction
    : readKey(value, `the option ${option}`);

const CHECKS = {
  bucket: kindOf<string>(
    (value) =>
      typeof value === "string" && /^[a-z0-9][a-z0-9._-]*[a-z0-9]$/.test(value),
    "the name of a bucket",
  ),
  prefix: optional(
    kindOf<string>(
      (value) => typeof value === "string" && isName(`${value}x`),
      "a text that names of objects can begin with",
    ),
    "dotflow/",
  ),
  project: optional(toName),
  credentials: optional(toCredentials),
  endpoint: optional(toEndpoint),
  fetch: optional(toFunction),
  timeout: optional(toTimeout, 10_000),
  maxAttempts: optional(toCount, 8),
};

/**
 * Checks options, and makes of them what sends requests. Sends none itself.
 *
 * @param options The options of the storage.
 * @returns The bucket.
 * @throws {InvalidOptionError} If an option is unknown or of a wrong kind.
 */
export function setUp(options: object): Setup {
  const given = readOptions(options, "StorageGCS", CHECKS);
  const { bucket, prefix, project, maxAttempts, timeout: timeoutMs } = given;
  const emulator = given.endpoint === undefined
    ? environment("STORAGE_EMULATOR_HOST")
    : undefined;
  const endpoint = addressOf(given.endpoint, emulator);
  const fetch = given.fetch as Fetch | undefined;
  const totalMs = 3 * timeoutMs;
  const policy = { fetch, timeoutMs, totalMs, maxAttempts };
  // An emulator could be anybody: it is not shown a token.
  const tokens = emulator === undefined
    ? new CachedCredential(sourceOf(given.credentials, policy), {
      earlyMs: EARLY_MS,
      patienceMs: timeoutMs,
    })
    : undefined;
  const client = new Client({ endpoint, bucket, project, tokens, policy });
  const objects = new Objects(client, bucket);
  return { bucket, prefix, objects, isGoogles: isGoogles(endpoint) };
}

function sourceOf(
  credentials: Key | TokenFunction | undefined,
  policy: RetryPolicy & { readonly totalMs: number },
): TokenSource {
  if (credentials === undefined) return environmentSource(policy);
  return typeof credentials === "function"
    ? functionSource(credentials, policy.totalMs)
    : keySource(credentials, policy);
}
