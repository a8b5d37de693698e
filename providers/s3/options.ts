/**
 * What a `StorageS3` takes, checked.
 *
 * @module
 */

import { toTimeout } from "../../src/duration.ts";
import { InvalidOptionError } from "../../src/errors.ts";
import type { Fetch } from "../../src/http/retry.ts";
import { isPrefix, PREFIX_WORDS } from "../../src/object_name.ts";
import {
  type Check,
  kindOf,
  optional,
  toCount,
  toFlag,
  toFunction,
} from "../../src/options.ts";
import { credentialsProblem, type S3Credentials } from "./credentials.ts";
import { isEndpoint, isRegion, leaveOut, namesBucket } from "./place.ts";

/** The check of each option. */
export const CHECKS = {
  bucket: kindOf<string>(
    (value) =>
      typeof value === "string" && !value.includes("..") &&
      /^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/i.test(value),
    "the name of a bucket: 3 to 63 letters, digits, dots and hyphens",
  ),
  prefix: optional(
    kindOf<string>(isPrefix, PREFIX_WORDS),
    "dotflow/",
  ),
  region: optional(
    kindOf<string>(
      (value) => typeof value === "string" && isRegion(value),
      'the name of a region, such as "eu-central-1"',
    ),
  ),
  endpoint: optional(toEndpoint),
  credentials: optional(toCredentials),
  pathStyle: optional(toFlag),
  fetch: optional(toFunction as Check<Fetch>),
  timeout: optional(toTimeout, 10_000),
  maxAttempts: optional(toCount, 3),
};

/** What was given is not shown: there may be a password in it. */
function toEndpoint(value: unknown, option: string): string {
  if (typeof value === "string" && isEndpoint(value)) {
    return value.replace(/\/+$/, "");
  }
  throw new InvalidOptionError(
    `Cannot use what was given as ${option}: give an http or https address, ` +
      'such as "https://minio.example.com", without credentials or query',
  );
}

/**
 * Refuses an endpoint with the bucket in its path, as consoles show it.
 *
 * @param options The options, checked one by one.
 * @throws {InvalidOptionError} If it has.
 */
export function refuseBucketTwice(
  { endpoint, bucket }: {
    readonly endpoint: string | undefined;
    readonly bucket: string;
  },
): void {
  if (endpoint === undefined || !namesBucket(endpoint, bucket)) return;
  throw new InvalidOptionError(
    `Cannot use what was given as endpoint: ${leaveOut(bucket)}`,
  );
}

/** What was given is not shown: it is secret. */
function toCredentials(
  value: unknown,
  option: string,
): S3Credentials | (() => unknown) {
  if (typeof value === "function") return value as () => unknown;
  const problem = credentialsProblem(value);
  if (problem === undefined) return value as S3Credentials;
  throw new InvalidOptionError(
    `Cannot use what was given as ${option}: ${problem}`,
  );
}
