/**
 * The format of a journal: a header, then one record a line. A line is JSON,
 * its first member the checksum of all that follows the comma after it. Each
 * record is written with a line break before it and none after it, so that a
 * torn record harms no later one.
 *
 * Each record says which write it came by (`by`). The first of a write also says
 * up to where its writer had read (`after`) and a digest of that (`seen`), the
 * others which one of the write they are (`nth`, from 2). So a line that is
 * damaged, lost or moved is told from one that was never wholly written.
 *
 * @module
 */

import type { ContextBody } from "../../src/context.ts";
import { crc32 } from "../../src/crc32.ts";

/** What a record does. */
export type Op =
  | "put"
  | "create"
  | "swap"
  | "delete"
  | "deletePrefix"
  | "seal";

/** What a record says about contexts. */
export interface Change {
  /** What it does. */
  readonly op: Op;
  /** The key, or the beginning of keys; empty in a seal. */
  readonly key: string;
  /** Of a swap: where the record lies that must be the latest of the key. */
  readonly expect?: number;
}

/** A record as it is read. */
export interface JournalRecord extends Change {
  /** The write that it came by. */
  readonly by: string;
  /** The context. */
  readonly value?: ContextBody;
  /** First of a write: up to where its writer had read the file. */
  readonly after?: number;
  /** First of a write: the digest of all sums that its writer had read. */
  readonly seen?: number;
  /** Of the others: which one of the write it is. */
  readonly nth?: number;
}

/** What records say of their write. */
export type Head = Required<Pick<JournalRecord, "after" | "seen" | "by">>;

/** A record that is about to be written. */
export interface Draft {
  /** What it does. */
  readonly change: Change;
  /** Its members as text, with the closing brace. */
  readonly text: string;
}

/** Where a record lies in its batch, and its checksum. */
export interface Place {
  /** Its first byte. */
  readonly start: number;
  /** The byte after its last. */
  readonly end: number;
  /** Its checksum. */
  readonly sum: number;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Bytes of `{"sum":"`, of the digits and of `",`. */
const OPENING = encoder.encode('{"sum":"');
const DIGITS = 8;
const CONTENT = OPENING.length + DIGITS + 2;
const BLANK = '\n{"sum":"00000000",';

/** The first line of a journal of this version. */
export const HEADER: Uint8Array = encode(
  `${BLANK}"journal":"dotflow","version":1}`,
).bytes.subarray(1);

/**
 * Writes down a change.
 *
 * @param change The change.
 * @param body The context, as `toBody` gives it.
 * @returns The draft.
 */
export function draft(change: Change, body?: string): Draft {
  const { op, key, expect } = change;
  const text = `"op":"${op}","key":${JSON.stringify(key)}` +
    (expect === undefined ? "" : `,"expect":${expect}`) +
    (body === undefined ? "}" : `,"value":${body}}`);
  return { change, text };
}

/**
 * Makes the bytes of one write.
 *
 * @param drafts The records.
 * @param head What the records say of the write.
 * @param nth Which one of the write the first draft is.
 * @param scratch Where the bytes may be put, if there is room.
 * @returns The bytes, and where in them the records lie.
 */
export function encodeBatch(
  drafts: readonly Draft[],
  head: Head,
  nth = 1,
  scratch?: Uint8Array,
): { bytes: Uint8Array; places: Place[] } {
  let text = "";
  for (const draft of drafts) {
    const write = nth === 1
      ? `"after":${head.after},"seen":${head.seen}`
      : `"nth":${nth}`;
    text += `${BLANK}${write},"by":"${head.by}",${draft.text}`;
    nth++;
  }
  return encode(text, scratch);
}

/** Encodes lines whose checksums are blank, and fills these in. */
function encode(
  text: string,
  scratch?: Uint8Array,
): { bytes: Uint8Array; places: Place[] } {
  const bytes = scratch !== undefined && 3 * text.length <= scratch.length
    ? scratch.subarray(0, encoder.encodeInto(text, scratch).written)
    : encoder.encode(text);
  const places: Place[] = [];
  for (let start = 1; start <= bytes.length;) {
    const next = bytes.indexOf(10, start);
    const end = next < 0 ? bytes.length : next;
    const sum = crc32(bytes, start + CONTENT, end);
    const first = start + OPENING.length;
    for (let digit = 0; digit < DIGITS; digit++) {
      const value = sum >>> 28 - 4 * digit & 15;
      bytes[first + digit] = value < 10 ? 48 + value : 87 + value;
    }
    places.push({ start, end, sum });
    start = end + 1;
  }
  return { bytes, places };
}

/**
 * Checks a line.
 *
 * @param bytes The bytes that it lies in.
 * @param start Its first byte.
 * @param end The byte after its last.
 * @returns Its checksum, or -1 if it is not whole.
 */
export function sumOf(bytes: Uint8Array, start: number, end: number): number {
  if (end - start < CONTENT) return -1;
  for (let at = 0; at < OPENING.length; at++) {
    if (bytes[start + at] !== OPENING[at]) return -1;
  }
  let sum = 0;
  let at = start + OPENING.length;
  for (const last = at + DIGITS; at < last; at++) {
    const byte = bytes[at];
    if (byte >= 48 && byte <= 57) sum = sum << 4 | byte - 48;
    else if (byte >= 97 && byte <= 102) sum = sum << 4 | byte - 87;
    else return -1;
  }
  if (bytes[at] !== 34 || bytes[at + 1] !== 44) return -1;
  sum >>>= 0;
  return crc32(bytes, start + CONTENT, end) === sum ? sum : -1;
}

/**
 * Finds a whole record at the beginning of a line that is not whole: then not
 * the record was torn, but the line break after it is damaged.
 *
 * @param bytes The bytes that the line lies in.
 * @param start Its first byte.
 * @param end The byte after its last.
 * @returns Whether there is one.
 */
export function beginsWhole(
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  const line = bytes.subarray(start, end);
  for (let at = 1, tries = 0; tries < 100; at++, tries++) {
    at = line.indexOf(OPENING[0], at);
    while (at > 0 && OPENING.some((byte, i) => line[at + i] !== byte)) {
      at = line.indexOf(OPENING[0], at + 1);
    }
    if (at < 0) return false;
    if (sumOf(line, 0, at - 1) >= 0) return true;
  }
  return false;
}

/**
 * Cuts the context out of a record's line.
 *
 * @param line The line.
 * @returns The context, as `toBody` gave it.
 */
export function bodyOf(line: string): string {
  // A key cannot hold this: the quotes inside of a text are escaped.
  const name = ',"value":';
  return line.slice(line.indexOf(name) + name.length, -1);
}

/**
 * Tells why a first line is not this version's header.
 *
 * @param bytes The beginning of a file.
 * @returns The reason; empty where it is the header.
 */
export function headerFault(bytes: Uint8Array): string {
  if (HEADER.every((byte, at) => bytes[at] === byte)) return "";
  const [line] = decoder.decode(bytes.subarray(0, 1000)).split("\n", 1);
  const version = /"journal":"dotflow","version":(\d+)/.exec(line)?.[1];
  return version === undefined || version === "1"
    ? "its first line is not the header of a journal"
    : `its format version ${version} is not known here (known: 1)`;
}
