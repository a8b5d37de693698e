/**
 * Tells metrics to a port and comes to its end: after a `run`, or while one is
 * still `pending`. Writes what the log was told.
 *
 * @module
 */

import { action, Config, Context, DotFlow, Log, Task } from "@dotflow/dotflow";
import { MetricsStatsd } from "@dotflow/dotflow/providers/metrics-statsd";
import process from "node:process";

const [what, port] = process.argv.slice(2);
const metrics = new MetricsStatsd({ port: Number(port), interval: "1m" });
let reason: unknown = "";

class LogLast extends Log {
  debug(): void {}
  info(): void {}
  warning(): void {}
  error(_message: string, fields: { reason?: unknown } = {}): void {
    reason = fields.reason;
  }
}

if (what === "pending") {
  const empty = new Context();
  const init = { taskId: "a", name: "a", groupName: "", initialContext: empty };
  const run = { workflowId: "wf", runId: "run", createdMs: 1, empty };
  metrics.taskCompleted(new Task(init, run));
} else {
  const config = new Config({ metrics, log: new LogLast() });
  const workflow = new DotFlow({ workflowId: "wf", config });
  workflow.task.add(action("a", () => 1));
  await workflow.start();
}
console.log(`done ${reason}`);
