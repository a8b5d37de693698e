/**
 * Values as JSON text and back, exactly: everything structured clone knows but
 * functions and DOM objects.
 *
 * What JSON has no word for is written as a tag, `{"$":["Date",0]}`: the name
 * of its type, then its parts. A plain object that has a key `$` of its own is
 * tagged too, so that nothing a user stores reads as a tag. Objects are
 * numbered in the order in which they are first met, and one that is met again
 * is written as its number: cycles and shared references keep their identity.
 *
 * As with structured clone, getters are read, properties that are not
 * enumerable are left out, and so are those added to a Map, a Date and their
 * like. A view that follows the length of a resizable buffer gets the length
 * that it has now.
 *
 * @module
 */

export { decode } from "./codec/decode.ts";
export { encode, type Encoded } from "./codec/encode.ts";
export { registerType, type StoredType } from "./codec/types.ts";
