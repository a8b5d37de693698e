/**
 * Colours, and how wide text is on a terminal.
 *
 * @module
 */

import process from "node:process";
import { escapeControls } from "../src/controls.ts";

/** A stream that may be a terminal. */
export interface Output {
  /** Whether it is a terminal. */
  readonly isTTY?: boolean;
  /** How many columns it has. */
  readonly columns?: number;
  /** How many rows it has. */
  readonly rows?: number;
  /** Writes text. */
  write(text: string): unknown;
}

/** Puts text in colour, or leaves it as it is. */
export interface Style {
  /** What went wrong. */
  red(text: string): string;
  /** What went well. */
  green(text: string): string;
  /** What needs a look. */
  yellow(text: string): string;
  /** What goes on. */
  cyan(text: string): string;
  /** What matters less. */
  dim(text: string): string;
}

/**
 * The colours for a stream.
 *
 * @param stream Where the text goes.
 * @param wanted Whether the command line allows colours.
 * @returns Colours; or none, where the stream is no terminal, or `NO_COLOR` is
 * set, or the command line says so. `FORCE_COLOR` has them without a terminal.
 */
export function styleOf(stream: Output, wanted: boolean = true): Style {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  const forced = FORCE_COLOR !== undefined && FORCE_COLOR !== "" &&
    FORCE_COLOR !== "0" && FORCE_COLOR !== "false";
  const color = wanted && !NO_COLOR &&
    (forced || (stream.isTTY === true && TERM !== "dumb"));
  const paint = (code: number) => (text: string) =>
    color ? `\x1b[${code}m${text}\x1b[0m` : text;
  return {
    red: paint(31),
    green: paint(32),
    yellow: paint(33),
    cyan: paint(36),
    dim: paint(2),
  };
}

/** Characters that take two columns: East Asian wide ones, and pictures. */
const WIDE =
  /^[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\p{Emoji_Presentation}\u{20000}-\u{3fffd}]/u;

/** Characters that take none. */
const NARROW = /^[\p{Mn}\p{Me}\p{Cf}]$/u;

function widthOfCharacter(character: string): number {
  if (NARROW.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}

/**
 * Measures a text without escape sequences.
 *
 * @param text The text.
 * @returns How many columns it takes.
 */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += widthOfCharacter(character);
  return width;
}

/**
 * Makes a text fit into columns: control characters are escaped, and what is
 * too long is cut.
 *
 * @param text Any text.
 * @param columns How many there are.
 * @returns At most as many columns of text.
 */
export function fit(text: string, columns: number): string {
  const safe = escapeControls(text);
  if (widthOf(safe) <= columns) return safe;
  let width = 0;
  let cut = "";
  for (const character of safe) {
    width += widthOfCharacter(character);
    if (width > columns - 1) break;
    cut += character;
  }
  return columns < 1 ? "" : `${cut}…`;
}

/**
 * Writes how long something took.
 *
 * @param ms Milliseconds.
 * @returns A few characters, such as "340 ms", "1.2 s" or "2 min 5 s".
 */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) {
    return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  }
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/**
 * Lays out rows in columns.
 *
 * @param rows The cells of each row; the first row is the heading.
 * @returns A line for each row, without control characters.
 */
export function table(rows: readonly (readonly string[])[]): string[] {
  const safe = rows.map((row) => row.map((cell) => escapeControls(cell)));
  const widths = safe[0].map((_, column) =>
    Math.max(...safe.map((row) => widthOf(row[column])))
  );
  return safe.map((row) =>
    row.map((cell, column) => cell + " ".repeat(widths[column] - widthOf(cell)))
      .join("  ").trimEnd()
  );
}
