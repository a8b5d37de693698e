/**
 * `instanceof` that holds across two copies of the package (npm beside JSR):
 * a class marks its prototype with a registered symbol and asks for the mark.
 *
 * @module
 */

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
 * Brands a class: it knows instances of every copy of the package, its
 * subclasses know their own as usual.
 *
 * @param Class The class.
 * @param kind The registered symbol of the kind.
 */
export function brand(
  Class: { readonly prototype: object },
  kind: symbol,
): void {
  Object.defineProperty(Class.prototype, kind, { value: true });
  Object.defineProperty(Class, Symbol.hasInstance, {
    value(this: unknown, value: unknown): boolean {
      return this === Class
        ? isMarked(value, kind)
        : Function.prototype[Symbol.hasInstance].call(this, value);
    },
  });
}
