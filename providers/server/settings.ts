/**
 * Where the remote API is, from all the places that may say so.
 *
 * @module
 */

import type { CloudConfig } from "../../src/cloud_config.ts";
import { toTimeout } from "../../src/duration.ts";
import { InvalidOptionError } from "../../src/errors.ts";
import type { Fetch } from "../../src/http/retry.ts";
import {
  type Check,
  type Checked,
  optional,
  toFlag,
  toFunction,
} from "../../src/options.ts";
import { environment } from "../../src/runtime.ts";
import { isBareAndSafe, secretOf } from "../../src/secret.ts";

/** Takes the address of the API. */
const toBaseUrl: Check<string> = secretOf(
  (value) => isBareAndSafe(value) && !/[?#]/.test(value),
  "an https address without user, password and query; http is for this " +
    "machine only",
);

/** Takes what may stand in a header. */
const toToken: Check<string> = secretOf(
  (value) => typeof value === "string" && /^[\x21-\x7e]+$/.test(value),
  "a text that is not empty, of visible ASCII characters",
);

/** The check of each option. */
export const CHECKS = {
  baseUrl: optional(toBaseUrl),
  token: optional(toToken),
  live: optional(toFlag, true),
  timeout: optional(toTimeout, 3_000),
  fetch: optional(toFunction as Check<Fetch>),
};

/** The options, checked. */
export type Settings = Checked<typeof CHECKS>;

/** Where the remote API is, and how it is told. */
export interface Target {
  /** The address, without a slash at its end. */
  readonly baseUrl: string;
  /** What requests are authorized with. */
  readonly token: string;
  /** What sends requests; undefined: the runtime's own `fetch`. */
  readonly fetch: Fetch | undefined;
  /** How long a request may take, with all attempts, in milliseconds. */
  readonly timeoutMs: number;
  /** Whether it is told of more than the ends of tasks. */
  readonly live: boolean;
}

/**
 * Finds the remote API: by the options, then the environment, then the file of
 * the user. The token of that file goes only to the origin that it names.
 *
 * @param given The options.
 * @param file What the file says; undefined where it was not looked into.
 * @returns The API; null where there is none; undefined where only the file can
 * tell.
 * @throws {InvalidOptionError} If what was found may not be used, or there is
 * only one half of what was given as options.
 */
export function findTarget(
  given: Settings,
  file: CloudConfig | null | undefined,
): Target | null | undefined {
  const baseUrl = given.baseUrl ?? fromEnvironment(BASE_URL, toBaseUrl) ??
    (file && toBaseUrl(file.baseUrl, "base_url of ~/.dotflow/config.json"));
  const token = given.token ?? fromEnvironment(TOKEN, toToken) ??
    (file && tokenFor(baseUrl, file));
  if (baseUrl && token) {
    const { live, timeout: timeoutMs, fetch } = given;
    return {
      baseUrl: baseUrl.replace(/\/+$/, ""),
      token,
      live,
      timeoutMs,
      fetch,
    };
  }
  if (file === undefined) return undefined;
  if (given.baseUrl === undefined && given.token === undefined) return null;
  const [missing, variable] = given.baseUrl === undefined
    ? ["baseUrl", BASE_URL]
    : ["token", TOKEN];
  throw new InvalidOptionError(
    `Cannot use nothing as ${missing} of ServerDefault: give the option, or ` +
      `set ${variable}`,
  );
}

const BASE_URL = "SERVER_BASE_URL";
const TOKEN = "SERVER_USER_TOKEN";

function fromEnvironment(
  name: string,
  check: Check<string>,
): string | undefined {
  const value = environment(name);
  return value === undefined ? undefined : check(value, name);
}

function tokenFor(
  baseUrl: string | undefined | null,
  file: CloudConfig,
): string | undefined {
  const isItsOwn = baseUrl && URL.canParse(file.baseUrl) &&
    new URL(baseUrl).origin === new URL(file.baseUrl).origin;
  const option = "token of ~/.dotflow/config.json";
  return isItsOwn ? toToken(file.token, option) : undefined;
}
