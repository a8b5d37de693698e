/**
 * Stops a run halfway and goes on with it: what is committed does not run again.
 * (`deno task demo --crash` does the same with `kill -9`.)
 *
 * ```sh
 * deno run -A examples/resume.ts
 * ```
 *
 * @module
 */

import { action, Config, DotFlow, type StepContext } from "@dotflow/dotflow";
import { StorageFile } from "@dotflow/dotflow/providers/storage-file";

let power = new AbortController();

const steps = ["book-flight", "book-hotel", "pay"].map((name) =>
  action(name, async ({ idempotencyKey, attempt }: StepContext) => {
    if (name === "pay") power.abort("out of power");
    // Give this key to the outside system, so that it knows a repetition.
    console.log(`${name} runs, attempt ${attempt}`);
    return await Promise.resolve(idempotencyKey);
  })
);

function build(): DotFlow {
  const workflow = new DotFlow({
    workflowId: "trip",
    config: new Config({ storage: new StorageFile({ path: ".output" }) }),
  });
  workflow.task.add(steps);
  return workflow;
}

const input = { traveller: "Ada" };
const first = await build().start({ input, signal: power.signal });
console.log(first.status, first.tasks.map((task) => task.status));

power = new AbortController();
const second = await build().start({ input, resume: true });
console.log(second.status, second.tasks.map((task) => task.restored));
console.log("same run:", second.runId === first.runId);
