/**
 * One generation of a journal, open: what its records amount to so far, reading
 * on, and appending.
 *
 * @module
 */

import { type Context, fromBody, toBody } from "../../src/context.ts";
import { CorruptCheckpointError } from "../../src/errors.ts";
import {
  append,
  type Fs,
  openExisting,
  SMALL_WRITE,
  syncData,
} from "./files.ts";
import type { Entry, Ledger } from "./ledger.ts";
import {
  bodyOf,
  type Draft,
  encodeBatch,
  HEADER,
  headerFault,
  type Place,
  sumOf,
} from "./record.ts";
import { Replay } from "./replay.ts";

/** How much of a file is read at once. */
const CHUNK = 8 * 1024 * 1024;

/** For how long nobody is thought to have removed the file. */
const BELIEF_MS = 50;

const probe = new Uint8Array(1);
/** For small writes, which are done at once. */
const scratch = new Uint8Array(SMALL_WRITE);
const decoder = new TextDecoder();

/** Closes files whose journal was dropped without being closed. */
const forgotten = new FinalizationRegistry<{ fs: Fs; fd: number }>(
  ({ fs, fd }) => fs.closeSync(fd),
);

/** An open file of a journal. */
export class Segment {
  /** Its number among the files of the journal. */
  readonly generation: number;
  /** Whether its entry is known to be on the disk. */
  settled = false;
  /** Whether its own file system can make a next generation. */
  compactable = true;
  readonly #fs: Fs;
  readonly #fd: number;
  readonly #path: string;
  /** Why it cannot be written, where it could be opened for reading only. */
  readonly #refusal: unknown;
  readonly #replay: Replay;
  /** The end of the file when it was last looked at. */
  #looked = 0;
  #checked = performance.now();

  private constructor(fs: Fs, path: string, generation: number) {
    const { fd, refusal } = openExisting(fs, path);
    this.#fs = fs;
    this.#path = path;
    this.generation = generation;
    this.#fd = fd;
    this.#refusal = refusal;
    this.#replay = new Replay(path);
    forgotten.register(this, { fs, fd }, this);
  }

  /**
   * Opens a file and reads it.
   *
   * @param fs The file system.
   * @param path The file.
   * @param generation Its number.
   * @returns The segment.
   * @throws {CorruptCheckpointError} If the file is damaged.
   */
  static async open(
    fs: Fs,
    path: string,
    generation: number,
  ): Promise<Segment> {
    const segment = new Segment(fs, path, generation);
    try {
      segment.#readHeader();
      await segment.#readAll();
    } catch (error) {
      segment.close();
      throw error;
    }
    return segment;
  }

  /** What the records amount to. */
  get ledger(): Ledger {
    return this.#replay.ledger;
  }

  /** How many bytes of the file no longer count. */
  get dead(): number {
    return this.#replay.end - HEADER.length - this.ledger.live;
  }

