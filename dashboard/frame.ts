/**
 * Doing work at the pace of the screen.
 *
 * @module
 */

/** How often times that go on are told anew, in milliseconds. */
const TICK_MS = 500;
/** How often a page that nobody sees catches up, in milliseconds. */
const HIDDEN_MS = 1_000;

/**
 * Makes many calls one: what is asked for any number of times is done once,
 * before the next frame.
 *
 * @param work What to do.
 * @returns Asks for it.
 */
export function oncePerFrame(work: () => void): () => void {
  let asked = false;
  const run = () => {
    asked = false;
    work();
  };
  return () => {
    if (asked) return;
    asked = true;
    if (document.hidden) setTimeout(run, HIDDEN_MS);
    else requestAnimationFrame(run);
  };
}

/**
 * Waits for the next frame, so that work can be cut into slices.
 *
 * @returns Resolves when it has been drawn.
 */
export function nextFrame(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

/**
 * Does something again and again while the page is seen.
 *
 * @param work What to do.
 * @returns Ends it.
 */
export function onTick(work: () => void): () => void {
  const timer = setInterval(() => {
    if (!document.hidden) work();
  }, TICK_MS);
  return () => clearInterval(timer);
}

/**
 * Waits until calls stop coming.
 *
 * @param work What to do then.
 * @param quietMs How long none must come, in milliseconds.
 * @returns The call.
 */
export function whenQuiet(work: () => void, quietMs: number): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(work, quietMs);
  };
}
