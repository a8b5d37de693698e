/**
 * Opens a run: decides between a new one and the latest one, and reads back what
 * the latest one has finished.
 *
 * @module
 */

import type { Config } from "../config.ts";
import { InputChangedError, WorkflowChangedError } from "../errors.ts";
import { fingerprintOf } from "../fingerprint.ts";
import type { RunIdentity } from "../run_info.ts";
import { ActiveRun } from "./active_run.ts";
import { Checkpoints } from "./checkpoints.ts";
import type { StartSettings } from "./options.ts";
import { differenceOf, type PlannedStep, type Shape, shapeOf } from "./plan.ts";
import type { RecordDraft, RecordStore, RunRecord } from "./record.ts";
import { removeRuns } from "./retention.ts";

/** What a run is opened with. */
export interface Opening {
  /** Whose run it is. */
  readonly identity: Pick<
    RunIdentity,
    "workflowId" | "workflowName" | "generatedId"
  >;
  /** The providers. */
  readonly config: Config;
  /** How it is started. */
  readonly settings: StartSettings;
  /** Its tasks. */
  readonly steps: readonly PlannedStep[];
  /** Where its record is kept. */
  readonly store: RecordStore;
  /** The runs of this workflow that go on in this process. */
  readonly active: Set<string>;
}

/**
 * Opens a run.
 *
 * @param opening What it is opened with.
 * @returns The run, with what it has finished before.
 * @throws {InputChangedError} If the latest run had another input.
 * @throws {WorkflowChangedError} If the latest run had other tasks.
 * @throws {CorruptCheckpointError} If something stored is damaged.
 * @throws {StorageError} If the storage fails.
 */
export async function openRun(opening: Opening): Promise<ActiveRun> {
  const { settings, store, steps } = opening;
  const shape = shapeOf(steps, settings.mode);
  for (;;) {
    const record = await store.read();
    const latest = continuable(opening, record, shape);
    const run = latest === undefined
      ? await begin(opening, record, shape)
      : await goOn(opening, latest, shape);
    if (run !== undefined) return run;
    // Somebody else has written the record meanwhile: look again.
  }
}

/** The latest run, if it is to go on and can. */
function continuable(
  opening: Opening,
  record: RunRecord | undefined,
  shape: Shape,
): RunRecord | undefined {
  const { settings, identity: { workflowId } } = opening;
  if (!settings.resume || !record?.runId) return undefined;
  const difference = differenceOf(record, shape);
  if (difference !== undefined && settings.onWorkflowChange !== "reuse") {
    if (settings.onWorkflowChange === "reset") return undefined;
    throw new WorkflowChangedError(workflowId, difference);
  }
  if (settings.onInputChange !== "reuse" && hasOtherInput(opening, record)) {
    if (settings.onInputChange === "reset") return undefined;
    throw new InputChangedError(workflowId, record.runId);
  }
  return record;
}

/** Tasks that were appended since do not count. */
function hasOtherInput(opening: Opening, record: RunRecord): boolean {
  const known = new Set(record.groups.flatMap(([, taskIds]) => taskIds));
  const now = inputOf(opening, known);
  return now !== undefined && record.fingerprint !== undefined &&
    now !== record.fingerprint;
}

/** What stands for the input; undefined where it cannot be written down. */
function inputOf(
  { settings, steps, config }: Opening,
  known?: ReadonlySet<string>,
): string | undefined {
  if (settings.fingerprint !== undefined) return settings.fingerprint;
  const counting = known ? steps.filter((s) => known.has(s.taskId)) : steps;
  try {
    return fingerprintOf(settings.input, counting);
  } catch (error) {
    // Values that never leave the process need not be written down.
    if (!config.storage.persistent) return undefined;
    throw error;
  }
}

/** Begins a new run. */
async function begin(
  opening: Opening,
  record: RunRecord | undefined,
  shape: Shape,
): Promise<ActiveRun | undefined> {
  const { store, active } = opening;
  const runId = crypto.randomUUID();
  const earlier = record?.runs ?? [];
  const draft: RecordDraft = {
    ...shape,
    runId,
    runs: [runId, ...earlier],
    fingerprint: inputOf(opening),
    status: "In progress",
    errors: [],
  };
  // Before the record tells others of it: they must not take it for an old one.
  active.add(runId);
  try {
    if (await store.write(draft)) {
      return activate(opening, runId, false, await prune(opening, earlier));
    }
  } catch (error) {
    active.delete(runId);
    throw error;
  }
  active.delete(runId);
  return undefined;
}

/** Removes what is too old, but for runs that go on; gives what it removed. */
async function prune(
  { config, identity, active }: Opening,
  earlier: readonly string[],
): Promise<string[]> {
  const surplus = earlier.slice(config.keepRuns - 1)
    .filter((runId) => !active.has(runId));
  await removeRuns(config.storage, identity.workflowId, surplus);
  return surplus;
}

/** Goes on with the latest run. */
async function goOn(
  opening: Opening,
  record: RunRecord,
  shape: Shape,
): Promise<ActiveRun | undefined> {
  const { store, settings } = opening;
  const run = activate(opening, record.runId, true, []);
  const found = await run.checkpoints.load(run.planned);
  const isDone = !found.includes(undefined);
  const reuse = settings.onInputChange === "reuse";
  const draft: RecordDraft = {
    ...record,
    ...shape,
    fingerprint: reuse ? record.fingerprint : inputOf(opening),
    status: isDone ? record.status : "In progress",
  };
  // Where nothing would change, nothing is written.
  if (!isSame(draft, record) && !await store.write(draft)) return undefined;
  for (const [index, context] of found.entries()) {
    if (context) run.restore(run.planned[index].task, context);
  }
  return run;
}

function activate(
  { identity, config, settings, steps }: Opening,
  runId: string,
  resumed: boolean,
  removed: readonly string[],
): ActiveRun {
  const { workflowId } = identity;
  return new ActiveRun(
    { ...identity, runId, resumed },
    config,
    settings,
    new Checkpoints(config.storage, workflowId, runId),
    steps,
    removed,
  );
}

function isSame(draft: RecordDraft, record: RunRecord): boolean {
  return draft.status === record.status &&
    draft.fingerprint === record.fingerprint &&
    JSON.stringify(draft.groups) === JSON.stringify(record.groups);
}
