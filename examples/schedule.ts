/**
 * A workflow on a schedule: every second, three times. Start it twice at the
 * same time, even on two machines with one bucket, and each tick is still run
 * once.
 *
 * @module
 */

import { action, Config, DotFlow, type StepContext } from "@dotflow/dotflow";
import { SchedulerCron } from "@dotflow/dotflow/providers/scheduler-cron";
import { StorageFile } from "@dotflow/dotflow/providers/storage-file";

const storage = new StorageFile({ path: ".output" });
const scheduler = new SchedulerCron({ cron: "* * * * * *", maxRuns: 3 });

const workflow = new DotFlow({
  workflowId: "heartbeat",
  config: new Config({ storage, scheduler }),
});
workflow.task
  .add(action("measure", ({ runId }) => ({ tick: runId, load: 0.5 })))
  .add(action("report", ({ previousContext }: StepContext<Measured>) => {
    const { tick, load } = previousContext.storage;
    console.log(`${tick}: ${load}`);
  }));

interface Measured {
  tick: string;
  load: number;
}

await workflow.schedule();
console.log("the schedule has ended");
await storage.close();
