/**
 * Access tokens, kept while they are good and renewed before they are not.
 *
 * @module
 */

import { within } from "../../src/within.ts";

/** An access token. */
export interface Token {
  /** The token itself. */
  readonly token: string;
  /** When it ends, in milliseconds since the epoch. */
  readonly expires: number;
}

/**
 * A token is renewed so long before it ends, as Google's own libraries do: the
 * metadata server has a new one by then.
 */
const EARLY_MS = 225_000;

/** After a failed renewal, a token that is still good is used for so long. */
const AGAIN_MS = 10_000;

/** Access tokens from one source, shared by all who ask. */
export class TokenCache {
  readonly #source: () => Promise<Token>;
  readonly #patienceMs: number;
  #token: Token | undefined;
  #renewAt = 0;
  #pending: Promise<string> | undefined;

  /**
   * @param source Gets a new token.
   * @param patienceMs How long to wait for the source, in milliseconds.
   */
  constructor(source: () => Promise<Token>, patienceMs: number) {
    this.#source = source;
    this.#patienceMs = patienceMs;
  }

  /**
   * Gives a token: the one at hand, or a new one, which is asked for once
   * however many wait for it.
   *
   * @param refused A token that a server did not take: it is not given again.
   * @returns The token.
   * @throws {Error} What the source throws; or that it did not answer.
   */
  async get(refused?: string): Promise<string> {
    if (refused !== undefined && this.#token?.token === refused) {
      this.#token = undefined;
    }
    if (this.#token !== undefined && Date.now() < this.#renewAt) {
      return this.#token.token;
    }
    return await this.#waitFor(this.#pending ??= this.#renew());
  }

  async #renew(): Promise<string> {
    try {
      const token = await this.#source();
      const leftMs = token.expires - Date.now();
      this.#token = token;
      this.#renewAt = token.expires - Math.min(EARLY_MS, leftMs / 2);
      return token.token;
    } catch (error) {
      const old = this.#token;
      if (old === undefined || old.expires <= Date.now()) throw error;
      this.#renewAt = Math.min(Date.now() + AGAIN_MS, old.expires);
      return old.token;
    }
  }

  /**
   * Waits, but not for ever: in a Worker, the request that began the renewal may
   * be ended, and its promise with it.
   */
  async #waitFor(pending: Promise<string>): Promise<string> {
    try {
      return await within(pending, this.#patienceMs);
    } finally {
      if (this.#pending === pending) this.#pending = undefined;
    }
  }
}
