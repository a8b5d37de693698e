/**
 * What watchers of every family cost a run.
 *
 * @module
 */

import {
  action,
  Config,
  DotFlow,
  Log,
  Metrics,
  Notify,
  Server,
  type Task,
  Tracer,
} from "../../mod.ts";
import type { Benchmark, Side } from "./measure.ts";
import { mustComplete, silentConfig } from "./workflows.ts";

const TASKS = 1_000;

let heard = 0;
const hear = () => void heard++;

/** Watchers that only count what they are told. */
function everyWatcher(): Config {
  class NotifyCount extends Notify {
    hookStatusTask = hear;
  }
  class LogCount extends Log {
    debug = hear;
    info = hear;
    warning = hear;
    error = hear;
  }
  class MetricsCount extends Metrics {
    workflowStarted = hear;
    workflowCompleted = hear;
    workflowFailed = hear;
    taskCompleted = hear;
    taskFailed = hear;
    taskRetried = hear;
  }
  class TracerCount extends Tracer {
    startWorkflow = hear;
    endWorkflow = hear;
    startTask = hear;
    endTask = hear;
    override traceWorkflow = () => undefined;
    override traceTask = () => undefined;
    override runTask = (_task: Task, next: () => Promise<unknown>) => next();
  }
  class ServerCount extends Server {
    createWorkflow = hear;
    updateWorkflow = hear;
    createTask = hear;
    updateTask = hear;
  }
  return new Config({
    notify: new NotifyCount(),
    log: new LogCount(),
    metrics: new MetricsCount(),
    tracer: new TracerCount(),
    server: new ServerCount(),
  });
}

const step = action("work", ({ log, progress }) => {
  progress(0.5, "halfway");
  log.info("working");
  for (const end = performance.now() + 1; performance.now() < end;);
});

function running(config: () => Config, onEvent?: () => void): Side {
  return {
    tasks: TASKS,
    prepare: () => {
      const workflow = new DotFlow({ config: config() });
      for (let task = 0; task < TASKS; task++) workflow.task.add(step);
      return { run: () => workflow.start({ onEvent }), end: mustComplete };
    },
  };
}

/** The benchmarks of watchers. */
export const WATCHED: readonly Benchmark[] = [
  {
    name: "1,000 tasks of 1 ms, every watcher, vs none",
    floor: running(silentConfig),
    ours: running(everyWatcher, hear),
    target: { kind: "ratio", most: 1.05 },
  },
];
