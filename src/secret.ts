/**
 * Checks of options that are secret, or have a secret in them: what was given is
 * never shown.
 *
 * @module
 */

import { InvalidOptionError } from "./errors.ts";
import { isSafe } from "./http/address.ts";
import type { Check } from "./options.ts";

/**
 * Makes the check of something secret.
 *
 * @param isOk Tells whether a value is of the right kind.
 * @param expected What to give instead, in words.
 * @returns The check.
 */
export function secretOf<T>(
  isOk: (value: unknown) => boolean,
  expected: string,
): Check<T> {
  return (value, option) => {
    if (isOk(value)) return value as T;
    // What is missing is no secret, and mostly a variable that is not set.
    const given = value === undefined || value === ""
      ? "nothing"
      : "what was given";
    throw new InvalidOptionError(
      `Cannot use ${given} as ${option}: give ${expected}`,
    );
  };
}

/** Takes a text that is a secret. */
export const toSecret: Check<string> = secretOf(
  (value) => typeof value === "string" && value !== "",
  "a text that is not empty",
);

/** Takes an address to which secrets may be sent. */
export const toSafeUrl: Check<string> = secretOf(
  isBareAndSafe,
  "an https address without user and password; http is for this machine only",
);

/**
 * Tells whether secrets may be sent to an address, and nothing is in it that
 * would not be sent, or be shown.
 *
 * @param value Any value.
 * @returns Whether it is an address of that kind.
 */
export function isBareAndSafe(value: unknown): value is string {
  if (typeof value !== "string" || !isSafe(value)) return false;
  const { username, password, hash } = new URL(value);
  return username === "" && password === "" && hash === "";
}
