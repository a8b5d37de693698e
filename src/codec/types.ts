/**
 * What both directions of the codec agree on.
 *
 * @module
 */

/** How deep objects may lie inside each other, so that no stack overflows. */
export const MAX_DEPTH = 1_000;

/** The types whose value is their `valueOf()`. */
export const BOXED = /^(Date|Number|String|Boolean|BigInt)$/;

/** The errors of the language. */
export const ERRORS =
  /^(Aggregate|Eval|Range|Reference|Syntax|Type|URI)?Error$/;

/** The views of a buffer. */
export const VIEWS =
  /^(DataView|(Big)?(Ui|I)nt\d+(Clamped)?Array|Float\d+Array)$/;

/** The properties of an error that are not enumerable, and yet are kept. */
export const HIDDEN = ["name", "message", "stack", "cause", "errors"];

/** A class of our own whose instances may be inside a stored value. */
export interface StoredType<T extends object = object> {
  /** Its name in the text, which is no name of a type of the language. */
  readonly tag: string;
  /** Whether the value is one of them. */
  is(value: object): value is T;
  /** Gives what is stored: any value that can be. */
  encode(value: T): unknown;
  /** Makes an empty one. */
  create(): T;
  /** Fills it; apart from `create`, so that it may contain itself. */
  fill(value: T, parts: unknown): void;
}

/** The registered types. */
// deno-lint-ignore no-explicit-any
export const TYPES: StoredType<any>[] = [];

/**
 * Teaches the codec a class, which so need not be imported by it.
 *
 * @param type How its instances are known, stored and made again.
 */
export function registerType<T extends object>(type: StoredType<T>): void {
  TYPES.push(type);
}
