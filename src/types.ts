/**
 * Small types that more than one file speaks of.
 *
 * @module
 */

/** A value, now or later. */
export type Awaitable<T> = T | PromiseLike<T>;

/**
 * Tells a promise (of any make) from a value that is there already.
 *
 * @param value What is asked about.
 * @returns Whether it has to be waited for.
 */
export function isThenable<T>(value: Awaitable<T>): value is PromiseLike<T> {
  return typeof value === "object" && value !== null &&
    typeof (value as PromiseLike<T>).then === "function";
}
