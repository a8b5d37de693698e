/**
 * A program of somebody who installed the package: type-checked by `tsc`, and
 * run in Node, Bun and workerd.
 *
 * @module
 */

import { action, Config, DotFlow } from "@dotflow/dotflow";
import { StorageDefault } from "@dotflow/dotflow/providers";
import { StorageFile } from "@dotflow/dotflow/providers/storage-file";
import * as testing from "@dotflow/dotflow/testing";

const extract = action("extract", () => [1, 2, 3]);
const total = action(
  "total",
  ({ previousContext }: { previousContext: { storage: number[] } }) =>
    previousContext.storage.reduce((sum, value) => sum + value, 0),
);

/**
 * Runs a small workflow.
 *
 * @returns What came out of it.
 */
export async function main(): Promise<string> {
  if (Object.keys(testing).length === 0 || typeof StorageFile !== "function") {
    throw new Error("Cannot find all that the package exports");
  }
  const workflow = new DotFlow({
    workflowId: "consumer",
    config: new Config({ storage: new StorageDefault() }),
  });
  workflow.task.add(extract).add(total);
  const run = await workflow.start();
  return `${run.status}: ${workflow.resultStorage().join(" ")}`;
}
