/**
 * What the worker of the tests is bound to, such as `BUCKET`; empty in every
 * other runtime.
 *
 * @module
 */

/** The bindings, by name; filled before a test runs. */
export const bindings: Record<string, unknown> = {};
