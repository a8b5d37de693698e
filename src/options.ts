/**
 * Checks of what callers pass in, so that a slip is refused before anything is
 * done.
 *
 * @module
 */

import { describe } from "./describe.ts";
import { InvalidOptionError } from "./errors.ts";

/**
 * Checks one option.
 *
 * @param value What was given; undefined where nothing was.
 * @param option The name of the option, for the error.
 * @returns The value, or what stands for it.
 * @throws {InvalidOptionError} If the value is not allowed.
 */
export type Check<T> = (value: unknown, option: string) => T;

/** Options that have gone through their checks. */
export type Checked<Checks extends Record<string, Check<unknown>>> = {
  readonly [Name in keyof Checks]: ReturnType<Checks[Name]>;
};

/**
 * Reads options by a table with a check for each of them.
 *
 * @param options What was given.
 * @param where What takes the options, such as `start`.
 * @param checks The options that there are.
 * @returns What each check gives.
 * @throws {InvalidOptionError} If it is no object, or has a key that means
 * nothing, or a value that is not allowed.
 */
export function readOptions<Checks extends Record<string, Check<unknown>>>(
  options: object,
  where: string,
  checks: Checks,
): Checked<Checks> {
  if (
    typeof options !== "object" || options === null || Array.isArray(options)
  ) {
    throw new InvalidOptionError(
      `Cannot use ${describe(options)} as options of ${where}: pass an object`,
    );
  }
  for (const key of Object.keys(options)) {
    if (!Object.hasOwn(checks, key)) {
      throw new InvalidOptionError(
        `Cannot use option ${describe(key)} of ${where}: allowed are ` +
          Object.keys(checks).join(", "),
      );
    }
  }
  const checked: Record<string, unknown> = {};
  for (const key in checks) {
    checked[key] = checks[key]((options as typeof checked)[key], key);
  }
  return checked as Checked<Checks>;
}

/**
 * Lets an option be left out.
 *
 * @param check The check of what is given.
 * @returns The check.
 */
export function optional<T>(check: Check<T>): Check<T | undefined>;
/**
 * Lets an option be left out.
 *
 * @param check The check of what is given.
 * @param fallback What stands for it where nothing is given.
 * @returns The check.
 */
export function optional<T>(check: Check<T>, fallback: T): Check<T>;
export function optional<T>(
  check: Check<T>,
  fallback?: T,
): Check<T | undefined> {
  return (value, option) =>
    value === undefined ? fallback : check(value, option);
}

/**
 * Makes the check for one of several words.
 *
 * @param allowed What is allowed.
 * @param fallback Which of them stands where nothing is given.
 * @param Refusal The error to throw.
 * @returns The check.
 */
export function oneOf<T extends string>(
  allowed: readonly T[],
  fallback: T,
  Refusal: new (message: string) => Error = InvalidOptionError,
): Check<T> {
  return (value = fallback, option) => {
    if (allowed.includes(value as T)) return value as T;
    throw new Refusal(
      `Cannot use ${describe(value)} as ${option}: allowed are ` +
        allowed.map((word) => `"${word}"`).join(", "),
    );
  };
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
 * Makes the check for values of one kind.
 *
 * @param isOk Tells whether a value is of it.
 * @param expected What to give instead, in words.
 * @returns The check.
 */
export function kindOf<T>(
  isOk: (value: unknown) => boolean,
  expected: string,
): Check<T> {
  return (value, option) => {
    expect(isOk(value), value, option, expected);
    return value as T;
  };
}

/** Takes anything. */
export const toAny: Check<unknown> = (value) => value;

/** Takes a whole number above zero. */
export const toCount: Check<number> = kindOf(
  (value) => Number.isSafeInteger(value) && value as number >= 1,
  "a whole number of 1 or more",
);

/** Takes a text. */
export const toText: Check<string> = kindOf(
  (value) => typeof value === "string",
  "a text",
);

/** Takes a text that is not empty. */
export const toName: Check<string> = kindOf(
  (value) => typeof value === "string" && value !== "",
  "a text that is not empty",
);

/** Takes true or false. */
export const toFlag: Check<boolean> = kindOf(
  (value) => typeof value === "boolean",
  "true or false",
);

/** Takes a function. */
export const toFunction: Check<unknown> = kindOf(
  (value) => typeof value === "function",
  "a function",
);

/**
 * Refuses to remove everything at once.
 *
 * @param prefix The prefix given to `deletePrefix`.
 * @throws {InvalidOptionError} If it is empty.
 */
export function refuseEmptyPrefix(prefix: string): void {
  expect(prefix !== "", prefix, "prefix", "a prefix that is not empty");
}
