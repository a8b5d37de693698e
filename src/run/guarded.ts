/**
 * Failures of a storage, which end a run.
 *
 * @module
 */

import { Context } from "../context.ts";
import { describe } from "../describe.ts";
import { DotFlowError, StorageError } from "../errors.ts";

/**
 * What a run ends with when a storage throws.
 *
 * @param operation What was being done.
 * @param key Where.
 * @param cause What the storage threw.
 * @returns The error itself if it is a `DotFlowError`, else a `StorageError`.
 */
export function storageFailure(
  operation: string,
  key: string,
  cause: unknown,
): Error {
  if (cause instanceof DotFlowError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new StorageError(
    `Cannot ${operation} ${JSON.stringify(key)}: ${reason}`,
    { cause },
  );
}

/**
 * Calls a storage and waits for its answer.
 *
 * @param operation What is being done, for the error.
 * @param key Where.
 * @param call The call.
 * @returns What it answers.
 * @throws {StorageError} For everything that is no `DotFlowError` already.
 */
export async function guarded<T>(
  operation: string,
  key: string,
  call: () => T | PromiseLike<T>,
): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    throw storageFailure(operation, key, cause);
  }
}

/**
 * Makes sure of what `get` has answered, for storages of a user's own.
 *
 * @param answer The answer.
 * @returns The answer.
 * @throws {TypeError} If it is no Context.
 */
export function checked(answer: Context): Context {
  if (answer instanceof Context) return answer;
  throw new TypeError(`its get gave ${describe(answer)}, not a Context`);
}
