/**
 * Lets the caller's signal and the run's timeout end the opening of a run too:
 * neither a storage that hangs nor another owner may hold a caller for ever.
 *
 * @module
 */

import { WorkflowCancelledError, WorkflowTimeoutError } from "../errors.ts";
import type { StartSettings } from "./options.ts";
import { Timers } from "./timers.ts";

/**
 * Waits for a run to be opened. Once it is to be stopped, the storage has a last
 * while to answer, so that the run can end in good order.
 *
 * @param open Opens the run; the signal ends what has no end of its own.
 * @param settings How it is started.
 * @param workflowId The workflow.
 * @param graceMs How long that while is, in milliseconds.
 * @param abandon What to do with a run that is opened too late.
 * @returns What was opened.
 * @throws {WorkflowCancelledError} If the signal has aborted.
 * @throws {WorkflowTimeoutError} If it takes longer than the run may take.
 */
export async function unlessStopped<T>(
  open: (stop: AbortSignal) => Promise<T>,
  { signal, timeoutMs }: StartSettings,
  workflowId: string,
  graceMs: number,
  abandon: (opened: T) => void,
): Promise<T> {
  const timers = new Timers();
  const stop = new AbortController();
  let onAbort = () => {};
  const stopped = new Promise<never>((_, reject) => {
    const stopWith = (error: Error) => {
      stop.abort(error);
      timers.start(graceMs, () => reject(error));
    };
    onAbort = () => {
      const options = { cause: signal?.reason };
      stopWith(new WorkflowCancelledError(workflowId, options));
    };
    if (timeoutMs !== undefined) {
      const error = new WorkflowTimeoutError(workflowId, timeoutMs);
      timers.start(timeoutMs, () => stopWith(error));
    }
  });
  if (signal?.aborted) onAbort();
  else signal?.addEventListener("abort", onAbort, { once: true });
  const opening = open(stop.signal);
  try {
    return await Promise.race([opening, stopped]);
  } catch (error) {
    opening.then(abandon, () => {});
    throw error;
  } finally {
    signal?.removeEventListener("abort", onAbort);
    timers.stop();
  }
}
