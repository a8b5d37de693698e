/**
 * The present file of a journal: opening it, writing to it, and going on to the
 * next one. Its asynchronous methods are called one after the other.
 *
 * @module
 */

import { codeOf, loadFs } from "./files.ts";
import { Generations } from "./generations.ts";
import { type Draft, draft } from "./record.ts";
import { Segment } from "./segment.ts";

/** About how much text goes out in one write. */
const BATCH = 8 * 1024 * 1024;

/** How a journal works. */
export interface JournalOptions {
  /** The folder of all journals. */
  readonly root: string;
  /** The name of the journal's own folder. */
  readonly folder: string;
  /** Whether to wait for the disk. */
  readonly fsync: boolean;
  /** From how many dead bytes on the file is replaced by a smaller one. */
  readonly compactAfter: number;
}

/** The present file of a journal, where it is open. */
export class Present {
  /** The file. */
  segment: Segment | undefined;
  readonly #options: JournalOptions;
  /** Tells the writes of this instance from those of every other. */
  readonly #name = crypto.randomUUID().slice(0, 13);
  #writes = 0;
  #files: Generations | undefined;

  /**
   * @param options How the journal works.
   */
  constructor(options: JournalOptions) {
    this.#options = options;
  }

  /** Whether a file is open, and still in its place. */
  get isOpen(): boolean {
    return this.segment !== undefined && this.segment.inPlace();
  }

  /** Opens the file where there is one. */
  async open(): Promise<void> {
    if (this.isOpen) return;
    this.drop();
    const { root, folder, fsync } = this.#options;
    const fs = await loadFs();
    const files = this.#files ??= new Generations(fs, root, folder, fsync);
    for (let latest = await files.latest(); latest > 0;) {
      const path = files.path(latest);
      const segment = await Segment.open(fs, path, latest).catch((error) => {
        if (codeOf(error) !== "ENOENT") throw error;
      });
      // A slow process may have made an old file again meanwhile.
      const now = await files.latest();
      if (segment !== undefined && now === latest) {
        this.segment = segment;
        return;
      }
      segment?.close();
      latest = now;
    }
  }

  /** Makes the first file and opens it. */
  async create(): Promise<void> {
    await this.#files!.create();
    await this.open();
  }

  /** Closes the file: what the disk holds is read anew when needed. */
  drop(): void {
    this.segment?.close();
    this.segment = undefined;
  }

  /**
   * Writes records to the file.
   *
   * @param drafts The records.
   * @returns For each how many keys it changed; -1 where a seal came before it.
   */
  async write(drafts: readonly Draft[]): Promise<number[]> {
    const segment = this.segment!;
    if (!segment.settled) await this.#settle(segment);
    let changed: number[] = [];
    for (let from = 0, to = 0; from < drafts.length; from = to) {
      for (let size = 0; to < drafts.length && size < BATCH; to++) {
        size += drafts[to].text.length;
      }
      const by = `${this.#name}-${++this.#writes}`;
      const { fsync } = this.#options;
      const some = segment.append(drafts.slice(from, to), by, fsync);
      changed = changed.concat(some instanceof Promise ? await some : some);
    }
    return changed;
  }

  /** Goes on to the latest file, where others have made one. */
  async follow(): Promise<void> {
    while (this.segment?.ledger.sealed) {
      const latest = await this.#files!.latest();
      // Without a next file, the sealed one holds the present state.
      if (latest <= this.segment.generation) return;
      this.drop();
      await this.open();
    }
  }

  /** Goes on from sealed files to the next one, which is made if need be. */
  async succeed(): Promise<void> {
    while (this.segment?.ledger.sealed) {
      const next = this.segment.generation + 1;
      if (await this.#files!.latest() < next) {
        await this.#files!.succeed(next, snapshot(this.segment));
      }
      this.drop();
      await this.open();
    }
  }

  /** Whether more of the file is dead than alive. */
  get isDue(): boolean {
    const { segment } = this;
    if (segment === undefined || !segment.compactable) return false;
    const { compactAfter } = this.#options;
    return segment.dead > Math.max(segment.ledger.live, compactAfter);
  }

  /**
   * Replaces the file by one without dead records. A seal ends the old one:
   * what was before it is the same for everybody, so that anybody can make the
   * new one, and what comes after it is written again there.
   */
  async compact(): Promise<void> {
    const segment = this.segment!;
    segment.compactable = await this.#files!.canSucceed(segment.generation);
    if (!segment.compactable) return;
    try {
      await this.write([draft({ op: "seal", key: "" })]);
      await this.succeed();
      if (this.segment !== undefined) await this.#settle(this.segment);
    } catch {
      // Nobody asked for it; whoever writes next meets the same fault.
      this.drop();
    }
  }

  async #settle(segment: Segment): Promise<void> {
    await this.#files!.settle(segment.generation);
    segment.settled = true;
  }
}

/** The records that count, as the beginning of the next file. */
function* snapshot(segment: Segment): Generator<Draft> {
  for (const [key, entry] of segment.ledger.entries) {
    yield draft({ op: "put", key }, segment.text(entry));
  }
}
