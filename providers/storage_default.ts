/**
 * The storage that keeps everything in memory.
 *
 * @example
 * ```ts
 * import { Config, StorageDefault } from "@dotflow/dotflow";
 *
 * const config = new Config({ storage: new StorageDefault() });
 * ```
 *
 * @module
 */

import { Context } from "../src/context.ts";
import { Storage } from "../src/contracts/storage.ts";
import { refuseEmptyPrefix } from "../src/options.ts";

/** No key has a folder of this name: folders are empty or end with a slash. */
const NOWHERE = { folder: "nowhere", contexts: new Map<string, Context>() };

/**
 * Keeps contexts in the memory of this process, by reference: nothing is
 * copied, and nothing outlives the process.
 */
export class StorageDefault extends Storage {
  /** Nothing leaves the memory of this process. */
  override readonly persistent: boolean = false;
  /** Nobody comes between within one process. */
  override readonly swapsAtomically: boolean = true;
  /** By folder (everything up to the last slash), so that a run goes at once. */
  readonly #folders: Map<string, Map<string, Context>> = new Map();
  /** The folder that was written to last: most often it is the next one too. */
  #latest = NOWHERE;

  /**
   * Stores a context.
   *
   * @param key The key.
   * @param context What to store.
   */
  post(key: string, context: Context): void {
    const at = key.lastIndexOf("/") + 1;
    this.#contextsIn(key, at).set(key.slice(at), context);
  }

  /**
   * Reads a context.
   *
   * @param key The key.
   * @returns The very context that was stored; an empty one where none was.
   */
  get(key: string): Context {
    const at = key.lastIndexOf("/") + 1;
    const contexts = this.#folders.get(key.slice(0, at));
    return contexts?.get(key.slice(at)) ?? new Context();
  }

  /**
   * Stores a context only if the key still holds what was expected.
   *
   * @param key The key.
   * @param expected The very context that `get` gave; null: nothing.
   * @param next What to store.
   * @returns Whether it was stored.
   */
  override atomicSwap(
    key: string,
    expected: Context | null,
    next: Context,
  ): boolean {
    const at = key.lastIndexOf("/") + 1;
    const contexts = this.#contextsIn(key, at);
    const name = key.slice(at);
    if ((contexts.get(name) ?? null) !== expected) return false;
    contexts.set(name, next);
    return true;
  }

  /**
   * Removes a context.
   *
   * @param key The key.
   * @returns Whether there was one.
   */
  override delete(key: string): boolean {
    const at = key.lastIndexOf("/") + 1;
    const folder = key.slice(0, at);
    const contexts = this.#folders.get(folder);
    if (!contexts?.delete(key.slice(at))) return false;
    if (contexts.size === 0) {
      this.#folders.delete(folder);
      this.#latest = NOWHERE;
    }
    return true;
  }

  /**
   * Removes every context whose key begins with a prefix.
   *
   * @param prefix The beginning.
   * @returns How many were removed.
   * @throws {InvalidOptionError} If the prefix is empty.
   */
  override deletePrefix(prefix: string): number {
    refuseEmptyPrefix(prefix);
    let count = 0;
    for (const [folder, contexts] of this.#folders) {
      if (folder.startsWith(prefix)) {
        count += contexts.size;
        this.#folders.delete(folder);
        this.#latest = NOWHERE;
      } else if (prefix.startsWith(folder)) {
        for (const name of contexts.keys()) {
          if ((folder + name).startsWith(prefix) && contexts.delete(name)) {
            count++;
          }
        }
      }
    }
    return count;
  }

  /**
   * Lists the keys that begin with a prefix.
   *
   * @param prefix The beginning; an empty one means every key.
   * @returns The keys, in the order of their code units.
   */
  override listKeys(prefix: string): string[] {
    const keys: string[] = [];
    for (const [folder, contexts] of this.#folders) {
      for (const name of contexts.keys()) {
        if ((folder + name).startsWith(prefix)) keys.push(folder + name);
      }
    }
    return keys.sort();
  }

  /** The folder of a key, which ends before `at`; made where it is missing. */
  #contextsIn(key: string, at: number): Map<string, Context> {
    const { folder, contexts } = this.#latest;
    if (folder.length === at && key.startsWith(folder)) return contexts;
    const wanted = key.slice(0, at);
    const found = this.#folders.get(wanted) ?? new Map<string, Context>();
    this.#folders.set(wanted, found);
    this.#latest = { folder: wanted, contexts: found };
    return found;
  }
}
