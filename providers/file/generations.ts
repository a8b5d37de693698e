/**
 * The files of a journal, `1.jsonl`, `2.jsonl`, …: the highest is the present
 * one. Each appears at once with its whole first content, and is made once,
 * whoever tries.
 *
 * @module
 */

import { codeOf, type Fs, syncData, syncFolder } from "./files.ts";
import { type Draft, encodeBatch, HEADER } from "./record.ts";

/** Temporary files older than this were left behind by a crash. */
const STRAY_MS = 60_000;

/** About how much text of a snapshot is written at once. */
const PIECE = 4 * 1024 * 1024;

/** The files of one journal. */
export class Generations {
  readonly #fs: Fs;
  readonly #root: string;
  readonly #folder: string;
  readonly #fsync: boolean;

  /**
   * @param fs The file system.
   * @param root The folder of all journals.
   * @param folder The name of the journal's own folder.
   * @param fsync Whether to wait for the disk.
   */
  constructor(fs: Fs, root: string, folder: string, fsync: boolean) {
    this.#fs = fs;
    this.#root = root;
    this.#folder = `${root}/${folder}`;
    this.#fsync = fsync;
  }

  /**
   * The file of a generation.
   *
   * @param generation Its number.
   * @returns Its path.
   */
  path(generation: number): string {
    return `${this.#folder}/${generation}.jsonl`;
  }

  /**
   * Finds the present generation.
   *
   * @returns Its number; 0 where there is none.
   */
  async latest(): Promise<number> {
    try {
      const names = await this.#fs.promises.readdir(this.#folder);
      return names.reduce((most, name) => Math.max(most, numberOf(name)), 0);
    } catch (error) {
      if (codeOf(error) === "ENOENT") return 0;
      throw error;
    }
  }

  /** Makes the first generation, unless there is one. */
  async create(): Promise<void> {
    await this.#makeFolder(this.#folder);
    try {
      await this.#link(1, []);
    } catch (error) {
      if (!cannotLink(error)) throw error;
      await this.#createPlain();
    }
  }

  /**
   * Makes the generation after one that is sealed, unless there is one.
   *
   * @param generation Its number.
   * @param drafts The records that it begins with, one after the other.
   */
  async succeed(generation: number, drafts: Iterable<Draft>): Promise<void> {
    await this.#link(generation, drafts);
  }

  /**
   * Makes sure of the present generation before it is relied on: it stays
   * after a power loss, and what came before it is gone.
   *
   * @param generation Its number.
   */
  async settle(generation: number): Promise<void> {
    const { promises } = this.#fs;
    if (this.#fsync) {
      await syncFolder(this.#fs, this.#folder);
      await syncFolder(this.#fs, this.#root);
    }
    for (const name of await promises.readdir(this.#folder)) {
      const path = `${this.#folder}/${name}`;
      const number = numberOf(name);
      if (number > 0 && number < generation || await this.#isStray(path)) {
        await promises.unlink(path).catch(() => {});
      }
    }
  }

  /**
   * Tells whether this file system can make a generation at once.
   *
   * @param generation The present generation.
   * @returns Whether it can; without it there is no compaction.
   */
  async canSucceed(generation: number): Promise<boolean> {
    const temporary = this.#temporary();
    try {
      await this.#fs.promises.link(this.path(generation), temporary);
    } catch {
      return false;
    }
    await this.#fs.promises.unlink(temporary).catch(() => {});
    return true;
  }

  /** `link` claims the name, which `rename` would take from its owner. */
  async #link(generation: number, drafts: Iterable<Draft>): Promise<void> {
    const { promises } = this.#fs;
    const temporary = this.#temporary();
    try {
      const file = await promises.open(temporary, "wx");
      try {
        await file.appendFile(HEADER);
        for (const bytes of pieces(drafts)) await file.appendFile(bytes);
        if (this.#fsync) await syncData(this.#fs, file.fd);
      } finally {
        await file.close();
      }
      await promises.link(temporary, this.path(generation));
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error;
    } finally {
      await promises.unlink(temporary).catch(() => {});
    }
  }

  /** For file systems without `link`, such as FAT. */
  async #createPlain(): Promise<void> {
    try {
      const file = await this.#fs.promises.open(this.path(1), "wx");
      try {
        await file.appendFile(HEADER);
        if (this.#fsync) await file.sync();
      } finally {
        await file.close();
      }
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error;
    }
  }

  /** Not `recursive`, whose errors on read-only file systems mislead. */
  async #makeFolder(path: string, hasParent = false): Promise<void> {
    const { dirname } = await import("node:path");
    const parent = dirname(path);
    try {
      await this.#fs.promises.mkdir(path);
    } catch (error) {
      if (codeOf(error) === "EEXIST") return;
      // A link to nowhere is there, and yet nothing can be made in it.
      const isLost = hasParent || parent === path;
      if (codeOf(error) !== "ENOENT" || isLost) throw error;
      await this.#makeFolder(parent);
      return await this.#makeFolder(path, true);
    }
    if (this.#fsync) await syncFolder(this.#fs, parent);
  }

  async #isStray(path: string): Promise<boolean> {
    if (!path.endsWith(".tmp")) return false;
    try {
      const { mtimeMs } = await this.#fs.promises.stat(path);
      return Date.now() - mtimeMs > STRAY_MS;
    } catch {
      return false;
    }
  }

  #temporary(): string {
    return `${this.#folder}/${crypto.randomUUID()}.tmp`;
  }
}

function numberOf(name: string): number {
  return Number(/^([1-9]\d{0,14})\.jsonl$/.exec(name)?.[1] ?? 0);
}

function cannotLink(error: unknown): boolean {
  const { syscall } = error as NodeJS.ErrnoException;
  return (syscall === undefined || syscall === "link") &&
    ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK", "EINVAL"]
      .includes(codeOf(error));
}

/** The bytes of a snapshot, which is one write in pieces. */
function* pieces(drafts: Iterable<Draft>): Generator<Uint8Array> {
  const head = { after: HEADER.length, seen: 0, by: "snapshot" };
  let piece: Draft[] = [];
  let size = 0;
  let nth = 1;
  for (const draft of drafts) {
    piece.push(draft);
    size += draft.text.length;
    if (size < PIECE) continue;
    yield encodeBatch(piece, head, nth).bytes;
    nth += piece.length;
    piece = [];
    size = 0;
  }
  if (piece.length > 0) yield encodeBatch(piece, head, nth).bytes;
}
