/**
 * Runs the storage contract over a provider.
 *
 * @module
 */

import {
  lackingFor,
  storageContract,
  type StorageSubject,
} from "@dotflow/dotflow/testing";
import { test, type TestOptions } from "./harness.ts";

/** A storage, and what its tests need of the machine. */
export type TestedStorage = StorageSubject & TestOptions;

/**
 * Registers a test for each part of the contract that a storage claims.
 *
 * @param provider What it is called in the names of the tests.
 * @param subject How it is opened, what it lacks, and what its tests need.
 */
export function testStorage(provider: string, subject: TestedStorage): void {
  const { needs, skip, timeout } = subject;
  for (const contract of storageContract) {
    if (lackingFor(contract, subject)) continue;
    test(
      `storage contract: ${provider}: ${contract.name}`,
      { needs, skip, timeout },
      () => contract.run(subject),
    );
  }
}
