/**
 * Contexts as objects, and conditional writes with exact answers.
 *
 * See https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 *
 * @module
 */

import { Context } from "../../src/context.ts";
import { StorageError } from "../../src/errors.ts";
import type { HttpAnswer } from "../../src/http/retry.ts";
import {
  addNonce,
  joinNonces,
  type Nonces,
  splitNonces,
} from "../../src/nonces.ts";
import { type S3Client, textOf } from "./client.ts";

/** Where the numbers of conditional writes are kept. */
const NONCES = "x-amz-meta-dotflow-nonces";

/** A state of an object. */
export interface State {
  /** Its ETag. */
  readonly tag: string;
  /** The numbers of the writes that led to it, the newest first. */
  readonly nonces: Nonces;
}

/** What there is under a key. */
export interface Found {
  /** The content. */
  readonly context: Context;
  /** The state. */
  readonly state: State;
}

/** Reads and writes contexts, and knows the states of those it has handled. */
export class S3Objects {
  readonly #client: S3Client;
  readonly #states = new WeakMap<Context, State & { key: string }>();
  /** Whether `If-Match` takes quotes off, or puts them on: Ceph wants none. */
  #requote = false;
  /** Whether it is known that `If-Match` is understood as it is sent. */
  #understood = false;

  /**
   * @param client What sends the requests.
   */
  constructor(client: S3Client) {
    this.#client = client;
  }

  /**
   * Reads an object.
   *
   * @param key Its key.
   * @param verb What it is read for, for errors.
   * @returns What there is; undefined: nothing.
   */
  async read(key: string, verb = "read"): Promise<Found | undefined> {
    const answer = await this.#client.send({
      verb,
      key,
      method: "GET",
      action: "s3:GetObject and s3:ListBucket",
      counts: isMissing,
      flaw: lacksTag,
    });
    if (answer.status === 404) return undefined;
    const name = this.#client.nameOf(key);
    const context = Context.fromText(textOf(answer), name);
    const { headers } = answer;
    const nonces = splitNonces(headers.get(NONCES));
    return { context, state: this.#remember(context, key, headers, nonces) };
  }

  /**
   * Writes an object, whatever was there.
   *
   * @param key Its key.
   * @param context Its content.
   */
  async write(key: string, context: Context): Promise<void> {
    const { headers } = await this.#put("write", key, context.toText(), {});
    this.#remember(context, key, headers, []);
  }

  /**
   * Finds the state in which an object is as expected.
   *
   * @param key Its key.
   * @param expected What it is expected to hold.
   * @returns The state; undefined where it holds something else.
   */
  async stateOf(key: string, expected: Context): Promise<State | undefined> {
    const known = this.#states.get(expected);
    if (known?.key === key) return known;
    const found = await this.read(key, "swap");
    return found?.context.toText() === expected.toText()
      ? found.state
      : undefined;
  }

  /**
   * Writes an object if it is still in a state.
   *
   * @param key Its key.
   * @param state The state; null: it is not there.
   * @param next Its new content.
   * @returns Whether it was written, also where the server's own word was lost.
   */
  async swap(
    key: string,
    state: State | null,
    next: Context,
  ): Promise<boolean> {
    const text = next.toText();
    const nonces = addNonce(state?.nonces);
    const forms = [this.#requote, !this.#requote];
    for (const requote of forms) {
      const { status, headers } = await this.#put("swap", key, text, {
        ...state === null
          ? { "if-none-match": "*" }
          : { "if-match": requote ? changeQuotes(state.tag) : state.tag },
        [NONCES]: joinNonces(nonces),
      });
      if (status < 300) {
        if (state !== null) this.#learn(requote);
        this.#remember(next, key, headers, nonces);
        return true;
      }
      // Also where there was but one attempt: runtimes send a request again by
      // themselves when a connection breaks.
      const found = await this.read(key, "swap");
      const at = found?.state.nonces.indexOf(nonces[0]);
      if (at === 0) this.#states.set(next, { key, ...found!.state });
      if (at !== undefined && at >= 0) return true;
      if (found?.state.tag !== state?.tag) return false;
      if (status === 409) {
        throw new StorageError(
          `Cannot swap ${this.#client.describe(key)}: others kept writing it`,
        );
      }
      if (state === null) return false;
      // The condition held: was it understood as it was sent?
      if (this.#understood && requote === this.#requote) return false;
    }
    return false;
  }

  /**
   * Removes an object. S3 does not say whether there was one: it is looked for
   * first.
   *
   * @param key Its key.
   * @returns Whether there was one.
   */
  async remove(key: string): Promise<boolean> {
    const { status } = await this.#client.send({
      verb: "delete",
      key,
      method: "GET",
      action: "s3:GetObject and s3:ListBucket",
      headers: { range: "bytes=0-0" },
      counts: (status, code) => status === 416 || isMissing(status, code),
      flaw: lacksTag,
    });
    if (status === 404) return false;
    await this.#client.send({
      verb: "delete",
      key,
      method: "DELETE",
      action: "s3:DeleteObject",
      counts: isMissing,
    });
    return true;
  }

  /** An answer above 299 says that the condition did not hold. */
  #put(
    verb: "write" | "swap",
    key: string,
    text: string,
    conditions: Record<string, string>,
  ): Promise<HttpAnswer> {
    return this.#client.send({
      verb,
      key,
      method: "PUT",
      action: "s3:PutObject",
      headers: { "content-type": "application/json", ...conditions },
      body: new TextEncoder().encode(text),
      counts: (status, code) =>
        verb === "swap" &&
        (status === 412 || status === 409 || isMissing(status, code)),
      flaw: lacksTag,
    });
  }

  #remember(
    context: Context,
    key: string,
    headers: Headers,
    nonces: Nonces,
  ): State {
    const state = { key, tag: headers.get("etag")!, nonces };
    this.#states.set(context, state);
    return state;
  }

  #learn(requote: boolean): void {
    this.#requote = requote;
    this.#understood = true;
  }
}

function changeQuotes(tag: string): string {
  return tag.startsWith('"') ? tag.slice(1, -1) : `"${tag}"`;
}

function isMissing(_: number, code: string | undefined): boolean {
  return code === "NoSuchKey";
}

/** Every object of S3 has an ETag. */
function lacksTag(_: unknown, headers: Headers): string | undefined {
  return headers.get("etag") ? undefined : "an answer that is not of S3";
}
