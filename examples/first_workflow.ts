/**
 * A first workflow: two steps, a retry, and results that outlive the process.
 *
 * ```sh
 * deno run -A examples/first_workflow.ts
 * ```
 *
 * @module
 */

import { action, Config, DotFlow, type StepContext } from "@dotflow/dotflow";
import { StorageFile } from "@dotflow/dotflow/providers/storage-file";

interface User {
  name: string;
  active: boolean;
}

const extract = action(
  "extract",
  { retry: 3, timeout: "10s" },
  async ({ signal }): Promise<User[]> => {
    // A real step would fetch with the signal, so that a timeout ends it.
    signal.throwIfAborted();
    return await Promise.resolve([
      { name: "Ada", active: true },
      { name: "Grace", active: false },
      { name: "Edsger", active: true },
    ]);
  },
);

const transform = action(
  "transform",
  ({ previousContext }: StepContext<User[]>) =>
    previousContext.storage.filter((user) => user.active),
);

const workflow = new DotFlow({
  workflowId: "daily-users",
  config: new Config({ storage: new StorageFile({ path: ".output" }) }),
});
workflow.task.add(extract).add(transform);

const run = await workflow.start();
console.log(run.status);
for (const { taskId, duration } of run.tasks) {
  console.log(`${taskId}: ${duration.toFixed(1)} ms`);
}
console.log(workflow.resultStorage().at(-1));
