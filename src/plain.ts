/**
 * Values as JSON can hold them, for those who only look at them.
 *
 * @module
 */

/** The most that is kept of one value in a log, in UTF-16 code units. */
export const LONGEST_VALUE = 16_384;
/** How deep objects are shown in a log. */
const DEEPEST = 20;

/** How much is kept of a value. */
export interface PlainLimits {
  /** The most of a text, in UTF-16 code units. @default 16384 */
  readonly longest?: number;
  /** How deep objects may be. @default 20 */
  readonly deepest?: number;
}

/**
 * Makes a copy that JSON can hold: what that does not know becomes text, long
 * texts are cut, and what is too deep, circular or unreadable is told in words.
 *
 * @param value Any value.
 * @param limits How much is kept of it.
 * @returns The copy.
 */
export function toPlain(value: unknown, limits: PlainLimits = {}): unknown {
  const { longest = LONGEST_VALUE, deepest = DEEPEST } = limits;
  return copy(value, [], { longest, deepest });
}

function copy(
  value: unknown,
  within: readonly object[],
  limits: Required<PlainLimits>,
): unknown {
  const { longest } = limits;
  if (typeof value === "string") {
    return value.length > longest ? `${value.slice(0, longest)}…` : value;
  }
  if (typeof value === "object" && value !== null) {
    if (within.includes(value)) return "[circular]";
    try {
      return copyObject(value, [...within, value], limits);
    } catch {
      return "[unreadable]";
    }
  }
  const isKnown = value === null || ["boolean", "number", "undefined"]
    .includes(typeof value);
  return isKnown ? value : String(value);
}

function copyObject(
  value: object,
  within: readonly object[],
  limits: Required<PlainLimits>,
): unknown {
  const plain = (item: unknown) => copy(item, within, limits);
  if (within.length > limits.deepest) return "[too deep]";
  if (value instanceof Error) {
    return plain(`${value.name}: ${value.message}`);
  }
  if (value instanceof RegExp) return plain(String(value));
  const { toJSON } = value as { toJSON?: unknown };
  if (typeof toJSON === "function") return plain(toJSON.call(value));
  if (value instanceof Map || value instanceof Set) {
    return Array.from<unknown, unknown>(value, plain);
  }
  if (Array.isArray(value)) return value.map(plain);
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, plain(item)]),
  );
}
