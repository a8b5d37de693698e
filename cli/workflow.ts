/**
 * The workflow that flags ask for.
 *
 * @module
 */

import type { Command } from "commander";
import { Config, DotFlow, LogDefault, type StartOptions } from "../mod.ts";
import type { Log } from "../src/contracts/log.ts";
import { describe } from "../src/describe.ts";
import { importAttribute } from "../src/run/import_attribute.ts";
import { recordKey } from "../src/place.ts";
import { guarded } from "../src/run/guarded.ts";
import { environment } from "../src/runtime.ts";
import {
  addStorageFlags,
  openStorage,
  STORAGE_FLAGS,
  type StorageFlags,
} from "./storage.ts";
import { UsageError } from "./usage.ts";
import { countOf, durationOf, flagOf, readValue } from "./value.ts";

/** The flags about a workflow and its runs, as commander gives them. */
export interface WorkflowFlags extends StorageFlags {
  /** Where each step is imported from. */
  readonly step?: readonly string[];
  /** Where the workflow is imported from. */
  readonly workflow?: string;
  /** The initial context of the steps. */
  readonly initialContext?: string;
  /** Where the callback of the steps is imported from. */
  readonly callback?: string;
  /** What the workflow is known by. */
  readonly workflowId?: string;
  /** The name for people. */
  readonly name?: string;
  /** The file that log lines are appended to. */
  readonly logFile?: string;
  /** The name of the run. */
  readonly runId?: string;
  /** In which order tasks run. */
  readonly mode?: string;
  /** What every step is given. */
  readonly input?: string;
  /** How many tasks run at once. */
  readonly concurrency?: number;
  /** Whether tasks are started after one has failed. */
  readonly keepGoing?: boolean;
  /** Whether the latest run goes on. */
  readonly resume?: boolean;
  /** How long the whole run may take. */
  readonly timeout?: number;
  /** How long to wait for another run. */
  readonly wait?: number;
  /** What to do when a resume is given another input. */
  readonly onInputChange?: string;
  /** What to do when a resume is given other tasks. */
  readonly onWorkflowChange?: string;
}

/** A workflow of a module, whichever copy of the package it is made with. */
export type Loaded = DotFlow;

/** What only makes sense where the command line makes the workflow. */
const OF_STEPS = [
  "initialContext",
  "callback",
  "workflowId",
  "name",
  "logFile",
  ...STORAGE_FLAGS,
] as const;

/**
 * Adds the flags about a workflow and its runs to a command.
 *
 * @param command The command.
 * @returns The command.
 */
export function addWorkflowFlags(command: Command): Command {
  const another = (one: string, before: string[] = []) => [...before, one];
  command
    .option("--step <module#export>", "a step; again for the next one", another)
    .option("--workflow <module#export>", "a DotFlow, or what gives one")
    .option("--initial-context <value>", "JSON, text, or @file of JSON")
    .option("--callback <module#export>", "what each task calls at its end")
    .option("--workflow-id <id>", "what the workflow is known by")
    .option("--name <text>", "the workflow's name for people")
    .option("--log-file <path>", "a file that log lines are appended to")
    .option("--mode <mode>", "sequential, parallel, … (sequential)")
    .option("--input <value>", "what every step is given, as --initial-context")
    .option(
      "--concurrency <n>",
      "how many tasks at once",
      countOf("--concurrency"),
    )
    .option("--keep-going", "start tasks after one has failed")
    .option("--resume", "go on where the latest run stopped")
    .option(
      "--timeout <duration>",
      'how long the run may take, as in "10m"; digits: ms',
      durationOf("--timeout", 1),
    )
    .option(
      "--wait <duration>",
      "how long to wait for another run",
      durationOf("--wait"),
    )
    .option("--on-input-change <what>", "raise, reuse or reset (raise)")
    .option("--on-workflow-change <what>", "raise, reuse or reset (raise)");
  return addStorageFlags(command, "default: in memory");
}

/**
 * Loads the workflow that flags ask for.
 *
 * @param flags The flags.
 * @returns The workflow.
 * @throws {UsageError} If the flags do not go together, or lead to no workflow.
 * @throws {ImportModuleError} If a module cannot be imported.
 * @throws {InvalidOptionError} If the value of a flag is not allowed.
 */
