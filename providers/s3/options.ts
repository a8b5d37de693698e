/**
 * What a `StorageS3` takes, checked.
 *
 * @module
 */

import { toTimeout } from "../../src/duration.ts";
import { InvalidOptionError } from "../../src/errors.ts";
import type { Fetch } from "../../src/http/retry.ts";
import { toName } from "../../src/object_name.ts";
import {
  type Check,
  kindOf,
  optional,
  toCount,
  toFlag,
  toFunction,
} from "../../src/options.ts";
import { credentialsProblem, type S3Credentials } from "./credentials.ts";
import { nameProblem } from "./names.ts";
import { isEndpoint, isRegion } from "./place.ts";

/** The check of each option. */
export const CHECKS = {
  bucket: kindOf<string>(
    (value) =>
      typeof value === "string" && !value.includes("..") &&
      /^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/i.test(value),
    "the name of a bucket: 3 to 63 letters, digits, dots and hyphens",
  ),
  prefix: optional(
    kindOf<string>(
      isPrefix,
      'a text such as "dotflow/", without a part that is empty, "." or "..", ' +
        "without control characters",
    ),
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

/** Such names as need no escape, so that nothing tells them from keys. */
function isPrefix(value: unknown): boolean {
  return typeof value === "string" &&
    toName(value.replaceAll("%", "")) === value.replaceAll("%", "") &&
    !/(^|\/)\.\.?(\/|$)/.test(value) && nameProblem(value) === undefined;
}

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
