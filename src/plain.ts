/**
 * Values as JSON can hold them, for those who only look at them.
 *
 * @module
 */

/** The most that is kept of one value in a log, in UTF-16 code units. */
export const LONGEST_VALUE = 16_384;
/** How deep objects are shown. */
const DEEPEST = 20;

/**
 * Makes a copy that JSON can hold: what that does not know becomes text, long
 * texts are cut, and what is too deep, circular or unreadable is told in words.
 *
 * @param value Any value.
 * @param within The objects that it is in.
 * @param longest The most that is kept of a text, in UTF-16 code units.
 * @returns The copy.
 */
export function toPlain(
  value: unknown,
  within: readonly object[] = [],
  longest: number = LONGEST_VALUE,
): unknown {
  if (typeof value === "string") {
    return value.length > longest ? `${value.slice(0, longest)}…` : value;
  }
  if (typeof value === "object" && value !== null) {
    if (within.includes(value)) return "[circular]";
    try {
      return toPlainObject(value, [...within, value], longest);
    } catch {
      return "[unreadable]";
    }
  }
  const isKnown = value === null || ["boolean", "number", "undefined"]
    .includes(typeof value);
  return isKnown ? value : String(value);
}

function toPlainObject(
  value: object,
  within: readonly object[],
  longest: number,
): unknown {
  const plain = (item: unknown) => toPlain(item, within, longest);
  if (within.length > DEEPEST) return "[too deep]";
  if (value instanceof Error) {
    return plain(`${value.name}: ${value.message}`);
  }
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
