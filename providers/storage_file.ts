/**
 * A storage in files: one append-only journal per workflow.
 *
 * @example
 * ```ts
 * import { action, Config, DotFlow } from "@dotflow/dotflow";
 * import { StorageFile } from "@dotflow/dotflow/providers/storage-file";
 *
 * const workflow = new DotFlow({
 *   workflowId: "daily-users",
 *   config: new Config({ storage: new StorageFile({ path: ".output" }) }),
 * });
 * workflow.task.add(action("extract", () => [1, 2, 3]));
 * ```
 *
 * @module
 */

import { type Context, toBody } from "../src/context.ts";
import { Storage } from "../src/contracts/storage.ts";
import {
  kindOf,
  optional,
  readOptions,
  refuseEmptyPrefix,
  toFlag,
  toName,
} from "../src/options.ts";
import { codeOf, folderOf, loadFs, storageError } from "./file/files.ts";
import { Journal } from "./file/journal.ts";
import { holder, isGone } from "./file/process.ts";

/** Options of {@linkcode StorageFile}. */
export interface StorageFileOptions {
  /**
   * The folder for the journals, made when something is first stored; relative
   * to the working directory of that moment.
   *
   * @default {".output"}
   */
  readonly path?: string;
  /**
   * Whether a commit waits until it is on the disk. Without it, what was
   * committed survives the death of the process, but not that of the machine.
   *
   * @default {true}
   */
  readonly fsync?: boolean;
  /**
   * From how many bytes on that no longer count a journal is replaced by a
   * smaller one, provided that they are more than those that do.
   *
   * @default {1048576}
   */
  readonly compactAfterBytes?: number;
}

const CHECKS = {
  path: optional(toName, ".output"),
  fsync: optional(toFlag, true),
  compactAfterBytes: optional(
    kindOf<number>(
      (value) => Number.isSafeInteger(value) && value as number >= 0,
      "a number of bytes",
    ),
    1024 * 1024,
  ),
};

/** So many journals without work stay open. */
const OPEN_JOURNALS = 64;

/**
 * Keeps contexts in files that outlive the process: for each workflow a folder
 * with a journal, to which every commit appends one line with a checksum.
 *
 * - What `post` and the others have confirmed is on the disk (see `fsync`) and
 *   stays, whenever the process is killed. Commits that come at the same time
 *   share one write and one wait for the disk.
 * - Several processes, and several instances, may use the same folder at once:
 *   the order in the file decides, and of those that create the same key
 *   exactly one wins.
 * - A line that a crash cut off was never confirmed, and is passed over. Any
 *   other damage is a `CorruptCheckpointError`; the file stays as it is.
 *
 * It is made for local file systems: network file systems such as NFS do not
 * keep the order of appends. In Deno it needs no more than `--allow-read=DIR
 * --allow-write=DIR`; with `--allow-all`, and not at a terminal, it also knows
 * a dead owner at once (see `isGone`).
 *
 * @example
 * ```ts
 * import { Context } from "@dotflow/dotflow";
 * import { StorageFile } from "@dotflow/dotflow/providers/storage-file";
 *
 * const storage = new StorageFile({ path: ".output", fsync: true });
 * await storage.post("flights/1/load", new Context({ storage: [1, 2, 3] }));
 * const { storage: rows } = await storage.get("flights/1/load");
 * console.log(rows); // [1, 2, 3]
 * await storage.close();
 * ```
 */
export class StorageFile extends Storage {
  /** Appends are ordered, and the order decides. */
  override readonly swapsAtomically: boolean = true;
  readonly #path: string;
  readonly #fsync: boolean;
  readonly #compactAfter: number;
  /** By folder, the one used last at the end. */
  readonly #journals = new Map<string, Journal>();

  /**
   * Makes the storage, without touching the disk.
   *
   * @param options Where and how to keep the files.
   * @throws {InvalidOptionError} If an option is unknown or of a wrong kind.
   */
  constructor(options: StorageFileOptions = {}) {
    super();
    const given = readOptions(options, "StorageFile", CHECKS);
    this.#path = given.path;
    this.#fsync = given.fsync;
    this.#compactAfter = given.compactAfterBytes;
  }

  /**
   * Stores a context under a key, over whatever was there.
   *
   * @param key The key; any text.
   * @param context What to store.
   * @throws {UnstorableValueError} If a part of the value cannot be kept.
   * @throws {StorageError} If the disk did not take it.
   * @throws {CorruptCheckpointError} If the journal is damaged.
   */
  async post(key: string, context: Context): Promise<void> {
    await this.#journalOf(key).put(key, toBody(context));
  }

