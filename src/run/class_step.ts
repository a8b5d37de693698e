/**
 * Class steps: an instance whose methods are actions.
 *
 * @module
 */

import { specOf, type StepSpec } from "../action.ts";

const known = new WeakMap<object, readonly StepSpec[]>();

/** No methods at all. */
export const NONE: readonly StepSpec[] = [];

/**
 * The methods of an instance that are actions.
 *
 * @param value What a step has returned.
 * @returns The methods in source order, those of base classes first; none for
 * anything that is no instance of a class.
 */
export function actionsOf(value: unknown): readonly StepSpec[] {
  if (typeof value !== "object" || value === null) return NONE;
  const prototype = Object.getPrototypeOf(value);
  if (
    prototype === null || prototype === Object.prototype ||
    prototype === Array.prototype
  ) return NONE;
  let specs = known.get(prototype);
  if (specs === undefined) known.set(prototype, specs = collect(prototype));
  return specs;
}

/** The methods of a class and of those it extends, those it extends first. */
function collect(prototype: object): readonly StepSpec[] {
  const methods = new Map<string, StepSpec | undefined>();
  const visit = (layer: object | null) => {
    if (layer === null || layer === Object.prototype) return;
    visit(Object.getPrototypeOf(layer));
    const properties = Object.getOwnPropertyDescriptors(layer);
    for (const [name, { value }] of Object.entries(properties)) {
      if (typeof value === "function") methods.set(name, specOf(value));
    }
  };
  visit(prototype);
  return [...methods.values()].filter((spec) => spec !== undefined);
}
