/**
 * Values that are given on the command line.
 *
 * @module
 */

import { readFile } from "node:fs/promises";
import { describe } from "../src/describe.ts";
import { toMilliseconds } from "../src/duration.ts";
import { toCount } from "../src/options.ts";
import { UsageError } from "./usage.ts";

/**
 * Reads a value: JSON where it is JSON, else the text itself; `@file` is the
 * JSON in a file.
 *
 * @param text What was given.
 * @param flag The flag, for the error.
 * @returns The value.
 * @throws {UsageError} If it begins like JSON and is none, or the file cannot
 * be read or has no JSON.
 */
export async function readValue(text: string, flag: string): Promise<unknown> {
  if (text.startsWith("@")) return await readJsonFile(text.slice(1), flag);
  try {
    return JSON.parse(text);
  } catch {
    if (!/^\s*[[{"]/.test(text)) return text;
    // What was said here may be a secret: the value is not shown.
    throw new UsageError(
      `Cannot use the value of ${flag}: it begins like JSON, but is none`,
    );
  }
}

async function readJsonFile(path: string, flag: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw new UsageError(
      `Cannot read ${describe(path)} for ${flag}: ${reasonOf(error)}`,
    );
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError(
      `Cannot use ${describe(path)} for ${flag}: it has no JSON in it`,
    );
  }
}

/**
 * Why the operating system refused something.
 *
 * @param error What was thrown.
 * @returns A few words.
 */
export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case "ENOENT":
      return "it does not exist";
    case "EACCES":
    case "EPERM":
      return "permission denied";
    case "EISDIR":
      return "it is a directory";
    case "ENOTDIR":
      return "a part of its path is no directory";
    case "EADDRINUSE":
      return "somebody else listens there";
    default:
      return code ?? message;
  }
}

/**
 * Makes the parser of a flag that takes a number of things.
 *
 * @param flag The flag.
 * @returns The parser.
 * @throws {InvalidOptionError} If it is no whole number of 1 or more.
 */
export function countOf(flag: string): (text: string) => number {
  return (text) => toCount(/^\d+$/.test(text) ? Number(text) : text, flag);
}

/**
 * Reads the value of a flag that is a length of time.
 *
 * @param flag The flag, for the error.
 * @param shortestMs The least that is allowed, in milliseconds.
 * @returns What reads its text: digits alone are milliseconds.
 */
export function durationOf(
  flag: string,
  shortestMs: number = 0,
): (text: string) => number {
  return (text) =>
    toMilliseconds(
      /^\d+(\.\d+)?$/.test(text) ? Number(text) : text,
      flag,
      shortestMs,
    );
}

/**
 * How a flag is written.
 *
 * @param name Its name as commander has it.
 * @returns Its name on the command line.
 */
export function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
