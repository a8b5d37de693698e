/**
 * Contexts as objects of R2, and conditional writes with exact answers.
 *
 * @module
 */

import { Context } from "../../src/context.ts";
import { StorageError } from "../../src/errors.ts";
import {
  addNonce,
  joinNonces,
  type Nonces,
  splitNonces,
} from "../../src/nonces.ts";
import {
  bytesIn,
  LONGEST_NAME,
  toKey,
  toName,
  wholeOf,
} from "../../src/object_name.ts";
import { readPages } from "../../src/pages.ts";
import { type Attempts, persist } from "./attempts.ts";
import type { R2Binding, R2Body, R2Head } from "./binding.ts";

/** R2 removes at most so many objects at once. */
const REMOVED_AT_ONCE = 1000;

/** Where the numbers of writes are kept: in the metadata, as `StorageS3` does. */
const NONCES = "dotflow-nonces";

/** What objects are made of. */
export interface ObjectsOptions {
  /** The bucket. */
  readonly bucket: R2Binding;
  /** What the names of all objects begin with. */
  readonly prefix: string;
  /** How often, and for how long, an operation is tried. */
  readonly attempts: Attempts;
}

/** A state of an object. */
export interface State {
  /** Its ETag. */
  readonly etag: string;
  /** The numbers of the writes that led to it. */
  readonly nonces: Nonces;
}

/** Reads and writes contexts, and knows the states of those it has handled. */
export class R2Objects {
  readonly #options: ObjectsOptions;
  readonly #bucket: R2Binding;
  /** Which state of which key a Context is known to stand for. */
  readonly #states = new WeakMap<Context, State & { readonly key: string }>();

  /**
   * @param options What they are made of.
   */
  constructor(options: ObjectsOptions) {
    this.#options = options;
    this.#bucket = options.bucket;
  }

  /**
   * Reads an object.
   *
   * @param key Its key.
   * @returns Its content; undefined where there is none.
   */
  async read(key: string): Promise<Context | undefined> {
    const stored = await this.#read(key);
    if (stored === null) return undefined;
    const context = Context.fromText(stored.text, this.#nameOf(key));
    this.#remember(context, key, stored.head);
    return context;
  }

  /**
   * Writes an object, whatever was there.
   *
   * @param key Its key.
   * @param context Its content.
   */
  async write(key: string, context: Context): Promise<void> {
    const name = this.#nameOf(key);
    const text = context.toText();
    const head = await this.#persist("store", key, () =>
      // Without a condition there is always an object.
      this.#bucket.put(name, text) as Promise<R2Head>);
    this.#remember(context, key, head);
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
    const stored = await this.#read(key);
    return stored?.text === expected.toText()
      ? stateIn(stored.head)
      : undefined;
  }

  /**
   * Writes an object if it is still in a state.
   *
   * @param key Its key.
   * @param state The state; null: it is not there.
   * @param next Its new content.
   * @returns Whether it was written, also where R2's own word was lost.
   */
  async swap(
    key: string,
    state: State | null,
    next: Context,
  ): Promise<boolean> {
    const name = this.#nameOf(key);
    const text = next.toText();
    const onlyIf = state === null
      ? { etagDoesNotMatch: "*" }
      : { etagMatches: state.etag };
    const nonces = addNonce(state?.nonces);
    const customMetadata = { [NONCES]: joinNonces(nonces) };
    const put = () => this.#bucket.put(name, text, { onlyIf, customMetadata });
    let unclear = false;
    const noteUnclear = () => unclear = true;
    const written = await this.#persist("store", key, put, noteUnclear);
    if (written !== null) {
      this.#states.set(next, { key, etag: written.etag, nonces });
      return true;
    }
    const head = unclear ? await this.#head("store", key) : null;
    const found = head === null ? -1 : stateIn(head).nonces.indexOf(nonces[0]);
    if (found === 0) this.#remember(next, key, head!);
    return found >= 0;
  }

  /**
   * Removes an object. R2 does not say whether there was one: it is looked for
   * first.
   *
   * @param key Its key.
   * @returns Whether there was one.
   */
  async remove(key: string): Promise<boolean> {
    const name = this.#nameOf(key);
    if (await this.#head("remove", key) === null) return false;
    await this.#persist("remove", key, () => this.#bucket.delete(name));
    return true;
  }

  /**
   * Removes the objects of keys.
   *
   * @param prefix What they begin with, for errors.
   * @param keys The keys.
   */
  async removeAll(prefix: string, keys: readonly string[]): Promise<void> {
    const names = keys.map((key) => this.#nameOf(key));
    for (let first = 0; first < names.length; first += REMOVED_AT_ONCE) {
      const some = names.slice(first, first + REMOVED_AT_ONCE);
      await this.#persist("remove", prefix, () => this.#bucket.delete(some));
    }
  }

  /**
   * Lists the keys that begin with a prefix.
   *
   * @param prefix The prefix.
   * @returns The keys, in the order of their code units.
   */
  async list(prefix: string): Promise<string[]> {
    const home = this.#options.prefix;
    const begin = home + toName(wholeOf(prefix));
    const keys: (string | undefined)[] = [];
    await readPages(`${this.#what("list", prefix)} in R2`, async (cursor) => {
      const page = await this.#persist("list", prefix, async () => {
        const page = await this.#bucket.list({ prefix: begin, cursor });
        if (!page.truncated || page.cursor) return page;
        throw new Error("a list that goes on came without its cursor");
      });
      for (const { key: name } of page.objects) {
        keys.push(toKey(name.slice(home.length)));
      }
      return page.truncated ? page.cursor : undefined;
    });
    return keys.filter((key) => key !== undefined)
      .filter((key) => key.startsWith(prefix)).sort();
  }

  #remember(context: Context, key: string, head: R2Head): void {
    this.#states.set(context, { key, ...stateIn(head) });
  }

  async #read(key: string): Promise<{ text: string; head: R2Body } | null> {
    const name = this.#nameOf(key);
    return await this.#persist("read", key, async () => {
      const head = await this.#bucket.get(name);
      return head && { text: await head.text(), head };
    });
  }

  #head(verb: string, key: string): Promise<R2Head | null> {
    const name = this.#nameOf(key);
    return this.#persist(verb, key, () => this.#bucket.head(name));
  }

  #persist<T>(
    verb: string,
    key: string,
    attempt: () => Promise<T>,
    onUnclear?: () => void,
  ): Promise<T> {
    const { attempts } = this.#options;
    return persist(this.#what(verb, key), attempts, attempt, onUnclear);
  }

  #what(verb: string, key: string): string {
    return `${verb} ${JSON.stringify(this.#options.prefix + key)}`;
  }

  #nameOf(key: string): string {
    const name = this.#options.prefix + toName(key);
    if (key !== "" && bytesIn(name) <= LONGEST_NAME) return name;
    throw new StorageError(
      `Cannot use a key of ${bytesIn(toName(key))} bytes in R2: it takes 1 ` +
        `or more, and ${LONGEST_NAME} at most together with the prefix`,
    );
  }
}

function stateIn({ etag, customMetadata }: R2Head): State {
  return { etag, nonces: splitNonces(customMetadata?.[NONCES]) };
}
