/**
 * Credentials for S3, and when to ask for them again.
 *
 * @module
 */

import type { Awaitable } from "../../src/types.ts";
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
const EARLY_MS = 5 * 60_000;

/** After new ones could not be had, the old ones are used for so long. */
const PATIENCE_MS = 30_000;

interface Held {
  readonly credentials: S3Credentials;
  readonly expiresMs: number;
  refreshMs: number;
}

/**
 * Holds credentials until shortly before they expire. However many requests
 * need new ones, they are asked for once.
 */
export class CredentialsHolder {
  readonly #load: () => Awaitable<S3Credentials>;
  #held: Held | undefined;
  #pending: Promise<S3Credentials> | undefined;

  /**
   * Makes a holder.
   *
   * @param load Asks for credentials.
   */
  constructor(load: () => Awaitable<S3Credentials>) {
    this.#load = load;
  }

  /**
   * Gives credentials.
   *
   * @returns What is held, or what was asked for.
   * @throws {S3Problem} If there are none.
   */
  get(): Promise<S3Credentials> {
    const held = this.#held;
    if (held !== undefined && Date.now() < held.refreshMs) {
      return Promise.resolve(held.credentials);
    }
    this.#pending ??= this.#refresh().finally(() => this.#pending = undefined);
    return this.#pending;
  }

  /**
   * Forgets credentials that the server calls expired or unknown.
   *
   * @param credentials What `get` gave.
   */
  forget(credentials: S3Credentials): void {
    if (this.#held?.credentials === credentials) this.#held = undefined;
  }

  async #refresh(): Promise<S3Credentials> {
    const held = this.#held;
    try {
      const credentials = await this.#load();
      const problem = credentialsProblem(credentials);
      if (problem !== undefined) throw new S3Problem(problem);
      const expiresMs = toExpiryMs(credentials.expiration);
      const early = Math.min(EARLY_MS, (expiresMs - Date.now()) / 2);
      this.#held = { credentials, expiresMs, refreshMs: expiresMs - early };
      return credentials;
    } catch (error) {
      if (held === undefined || Date.now() >= held.expiresMs) throw error;
      const againMs = Date.now() + PATIENCE_MS;
      held.refreshMs = Math.min(againMs, held.expiresMs);
      return held.credentials;
    }
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
