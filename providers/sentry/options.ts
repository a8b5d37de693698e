/**
 * What the providers for Sentry take, checked.
 *
 * @module
 */

import { type Duration, toTimeout } from "../../src/duration.ts";
import { InvalidOptionError } from "../../src/errors.ts";
import type { Fetch } from "../../src/http/retry.ts";
import { bytesIn } from "../../src/object_name.ts";
import {
  type Check,
  type Checked,
  kindOf,
  optional,
  toFunction,
} from "../../src/options.ts";
import { type OnLife, Outlet, type WorkerContext } from "./outlet.ts";
import { isToucan, openToucan, type ToucanLike } from "./toucan.ts";

/** How Sentry is reached: by `dsn`, or through `client`. */
export interface SentryOptions {
  /**
   * The DSN of the project, such as `https://KEY@o123.ingest.sentry.io/456`;
   * plain `http` to this machine only.
   */
  readonly dsn?: string;
  /**
   * Where the program runs: at most 64 bytes, without spaces and slashes.
   *
   * @default "production"
   */
  readonly environment?: string;
  /**
   * The version of the program: at most 200 bytes, without slashes.
   *
   * @default What Sentry's plugins for bundlers have put in, if they have
   */
  readonly release?: string;
  /**
   * In a Worker, the context of the present request, which is lengthened until
   * everything is delivered. Make the provider anew for each request then.
   */
  readonly context?: WorkerContext;
  /** In a Worker, the present request: its method and address are shown. */
  readonly request?: Request;
  /** What sends requests. @default The runtime's own `fetch` */
  readonly fetch?: Fetch;
  /**
   * How long one attempt of a request may take, of up to three within 3.5 s, or
   * within this time where it is longer.
   *
   * @default "1.5s"
   */
  readonly timeout?: Duration;
  /**
   * A Toucan of `toucan-js` that is ready, in place of all of these; several
   * providers may share it. It is used as it is, with its filters and its tags,
   * and sends by its own ways, without retries.
   */
  readonly client?: ToucanLike;
}

/** The check of each option. */
export const CHECKS = {
  dsn: optional(toDsn),
  environment: optional(kindOf<string>(
    (value) => isName(value, 64, /[\s\p{Cc}/]|^(\.{1,2}|none)$/iu),
    "a name of at most 64 bytes, without spaces, line ends and slashes, that " +
      'is not "None"',
  )),
  release: optional(kindOf<string>(
    (value) => isName(value, 200, /[\p{Cc}/\\]|^(\.{1,2}|latest|\s+)$/iu),
    "a version of at most 200 bytes, without line ends and slashes, that is " +
      'not "latest"',
  )),
  context: optional(kindOf<WorkerContext>(
    (value) => typeof (value as WorkerContext)?.waitUntil === "function",
    "the context of a Worker's request, which has a waitUntil",
  )),
  request: optional(kindOf<Request>(
    (value) => value instanceof Request,
    "a Request",
  )),
  fetch: optional(toFunction as Check<Fetch>),
  timeout: optional(toTimeout),
  client: optional(kindOf<ToucanLike>(
    isToucan,
    "a Toucan of toucan-js, version 4",
  )),
} satisfies Record<keyof SentryOptions, Check<unknown>>;

/**
 * Tells whether something is a name that Sentry keeps.
 *
 * @see https://docs.sentry.io/platforms/javascript/configuration/environments/
 * @see https://docs.sentry.io/product/releases/naming-releases/
 */
function isName(value: unknown, mostBytes: number, refused: RegExp): boolean {
  return typeof value === "string" && value !== "" &&
    bytesIn(value) <= mostBytes && !refused.test(value);
}

/** Milliseconds for one attempt of a request. */
const TIMEOUT_MS = 1_500;
/** Milliseconds for all of them: the end of a run listens for no more than 4.5 s. */
const TOTAL_MS = 3_500;
/** Whatever ends by itself has done so after so much more. */
const ROOM_MS = 500;

/**
 * Makes the way out to Sentry, without going it.
 *
 * @param given The options, checked one by one.
 * @returns The way out.
 * @throws {InvalidOptionError} If there is none, or it is given in two ways.
 */
export function toOutlet(given: Checked<typeof CHECKS>): Outlet {
  const { client, dsn, context, timeout = TIMEOUT_MS, ...more } = given;
  if (client === undefined) {
    if (dsn === undefined) return refuse("nothing as dsn: give dsn or client");
    const totalMs = Math.max(TOTAL_MS, timeout);
    const settings = { ...more, dsn, timeoutMs: timeout, totalMs };
    const toucan = (onLife: OnLife) => openToucan(settings, onLife);
    return new Outlet({ toucan, limitMs: totalMs + ROOM_MS, context });
  }
  const names = Object.keys(CHECKS) as (keyof typeof CHECKS)[];
  for (const name of names) {
    if (name === "client" || given[name] === undefined) continue;
    return refuse(`${name} together with client: make the client with it`);
  }
  return new Outlet({ toucan: client, limitMs: TOTAL_MS + ROOM_MS });
}

/** As far as Sentry's own parser reads it; it would show what it refuses. */
const DSN =
  /^(https?):\/\/\w+(?::\w+)?@([\w.-]+)(?::\d+)?\/(?:[\w./-]*\/)?\d+$/;
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3})$/;

/** Takes a DSN, which no message shows: it holds a key. */
function toDsn(value: unknown, option: string): string {
  if (typeof value === "string" && URL.canParse(value)) {
    const [, scheme, host] = DSN.exec(value) ?? [];
    if (scheme === "https" || LOOPBACK.test(host)) return value;
  }
  return refuse(
    `what was given as ${option}: give the DSN of a project, such as ` +
      '"https://KEY@o123.ingest.sentry.io/456"; http only to this machine',
  );
}

function refuse(what: string): never {
  throw new InvalidOptionError(`Cannot use ${what}`);
}
