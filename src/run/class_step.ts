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

function collect(prototype: object): readonly StepSpec[] {
  const methods = new Map<string, StepSpec | undefined>();
  for (const layer of layersOf(prototype)) {
    for (const name of Object.getOwnPropertyNames(layer)) {
      const value = Object.getOwnPropertyDescriptor(layer, name)?.value;
      if (typeof value === "function") methods.set(name, specOf(value));
    }
  }
  return [...methods.values()].filter((spec) => spec !== undefined);
}

/** The chain of prototypes, the most basic first. */
function layersOf(prototype: object): object[] {
  const layers: object[] = [];
  let layer: object | null = prototype;
  while (layer !== null && layer !== Object.prototype) {
    layers.unshift(layer);
    layer = Object.getPrototypeOf(layer);
  }
  return layers;
}
