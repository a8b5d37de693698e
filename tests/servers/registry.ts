/**
 * All buckets of the lab, and who may use them.
 *
 * @module
 */

import { randomBytes } from "node:crypto";
import type { S3Credentials } from "./access.ts";
import { type AnyOptions, Bucket } from "./bucket.ts";

/** A key for S3 that the lab has issued. */
export interface IssuedKey {
  /** The secret. */
  secret: string;
  /** What must come along, for a temporary one. */
  sessionToken?: string;
  /** When it expires, in milliseconds since 1970. */
  expiresMs: number;
  /** The one bucket that it opens. */
  bucket: string;
}

/** A bearer token that the lab has issued. */
export interface IssuedToken {
  /** When it expires, in milliseconds since 1970. */
  expiresMs: number;
  /** The one bucket that it opens. */
  bucket: string;
  /** Its scope. */
  scope: string;
}

/** The address of the lab. */
export interface Place {
  /** Such as `http://127.0.0.1:4000`. */
  address: string;
}

/** The buckets and what opens them. */
export class Registry {
  /** By name. */
  readonly buckets = new Map<string, Bucket>();
  /** By access key id. */
  readonly keys = new Map<string, IssuedKey>();
  /** Bearer tokens. */
  readonly tokens = new Map<string, IssuedToken>();

  /** Makes a bucket with a name that nobody guesses. */
  open(kind: Bucket["kind"], options: AnyOptions): Bucket {
    const name = `${kind}-${randomBytes(8).toString("hex")}`;
    const bucket = new Bucket(name, kind, options);
    this.buckets.set(name, bucket);
    return bucket;
  }

  /** Forgets a bucket and all that opens it. */
  drop(name: string): void {
    this.buckets.delete(name);
    for (const issued of [this.keys, this.tokens]) {
      for (const [id, { bucket }] of issued) {
        if (bucket === name) issued.delete(id);
      }
    }
  }

  /**
   * Issues credentials for S3.
   *
   * @param bucket What they open.
   * @param lifetimeMs For how long; undefined: for good, without a session.
   * @returns The credentials.
   */
  issueKey(bucket: string, lifetimeMs?: number): S3Credentials {
    const temporary = lifetimeMs !== undefined;
    const id = randomBytes(8).toString("hex").toUpperCase();
    const accessKeyId = `${temporary ? "ASIA" : "AKIA"}${id}`;
    const secretAccessKey = randomBytes(30).toString("base64");
    const sessionToken = temporary
      ? randomBytes(60).toString("base64")
      : undefined;
    const expiresMs = temporary ? Date.now() + lifetimeMs : Infinity;
    const secret = secretAccessKey;
    this.keys.set(accessKeyId, { secret, sessionToken, expiresMs, bucket });
    if (sessionToken === undefined) return { accessKeyId, secretAccessKey };
    const expiration = new Date(expiresMs).toISOString();
    return { accessKeyId, secretAccessKey, sessionToken, expiration };
  }

  /** Issues a bearer token. */
  issueToken(bucket: string, lifetimeMs: number, scope: string): string {
    const token = `ya29.${randomBytes(40).toString("base64url")}`;
    const expiresMs = Date.now() + lifetimeMs;
    this.tokens.set(token, { bucket, expiresMs, scope });
    return token;
  }

  /** Lets everything that opens a bucket expire now. */
  expire(bucket: string): void {
    for (const issued of [this.keys, this.tokens]) {
      for (const entry of issued.values()) {
        if (entry.bucket === bucket) entry.expiresMs = 0;
      }
    }
  }
}
