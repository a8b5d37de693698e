/**
 * Reads the lines of a journal in their order, and tells a torn record, which
 * nobody ever relied on, from a damaged one.
 *
 * @module
 */

import { CorruptCheckpointError } from "../../src/errors.ts";
import { Ledger } from "./ledger.ts";
import {
  beginsWhole,
  type Change,
  HEADER,
  type JournalRecord,
  type Place,
  sumOf,
} from "./record.ts";

/** For how many of the latest records it is known what had been read then. */
const HISTORY = 4096;

const NEWLINE = 10;

const decoder = new TextDecoder();

/** The records of one generation, as far as they have been read. */
export class Replay {
  /** What the records amount to. */
  readonly ledger: Ledger = new Ledger();
  /** Where the last whole record ends. */
  end: number = HEADER.length;
  /** The digest of the sums of all whole records up to there. */
  seen = 0;
  /** Of the write that is watched: how many keys each record changed. */
  readonly outcomes: number[] = [];
  readonly #path: string;
  readonly #ends: number[] = [HEADER.length];
  readonly #digests: number[] = [0];
  #by = "";
  #nth = 0;
  #watched = "";
  /** Where the first line lies that is not whole, since the last whole one. */
  #broken = -1;

  /**
   * @param path The file, for errors.
   */
  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Has the outcomes of a write noted down when it is read.
   *
   * @param by The write.
   */
  watch(by: string): void {
    this.#watched = by;
    this.outcomes.length = 0;
  }

  /**
   * Reads lines, up to a seal.
   *
   * @param bytes A piece of the file that begins at the end of a line.
   * @param base Where in the file the piece lies.
   * @param last Whether the file ends with it.
   * @returns Where to read on.
   * @throws {CorruptCheckpointError} If the file is damaged.
   */
  read(bytes: Uint8Array, base: number, last: boolean): number {
    if (base === this.end) this.#broken = -1;
    const text = decoder.decode(bytes);
    // Where each byte is one unit of text, lines are cut out of the whole.
    const simple = text.length === bytes.length;
    let at = 0;
    while (at < bytes.length && !this.ledger.sealed) {
      const start = at + 1;
      let end = bytes.indexOf(NEWLINE, start);
      if (end < 0) {
        if (!last) break;
        end = bytes.length;
      }
      let sum = sumOf(bytes, start, end);
      const nul = sum < 0 ? bytes.indexOf(0, start) : -1;
      if (nul > start && nul < end) {
        // After a power loss, zeros may stand where a write never arrived.
        sum = sumOf(bytes, start, nul);
        if (sum >= 0) end = nul;
      }
      if (sum < 0) {
        this.#skip(bytes, start, end, base);
      } else if (bytes[at] !== NEWLINE) {
        throw this.#corrupt(base + at, "it is no line break");
      } else {
        const line = simple
          ? text.slice(start, end)
          : decoder.decode(bytes.subarray(start, end));
        const record = this.#parse(line, base + start);
        this.#check(record, base + start);
        const changed = this.accept(record, { start, end, sum }, base, record);
        if (record.by === this.#watched) this.outcomes.push(changed);
      }
      at = end;
    }
    return base + at;
  }

  /**
   * Takes a whole record in.
   *
   * @param change What it does.
   * @param place Where it lies in its piece of the file.
   * @param base Where in the file that piece lies.
   * @param write The write that it came by, and which one of it it is.
   * @returns How many keys it changed.
   */
  accept(
    change: Change,
    place: Place,
    base: number,
    { by, nth = 1, value }: Pick<JournalRecord, "by" | "nth" | "value">,
  ): number {
    const { start, end, sum } = place;
    this.#by = by;
    this.#nth = nth;
    this.#broken = -1;
    this.end = base + end;
    this.seen = Math.imul(this.seen, 31) + sum >>> 0;
    if (this.#ends.length === 2 * HISTORY) {
      this.#ends.splice(0, HISTORY);
      this.#digests.splice(0, HISTORY);
    }
    this.#ends.push(this.end);
    this.#digests.push(this.seen);
    return this.ledger.apply(change, base + start, end - start, value);
  }

  #parse(line: string, offset: number): JournalRecord {
    try {
      return JSON.parse(line);
    } catch {
      throw this.#corrupt(offset, "the line is whole, but no JSON");
    }
  }

  /** Passes over a line that is not whole, for the time being. */
  #skip(bytes: Uint8Array, start: number, end: number, base: number): void {
    if (beginsWhole(bytes, start, end)) {
      throw this.#corrupt(base + start, "the line break after it is gone");
    }
    if (this.#broken < 0) this.#broken = base + start;
  }

  /** Compares what a record's writer had read with what is there now. */
  #check(record: JournalRecord, offset: number): void {
    const { after, seen, by, nth } = record;
    const follows = after === undefined
      ? this.#broken < 0 && by === this.#by && nth === this.#nth + 1
      : this.#agrees(after, seen);
    if (follows) return;
    throw this.#broken < 0
      ? this.#corrupt(offset, "lines before it are missing or changed")
      : this.#corrupt(this.#broken, "the line has not its own checksum");
  }

  #agrees(after: number, seen: number | undefined): boolean {
    if (after === this.end) return seen === this.seen;
    if (after < this.#ends[0]) return this.#ends[0] > HEADER.length;
    return seen === this.#digests[this.#ends.lastIndexOf(after)];
  }

  #corrupt(offset: number, reason: string): CorruptCheckpointError {
    return new CorruptCheckpointError(
      this.#path,
      `it is damaged at byte ${offset}: ${reason}`,
    );
  }
}
