/**
 * A schedule that a signal ends: `schedule_signal.ts <how long a run takes>`.
 *
 * @module
 */

import { action, Config, DotFlow } from "@dotflow/dotflow";
import { SchedulerInterval } from "@dotflow/dotflow/providers/scheduler-interval";
import process from "node:process";

const takesMs = Number(process.argv[2]);
const scheduler = new SchedulerInterval({ every: 100 });
const workflow = new DotFlow({ config: new Config({ scheduler, log: [] }) });
let runs = 0;
workflow.task.add(action(async () => {
  console.log(`begun ${++runs}`);
  await new Promise((resolve) => setTimeout(resolve, takesMs));
  console.log("done");
}));
console.log(`process ${process.pid}`);
await workflow.schedule();
const left = process.listenerCount("SIGINT") + process.listenerCount("SIGTERM");
console.log(`ended after ${runs} with ${left} listeners`);
