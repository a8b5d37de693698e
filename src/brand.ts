/**
 * `instanceof` that holds across two copies of the package (npm beside JSR):
 * a class marks its prototype with a registered symbol and asks for the mark.
 *
 * @module
 */

/**
 * Marks a prototype, and with it every instance, as being of a kind.
 *
 * @param prototype The prototype to mark.
 * @param brand The registered symbol of the kind.
 */
export function mark(prototype: object, brand: symbol): void {
  Object.defineProperty(prototype, brand, { value: true });
}

/**
 * Tells whether a value is of a kind, whichever copy of the package made it.
 *
 * @param value What is asked about.
 * @param brand The registered symbol of the kind.
 * @returns Whether the value bears the mark.
 */
export function isMarked(value: unknown, brand: symbol): boolean {
  if (typeof value !== "object" || value === null) return false;
  try {
    return brand in value;
  } catch {
    // A proxy that refuses to be asked.
    return false;
  }
}

/**
 * The body of a `static [Symbol.hasInstance]`: the marked class itself knows
 * instances of every copy, its subclasses know their own as usual.
 *
 * @param asked The class on the right of `instanceof`.
 * @param value What is asked about.
 * @param brand The registered symbol of the kind.
 * @returns Whether the value counts as an instance.
 */
export function isInstance(
  asked: { readonly prototype: object },
  value: unknown,
  brand: symbol,
): boolean {
  return Object.hasOwn(asked.prototype, brand)
    ? isMarked(value, brand)
    : Function.prototype[Symbol.hasInstance].call(asked, value);
}
