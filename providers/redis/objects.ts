/**
 * Contexts as texts under keys of Redis, and writes with exact answers.
 *
 * @module
 */

import { Context } from "../../src/context.ts";
import { CorruptCheckpointError, StorageError } from "../../src/errors.ts";
import {
  addNonce,
  joinNonces,
  type Nonces,
  type Numbered,
  pack,
  unpack,
} from "../../src/nonces.ts";
import type { Connection } from "./connection.ts";
import { decodeKey, encodeKey, patternOf } from "./keys.ts";
import { END, SWAP } from "./swap.ts";

/** How many keys the server looks at for one answer. */
const SCAN_COUNT = "1000";

/** What objects are made of. */
export interface ObjectsOptions {
  /** The way to the server. */
  readonly connection: Connection;
  /** What all keys in the server begin with. */
  readonly prefix: string;
  /** How long texts stay, in milliseconds; undefined: for ever. */
  readonly ttl: number | undefined;
}

/** Reads and writes contexts, and knows the states of those it has handled. */
export class RedisObjects {
  readonly #options: ObjectsOptions;
  /** Which state of which key a Context is known to stand for. */
  readonly #states = new WeakMap<Context, { key: string; nonces: Nonces }>();

  /**
   * @param options What they are made of.
   */
  constructor(options: ObjectsOptions) {
    this.#options = options;
  }

  /**
   * Reads what is under a key.
   *
   * @param key The key.
   * @returns The content; undefined where there is none.
   */
  async read(key: string): Promise<Context | undefined> {
    const stored = await this.#read(key);
    if (stored === undefined) return undefined;
    const context = Context.fromText(stored.text, this.#placeOf(key));
    this.#states.set(context, { key, nonces: stored.nonces });
    return context;
  }

  /**
   * Writes, whatever was there.
   *
   * @param key The key.
   * @param context The content.
   */
  async write(key: string, context: Context): Promise<void> {
    const next = { nonces: addNonce(), text: context.toText() };
    const set = ["SET", this.#at(key), pack(next), ...this.#expiryOf(key)];
    await this.#send("store", key, ...set);
    this.#states.set(context, { key, nonces: next.nonces });
  }

  /**
   * Finds the state in which a key holds what is expected.
   *
   * @param key The key.
   * @param expected What it is expected to hold.
   * @returns The numbers of the state; undefined where it holds something else.
   */
  async stateOf(key: string, expected: Context): Promise<Nonces | undefined> {
    const known = this.#states.get(expected);
    if (known?.key === key) return known.nonces;
    const stored = await this.#read(key);
    return stored?.text === expected.toText() ? stored.nonces : undefined;
  }

  /**
   * Writes if a key is still in a state.
   *
   * @param key The key.
   * @param state The state; null: there is nothing.
   * @param next The new content.
   * @returns Whether it was written, also where the server's own word was lost.
   */
  async swap(
    key: string,
    state: Nonces | null,
    next: Context,
  ): Promise<boolean> {
    const nonces = addNonce(state ?? []);
    const numbered = { nonces, text: next.toText() };
    const written = state === null
      ? await this.#create(key, numbered)
      : await this.#replace(key, state, numbered);
    if (written) this.#states.set(next, { key, nonces });
    return written;
  }

  /**
   * Removes what is under keys.
   *
   * @param what Which they are, for errors: a key, or what they begin with.
   * @param keys The keys.
   * @returns How many there were.
   */
  async remove(what: string, keys: readonly string[]): Promise<number> {
    const places = keys.map((key) => this.#at(key));
    return await this.#send("remove", what, "UNLINK", ...places) as number;
  }

  /**
   * Lists the keys with a prefix, some at a time, and one perhaps twice.
   *
   * @param verb What they are listed for, for errors.
   * @param prefix The prefix.
   * @returns The keys.
   */
  async *pages(verb: string, prefix: string): AsyncGenerator<string[]> {
    const home = this.#options.prefix;
    const pattern = patternOf(home, prefix);
    let cursor = "0";
    do {
      const args = ["SCAN", cursor, "MATCH", pattern, "COUNT", SCAN_COUNT];
      const reply = await this.#send(verb, prefix, ...args);
      const [next, names] = reply as [string, string[]];
      cursor = String(next);
      yield names.map((name) => decodeKey(name.slice(home.length)))
        .filter((key) => key !== undefined)
        .filter((key) => key.startsWith(prefix));
    } while (cursor !== "0");
  }

  async #create(key: string, next: Numbered): Promise<boolean> {
    const at = this.#at(key);
    const set = ["SET", at, pack(next), "NX", ...this.#expiryOf(key)];
    if (await this.#send("store", key, ...set) !== null) return true;
    // Clients send again by themselves, too: it may be one's own.
    const found = await this.#ask("store", key, "GETRANGE", at, "0", END);
    return found?.nonces.includes(next.nonces[0]) === true;
  }

  async #replace(
    key: string,
    state: Nonces,
    next: Numbered,
  ): Promise<boolean> {
    const line = `${joinNonces(state)}\n`;
    const args = [this.#at(key), line, pack(next), ...this.#expiryOf(key)];
    return await this.#send("store", key, "EVAL", SWAP, "1", ...args) === 1;
  }

  async #read(key: string): Promise<Numbered | undefined> {
    const stored = await this.#ask("read", key, "GET", this.#at(key));
    if (stored?.nonces.length !== 0) return stored;
    const place = this.#placeOf(key);
    throw new CorruptCheckpointError(place, "it has no number of a write");
  }

  async #ask(
    verb: string,
    key: string,
    ...args: string[]
  ): Promise<Numbered | undefined> {
    const reply = await this.#send(verb, key, ...args);
    if (reply === null || reply === undefined) return undefined;
    if (typeof reply === "string") return unpack(reply);
    throw new StorageError(
      `Cannot ${verb} ${JSON.stringify(key)} in Redis: the given client ` +
        "gives no texts; hand in one that does",
    );
  }

  #send(verb: string, key: string, ...args: string[]): Promise<unknown> {
    const { connection } = this.#options;
    return connection.send(`${verb} ${JSON.stringify(key)}`, ...args);
  }

  /**
   * A run record has no end: with it, its owner and its epoch would be
   * forgotten, and a second owner could begin where the first still writes.
   */
  #expiryOf(key: string): string[] {
    const { ttl } = this.#options;
    return ttl === undefined || key.endsWith("/_run")
      ? []
      : ["PX", String(ttl)];
  }

  #at(key: string): string {
    return this.#options.prefix + encodeKey(key);
  }

  #placeOf(key: string): string {
    return `${this.#options.connection.address}/${this.#at(key)}`;
  }
}
