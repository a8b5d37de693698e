/**
 * What requests are authorized with, kept while it is good and renewed before it
 * is not.
 *
 * @module
 */

import { within } from "../within.ts";

/** A credential, and its end. */
export interface Credential<T> {
  /** The credential itself. */
  readonly value: T;
  /** When it ends, in milliseconds since the epoch; Infinity: never. */
  readonly expiresMs: number;
}

/** When a credential is renewed. */
export interface RenewalOptions {
  /** How long before its end, in milliseconds; at most half of its time. */
  readonly earlyMs: number;
  /** How long to wait for a renewal that another began, in milliseconds. */
  readonly patienceMs: number;
}

/** After a failed renewal, one that is still good is used for so long. */
const AGAIN_MS = 10_000;

/** Credentials from one source, shared by all who ask. */
export class CachedCredential<T> {
  readonly #source: () => Promise<Credential<T>>;
  readonly #options: RenewalOptions;
  #held: Credential<T> | undefined;
  #renewAtMs = 0;
  #pending: Promise<T> | undefined;

  /**
   * Makes a cache, which is empty.
   *
   * @param source Gets a new credential; it has to end by itself.
   * @param options When it is asked.
   */
  constructor(source: () => Promise<Credential<T>>, options: RenewalOptions) {
    this.#source = source;
    this.#options = options;
  }

  /**
   * Gives a credential: the one at hand, or a new one, which is asked for once
   * however many wait for it.
   *
   * @returns The credential.
   * @throws {Error} What the source throws, where none is at hand.
   */
  async get(): Promise<T> {
    const held = this.#held;
    const now = Date.now();
    if (held !== undefined && now < this.#renewAtMs) return held.value;
    const pending = this.#pending;
    if (pending === undefined) return await this.#begin();
    if (held !== undefined && now < held.expiresMs) return held.value;
    return await this.#share(pending);
  }

  /**
   * Forgets a credential that a server did not take.
   *
   * @param refused What `get` gave; where it is another by now, that stays.
   */
  forget(refused: T): void {
    if (this.#held?.value === refused) this.#held = undefined;
  }

  #begin(): Promise<T> {
    const pending = this.#renew().finally(() => this.#end(pending));
    this.#pending = pending;
    return pending;
  }

  #end(pending: Promise<T>): void {
    if (this.#pending === pending) this.#pending = undefined;
  }

  /**
   * Waits for what another began, but not for ever: in a Worker, the request
   * that began it may be over, and then nothing of it goes on.
   */
  async #share(pending: Promise<T>): Promise<T> {
    const settled = pending.then(() => true, () => true);
    const waited = within(settled, this.#options.patienceMs);
    if (await waited.catch(() => false)) return await pending;
    this.#end(pending);
    return await this.get();
  }

  async #renew(): Promise<T> {
    try {
      const credential = await this.#source();
      const { value, expiresMs } = credential;
      const halfMs = (expiresMs - Date.now()) / 2;
      this.#held = credential;
      this.#renewAtMs = expiresMs - Math.min(this.#options.earlyMs, halfMs);
      return value;
    } catch (error) {
      const old = this.#held;
      if (old === undefined || old.expiresMs <= Date.now()) throw error;
      this.#renewAtMs = Math.min(Date.now() + AGAIN_MS, old.expiresMs);
      return old.value;
    }
  }
}
