/**
 * What a workflow is made of, and what it gives as plain data.
 *
 * @module
 */

import { Config } from "./config.ts";
import {
  type Check,
  kindOf,
  optional,
  readOptions,
  toName,
} from "./options.ts";
import { environment } from "./runtime.ts";
import type { WorkflowStatus } from "./status.ts";
import type { TaskResult } from "./task.ts";

/** What a workflow is made of. */
export interface DotFlowOptions {
  /**
   * What the workflow is known by in its storage: the same id finds the same
   * checkpoints in another process, machine or runtime. Any text will do.
   *
   * @default The environment's `WORKFLOW_ID`, else one is generated
   */
  readonly workflowId?: string;
  /** The name for people. @default The workflow's id */
  readonly name?: string;
  /** The providers. @default A `Config` with the default of each family */
  readonly config?: Config;
}

const CHECKS = {
  workflowId: optional(toName),
  name: optional(toName),
  config: optional(
    kindOf<Config>((value) => value instanceof Config, "a Config"),
  ),
} satisfies Record<keyof DotFlowOptions, Check<unknown>>;

/** What became of the latest run, as plain data. */
export interface WorkflowResult {
  /** The workflow. */
  readonly workflowId: string;
  /** The name for people. */
  readonly name: string;
  /** The run. */
  readonly runId: string;
  /** Where the run stands. */
  readonly status: WorkflowStatus;
  /** How long it took, in milliseconds. */
  readonly duration: number;
  /** What became of each task, in the order of `add`. */
  readonly tasks: readonly TaskResult[];
}

/** The options of a workflow, checked and with their defaults. */
export interface DotFlowSettings extends Required<DotFlowOptions> {
  /** Whether the id was generated: nobody else can know it then. */
  readonly generatedId: boolean;
}

/**
 * Checks what a workflow is made of.
 *
 * @param options What was given.
 * @returns The options with their defaults.
 * @throws {InvalidOptionError} If an option is unknown or not allowed.
 */
export function toDotFlowSettings(options: DotFlowOptions): DotFlowSettings {
  const given = readOptions(options, "DotFlow", CHECKS);
  const fixed = given.workflowId ?? environment("WORKFLOW_ID");
  const workflowId = fixed ?? crypto.randomUUID();
  const { name = workflowId, config = new Config() } = given;
  return { workflowId, name, config, generatedId: fixed === undefined };
}
