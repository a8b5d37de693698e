/**
 * Tries out whether a storage really keeps two writers apart, before a run
 * relies on it: some servers ignore conditions, others race on them.
 *
 * @module
 */

import { Context } from "../context.ts";
import type { Storage } from "../contracts/storage.ts";
import { StorageNotConditionalError } from "../errors.ts";
import { guarded } from "./guarded.ts";

const RACERS = 4;

/**
 * What has passed. Nothing is shared before that: in Workers, a promise of
 * another request may never end.
 */
const proven = new WeakSet<Storage>();

/**
 * Makes sure that a storage swaps atomically; each is asked until it has passed.
 *
 * @param storage The storage.
 * @throws {StorageNotConditionalError} If it does not.
 * @throws {StorageError} If the storage fails.
 */
export async function proveSwaps(storage: Storage): Promise<void> {
  if (storage.swapsAtomically || proven.has(storage)) return;
  await tryOut(storage);
  proven.add(storage);
}

async function tryOut(storage: Storage): Promise<void> {
  // No encoded workflow id begins with `_p`.
  const key = `_probe/${crypto.randomUUID()}`;
  const ask = <T>(call: () => T | PromiseLike<T>) =>
    guarded("try out conditional writes at", key, call);
  const swap = (expected: Context | null, value: string) =>
    ask(() => storage.atomicSwap!(key, expected, contextOf(value)));
  const race = async (expected: Context | null, name: string) => {
    const racers = Array.from({ length: RACERS }, (_, n) => `${name} ${n}`);
    const swaps = racers.map((value) => swap(expected, value));
    // All of them, so that none comes after the key was removed.
    await Promise.allSettled(swaps);
    const won = await Promise.all(swaps);
    const winners = racers.filter((_, n) => won[n]);
    const stored = await ask(() => storage.get(key));
    if (winners.length !== 1) {
      throw new StorageNotConditionalError(
        `of ${RACERS} writers of one object, ${winners.length} were told ` +
          `that they were the first`,
      );
    }
    if (stored.storage !== winners[0]) {
      throw new StorageNotConditionalError(
        "it keeps what another writer wrote than the one it told so",
      );
    }
    return stored;
  };
  try {
    const created = await race(null, "create");
    await race(created, "swap");
    if (await swap(created, "late") || await swap(null, "late")) {
      throw new StorageNotConditionalError(
        "it let a writer overwrite what had changed meanwhile",
      );
    }
  } finally {
    await ask(() => storage.delete?.(key)).catch(() => {});
  }
}

function contextOf(storage: string): Context {
  return new Context({ storage, taskId: "_probe" });
}
