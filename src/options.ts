/**
 * Checks of what callers pass in, so that a slip is refused before anything is
 * done.
 *
 * @module
 */

import { describe } from "./describe.ts";
import { InvalidOptionError } from "./errors.ts";

/**
 * Refuses options that are no object or have a key that means nothing.
 *
 * @param options What was given; undefined is fine.
 * @param allowed The keys that mean something.
 * @param where What takes the options, such as `start`.
 * @throws {InvalidOptionError} Naming the key and what is allowed.
 */
export function refuseUnknown(
  options: object | undefined,
  allowed: readonly string[],
  where: string,
): void {
  if (options === undefined) return;
  if (
    typeof options !== "object" || options === null || Array.isArray(options)
  ) {
    throw new InvalidOptionError(
      `Cannot use ${describe(options)} as options of ${where}: pass an object`,
    );
  }
  for (const key of Object.keys(options)) {
    if (!allowed.includes(key)) {
      throw new InvalidOptionError(
        `Cannot use option ${describe(key)} of ${where}: allowed are ` +
          allowed.join(", "),
      );
    }
  }
}

/**
 * Refuses a value that is none of the allowed ones.
 *
 * @param value What was given.
 * @param allowed What is allowed.
 * @param option The name of the option.
 * @param Refusal The error to throw.
 * @returns The value.
 * @throws {InvalidOptionError} Or the error class that was given.
 */
export function oneOf<T extends string>(
  value: unknown,
  allowed: readonly T[],
  option: string,
  Refusal: new (message: string) => Error = InvalidOptionError,
): T {
  if (allowed.includes(value as T)) return value as T;
  throw new Refusal(
    `Cannot use ${describe(value)} as ${option}: allowed are ` +
      allowed.map((word) => `"${word}"`).join(", "),
  );
}

/**
 * Refuses a value that is not of the expected kind.
 *
 * @param ok Whether it is.
 * @param value What was given.
 * @param option The name of the option.
 * @param expected What to give instead, in words.
 * @throws {InvalidOptionError} If it is not.
 */
export function expect(
  ok: boolean,
  value: unknown,
  option: string,
  expected: string,
): void {
  if (ok) return;
  throw new InvalidOptionError(
    `Cannot use ${describe(value)} as ${option}: give ${expected}`,
  );
}

/**
 * Refuses a value that is no whole number above zero.
 *
 * @param value What was given.
 * @param option The name of the option.
 * @returns The number.
 * @throws {InvalidOptionError} If it is anything else.
 */
export function toCount(value: unknown, option: string): number {
  expect(
    Number.isSafeInteger(value) && value as number >= 1,
    value,
    option,
    "a whole number of 1 or more",
  );
  return value as number;
}

/**
 * Refuses a value that is no text, or an empty one.
 *
 * @param value What was given.
 * @param option The name of the option.
 * @returns The text.
 * @throws {InvalidOptionError} If it is anything else.
 */
export function toName(value: unknown, option: string): string {
  expect(
    typeof value === "string" && value !== "",
    value,
    option,
    "a text that is not empty",
  );
  return value as string;
}

/**
 * Refuses a value that is given and no function.
 *
 * @param value What was given.
 * @param option The name of the option.
 * @throws {InvalidOptionError} If it is anything else.
 */
export function expectFunction(value: unknown, option: string): void {
  expect(
    value === undefined || typeof value === "function",
    value,
    option,
    "a function",
  );
}

/**
 * Refuses to remove everything at once.
 *
 * @param prefix The prefix given to `deletePrefix`.
 * @throws {InvalidOptionError} If it is empty.
 */
export function refuseEmptyPrefix(prefix: string): void {
  expect(prefix !== "", prefix, "prefix", "a prefix that is not empty");
}
