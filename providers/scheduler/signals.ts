/**
 * The signals by which an operating system asks a process to end.
 *
 * @module
 */

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/**
 * Listens for the first of them. After it, and when it is called off, each does
 * again what it does by default.
 *
 * @param stop Called once, when one has come.
 * @returns A function that calls it off.
 */
export async function onSignal(stop: () => void): Promise<() => void> {
  const process = await import("node:process").then(
    (module) => module.default,
    () => undefined,
  );
  const callOff = () => {
    for (const signal of SIGNALS) process?.off?.(signal, onFirst);
  };
  const onFirst = () => {
    callOff();
    stop();
  };
  for (const signal of SIGNALS) {
    try {
      process?.on?.(signal, onFirst);
    } catch {
      // There is no such signal here.
    }
  }
  return callOff;
}
