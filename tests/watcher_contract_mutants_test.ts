import type { LogFields, LogLevel, RunInfo, Task } from "@dotflow/dotflow";
import {
  logContract,
  metricsContract,
  notifyContract,
  type SeenLine,
  tracerContract,
  type WatcherBench,
  type WatcherSubject,
  type WatcherTest,
} from "@dotflow/dotflow/testing";
import assert from "node:assert/strict";
import { test } from "./harness.ts";
import {
  benchOf,
  type InMemory,
  LogMemory,
  MetricsMemory,
  NotifyMemory,
  TracerMemory,
} from "./watcher_contract.ts";

/** Plants a fault, which the tests of these names have to catch. */
function mutant<P extends InMemory<S>, S>(
  contract: readonly WatcherTest<WatcherSubject<P, S>>[],
  fault: string,
  Provider: new () => P,
  ...caughtBy: readonly RegExp[]
): void {
  test(`watcher contracts: ${Provider.name} that ${fault} is caught`, async () => {
    const open = (): WatcherBench<P, S> => benchOf(new Provider());
    for (const pattern of caughtBy) {
      const found = contract.filter(({ name }) => pattern.test(name));
      assert.equal(found.length, 1, `tests like ${pattern}`);
      const outcome = await found[0].run({ open })
        .then(() => "passed", (error) => String(error));
      assert.notEqual(outcome, "passed", found[0].name);
    }
  });
}

const tracer = (
  fault: string,
  Provider: new () => TracerMemory,
  ...caughtBy: readonly RegExp[]
) => mutant(tracerContract as never, fault, Provider, ...caughtBy);

tracer(
  "leaves cancelled tasks open",
  class TracerMutant extends TracerMemory {
    override endTask(task: Task): void {
      const isCancelled = task.error?.exception === "WorkflowCancelledError";
      if (!isCancelled) super.endTask(task);
    }
  },
  /cancelled run/,
);

tracer(
  "leaves late tasks open",
  class TracerMutant extends TracerMemory {
    override endTask(task: Task): void {
      if (!/Timeout/.test(task.error?.exception ?? "")) super.endTask(task);
    }
  },
  /run that takes too long/,
  /attempt that takes too long/,
);

tracer(
  "leaves a lost run open",
  class TracerMutant extends TracerMemory {
    override endWorkflow(run: RunInfo): void {
      const { error } = run.tasks[1] ?? {};
      if (error?.exception !== "WorkflowLockedError") super.endWorkflow(run);
    }
  },
  /lost its workflow/,
);

tracer(
  "closes failed tasks twice",
  class TracerMutant extends TracerMemory {
    override endTask(task: Task): void {
      super.endTask(task);
      if (task.status === "Failed") super.endTask(task);
    }
  },
  /a failure is marked/,
  /cancelled run/,
);

tracer(
  "knows one run at a time",
  class TracerMutant extends TracerMemory {
    latest = "";
    override startWorkflow({ runId }: RunInfo): void {
      this.latest = runId;
    }
    override endTask(task: Task): void {
      super.endTask(Object.assign(task.snapshot(), { runId: this.latest }));
    }
  },
  /runs that go on at once/,
);

tracer(
  "knows tasks by their id alone",
  class TracerMutant extends TracerMemory {
    override startTask(task: Task): void {
      super.startTask(task);
      const { runId, taskId } = task;
      const place = this.places.get(`${runId} ${taskId}`)!;
      this.places.set(`${runId} ${taskId}`, `${taskId}${place}`.slice(0, 16));
      for (const key of this.places.keys()) {
        if (key.endsWith(` ${taskId}`)) {
          this.places.set(key, `${taskId}`.padStart(16, "0"));
        }
      }
    }
    override endTask(task: Task): void {
      super.endTask(task);
      const span = this.spans.pop()!;
      const first = this.spans.find(({ taskId }) => taskId === task.taskId);
      this.spans.push({ ...span, traceId: first?.traceId ?? span.traceId });
    }
  },
  /runs that go on at once/,
);

