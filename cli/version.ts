/**
 * The version of the package, the same as in deno.json.
 *
 * @module
 */

/** The version. */
export const VERSION = "0.1.0";