  /**
   * Reads the context under a key; without a promise where the journal is open.
   *
   * @param key The key; any text.
   * @returns What was stored; an empty Context where nothing is.
   * @throws {StorageError} If the files cannot be read.
   * @throws {CorruptCheckpointError} If the journal is damaged.
   */
  get(key: string): Context | Promise<Context> {
    return this.#journalOf(key).get(key);
  }

  /**
   * Stores a context only if the key still holds what was expected, whatever
   * other processes do.
   *
   * @param key The key; any text.
   * @param expected What the key must hold, as `get` gave it; null: nothing.
   * @param next What to store.
   * @returns Whether it was stored.
   * @throws {UnstorableValueError} If a part of a value cannot be kept.
   * @throws {StorageError} If the disk did not take it.
   * @throws {CorruptCheckpointError} If the journal is damaged.
   */
  override async atomicSwap(
    key: string,
    expected: Context | null,
    next: Context,
  ): Promise<boolean> {
    const journal = this.#journalOf(key);
    return expected === null
      ? await journal.create(key, toBody(next))
      : await journal.swap(key, toBody(expected), toBody(next));
  }

  /**
   * Removes what is stored under a key.
   *
   * @param key The key; any text.
   * @returns Whether there was something.
   * @throws {StorageError} If the disk did not take it.
   * @throws {CorruptCheckpointError} If the journal is damaged.
   */
  override async delete(key: string): Promise<boolean> {
    return await this.#journalOf(key).delete(key);
  }

  /**
   * Removes everything whose key begins with a prefix.
   *
   * @param prefix The beginning; an empty one is refused.
   * @returns How many keys were removed.
   * @throws {InvalidOptionError} If the prefix is empty.
   * @throws {StorageError} If the disk did not take it.
   * @throws {CorruptCheckpointError} If a journal is damaged.
   */
  override async deletePrefix(prefix: string): Promise<number> {
    refuseEmptyPrefix(prefix);
    let count = 0;
    for (const folder of await this.#foldersOf(prefix)) {
      count += await this.#journalIn(folder).deletePrefix(prefix);
    }
    return count;
  }

  /**
   * Lists the keys that begin with a prefix, in the order of their code units.
   *
   * @param prefix The beginning; an empty one means every key.
   * @returns The keys.
   * @throws {StorageError} If the files cannot be read.
   * @throws {CorruptCheckpointError} If a journal is damaged.
   */
  override async listKeys(prefix: string): Promise<string[]> {
    const keys = [];
    for (const folder of await this.#foldersOf(prefix)) {
      keys.push(await this.#journalIn(folder).keys(prefix));
    }
    return keys.length === 1 ? keys[0] : keys.flat().sort();
  }

  /**
   * Says what process of this machine this is, on Linux.
   *
   * @returns What `isGone` can tell by; undefined on other systems, and in Deno
   * without `--allow-all` or at a terminal, where it might ask the user.
   */
  override holder(): Promise<string | undefined> {
    return holder();
  }

  /**
   * Tells whether a process of this machine has ended for certain. Of another
   * machine, another container, or a time before this machine was started again,
   * nothing is certain.
   *
   * @param text What `holder` said in that process.
   * @returns Whether it is gone; false where that is not certain.
   */
  override isGone(text: string): Promise<boolean> {
    return isGone(text);
  }

  /** Closes all files, once what is under way is done. */
  override async close(): Promise<void> {
    const journals = [...this.#journals.values()];
    this.#journals.clear();
    await Promise.all(journals.map((journal) => journal.close()));
  }

  #journalOf(key: string): Journal {
    return this.#journalIn(folderOf(key));
  }

  #journalIn(folder: string): Journal {
    const known = this.#journals.get(folder);
    if (known !== undefined) {
      this.#journals.delete(folder);
      this.#journals.set(folder, known);
      return known;
    }
    const journal = new Journal({
      root: this.#path,
      folder,
      fsync: this.#fsync,
      compactAfter: this.#compactAfter,
    }, () => this.#closeIdle());
    this.#journals.set(folder, journal);
    return journal;
  }

  /** Closes what was not used for longest, down to the number allowed. */
  #closeIdle(): void {
    for (const [folder, journal] of this.#journals) {
      if (this.#journals.size <= OPEN_JOURNALS) return;
      if (!journal.idle) continue;
      this.#journals.delete(folder);
      journal.close();
    }
  }

  /** The folders that may hold keys with a prefix. */
  async #foldersOf(prefix: string): Promise<string[]> {
    if (prefix.includes("/")) return [folderOf(prefix)];
    const { promises } = await loadFs();
    try {
      const entries = await promises.readdir(this.#path, {
        withFileTypes: true,
      });
      return entries.filter((entry) => entry.isDirectory())
        .map((entry) => entry.name);
    } catch (error) {
      if (codeOf(error) === "ENOENT") return [];
      throw storageError("list", this.#path, error);
    }
  }
}
