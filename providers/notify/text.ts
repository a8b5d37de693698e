/**
 * Texts that fit: into lengths, and into the language of a platform.
 *
 * @module
 */

import { escapeControls } from "../../src/controls.ts";

/** How a platform writes and measures texts. */
export interface Style {
  /**
   * Writes a character so that it means nothing but itself.
   *
   * @default As it is
   */
  readonly encode?: (char: string) => string;
  /** Measures a text. @default In UTF-16 code units */
  readonly sizeOf?: (text: string) => number;
}

/**
 * Measures a text in code points.
 *
 * @param text Any text.
 * @returns How many there are.
 */
export function codePointsIn(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

/**
 * Measures a text as a platform does.
 *
 * @param text Any text.
 * @param style How the platform writes.
 * @returns Its size.
 */
export function sizeIn(text: string, { sizeOf }: Style): number {
  return sizeOf === undefined ? text.length : sizeOf(text);
}

/**
 * Writes as much of a text as there is room for. It is never cut inside of a
 * character, nor inside of what stands for one.
 *
 * @param text Any text; halves of surrogate pairs become U+FFFD.
 * @param limit How long it may be, as the platform measures.
 * @param style How the platform writes.
 * @returns The text; where it was cut, it ends with "…".
 */
export function fit(text: string, limit: number, style: Style = {}): string {
  const { encode = (char) => char } = style;
  let written = "";
  let size = 0;
  let cutOff = "";
  for (const char of text) {
    const piece = encode(/\p{Surrogate}/u.test(char) ? "\ufffd" : char);
    size += sizeIn(piece, style);
    if (size > limit) return `${cutOff}…`;
    written += piece;
    if (size < limit) cutOff = written;
  }
  return written;
}

/**
 * Cuts a text that is too long.
 *
 * @param text Any text.
 * @param limit How long it may be, in UTF-16 code units.
 * @returns The text, which is well-formed.
 */
export function cut(text: string, limit: number): string {
  const isWhole = text.length <= limit && !/\p{Surrogate}/u.test(text);
  return isWhole ? text : fit(text, limit);
}

/**
 * Brings a text into one line.
 *
 * @param text Any text.
 * @returns The text without line ends; what is not seen is written as escapes.
 */
export function oneLine(text: string): string {
  return escapeControls(text.replace(/\s+/g, " ").trim());
}

/**
 * Makes a text of several lines fit to be shown.
 *
 * @param text Any text.
 * @param indent What its further lines begin with, so that none of them can be
 * taken for a line of ours.
 * @returns The text; what is not seen is written as escapes.
 */
export function manyLines(text: string, indent = ""): string {
  const lines = escapeControls(text.replace(/\r\n?/g, "\n").trim(), "\n\t");
  return lines.replaceAll("\n", `\n${indent}`);
}