tracer(
  "takes a retry for a failure",
  class TracerMutant extends TracerMemory {
    override endTask(task: Task): void {
      super.endTask(task);
      const span = this.spans.pop()!;
      this.spans.push({ ...span, failed: task.errors.length > 0 });
    }
  },
  /however often it is tried/,
);

tracer(
  "marks no run as failed",
  class TracerMutant extends TracerMemory {
    override endWorkflow(run: RunInfo): void {
      super.endWorkflow({ ...run, status: "Completed" });
    }
  },
  /a failure is marked/,
  /run that takes too long/,
  /lost its workflow/,
);

tracer(
  "takes milliseconds for seconds",
  class TracerMutant extends TracerMemory {
    override endTask(task: Task): void {
      const duration = task.duration * 1_000;
      super.endTask(Object.assign(task.snapshot(), { duration }));
    }
  },
  /are one trace/,
);

tracer(
  "gives tasks no parent",
  class TracerMutant extends TracerMemory {
    override endTask(task: Task): void {
      super.endTask(task);
      this.spans.push({ ...this.spans.pop()!, parentId: undefined });
    }
  },
  /are one trace/,
);

tracer(
  "makes a span of what never began",
  class TracerMutant extends TracerMemory {
    override endWorkflow(run: RunInfo): void {
      for (const task of run.tasks) {
        if (task.status !== "Not started") continue;
        this.startTask(task);
        this.endTask(task);
      }
      super.endWorkflow(run);
    }
  },
  /a failure is marked/,
);

tracer(
  "makes a span of what was read back",
  class TracerMutant extends TracerMemory {
    override endWorkflow(run: RunInfo): void {
      for (const task of run.tasks) {
        if (!task.restored) continue;
        this.startTask(task);
        this.endTask(task);
      }
      super.endWorkflow(run);
    }
  },
  /a resumed run/,
);

tracer(
  "tells places that are none",
  class TracerMutant extends TracerMemory {
    override placeOf(traceId: string): string {
      return super.placeOf(traceId, this.nextId(16));
    }
  },
  /the places that it tells/,
);

tracer(
  "leaves a run open that does not come about",
  class TracerMutant extends TracerMemory {
    started = new Set<string>();
    override startWorkflow({ runId }: RunInfo): void {
      this.started.add(runId);
    }
    override endWorkflow(run: RunInfo): void {
      if (this.started.has(run.runId)) super.endWorkflow(run);
    }
  },
  /does not come about/,
);

tracer(
  "confuses ids with a slash",
  class TracerMutant extends TracerMemory {
    override endTask(task: Task): void {
      const taskId = task.taskId.split("/")[0];
      const { runId } = task;
      this.places.set(`${runId} ${taskId}`, this.nextId(16));
      super.endTask(Object.assign(task.snapshot(), { taskId }));
    }
  },
  /no id is taken for another/,
);

tracer(
  "shows its secret",
  class TracerMutant extends TracerMemory {
    override startWorkflow(run: RunInfo): void {
      if (this.broken) throw new Error("refused the-secret-of-the-wire");
      super.startWorkflow(run);
    }
  },
  /a broken other end/,
);

tracer(
  "says of no task how long it took",
  class TracerMutant extends TracerMemory {
    override endTask(task: Task): void {
      super.endTask(Object.assign(task.snapshot(), { duration: 0 }));
    }
  },
  /are one trace/,
);

tracer(
  "takes the start of the run for that of its tasks",
  class TracerMutant extends TracerMemory {
    startedMs = 0;
    override startWorkflow(run: RunInfo): void {
      this.startedMs = run.startedMs;
    }
    override endTask(task: Task): void {
      const { startedMs } = this;
      super.endTask(Object.assign(task.snapshot(), { startedMs }));
    }
  },
  /are one trace/,
);

tracer(
  "ends a run too late",
  class TracerMutant extends TracerMemory {
    override endWorkflow(run: RunInfo): void {
      super.endWorkflow({ ...run, duration: run.duration + 1_000 });
    }
  },
  /are one trace/,
);