export async function loadWorkflow(flags: WorkflowFlags): Promise<Loaded> {
  const { step, workflow } = flags;
  if (step !== undefined && workflow !== undefined) {
    throw new UsageError("Cannot use --step and --workflow at once: give one");
  }
  if (workflow !== undefined) return await importWorkflow(workflow, flags);
  if (step !== undefined) return await makeWorkflow(step, flags);
  throw new UsageError(
    'Cannot tell what to run: give --step "./steps.ts#name" or ' +
      '--workflow "./flow.ts#name"',
  );
}

async function importWorkflow(
  specifier: string,
  flags: WorkflowFlags,
): Promise<Loaded> {
  const foreign = OF_STEPS.find((flag) => flags[flag] !== undefined);
  if (foreign !== undefined) {
    throw new UsageError(
      `Cannot use ${flagOf(foreign)} with --workflow: its module decides that`,
    );
  }
  let value = await importAttribute(specifier);
  if (typeof value === "function") {
    try {
      value = await value();
    } catch (cause) {
      throw new UsageError(
        `Cannot make the workflow of ${describe(specifier)}: ` +
          (cause instanceof Error ? cause.message : String(cause)),
        { cause },
      );
    }
  }
  if (isWorkflow(value)) return value;
  throw new UsageError(
    `Cannot use ${describe(specifier)} as --workflow: it is ` +
      `${describe(value)}, and no DotFlow or function that gives one`,
  );
}

/** Another copy of the package makes DotFlows of another class. */
function isWorkflow(value: unknown): value is Loaded {
  const { workflowId, config, start, task } = (value ?? {}) as Partial<Loaded>;
  return typeof workflowId === "string" && typeof start === "function" &&
    typeof task === "object" && config instanceof Config;
}

async function makeWorkflow(
  steps: readonly string[],
  flags: WorkflowFlags,
): Promise<Loaded> {
  const { workflowId, name, callback, logFile } = flags;
  const storage = await openStorage(flags);
  const fixed = workflowId ?? environment("WORKFLOW_ID");
  if (flags.resume && fixed === undefined) {
    throw new UsageError(
      "Cannot resume without --workflow-id: nothing tells which workflow it is",
    );
  }
  if (flags.runId !== undefined && fixed === undefined) {
    throw new UsageError(
      "Cannot use --run-id without --workflow-id: a run is one of a workflow",
    );
  }
  if (flags.resume && storage === undefined) {
    throw new UsageError(
      "Cannot resume from memory: give --storage file, s3 or gcs",
    );
  }
  const initialContext = flags.initialContext === undefined
    ? undefined
    : await readValue(flags.initialContext, "--initial-context");
  const config = new Config({ storage, log: logOf(logFile) });
  const workflow = new DotFlow({ workflowId, name, config });
  // Before anything runs: is the place there at all?
  if (storage !== undefined) {
    const key = recordKey(workflow.workflowId);
    await guarded("read", key, async () => await storage.get(key));
  }
  const { task } = workflow;
  for (const step of steps) task.add(step, { initialContext, callback });
  return workflow;
}

/** What happens is shown already: the console would have it twice. */
function logOf(path: string | undefined): Log[] {
  if (path === undefined) return [];
  return [new LogDefault({ output: "file", path })];
}

/**
 * How runs are started, by flags.
 *
 * @param flags The flags.
 * @returns The options of `start`, which checks them.
 * @throws {UsageError} If the input cannot be read.
 */
export async function startOptionsOf(
  flags: WorkflowFlags,
): Promise<StartOptions> {
  const { mode, concurrency, keepGoing, resume, timeout, wait } = flags;
  const { onInputChange, onWorkflowChange, runId } = flags;
  const input = flags.input === undefined
    ? undefined
    : await readValue(flags.input, "--input");
  const given = {
    mode,
    input,
    concurrency,
    keepGoing,
    resume,
    timeout,
    wait,
    onInputChange,
    onWorkflowChange,
    runId,
  };
  // The words among them are checked by start itself.
  return given as StartOptions;
}
