/**
 * Durable workflows with nothing but a bucket, on any JavaScript runtime: tasks
 * with retry, timeout and resume, and seven families of providers that are
 * swapped in `Config` without touching task code.
 *
 * @example A workflow that goes on where it was killed
 * ```ts
 * import { action, Config, DotFlow } from "@dotflow/dotflow";
 * import { StorageFile } from "@dotflow/dotflow/providers/storage-file";
 *
 * const extract = action("extract", { retry: 3, timeout: "10s" }, async ({ signal }) => {
 *   const response = await fetch("https://example.com/users", { signal });
 *   return await response.json() as { name: string }[];
 * });
 * const names = action("names", ({ previousContext }) =>
 *   previousContext.storage.map((user: { name: string }) => user.name));
 *
 * const workflow = new DotFlow({
 *   workflowId: "daily-users",
 *   config: new Config({ storage: new StorageFile({ path: ".output" }) }),
 * });
 * workflow.task.add(extract).add(names);
 * const run = await workflow.start({ resume: true });
 * console.log(run.status, workflow.resultStorage());
 * ```
 *
 * @module
 */

export { action } from "./src/action.ts";
export type {
  Action,
  ActionDecorator,
  StepClass,
  StepFunction,
  StepSpec,
} from "./src/action.ts";
export type { ActionOptions, ActionSettings } from "./src/action_options.ts";
export { Config } from "./src/config.ts";
export type { ConfigOptions } from "./src/config.ts";
export { Context } from "./src/context.ts";
export type { ContextInit } from "./src/context.ts";
export { Log } from "./src/contracts/log.ts";
export type { LogFields, LogLevel } from "./src/contracts/log.ts";
export { Metrics } from "./src/contracts/metrics.ts";
export { Notify } from "./src/contracts/notify.ts";
export { Scheduler } from "./src/contracts/scheduler.ts";
export type { Schedulable } from "./src/contracts/scheduler.ts";
export { Server } from "./src/contracts/server.ts";
export { Storage } from "./src/contracts/storage.ts";
export { Tracer } from "./src/contracts/tracer.ts";
export {
  LogDefault,
  MetricsDefault,
  NotifyDefault,
  SchedulerDefault,
  ServerDefault,
  StorageDefault,
  TracerDefault,
} from "./src/defaults.ts";
export { DotFlow } from "./src/dotflow.ts";
export type { DotFlowOptions, WorkflowResult } from "./src/dotflow.ts";
export type { Duration } from "./src/duration.ts";
export {
  CorruptCheckpointError,
  DeliveryError,
  DotFlowError,
  ExecutionModeNotExist,
  ImportModuleError,
  InputChangedError,
  InvalidOnInputChange,
  InvalidOptionError,
  MissingActionDecorator,
  NonRetryableError,
  NotCallableObject,
  NotStartedError,
  RunEndedError,
  RunUnfinishedError,
  StorageError,
  StorageNotConditionalError,
  TaskTimeoutError,
  UnstorableValueError,
  WorkflowCancelledError,
  WorkflowChangedError,
  WorkflowLockedError,
  WorkflowTimeoutError,
} from "./src/errors.ts";
export type { TaskPlace } from "./src/place.ts";
export { RetryAfterError } from "./src/retry_after_error.ts";
export type {
  LoggedEvent,
  LogLine,
  RunEvent,
  RunStateEvent,
  TaskEvent,
} from "./src/run/events.ts";
export type { Mode, OnChange, StartOptions } from "./src/run/options.ts";
export { Run } from "./src/run/run.ts";
export type { RunIdentity, RunInfo } from "./src/run_info.ts";
export { STATUS_SYMBOL } from "./src/status.ts";
export type { TaskStatus, WorkflowStatus } from "./src/status.ts";
export type { StepContext, StepLog } from "./src/step_context.ts";
export { Task } from "./src/task.ts";
export type {
  TaskInit,
  TaskProgress,
  TaskResult,
  TaskRun,
} from "./src/task.ts";
export { TaskBuilder } from "./src/task_builder.ts";
export type {
  AddOptions,
  Chain,
  LastResult,
  PreviousOf,
  ResultOf,
  TaskCallback,
  TaskDefinition,
  TaskSchema,
  WithResult,
} from "./src/task_builder.ts";
export { TaskError } from "./src/task_error.ts";
export type { TaskErrorRecord } from "./src/task_error.ts";
export type { Awaitable } from "./src/types.ts";
