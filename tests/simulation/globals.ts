/**
 * Puts other clocks, timers and random numbers in the place of the runtime's.
 *
 * @module
 */

/** What takes the place of the runtime's. */
export interface Clocks {
  /** For `Date.now`. */
  wallMs(): number;
  /** For `performance.now`. */
  monotonicMs(): number;
  /** For `Math.random` and `crypto`. */
  random(): number;
  /** For `setTimeout` and `setInterval`. */
  start(callback: () => void, ms: number, repeated: boolean): unknown;
  /** For `clearTimeout` and `clearInterval`. */
  stop(timer: unknown): void;
}

type Immediate = (callback: () => void) => unknown;

/** Calls back when no microtask is left. */
export const realImmediate: Immediate =
  (globalThis as unknown as { setImmediate: Immediate }).setImmediate;

/**
 * Puts them in place.
 *
 * @returns A way to set the clocks, and one to put everything back.
 */
export function patchGlobals(): {
  enter: (clocks: Clocks) => void;
  restore: () => void;
} {
  let clocks: Clocks;
  const undo: (() => void)[] = [];
  const patch = (object: object, patches: Record<string, unknown>) => {
    for (const [name, value] of Object.entries(patches)) {
      const before = Object.getOwnPropertyDescriptor(object, name);
      const patched = { value, configurable: true, writable: true };
      Object.defineProperty(object, name, patched);
      undo.push(() => {
        if (before) Object.defineProperty(object, name, before);
        else delete (object as Record<string, unknown>)[name];
      });
    }
  };
  const stop = (timer: unknown) => clocks.stop(timer);
  const start =
    (repeated: boolean) =>
    (callback: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) =>
      clocks.start(() => callback(...args), ms, repeated);
  const never = () => {
    throw new Error("This is no part of a virtual world");
  };
  patch(globalThis, {
    setTimeout: start(false),
    setInterval: start(true),
    clearTimeout: stop,
    clearInterval: stop,
    setImmediate: never,
    fetch: never,
  });
  patch(AbortSignal, { timeout: never });
  patch(Date, { now: () => clocks.wallMs() });
  patch(performance, { now: () => clocks.monotonicMs() });
  patch(Math, { random: () => clocks.random() });
  patch(crypto, {
    randomUUID: () => {
      const digits = (count: number) =>
        Math.floor(clocks.random() * 16 ** count).toString(16)
          .padStart(count, "0");
      return `${digits(8)}-${digits(4)}-4${digits(3)}-8${digits(3)}-` +
        digits(12);
    },
    getRandomValues: (array: Uint8Array) => {
      const bytes = new Uint8Array(
        array.buffer,
        array.byteOffset,
        array.byteLength,
      );
      bytes.forEach((_, at) => bytes[at] = clocks.random() * 256);
      return array;
    },
  });
  return {
    enter: (next) => clocks = next,
    restore: () => undo.reverse().forEach((undoOne) => undoOne()),
  };
}