tracer(
  "breaks in silence",
  class TracerMutant extends TracerMemory {
    override startTask(task: Task): void {
      if (!this.broken) super.startTask(task);
    }
    override endTask(task: Task): void {
      if (!this.broken) super.endTask(task);
    }
    override startWorkflow(): void {}
    override endWorkflow(run: RunInfo): void {
      if (!this.broken) super.endWorkflow(run);
    }
    override traceTask(task: Task): string | undefined {
      return this.broken ? undefined : super.traceTask(task);
    }
  },
  /a broken other end/,
);

const log = (
  fault: string,
  Provider: new () => LogMemory,
  ...caughtBy: readonly RegExp[]
) => mutant(logContract as never, fault, Provider, ...caughtBy);

log(
  "takes a retry for ordinary",
  class LogMutant extends LogMemory {
    override warning(message: string, fields?: LogFields): void {
      this.write("INFO", message, fields);
    }
  },
  /changes of status/,
  /lines of steps/,
);

log(
  "loses what was thrown",
  class LogMutant extends LogMemory {
    override write(level: LogLevel, message: string, fields?: LogFields): void {
      const task = fields?.task?.snapshot();
      if (task) task.errors = [];
      super.write(level, message, { ...fields, task });
    }
  },
  /what was thrown/,
);

log(
  "loses fields",
  class LogMutant extends LogMemory {
    override show(): string[] {
      return [];
    }
  },
  /lines of steps/,
);

log(
  "writes the latest line first",
  class LogMutant extends LogMemory {
    override seen() {
      return [...this.lines].reverse();
    }
  },
  /changes of status/,
);

log(
  "names another run",
  class LogMutant extends LogMemory {
    first: Task | undefined;
    override write(level: LogLevel, message: string, fields?: LogFields): void {
      const task = fields?.task && Object.assign(fields.task.snapshot(), {
        runId: (this.first ??= fields.task).runId,
      });
      super.write(level, message, { ...fields, task });
    }
  },
  /lines of runs that go on at once/,
);

log(
  "trips over a cycle",
  class LogMutant extends LogMemory {
    override show(fields: Record<string, unknown>): string[] {
      return Object.values(fields).map((value) => JSON.stringify(value));
    }
  },
  /a line may hold anything/,
);

log(
  "writes results",
  class LogMutant extends LogMemory {
    override write(level: LogLevel, message: string, fields?: LogFields): void {
      const result = fields?.task?.currentContext.storage;
      super.write(level, message, { ...fields, result });
    }
  },
  /what steps give/,
);

log(
  "shows its secret",
  class LogMutant extends LogMemory {
    override write(level: LogLevel, message: string, fields?: LogFields): void {
      if (this.broken) throw new Error("refused the-secret-of-the-wire");
      super.write(level, message, fields);
    }
  },
  /a broken other end/,
);

/** Faults in what a log says of places in a trace. */
const PLACELESS: Record<string, (line: SeenLine) => boolean> = {
  "loses its trace": () => true,
  "loses the trace of lines about runs": ({ text }) =>
    /Workflow started/.test(text),
  "loses the trace of what was restored": ({ text }) => /Restored/.test(text),
};

for (const [fault, isLost] of Object.entries(PLACELESS)) {
  test(`watcher contracts: a log that ${fault} is caught`, async () => {
    class LogMutant extends LogMemory {
      override seen() {
        return this.lines.map((line) =>
          isLost(line) ? { ...line, traceparent: undefined } : line
        );
      }
    }
    const [contract] = logContract.filter(({ name }) => /its trace/.test(name));
    const run = contract.run({
      open: () => benchOf(new LogMutant()),
      traced: true,
    });
    await assert.rejects(run, /the place of/);
  });
}

const metrics = (
  fault: string,
  Provider: new () => MetricsMemory,
  ...caughtBy: readonly RegExp[]
) => mutant(metricsContract as never, fault, Provider, ...caughtBy);

metrics(
  "counts no retries",
  class MetricsMutant extends MetricsMemory {
    override taskRetried(): void {}
  },
  /runs, tasks and retries/,
);

metrics(
  "takes milliseconds for seconds",
  class MetricsMutant extends MetricsMemory {
    override taskCompleted({ duration }: Task): void {
      this.add("tasksCompleted", this.taskTimes, duration * 1_000);
    }
  },
  /lengths of time/,
);

