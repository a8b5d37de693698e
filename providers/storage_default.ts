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

/**
 * Keeps contexts in the memory of this process, by reference: nothing is
 * copied, and nothing outlives the process.
 */
export class StorageDefault extends Storage {
  /** Nothing leaves the memory of this process. */
  override readonly persistent: boolean = false;
  /** By folder (everything up to the last slash), so that a run goes at once. */
  readonly #folders: Map<string, Map<string, Context>> = new Map();

  /**
   * Stores a context.
   *
   * @param key The key.
   * @param context What to store.
   */
  post(key: string, context: Context): void {
    const [folder, name] = split(key);
    this.#open(folder).set(name, context);
  }

  /**
   * Reads a context.
   *
   * @param key The key.
   * @returns The very context that was stored; an empty one where none was.
   */
  get(key: string): Context {
    const [folder, name] = split(key);
    return this.#folders.get(folder)?.get(name) ?? new Context();
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
    const [folder, name] = split(key);
    const contexts = this.#open(folder);
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
    const [folder, name] = split(key);
    return this.#folders.get(folder)?.delete(name) ?? false;
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

  #open(folder: string): Map<string, Context> {
    let contexts = this.#folders.get(folder);
    if (!contexts) this.#folders.set(folder, contexts = new Map());
    return contexts;
  }
}

function split(key: string): [folder: string, name: string] {
  const end = key.lastIndexOf("/") + 1;
  return [key.slice(0, end), key.slice(end)];
}
