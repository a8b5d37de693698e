/**
 * Groups run at the same time, the steps of a group one after another.
 * After a failed task no further one is started, in no group; `keepGoing` would
 * change that.
 *
 * ```sh
 * deno run -A examples/parallel_groups.ts
 * ```
 *
 * @module
 */

import { setTimeout } from "node:timers/promises";
import { action, DotFlow, type StepContext } from "@dotflow/dotflow";

const load = action(
  "load",
  async ({ initialContext, signal }: StepContext<unknown, string>) => {
    const city = initialContext.storage;
    await setTimeout(100, undefined, { signal });
    if (city === "Atlantis") throw new Error(`Cannot find ${city}`);
    return { city, degrees: city.length };
  },
);

const describe = action(
  "describe",
  ({ previousContext }: StepContext<{ city: string; degrees: number }>) => {
    const { city, degrees } = previousContext.storage;
    return `${city}: ${degrees} °C`;
  },
);

const workflow = new DotFlow();
for (const city of ["Lisbon", "Oslo", "Atlantis"]) {
  workflow.task
    .add(load, { groupName: city, initialContext: city })
    .add(describe, { groupName: city });
}

const run = await workflow.start({ mode: "parallel_group", concurrency: 2 });
console.log(run.status);
for (const { taskId, groupName, status, error, currentContext } of run.tasks) {
  const what = error?.message ?? currentContext.storage;
  console.log(`${groupName} ${taskId} ${status}`, what ?? "");
}
