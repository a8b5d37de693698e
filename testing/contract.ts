/**
 * What a contract test is, and what it asks of a storage.
 *
 * @module
 */

import type { Storage } from "../src/contracts/storage.ts";
import type { Awaitable } from "../src/types.ts";

/**
 * What a storage may lack. `persistent`: it outlives its instance, which is
 * tested with a further one; `anyKey`: it takes any text as a key, not only what
 * `Storage.key` makes; the others are the optional methods of their name.
 */
export type Capability =
  | "persistent"
  | "anyKey"
  | "atomicSwap"
  | "delete"
  | "deletePrefix"
  | "listKeys";

/** A storage to be tested, and how to open it. */
export interface StorageSubject {
  /**
   * Opens a storage in which nothing is stored yet. Each test asks for one of
   * its own, and calls its `close`, if it has one.
   */
  open(): Awaitable<Storage>;
  /**
   * Opens a further instance that sees what the given one has stored, as another
   * process would. Not needed where `lacks` has `persistent`.
   */
  reopen?(storage: Storage): Awaitable<Storage>;
  /** What the storage lacks. @default Nothing */
  readonly lacks?: readonly Capability[];
}

/** One test of a contract, for any test runner. */
export interface ContractTest {
  /** What holds, in one sentence. */
  readonly name: string;
  /** What the storage needs to have for it. */
  readonly needs: readonly Capability[];
  /**
   * Runs the test.
   *
   * @param subject The storage to be tested.
   * @returns Resolves when it has passed; what it rejects with is why it failed.
   */
  run(subject: StorageSubject): Promise<void>;
}

/**
 * Tells whether a test is to be left out for a storage.
 *
 * @example
 * ```ts
 * import { lackingFor, storageContract } from "@dotflow/dotflow/testing";
 *
 * const lacks = ["listKeys", "deletePrefix"] as const;
 * const left = storageContract.filter((test) => lackingFor(test, { lacks }));
 * console.log(left.map(({ name }) => name));
 * ```
 *
 * @param test The test.
 * @param subject The storage, or at least what it lacks.
 * @returns What the test needs and the storage lacks; undefined: nothing.
 */
export function lackingFor(
  test: ContractTest,
  subject: Pick<StorageSubject, "lacks">,
): Capability | undefined {
  return test.needs.find((need) => subject.lacks?.includes(need));
}

/** What the body of a test works with. */
export interface Bench {
  /** A storage in which nothing is stored. */
  readonly storage: Storage;
  /** What it is said to lack. */
  readonly lacks: readonly Capability[];
  /** Opens a further instance that sees the same. */
  reopen(): Promise<Storage>;
}

/**
 * Makes a contract test that closes what it has opened.
 *
 * @param name What holds, in one sentence.
 * @param needs What the storage needs to have for it.
 * @param body The test itself.
 * @returns The test.
 */
export function contractTest(
  name: string,
  needs: readonly Capability[],
  body: (bench: Bench) => Awaitable<void>,
): ContractTest {
  const test: ContractTest = {
    name,
    needs,
    async run(subject) {
      const lacking = lackingFor(test, subject);
      if (lacking !== undefined) {
        throw new Error(`Cannot test "${name}" without ${lacking}: skip it`);
      }
      const opened = [await subject.open()];
      const [storage] = opened;
      const reopen = async () => {
        if (subject.reopen === undefined) {
          throw new Error(
            'Cannot open a further instance: give "reopen", or say ' +
              'lacks: ["persistent"]',
          );
        }
        const further = await subject.reopen(storage);
        opened.push(further);
        return further;
      };
      try {
        await body({ storage, lacks: subject.lacks ?? [], reopen });
      } finally {
        for (const one of new Set(opened)) await one.close?.();
      }
    },
  };
  return test;
}
