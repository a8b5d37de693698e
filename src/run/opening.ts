/**
 * Lets the caller's signal and the run's timeout end the opening of a run too:
 * a storage that hangs must not hold a caller for ever.
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
 * @param opening Opens the run.
 * @param settings How it is started.
 * @param workflowId The workflow.
 * @param graceMs How long that while is, in milliseconds.
 * @returns What was opened.
 * @throws {WorkflowCancelledError} If the signal has aborted.
 * @throws {WorkflowTimeoutError} If it takes longer than the run may take.
 */
export async function unlessStopped<T>(
  opening: Promise<T>,
  { signal, timeoutMs }: StartSettings,
  workflowId: string,
  graceMs: number,
): Promise<T> {
  const timers = new Timers();
  let onAbort = () => {};
  const stopped = new Promise<never>((_, reject) => {
    const rejectAfter = (ms: number, makeError: () => Error) =>
      timers.start(ms, () => reject(makeError()));
    onAbort = () =>
      rejectAfter(graceMs, () => {
        const options = { cause: signal?.reason };
        return new WorkflowCancelledError(workflowId, options);
      });
    if (timeoutMs !== undefined) {
      const makeError = () => new WorkflowTimeoutError(workflowId, timeoutMs);
      rejectAfter(timeoutMs + graceMs, makeError);
    }
  });
  if (signal?.aborted) onAbort();
  else signal?.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([opening, stopped]);
  } finally {
    signal?.removeEventListener("abort", onAbort);
    timers.stop();
  }
}
