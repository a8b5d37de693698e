/**
 * `node:test` for workerd, as much of it as the harness uses: it keeps the
 * tests of the file that is being loaded, and the worker runs them.
 *
 * @module
 */

/** One test, as registered. */
export interface Registered {
  /** Its name. */
  name: string;
  /** Whether it is left out. */
  skip: boolean;
  /** The test itself. */
  fn: () => unknown;
}

let registered: Registered[] = [];

/**
 * Registers a test.
 *
 * @param name Its name.
 * @param options Whether it is left out, or the test itself.
 * @param fn The test.
 */
export default function test(
  name: string,
  options: { skip?: boolean } | (() => unknown),
  fn: () => unknown = () => {},
): void {
  const body = typeof options === "function" ? options : fn;
  const skip = typeof options === "object" && options.skip === true;
  registered.push({ name, skip, fn: body });
}

/**
 * Hands over what was registered since the last call.
 *
 * @returns The tests, in their order.
 */
export function takeRegistered(): Registered[] {
  const taken = registered;
  registered = [];
  return taken;
}
