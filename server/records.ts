/**
 * Values in a storage, changed in one step each. What fails here is the
 * storage's fault, and told apart from all else by its class.
 *
 * @module
 */

import { Context } from "../src/context.ts";
import type { Storage } from "../src/contracts/storage.ts";

/** How many reads are on the way at once. */
const READS_AT_ONCE = 32;

/** So often a change is tried anew when others come between. */
const MOST_TRIES = 100;

/** The storage did not do what it was asked for. */
export class StorageFailure extends Error {
  /**
   * @param cause What the storage threw.
   */
  constructor(cause: unknown) {
    super("Cannot reach the storage", { cause });
    this.name = "StorageFailure";
  }
}

/** Values by key. */
export class Records {
  readonly #open: () => Promise<Storage>;
  readonly #given: Storage | undefined;
  #opened: Storage | undefined;

  /**
   * @param given The storage; undefined for one that is opened when needed.
   * @param open Opens that one.
   */
  constructor(given: Storage | undefined, open: () => Promise<Storage>) {
    this.#given = given;
    this.#open = open;
  }

  /**
   * Reads a value.
   *
   * @param key Its key.
   * @returns The value; undefined where there is none.
   */
  async get<T>(key: string): Promise<T | undefined> {
    const context = await this.#use((storage) => storage.get(key));
    return context.taskId === undefined ? undefined : context.storage as T;
  }

  /**
   * Reads many values, some at a time.
   *
   * @param keys Their keys.
   * @returns The values, in the same order.
   */
  async getAll<T>(keys: readonly string[]): Promise<(T | undefined)[]> {
    const values: (T | undefined)[] = [];
    for (let at = 0; at < keys.length; at += READS_AT_ONCE) {
      const some = keys.slice(at, at + READS_AT_ONCE);
      values.push(...await Promise.all(some.map((key) => this.get<T>(key))));
    }
    return values;
  }

  /**
   * Stores a value, over whatever was there.
   *
   * @param key Its key.
   * @param value The value, which is not changed from now on.
   */
  async put(key: string, value: unknown): Promise<void> {
    await this.#use((storage) => storage.post(key, toContext(value)));
  }

  /**
   * Changes a value in one step, whoever else changes it at the same time.
   *
   * @param key Its key.
   * @param decide Tells what is to be there instead of what is; undefined
   * leaves it. It may be asked more than once.
   * @returns What was there, and what is there now.
   */
  async change<T>(
    key: string,
    decide: (before: T | undefined) => T | undefined | Promise<T | undefined>,
  ): Promise<{ before: T | undefined; now: T | undefined; changed: boolean }> {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const found = await this.#use((storage) => storage.get(key));
      const isThere = found.taskId !== undefined;
      const before = isThere ? found.storage as T : undefined;
      const next = await decide(before);
      if (next === undefined) return { before, now: before, changed: false };
      const done = await this.#use((storage) =>
        storage.atomicSwap!(key, isThere ? found : null, toContext(next))
      );
      if (done) return { before, now: next, changed: true };
    }
    throw new StorageFailure(
      new Error("others change the same record again and again"),
    );
  }

  /**
   * Lists keys.
   *
   * @param prefix How they begin.
   * @returns The keys, in the order of their code units.
   */
  list(prefix: string): Promise<string[]> {
    return this.#use((storage) => storage.listKeys!(prefix));
  }

  /**
   * Removes a value. Where the storage cannot do that, it removes all whose keys
   * begin with that key, for which some storages look at every key they have.
   *
   * @param key Its key, with which no other one begins.
   */
  async removeOne(key: string): Promise<void> {
    await this.#use((storage) =>
      storage.delete?.(key) ?? storage.deletePrefix!(key)
    );
  }

  /**
   * Removes values.
   *
   * @param prefix How their keys begin.
   */
  async remove(prefix: string): Promise<void> {
    await this.#use((storage) => storage.deletePrefix!(prefix));
  }

  /** Closes the storage, where it was opened here. */
  async close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    if (opened !== undefined) await this.#use(() => opened.close?.());
  }

  async #use<T>(act: (storage: Storage) => T | PromiseLike<T>): Promise<T> {
    try {
      return await act(
        this.#given ?? this.#opened ?? await this.#openOnce(),
      );
    } catch (error) {
      throw new StorageFailure(error);
    }
  }

  /** Of those who open it at the same time, the first one counts. */
  async #openOnce(): Promise<Storage> {
    const opened = await this.#open();
    return this.#opened ??= opened;
  }
}

function toContext(storage: unknown): Context {
  return new Context({ storage, taskId: "_server" });
}
