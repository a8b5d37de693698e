/**
 * Values in words, for messages.
 *
 * @module
 */

/**
 * Names a value for an error message, without showing what it holds: strings
 * are cut short, objects are named by their class.
 *
 * @param value Any value.
 * @returns A few words.
 */
export function describe(value: unknown): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(
        value.length > 80 ? `${value.slice(0, 80)}…` : value,
      );
    case "function":
      return value.name ? `function ${value.name}` : "a function";
    case "object": {
      if (value === null) return "null";
      const name = classNameOf(value);
      return name === "Object" ? "a plain object" : `an instance of ${name}`;
    }
    case "bigint":
      return `${value}n`;
    default:
      return String(value);
  }
}

/**
 * The name of an object's class, also where the object does all it can to
 * hide it.
 *
 * @param value An object.
 * @returns The name; "Object" where there is none.
 */
export function classNameOf(value: object): string {
  try {
    const name = value.constructor?.name;
    return typeof name === "string" && name !== "" ? name : "Object";
  } catch {
    return "Object";
  }
}