  /** Whether it is in its place; if not, it was removed or cut. */
  inPlace(): boolean {
    const now = performance.now();
    if (now - this.#checked < BELIEF_MS) return true;
    const { nlink, size } = this.#fs.fstatSync(this.#fd);
    // A file that was replaced by a next one says so itself.
    if (nlink === 0) this.look();
    if (this.ledger.sealed) return true;
    if (nlink === 0 || size < this.#looked) return false;
    this.#checked = now;
    return true;
  }

  /**
   * Reads what others have appended since the last look.
   *
   * @throws {CorruptCheckpointError} If the file is damaged.
   */
  look(): void {
    if (this.ledger.sealed) return;
    if (this.#fs.readSync(this.#fd, probe, 0, 1, this.#looked) > 0) {
      this.#readOn();
    }
  }

  /**
   * Reads the text of a record's context again.
   *
   * @param entry The record.
   * @returns The context, as `toBody` gave it.
   * @throws {CorruptCheckpointError} If it has been damaged since.
   */
  text({ offset, length }: Entry): string {
    const bytes = new Uint8Array(length);
    const read = this.#fs.readSync(this.#fd, bytes, 0, length, offset);
    if (read < length || sumOf(bytes, 0, length) < 0) {
      throw new CorruptCheckpointError(
        this.#path,
        `it is damaged at byte ${offset}: the line has changed since`,
      );
    }
    return bodyOf(decoder.decode(bytes));
  }

  /**
   * Gives a record's context, which is kept parsed for the first who asks.
   *
   * @param entry The record.
   * @returns The context.
   * @throws {CorruptCheckpointError} If it has been damaged since.
   */
  context(entry: Entry): Context {
    const body = this.ledger.takeBody(entry) ?? JSON.parse(this.text(entry));
    return fromBody(body, this.#path);
  }

  /**
   * Compares a record's context with another one.
   *
   * @param entry The record.
   * @param expected The other one, as `toBody` gives it.
   * @returns Whether they are the same.
   * @throws {CorruptCheckpointError} If it has been damaged since.
   */
  holds(entry: Entry, expected: string): boolean {
    const text = this.text(entry);
    return text === expected ||
      toBody(fromBody(JSON.parse(text), this.#path)) === expected;
  }

  /**
   * Appends records in one write, and learns what became of them.
   *
   * @param drafts The records.
   * @param by The name of the write.
   * @param fsync Whether to wait for the disk.
   * @returns For each how many keys it changed; -1 where a seal came before it.
   */
  append(
    drafts: readonly Draft[],
    by: string,
    fsync: boolean,
  ): number[] | Promise<number[]> {
    if (this.#refusal !== undefined) throw this.#refusal;
    const { end: after, seen } = this.#replay;
    const head = { after, seen, by };
    const { bytes, places } = encodeBatch(drafts, head, 1, scratch);
    const base = this.#looked;
    const end = base + bytes.length;
    this.#replay.watch(by);
    const written = append(this.#fs, this.#fd, bytes);
    const learn = () => this.#learn(drafts, places, by, base, end);
    if (fsync) {
      return Promise.resolve(written)
        .then(() => syncData(this.#fs, this.#fd)).then(learn);
    }
    return written === undefined ? learn() : written.then(learn);
  }

  /** Closes the file. */
  close(): void {
    forgotten.unregister(this);
    this.#fs.closeSync(this.#fd);
  }

  /** Without anybody's records between, ours need not be read back. */
  #learn(
    drafts: readonly Draft[],
    places: readonly Place[],
    by: string,
    base: number,
    end: number,
  ): number[] {
    const { outcomes } = this.#replay;
    const alone = this.#looked === base &&
      this.#fs.readSync(this.#fd, probe, 0, 1, end) === 0;
    if (alone) {
      this.#looked = end;
      return drafts.map(({ change }, at) =>
        this.#replay.accept(change, places[at], base, { by, nth: at + 1 })
      );
    }
    this.#readOn();
    if (outcomes.length < drafts.length && !this.ledger.sealed) {
      throw new Error("What was written is not there: the file was cut");
    }
    return drafts.map((_, at) => outcomes[at] ?? -1);
  }

  #readHeader(): void {
    const bytes = new Uint8Array(1000);
    const read = this.#fs.readSync(this.#fd, bytes, 0, bytes.length, 0);
    const fault = headerFault(bytes.subarray(0, read));
    if (fault) throw new CorruptCheckpointError(this.#path, fault);
  }

  async #readAll(): Promise<void> {
    const reading = this.#reading();
    for (let wish = reading.next(); !wish.done;) {
      const { bytes, position } = wish.value;
      const read = await new Promise<number>((resolve, reject) =>
        this.#fs.read(
          this.#fd,
          bytes,
          0,
          bytes.length,
          position,
          (error, read) => error ? reject(error) : resolve(read),
        )
      );
      wish = reading.next(read);
    }
  }

  #readOn(): void {
    const reading = this.#reading();
    for (let wish = reading.next(); !wish.done;) {
      const { bytes, position } = wish.value;
      wish = reading.next(
        this.#fs.readSync(this.#fd, bytes, 0, bytes.length, position),
      );
    }
  }

  /** Reads from the last whole record to the end; whoever calls does the I/O. */
  *#reading(): Generator<
    { bytes: Uint8Array; position: number },
    void,
    number
  > {
    const { size } = this.#fs.fstatSync(this.#fd);
    const replay = this.#replay;
    let position = replay.end;
    let length = CHUNK;
    while (position < size && !this.ledger.sealed) {
      const bytes = new Uint8Array(Math.min(length, size - position));
      const read = yield { bytes, position };
      if (read === 0) break;
      const last = position + read >= size;
      const next = replay.read(bytes.subarray(0, read), position, last);
      // A line that is longer than the piece is read again in a larger one.
      length = next === position ? 2 * length : CHUNK;
      position = next;
    }
    this.#looked = size;
  }
}
