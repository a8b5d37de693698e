/**
 * What goes wrong with a Redis server, in words that hold no secret.
 *
 * @module
 */

import { DotFlowError, StorageError } from "../../src/errors.ts";
import { redact } from "../../src/redact.ts";

const NO_CLUSTER = "it is a node of a cluster, which StorageRedis cannot " +
  "list; use a server of its own, or one behind Sentinel";

/** What a reply means, by its first word, and what to do about it. */
const ADVICE: Record<string, string> = {
  CLUSTERDOWN: NO_CLUSTER,
  CROSSSLOT: NO_CLUSTER,
  MISCONF: "it cannot save to its disk; look into its log",
  MOVED: NO_CLUSTER,
  NOAUTH: "it asks for a password; put it into the url",
  NOPERM: "the user may not do that; give it the permissions that the " +
    "documentation of StorageRedis names",
  OOM: "its memory is full; raise its maxmemory",
  READONLY: "it is a read-only replica; give the address of the primary",
  WRONGPASS: "the user name or the password is wrong; correct the url",
  WRONGTYPE: "something else than a text is under this key; move it away, or " +
    "choose another prefix",
};

/** Replies that pass by themselves: after a start, a script, a failover. */
const PASSING = ["BUSY", "LOADING", "MASTERDOWN", "READONLY", "TRYAGAIN"];

/** What node-redis and ioredis say of a client that was closed on purpose. */
const CLOSED = /^(The client|Connection) is closed/;

/**
 * Tells whether the same command may do better a little later.
 *
 * @param error What was thrown.
 * @param handedIn Whether the client is not our own: then nobody opens it again.
 * @returns Whether it may.
 */
export function isPassing(error: unknown, handedIn: boolean): boolean {
  if (error instanceof DotFlowError) return false;
  if (handedIn && CLOSED.test(messageOf(error))) return false;
  const code = replyCode(error);
  return code === undefined || PASSING.includes(code);
}

/**
 * Makes what a client has thrown an error that a caller may catch. It is made
 * of clean parts: what a client throws may hold the command, or the url.
 *
 * @param what What could not be done, and with which key.
 * @param address The server.
 * @param cause What was thrown.
 * @returns The error; one of our own stays as it is.
 */
export function redisFailure(
  what: string,
  address: string,
  cause: unknown,
): DotFlowError {
  if (cause instanceof DotFlowError) return cause;
  return new StorageError(
    `Cannot ${what} in Redis at ${address}: ${reasonOf(cause)}`,
  );
}

function reasonOf(cause: unknown): string {
  const message = messageOf(cause);
  const code = replyCode(cause);
  if (code !== undefined) {
    // An unknown command is answered with its arguments.
    const reply = redact(message.replace(/,? with args.*/s, "").slice(0, 200));
    return ADVICE[code] === undefined
      ? `it replied "${reply}"`
      : `${ADVICE[code]} (${code})`;
  }
  if (CLOSED.test(message)) {
    return "the client is closed; connect it, and leave it open";
  }
  const { code: system, name } = cause as NodeJS.ErrnoException;
  const known = typeof system === "string" && /^[A-Z0-9_]+$/.test(system);
  return `no answer came; see to the address and the server (${
    known ? system : name ?? "Error"
  })`;
}

/** The first word of a reply, such as WRONGTYPE; undefined: no reply came. */
function replyCode(error: unknown): string | undefined {
  return /^[A-Z]{2,}(?= |$)/.exec(messageOf(error))?.[0];
}

function messageOf(error: unknown): string {
  const { message } = (error ?? {}) as { message?: unknown };
  return typeof message === "string" ? message : "";
}
