/**
 * The contracts of providers as tests, for authors of providers of their own: of
 * storages, and of what watches (notifiers, logs, tracers, metrics). The tests
 * are data: any test runner can run them.
 *
 * Of a storage, say what it `lacks`; everything else is tested, and a test that
 * needs something that is lacking is to be skipped. Of what watches, say how to
 * look at what has arrived at the other end.
 *
 * @example With `node:test`, in Node, Bun and Deno
 * ```ts ignore
 * import test from "node:test";
 * import {
 *   lackingFor,
 *   storageContract,
 *   type StorageSubject,
 * } from "@dotflow/dotflow/testing";
 * import { StorageRedis } from "./storage_redis.ts";
 *
 * const prefixes = new WeakMap<object, string>();
 * const open = (prefix: string) => {
 *   const storage = new StorageRedis({ host: "localhost", prefix });
 *   prefixes.set(storage, prefix);
 *   return storage;
 * };
 * const subject: StorageSubject = {
 *   open: () => open(crypto.randomUUID()),
 *   reopen: (storage) => open(prefixes.get(storage)!),
 *   lacks: ["deletePrefix"],
 * };
 *
 * for (const contract of storageContract) {
 *   const skip = lackingFor(contract, subject) !== undefined;
 *   test(contract.name, { skip }, () => contract.run(subject));
 * }
 * ```
 *
 * @example With Vitest
 * ```ts ignore
 * import { test } from "vitest";
 * import { lackingFor, storageContract } from "@dotflow/dotflow/testing";
 *
 * for (const contract of storageContract) {
 *   test.skipIf(lackingFor(contract, subject))(
 *     contract.name,
 *     () => contract.run(subject),
 *   );
 * }
 * ```
 *
 * @example With `Deno.test`
 * ```ts ignore
 * import { lackingFor, storageContract } from "@dotflow/dotflow/testing";
 *
 * for (const contract of storageContract) {
 *   Deno.test({
 *     name: contract.name,
 *     ignore: lackingFor(contract, subject) !== undefined,
 *     fn: () => contract.run(subject),
 *   });
 * }
 * ```
 *
 * @example Metrics of one's own, with `node:test`
 * ```ts ignore
 * import test from "node:test";
 * import { metricsContract, type MetricsSubject } from "@dotflow/dotflow/testing";
 * import { MetricsCarbon } from "./metrics_carbon.ts";
 * import { startCarbon } from "./carbon.ts";
 *
 * const subject: MetricsSubject = {
 *   async open() {
 *     const carbon = await startCarbon();
 *     return {
 *       provider: new MetricsCarbon({ port: carbon.port }),
 *       seen: () => carbon.counts(),
 *       break: () => carbon.stop(),
 *       close: () => carbon.stop(),
 *     };
 *   },
 * };
 *
 * for (const contract of metricsContract) {
 *   test(contract.name, () => contract.run(subject));
 * }
 * ```
 *
 * @example Without a test runner
 * ```ts
 * import { StorageDefault } from "@dotflow/dotflow";
 * import {
 *   lackingFor,
 *   storageContract,
 *   type StorageSubject,
 * } from "@dotflow/dotflow/testing";
 *
 * const subject: StorageSubject = {
 *   open: () => new StorageDefault(),
 *   lacks: ["persistent"],
 * };
 * for (const contract of storageContract) {
 *   if (!lackingFor(contract, subject)) await contract.run(subject);
 * }
 * ```
 *
 * @module
 */

import { basicTests } from "./basics.ts";
import type { ContractTest } from "./contract.ts";
import { keyTests } from "./keys.ts";
import { removalTests } from "./removal.ts";
import { swapTests } from "./swaps.ts";

export { logContract } from "./log.ts";
export { metricsContract } from "./metrics.ts";
export { notifyContract } from "./notify.ts";
export { tracerContract } from "./tracer.ts";
export { lackingFor } from "./contract.ts";
export type { Capability, ContractTest, StorageSubject } from "./contract.ts";
export type {
  LogSubject,
  MetricsSubject,
  NotifySubject,
  SeenLine,
  SeenMetrics,
  SeenSpan,
  SeenTimes,
  TracerSubject,
  WatcherBench,
  WatcherSubject,
  WatcherTest,
} from "./watcher.ts";

/** All tests that a storage has to pass, each independent of the others. */
export const storageContract: readonly ContractTest[] = [
  ...basicTests,
  ...keyTests,
  ...removalTests,
  ...swapTests,
];
