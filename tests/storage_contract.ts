/**
 * Runs the storage contract over a provider.
 *
 * @module
 */

import { action, Config, DotFlow, type Storage } from "@dotflow/dotflow";
import {
  lackingFor,
  storageContract,
  type StorageSubject,
} from "@dotflow/dotflow/testing";
import assert from "node:assert/strict";
import { test, type TestOptions } from "./harness.ts";
import type { FaultKind } from "./servers/api.ts";

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

/** Every kind of fault that ends, but for writes that come late. */
export const FAULTS: readonly FaultKind[] = [
  "500",
  "503",
  "429",
  "409",
  "reset",
  "commit-500",
  "commit-reset",
  "truncated",
  "slow",
  "garbage",
];

/**
 * Registers the parts of the contract that lost answers could break.
 *
 * @param provider What it is called in the names of the tests.
 * @param faulty A storage whose requests fail.
 * @param parts What the names of those parts are like.
 */
export function testFaultyStorage(
  provider: string,
  faulty: StorageSubject,
  parts: RegExp,
): void {
  for (const contract of storageContract) {
    if (!parts.test(contract.name) || lackingFor(contract, faulty)) continue;
    test(
      `storage contract: ${provider} with 30 % faults: ${contract.name}`,
      { timeout: 100_000 },
      () => contract.run(faulty),
    );
  }
}

/**
 * Fails a workflow, and resumes it in another instance.
 *
 * @param open Opens an instance on the same data.
 */
export async function resumesElsewhere(open: () => Storage): Promise<void> {
  const effects: string[] = [];
  let broken = true;
  const make = () => {
    const workflow = new DotFlow({
      workflowId: "daily",
      config: new Config({ storage: open() }),
    });
    workflow.task.add(action("one", () => effects.push("one")));
    workflow.task.add(action("two", ({ previousContext }) => {
      if (broken) throw new Error("broken");
      return previousContext.storage + 1;
    }));
    return workflow;
  };
  assert.equal((await make().start({ resume: true })).status, "Failed");
  broken = false;
  const workflow = make();
  assert.equal((await workflow.start({ resume: true })).status, "Completed");
  assert.deepEqual(effects, ["one"]);
  assert.deepEqual(workflow.resultStorage(), [1, 2]);
}
