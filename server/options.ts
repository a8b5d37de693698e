/**
 * The options of the server, and their checks.
 *
 * @module
 */

import { Storage } from "../src/contracts/storage.ts";
import { type Duration, toMilliseconds, toTimeout } from "../src/duration.ts";
import { InvalidOptionError, NotCallableObject } from "../src/errors.ts";
import { describe } from "../src/describe.ts";
import {
  type Check,
  type Checked,
  optional,
  readOptions,
  toCount,
  toFunction,
  toName,
} from "../src/options.ts";
import { hostInUrl, toHost } from "../src/http/address.ts";
import { hostOf, type Tokens } from "./auth.ts";

/** How much the server keeps; the oldest runs are removed first. */
export interface ServerKeep {
  /** How many runs. @default No end, where `age` is given */
  readonly runs?: number;
  /** How long ago a run may have begun. @default No end */
  readonly age?: Duration;
}

/** Options of {@linkcode createServer}. */
export interface ServerOptions {
  /**
   * Where everything is kept: any storage that has `listKeys`, `deletePrefix` and
   * `atomicSwap`. Several servers may share one. It is not closed by the server.
   *
   * @default {new StorageFile({ path: ".dotflow-server" })}
   */
  readonly storage?: Storage;
  /**
   * Who may ask: one token, several, or a function that tells whether a token is
   * good. `null` lets everybody do everything, which is for this machine only.
   */
  readonly token:
    | string
    | readonly string[]
    | ((token: string) => boolean | Promise<boolean>)
    | null;
  /**
   * How many bytes the body of a request may have.
   *
   * @default {6000000}
   */
  readonly bodyLimit?: number;
  /**
   * How all keys in the storage begin.
   *
   * @default {"server"}
   */
  readonly prefix?: string;
  /**
   * How much is kept; null: everything.
   *
   * @default {{ runs: 10_000 }}
   */
  readonly keep?: ServerKeep | null;
  /**
   * How old what this server knows of others' writes may be.
   *
   * @default {"2s"}
   */
  readonly refresh?: Duration;
  /**
   * The address under which people reach the server, where that is not the one
   * of the requests that come here: behind a proxy that speaks TLS, or below a
   * path. A device that logs in is told of its page there.
   *
   * @default The origin of the request
   */
  readonly publicUrl?: string;
  /**
   * For how long a token is good that a device was given when its login was
   * approved; null: without an end. It counts for tokens that were given before,
   * too: a short one ends them all.
   *
   * @default {"90d"}
   */
  readonly tokenAge?: Duration | null;
  /**
   * By which names of hosts the server may be spoken to, without ports; null: by
   * any. A page of the web can give its own name to any address, this machine's
   * too; without a token, only what names come in tells its requests apart.
   *
   * @default {["localhost", "127.0.0.1", "::1"]} without a token, else null
   */
  readonly hosts?: readonly string[] | null;
  /**
   * Told of every failure of the storage, which the client only learns as 503.
   *
   * @default Written to the console
   */
  readonly onError?: (error: unknown) => void;
}

const NEEDED = ["listKeys", "deletePrefix", "atomicSwap"] as const;

const KEEP_CHECKS = {
  runs: optional(toCount),
  age: optional(toTimeout),
};

const CHECKS = {
  storage: optional(toStorage),
  token: toTokens,
  bodyLimit: optional(toCount, 6_000_000),
  prefix: optional(toPrefix, "server"),
  keep: toKeep,
  refresh: optional(
    (value: unknown, option: string) => toMilliseconds(value, option),
    2_000,
  ),
  publicUrl: optional(toPublicUrl),
  tokenAge: (value: unknown, option: string) =>
    value === null ? Infinity : toTimeout(value ?? "90d", option),
  hosts: toHosts,
  onError: toTeller,
} satisfies Record<keyof ServerOptions, Check<unknown>>;