metrics(
  "does not time what failed",
  class MetricsMutant extends MetricsMemory {
    override taskFailed(): void {
      this.add("tasksFailed");
    }
  },
  /lengths of time/,
  /no count is lost/,
);

metrics(
  "takes a cancel for a success",
  class MetricsMutant extends MetricsMemory {
    override workflowFailed(run: RunInfo): void {
      if (run.status === "Cancelled") this.workflowCompleted(run);
      else super.workflowFailed(run);
    }
  },
  /a cancelled run/,
);

metrics(
  "counts what was read back",
  class MetricsMutant extends MetricsMemory {
    override workflowStarted(run: RunInfo): void {
      super.workflowStarted(run);
      run.tasks.filter((task) => task.restored).forEach((task) =>
        this.taskCompleted(task)
      );
    }
  },
  /what a resume reads back/,
);

metrics(
  "counts up to a hundred",
  class MetricsMutant extends MetricsMemory {
    override taskCompleted(task: Task): void {
      if (this.counts.tasksCompleted < 100) super.taskCompleted(task);
    }
  },
  /a thousand tasks/,
);

metrics(
  "shows its secret",
  class MetricsMutant extends MetricsMemory {
    override workflowStarted(run: RunInfo): void {
      if (this.broken) throw new Error("refused the-secret-of-the-wire");
      super.workflowStarted(run);
    }
  },
  /a broken other end/,
);

const notify = (
  fault: string,
  Provider: new () => NotifyMemory,
  ...caughtBy: readonly RegExp[]
) => mutant(notifyContract as never, fault, Provider, ...caughtBy);

notify(
  "tells of one run in twenty",
  class NotifyMutant extends NotifyMemory {
    override hookStatusTask(task: Task): void {
      if (!/-[1-9]/.test(task.workflowId)) super.hookStatusTask(task);
    }
  },
  /runs that go on at once/,
);

notify(
  "drops what is odd",
  class NotifyMutant extends NotifyMemory {
    override hookStatusTask(task: Task): void {
      if (/^[\w -]*$/.test(task.taskId)) super.hookStatusTask(task);
    }
  },
  /odd names and errors/,
);

notify(
  "tells of no retry",
  class NotifyMutant extends NotifyMemory {
    override hookStatusTask(task: Task): void {
      if (task.status !== "Retry") super.hookStatusTask(task);
    }
  },
  /what happens to a task/,
);

notify(
  "takes every start for a failure",
  class NotifyMutant extends NotifyMemory {
    override tell(task: Task): string {
      return `${super.tell(task)} Failed`;
    }
  },
  /what happens to a task/,
);

notify(
  "does not say why",
  class NotifyMutant extends NotifyMemory {
    override tell(task: Task): string {
      const calm = task.snapshot();
      calm.errors = [];
      return super.tell(calm);
    }
  },
  /which task of which workflow/,
);

notify(
  "tells of five only",
  class NotifyMutant extends NotifyMemory {
    override hookStatusTask(task: Task): void {
      if (this.messages.length < 5) super.hookStatusTask(task);
    }
  },
  /a burst/,
);

notify(
  "tells everything twice",
  class NotifyMutant extends NotifyMemory {
    override hookStatusTask(task: Task): void {
      for (let n = 0; n < 3; n++) super.hookStatusTask(task);
    }
  },
  /a burst/,
);

notify(
  "trips over long errors",
  class NotifyMutant extends NotifyMemory {
    override tell(task: Task): string {
      const text = super.tell(task);
      if (text.length > 2_000) throw new RangeError("too long");
      return text;
    }
  },
  /odd names and errors/,
);

notify(
  "shows results",
  class NotifyMutant extends NotifyMemory {
    override tell(task: Task): string {
      return super.tell(task) + JSON.stringify(task.currentContext.storage);
    }
  },
  /what steps give/,
);

notify(
  "shows its secret",
  class NotifyMutant extends NotifyMemory {
    override hookStatusTask(task: Task): void {
      if (this.broken) throw new Error("refused the-secret-of-the-wire");
      super.hookStatusTask(task);
    }
  },
  /a broken other end/,
);
