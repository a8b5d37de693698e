/**
 * Metrics as lines of the DogStatsD protocol.
 *
 * @see https://docs.datadoghq.com/developers/dogstatsd/datagram_shell
 * @see https://docs.datadoghq.com/getting_started/tagging
 *
 * @module
 */

import { bytesIn } from "../../src/object_name.ts";

/** The most characters of a tag, its key included. */
const LONGEST_TAG = 200;

/** The most bytes of a tag that holds an id. */
const LONGEST_ID_TAG = 200;

/** The longest time that is told, in milliseconds: some thirty years. */
const LONGEST_MS = 1e12;

/** What all lines have in common. */
export interface LineFormat {
  /** What every name begins with, without the dot behind it. */
  readonly prefix: string;
  /** The tags of every line, as {@linkcode toTag} makes them. */
  readonly tags: readonly string[];
  /** The type of lengths of time: a timer or a distribution. */
  readonly timeType: "ms" | "d";
}

/**
 * Makes the line of something that has happened once.
 *
 * @param format What all lines have in common.
 * @param name The name, without the prefix.
 * @param tags The tags of this line.
 * @returns The line.
 */
export function countLine(
  format: LineFormat,
  name: string,
  tags: readonly string[],
): string {
  return lineOf(format, `${name}:1|c`, tags);
}

/**
 * Makes the line of a length of time.
 *
 * @param format What all lines have in common.
 * @param name The name, without the prefix.
 * @param ms The time, in milliseconds; microseconds are its last digits.
 * @param tags The tags of this line.
 * @returns The line.
 */
export function timeLine(
  format: LineFormat,
  name: string,
  ms: number,
  tags: readonly string[],
): string {
  const within = Math.min(Math.max(ms, 0), LONGEST_MS) || 0;
  const value = Math.round(within * 1_000) / 1_000;
  return lineOf(format, `${name}:${value}|${format.timeType}`, tags);
}

function lineOf(
  format: LineFormat,
  body: string,
  tags: readonly string[],
): string {
  const all = [...tags, ...format.tags];
  const list = all.length === 0 ? "" : `|#${all.join()}`;
  return `${format.prefix}.${body}${list}`;
}

/**
 * Measures the longest line that there may be.
 *
 * @param format What all lines have in common.
 * @param idTags Whether lines have tags with ids.
 * @returns Its length in bytes.
 */
export function longestLine(format: LineFormat, idTags: boolean): number {
  const tags = ["status:completed"];
  for (const _ of idTags ? [1, 2] : []) tags.push("x".repeat(LONGEST_ID_TAG));
  const longestMs = LONGEST_MS - 0.001;
  return bytesIn(timeLine(format, "workflow.duration", longestMs, tags));
}

/**
 * Makes a tag of an id, which is short enough for {@linkcode longestLine}.
 *
 * @param key The key, which must be clean.
 * @param id Any text.
 * @returns The tag.
 */
export function idTag(key: string, id: string): string {
  return toTag(key, id, LONGEST_ID_TAG);
}

/**
 * Makes a tag: what cannot stand in one becomes `_`, and what is too long is
 * cut.
 *
 * @param key The key, which must be clean.
 * @param value Any text.
 * @param mostBytes The most bytes that it may have in UTF-8.
 * @returns The tag.
 */
export function toTag(
  key: string,
  value: string,
  mostBytes = Infinity,
): string {
  const clean = value.replace(/[^\p{L}\p{N}_\-:./]+/gu, "_")
    .replace(/^:+|:+$/g, "");
  let tag = "";
  let bytes = 0;
  for (const character of `${key}:${clean || "_"}`) {
    bytes += bytesIn(character);
    if (tag.length + character.length > LONGEST_TAG || bytes > mostBytes) break;
    tag += character;
  }
  // The cut may have come right behind a colon.
  return tag.replace(/:+$/, "");
}
