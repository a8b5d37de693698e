/**
 * Keeps the number of classes of errors small: each is a time series of its own.
 *
 * @module
 */

import { OTHER_ERROR } from "./attributes.ts";

/** The most classes that are told apart. */
const MOST_TYPES = 50;

/** What the name of a class looks like. */
const CLASS_NAME = /^[\p{L}_$][\p{L}\p{N}_$.]{0,99}$/u;

/** The classes of errors that were seen. */
export class ErrorTypes {
  readonly #seen: Set<string> = new Set();

  /**
   * Gives a class by its name, while there are few.
   *
   * @param type The name of the class, or what an error says it is.
   * @returns The name, or what stands for all others.
   */
  bounded(type: string): string {
    if (this.#seen.has(type)) return type;
    if (this.#seen.size >= MOST_TYPES || !CLASS_NAME.test(type)) {
      return OTHER_ERROR;
    }
    this.#seen.add(type);
    return type;
  }
}
