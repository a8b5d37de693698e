/**
 * Storages for the tests: such as a user would write them, and such as count,
 * or fail, on demand.
 *
 * @module
 */

import { Context, Storage } from "@dotflow/dotflow";

/** What several instances of a text storage share. */
export type Texts = Map<string, string>;

/** A user's own storage with no more than `post` and `get`. */
export class StorageBare extends Storage {
  constructor(readonly texts: Texts = new Map()) {
    super();
  }

  async post(key: string, context: Context): Promise<void> {
    const text = context.toText();
    await null;
    this.texts.set(key, text);
  }

  async get(key: string): Promise<Context> {
    await null;
    const text = this.texts.get(key);
    return text === undefined ? new Context() : Context.fromText(text, key);
  }
}

/** A user's own storage with everything, each call at once and in one piece. */
export class StorageText extends StorageBare {
  override readonly swapsAtomically: boolean = true;

  // deno-lint-ignore require-await
  override async atomicSwap(
    key: string,
    expected: Context | null,
    next: Context,
  ): Promise<boolean> {
    const text = next.toText();
    if (this.texts.get(key) !== expected?.toText()) return false;
    this.texts.set(key, text);
    return true;
  }

  override delete(key: string): boolean {
    return this.texts.delete(key);
  }

  override async deletePrefix(prefix: string): Promise<number> {
    if (prefix === "") {
      throw Object.assign(new Error("Cannot remove everything"), {
        code: "INVALID_OPTION",
      });
    }
    const keys = await this.listKeys(prefix);
    for (const key of keys) this.texts.delete(key);
    return keys.length;
  }

  override listKeys(prefix: string): Promise<string[]> {
    const keys = this.listKeysNow().filter((key) => key.startsWith(prefix));
    return Promise.resolve(keys);
  }

  /** All keys, for tests to look at. */
  listKeysNow(): string[] {
    return [...this.texts.keys()].sort();
  }
}

/** Counts calls, by method. */
export class StorageCounting extends StorageText {
  counts: Record<string, number> = {};

  #count(method: string): void {
    this.counts[method] = (this.counts[method] ?? 0) + 1;
  }

  /** Starts to count anew, and gives what was counted. */
  take(): Record<string, number> {
    const { counts } = this;
    this.counts = {};
    return counts;
  }

  override post(key: string, context: Context): Promise<void> {
    this.#count("post");
    return super.post(key, context);
  }

  override get(key: string): Promise<Context> {
    this.#count("get");
    return super.get(key);
  }

  override atomicSwap(
    key: string,
    expected: Context | null,
    next: Context,
  ): Promise<boolean> {
    this.#count("swap");
    return super.atomicSwap(key, expected, next);
  }

  override deletePrefix(prefix: string): Promise<number> {
    this.#count("deletePrefix");
    return super.deletePrefix(prefix);
  }

  override listKeys(prefix: string): Promise<string[]> {
    this.#count("list");
    return super.listKeys(prefix);
  }
}

/** Fails where it is told to. */
export class StorageFailing extends StorageText {
  /** Tells whether a call fails; by default none does. */
  fails: (method: string, key: string) => boolean = () => false;

  #check(method: string, key: string): void {
    if (this.fails(method, key)) throw new Error("the wire was cut");
  }

  override get(key: string): Promise<Context> {
    this.#check("get", key);
    return super.get(key);
  }

  override async atomicSwap(
    key: string,
    expected: Context | null,
    next: Context,
  ): Promise<boolean> {
    await null;
    this.#check("swap", key);
    return await super.atomicSwap(key, expected, next);
  }
}
