/**
 * `dotflow start`: one run.
 *
 * @module
 */

import type { Run } from "../src/run/run.ts";
import { chooseReporter } from "./report/choose.ts";
import type { Reporter, ReporterOptions } from "./report/reporter.ts";
import { Signals } from "./signals.ts";
import { BrokenOff, EXIT } from "./usage.ts";
import {
  type Loaded,
  loadWorkflow,
  startOptionsOf,
  type WorkflowFlags,
} from "./workflow.ts";

/** The flags of `start`. */
export interface StartFlags extends WorkflowFlags, ReporterOptions {}

/**
 * Starts a workflow, and waits for its end.
 *
 * @param flags The flags.
 * @returns The exit code.
 */
export async function start(flags: StartFlags): Promise<number> {
  const reporter = chooseReporter(flags);
  const signals = new Signals(
    () => reporter.note("Stopping: what runs is cancelled; again to kill"),
    () => reporter.close(),
  );
  try {
    const workflow = await loadWorkflow(flags);
    return await runOnce(workflow, flags, reporter, signals);
  } finally {
    signals.close();
    reporter.close();
  }
}

async function runOnce(
  workflow: Loaded,
  flags: StartFlags,
  reporter: Reporter,
  signals: Signals,
): Promise<number> {
  const options = await startOptionsOf(flags);
  const { signal } = signals;
  let begun = false;
  try {
    const started = await workflow.start({
      ...options,
      signal,
      onEvent: (event) => {
        begun = true;
        reporter.take(event);
      },
    });
    const run = await started.finished;
    reporter.end(run);
    return codeOf(run, signals);
  } catch (error) {
    if (signals.code !== undefined) return signals.code;
    if (begun) throw new BrokenOff(error);
    throw error;
  } finally {
    await workflow.config.storage.close?.();
  }
}

function codeOf({ status }: Run, signals: Signals): number {
  if (status === "Completed") return EXIT.ok;
  return status === "Cancelled" ? signals.code ?? EXIT.failed : EXIT.failed;
}