/** The options, checked. */
export type ServerSettings = Checked<typeof CHECKS>;

/**
 * Checks the options.
 *
 * @param options What was given.
 * @returns What each check gives.
 * @throws {InvalidOptionError} If one is missing, unknown or not allowed.
 * @throws {NotCallableObject} If the storage is none.
 */
export function readServerOptions(options: ServerOptions): ServerSettings {
  if (typeof options === "string") {
    // It may well be the token.
    throw new InvalidOptionError(
      "Cannot use a text as options of createServer: pass an object",
    );
  }
  return readOptions(options, "createServer", CHECKS);
}

/** What was given is not shown: most of it is a secret. */
function toTokens(value: unknown, option: string): Tokens {
  if (value === null || typeof value === "function") return value as Tokens;
  const tokens: unknown[] = Array.isArray(value) ? value : [value];
  if (tokens.length > 0 && tokens.every(isToken)) return tokens as string[];
  const given = value === undefined || value === ""
    ? "nothing"
    : "what was given";
  throw new InvalidOptionError(
    `Cannot use ${given} as ${option}: give a text of printable ASCII ` +
      `characters without spaces, a list of such, a function, or null to ` +
      `serve everybody`,
  );
}

function isToken(value: unknown): boolean {
  return typeof value === "string" && /^[\x21-\x7e]{1,4096}$/.test(value);
}

function toStorage(value: unknown, option: string): Storage {
  if (!(value instanceof Storage)) {
    throw new NotCallableObject(option, describe(value));
  }
  const missing = NEEDED.filter((name) => typeof value[name] !== "function");
  if (missing.length === 0) return value;
  throw new InvalidOptionError(
    `Cannot use ${describe(value)} as ${option}: give a storage that has ` +
      missing.join(" and "),
  );
}

/** Whoever asks is answered, even where nobody can be told. */
function toTeller(value: unknown, option: string): (error: unknown) => void {
  const tell = optional(
    toFunction as Check<(error: unknown) => void>,
    (error: unknown) => console.error(error),
  )(value, option);
  return (error) => {
    try {
      tell(error);
    } catch {
      // There is nobody else to be told.
    }
  };
}

function toPrefix(value: unknown, option: string): string {
  const prefix = toName(value, option);
  if (/^[a-z0-9][a-z0-9-]{0,39}$/.test(prefix)) return prefix;
  throw new InvalidOptionError(
    `Cannot use ${
      describe(value)
    } as ${option}: give up to 40 small letters, ` +
      `digits and hyphens`,
  );
}

/** As they stand in URLs; undefined where nothing was given. */
function toHosts(
  value: unknown,
  option: string,
): ReadonlySet<string> | null | undefined {
  if (value === undefined || value === null) return value;
  if (Array.isArray(value) && value.length > 0) {
    return new Set(
      value.map((host) => hostOf(hostInUrl(toHost(host, option)))!),
    );
  }
  throw new InvalidOptionError(
    `Cannot use ${describe(value)} as ${option}: give a list of names such ` +
      `as "flows.example", or null`,
  );
}

/** What is wrong is not shown: an address may have a password. */
function toPublicUrl(value: unknown, option: string): string {
  const url = typeof value === "string" && URL.canParse(value)
    ? new URL(value)
    : undefined;
  const ok = url !== undefined && /^https?:$/.test(url.protocol) &&
    url.username + url.password + url.search + url.hash === "";
  if (ok) return url.href.replace(/\/+$/, "");
  throw new InvalidOptionError(
    `Cannot use what was given as ${option}: give an address that begins ` +
      `with https:// or http://, without a password, a query or a fragment`,
  );
}

function toKeep(value: unknown, option: string) {
  if (value === null) return { runs: undefined, ageMs: undefined };
  if (value === undefined) return { runs: 10_000, ageMs: undefined };
  const { runs, age } = readOptions(value as object, option, KEEP_CHECKS);
  return { runs, ageMs: age };
}
