/**
 * Keeps a Worker alive for what goes on after its response.
 *
 * @module
 */

import { describe } from "../describe.ts";
import { InvalidOptionError } from "../errors.ts";
import type { StartOptions } from "./options.ts";

/**
 * Hands over work before any of it begins, so that whoever cannot take it says
 * so while nothing is done.
 *
 * @param waitUntil Takes it; it may be missing.
 * @returns Takes the promise of the whole work, which must not reject, and gives
 * what the caller has to wait for himself: nothing, where it was handed over.
 * @throws {InvalidOptionError} If it throws: torn from its object, the method of
 * a Worker's context does.
 */
export function keepAwake(
  waitUntil: StartOptions["waitUntil"],
): (work: Promise<unknown>) => Promise<unknown> | undefined {
  let begin!: (work: Promise<unknown>) => void;
  const whole = new Promise<unknown>((resolve) => begin = resolve);
  try {
    waitUntil?.(whole);
  } catch (cause) {
    throw new InvalidOptionError(
      `Cannot use ${describe(waitUntil)} as waitUntil: it throws; give a ` +
        "function such as (work) => context.waitUntil(work)",
      { cause },
    );
  }
  return (work) => {
    begin(work);
    return waitUntil === undefined ? work : undefined;
  };
}
