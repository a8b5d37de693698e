/**
 * Operations of R2, tried again where it fails.
 *
 * @see https://developers.cloudflare.com/r2/api/error-codes/
 * @module
 */

import { DotFlowError, StorageError } from "../../src/errors.ts";
import { redact } from "../../src/redact.ts";
import { sleep } from "../../src/wait.ts";
import { within } from "../../src/within.ts";

/** How often to try, and for how long. */
export interface Attempts {
  /** How many attempts there are at most. */
  readonly most: number;
  /** How long one may take, in milliseconds. */
  readonly timeoutMs: number;
}

/** Codes of failures that pass by themselves. */
const PASSING = ["10001", "10043", "10054", "10058"];

/** Too many writes of one object: it takes about one a second. */
const TOO_MANY = "10058";

const PAUSE_MS = 100;
const LONG_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 5_000;

/**
 * Does something at R2, again and again while it fails in a way that may pass.
 *
 * @param what What is done, and with which object, for the error.
 * @param attempts How often, and for how long.
 * @param attempt Does it once.
 * @param onUnclear Called where an attempt may have been carried out although
 * it failed.
 * @returns What the attempt that succeeded has given.
 * @throws {StorageError} If R2 refuses, or no attempt succeeds.
 */
export async function persist<T>(
  what: string,
  attempts: Attempts,
  attempt: () => Promise<T>,
  onUnclear?: () => void,
): Promise<T> {
  for (let count = 1;; count++) {
    try {
      return await within(attempt(), attempts.timeoutMs);
    } catch (cause) {
      const code = codeOf(cause);
      const passing = code === undefined || PASSING.includes(code);
      if (!passing || count >= attempts.most || isOurs(cause)) {
        throw failure(what, cause);
      }
      if (code !== TOO_MANY) onUnclear?.();
      await pause(code === TOO_MANY ? LONG_PAUSE_MS : PAUSE_MS, count);
    }
  }
}

/** Grows with every attempt; by chance, so that racers do not meet again. */
async function pause(firstMs: number, count: number): Promise<void> {
  const ms = Math.min(firstMs * 2 ** (count - 1), LONGEST_PAUSE_MS);
  await sleep(ms * (0.5 + Math.random() / 2));
}

/** A wrong call would be wrong again. */
function isOurs(cause: unknown): boolean {
  return cause instanceof TypeError || cause instanceof DotFlowError;
}

/** R2 ends its messages with a code: "put: … (10001)". */
function codeOf(cause: unknown): string | undefined {
  return /\((\d{4,6})\)\s*$/.exec(String((cause as Error)?.message))?.[1];
}

function failure(what: string, cause: unknown): DotFlowError {
  if (cause instanceof DotFlowError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new StorageError(`Cannot ${what} in R2: ${redact(reason)}`);
}
