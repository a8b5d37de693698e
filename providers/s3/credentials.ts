/**
 * Credentials for S3, checked.
 *
 * @module
 */

import { describe } from "../../src/describe.ts";
import type { Credential } from "../../src/http/cached_credential.ts";
import { within } from "../../src/within.ts";
import { S3Problem } from "./problem.ts";

/** What requests are signed with. */
export interface S3Credentials {
  /** The name of the key. */
  readonly accessKeyId: string;
  /** The secret. */
  readonly secretAccessKey: string;
  /** Comes with temporary credentials. @default None */
  readonly sessionToken?: string;
  /**
   * When they expire: a date, or milliseconds since 1970, or an ISO time.
   *
   * @default Never
   */
  readonly expiration?: Date | number | string;
}

/** New ones are asked for this long before the old ones expire. */
export const EARLY_MS: number = 5 * 60_000;

/**
 * Checks credentials, and reads when they expire.
 *
 * @param credentials What was found or given.
 * @returns They, and their end.
 * @throws {S3Problem} If they are none.
 */
export function toCredential(
  credentials: S3Credentials,
): Credential<S3Credentials> {
  const problem = credentialsProblem(credentials);
  if (problem !== undefined) throw new S3Problem(problem);
  const expiresMs = toExpiryMs(credentials.expiration);
  return { value: credentials, expiresMs };
}

/**
 * Asks the function of a user for credentials.
 *
 * @param ask The function.
 * @param timeoutMs How long it may take, in milliseconds.
 * @returns What it gives.
 * @throws {S3Problem} If it throws, or takes too long.
 */
export async function askFunction(
  ask: () => unknown,
  timeoutMs: number,
): Promise<S3Credentials> {
  try {
    return await within(Promise.resolve(ask()), timeoutMs) as S3Credentials;
  } catch (error) {
    // What the function says may hold what it keeps secret.
    const name = error instanceof Error ? error.name : typeof error;
    throw new S3Problem(
      name === "TimeoutError"
        ? '"credentials" gave none in time (TimeoutError)'
        : `"credentials" threw an error (${describe(name)})`,
    );
  }
}

/**
 * Says what is wrong with credentials, without showing them.
 *
 * @param value What was given.
 * @returns The problem; undefined where there is none.
 */
export function credentialsProblem(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) {
    return "the credentials are no object with accessKeyId and secretAccessKey";
  }
  const given = value as Record<keyof S3Credentials, unknown>;
  const { sessionToken, expiration } = given;
  for (const name of ["accessKeyId", "secretAccessKey"] as const) {
    if (!isKey(given[name])) return wrong(name);
  }
  if (sessionToken !== undefined && !isKey(sessionToken)) {
    return wrong("sessionToken");
  }
  if (expiration !== undefined && Number.isNaN(toExpiryMs(expiration))) {
    return "the expiration of the credentials is no date";
  }
  return undefined;
}

function wrong(name: string): string {
  return `the ${name} of the credentials is no text, or is empty, or has ` +
    "spaces or line breaks";
}

/** What a header can carry, and nothing that is there by mistake. */
function isKey(value: unknown): boolean {
  return typeof value === "string" && /^[\x21-\x7e]+$/.test(value);
}

function toExpiryMs(expiration: unknown): number {
  if (expiration === undefined) return Infinity;
  const known = typeof expiration === "string" ||
    typeof expiration === "number" || expiration instanceof Date;
  return known ? new Date(expiration).getTime() : NaN;
}
