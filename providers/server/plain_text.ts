/**
 * The JSON text of values that JSON itself writes well: far faster than to write
 * them part by part, and the run waits meanwhile.
 *
 * @module
 */

/** The text would be longer than it may. */
export const TOO_LONG: unique symbol = Symbol("too long");

/** What is looked at of a value, so that it ends soon for any. */
interface Look {
  /** How many UTF-16 code units the text may still have, at least. */
  left: number;
  /** The objects that the present one is in. */
  readonly above: object[];
}

/**
 * Writes a value as `JSON.stringify` does, where that loses and changes nothing.
 *
 * @param value The value.
 * @param most How many UTF-16 code units the text may have.
 * @param deepest How deep it may be.
 * @returns The text; undefined where JSON lacks a part of the value, or where that
 * is too deep.
 * @throws {symbol} `TOO_LONG`, if the text would be longer.
 */
export function plainText(
  value: unknown,
  most: number,
  deepest: number,
): string | undefined {
  try {
    if (!isPlain(value, { left: most, above: [] }, deepest)) return undefined;
    const text = JSON.stringify(value);
    // Half of a pair of surrogates is written so, and is no text to others.
    if (text.includes("\\ud")) return undefined;
    if (text.length > most) throw TOO_LONG;
    return text;
  } catch (thrown) {
    if (thrown === TOO_LONG) throw thrown;
    return undefined;
  }
}

/** Counts no more than what is written has in any case. */
function count(look: Look, length: number): true {
  if ((look.left -= length) < 0) throw TOO_LONG;
  return true;
}

function isPlain(value: unknown, look: Look, deepest: number): boolean {
  switch (typeof value) {
    case "string":
      return count(look, value.length + 2);
    case "number":
      return Number.isFinite(value) && count(look, 1);
    case "boolean":
    case "undefined":
      return count(look, 4);
    case "object":
      return value === null
        ? count(look, 4)
        : isPlainObject(value, look, deepest);
    default:
      return false;
  }
}

function isPlainObject(value: object, look: Look, deepest: number): boolean {
  const { above } = look;
  count(look, 2);
  if (above.length >= deepest || above.includes(value)) return false;
  if ("toJSON" in value) return isUsualDate(value);
  above.push(value);
  const isList = Array.isArray(value);
  const areAllPlain = isList
    ? isEachPlain(value, look, deepest)
    : isOfNoClass(value) && areMembersPlain(value, look, deepest);
  above.pop();
  return areAllPlain;
}

function isEachPlain(
  items: readonly unknown[],
  look: Look,
  deepest: number,
): boolean {
  for (let n = 0; n < items.length; n++) {
    if (!isPlain(items[n], look, deepest)) return false;
  }
  return true;
}

function areMembersPlain(
  value: object,
  look: Look,
  deepest: number,
): boolean {
  const members = value as Record<string, unknown>;
  for (const key of Object.keys(value)) {
    const member = members[key];
    // It is left out.
    if (member === undefined) continue;
    count(look, key.length + 3);
    if (!isPlain(member, look, deepest)) return false;
  }
  return true;
}

function isOfNoClass(value: object): boolean {
  const above = Object.getPrototypeOf(value);
  return above === Object.prototype || above === null;
}

function isUsualDate(value: object): boolean {
  return Object.getPrototypeOf(value) === Date.prototype &&
    !Object.hasOwn(value, "toJSON") &&
    !Number.isNaN((value as Date).getTime());
}
