/**
 * Waiting for a moment of the wall clock, which may jump meanwhile.
 *
 * @module
 */

/** How long the wall clock is not looked at, at most. */
const LOOK_MS = 30_000;

/**
 * Waits until the wall clock shows a moment.
 *
 * @param momentMs The moment, in milliseconds since the epoch.
 * @param signal Ends the wait.
 * @returns Whether the moment has come; false: the wait was ended.
 */
export function reaches(
  momentMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  return new Promise((resolve) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve(!signal.aborted);
    };
    // No promise for each look: waits of months are made of many.
    const look = () => {
      const restMs = momentMs - Date.now();
      if (restMs <= 0 || signal.aborted) end();
      else timer = setTimeout(look, Math.min(restMs, LOOK_MS));
    };
    signal.addEventListener("abort", end);
    look();
  });
}
