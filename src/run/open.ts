/**
 * Opens a run: decides between a new one and the latest one, and reads back what
 * the latest one has finished.
 *
 * @module
 */

import { InputChangedError, WorkflowChangedError } from "../errors.ts";
import type { RunIdentity } from "../run_info.ts";
import { sleep } from "../wait.ts";
import { ActiveRun } from "./active_run.ts";
import { Checkpoints } from "./checkpoints.ts";
import { type Claim, makeClaim } from "./claim.ts";
import {
  type Continued,
  continued,
  hasOtherInput,
  inputOf,
  isLetGo,
} from "./continued.ts";
import { asksForLatest, namesAfter, openOnce, refuseToDrop } from "./named.ts";
import type { StartSettings } from "./options.ts";
import { differenceOf, type PlannedStep, type Shape, shapeOf } from "./plan.ts";
import type { RecordDraft, RunRecord } from "./record.ts";
import { removeRuns } from "./retention.ts";
import { type Watch, whenFree } from "./watch.ts";

/** How long the loser of a race pauses at most. */
const MOST_PAUSE_MS = 20;

/** What a run is opened with. */
export interface Opening extends Watch {
  /** Whose run it is. */
  readonly identity: Pick<
    RunIdentity,
    "workflowId" | "workflowName" | "generatedId"
  >;
  /** How it is started. */
  readonly settings: StartSettings;
  /** Its tasks. */
  readonly steps: readonly PlannedStep[];
  /** The runs of this workflow that go on in this process. */
  readonly active: Set<string>;
}

/**
 * Opens a run.
 *
 * @param opening What it is opened with.
 * @returns The run, with what it has finished before.
 * @throws {WorkflowLockedError} If another run owns the workflow.
 * @throws {StorageNotConditionalError} If the storage cannot tell two owners
 * apart.
 * @throws {InputChangedError} If the latest run had another input.
 * @throws {WorkflowChangedError} If the latest run had other tasks.
 * @throws {RunEndedError} If a run of that name does not go on.
 * @throws {RunUnfinishedError} If another named run is not finished.
 * @throws {CorruptCheckpointError} If something stored is damaged.
 * @throws {StorageError} If the storage fails.
 */
export function openRun(opening: Opening): Promise<ActiveRun> {
  return openOnce(opening, () => open(opening));
}

async function open(opening: Opening): Promise<ActiveRun> {
  const { settings, steps } = opening;
  const shape = shapeOf(steps, settings.mode);
  for (;;) {
    const record = await whenFree(opening);
    const latest = continuable(opening, record, shape);
    if (!latest) {
      refuseToDrop(opening, record, (r) => isLetGo(opening, r, shape));
    }
    const next = latest && continued(opening, latest, shape);
    const run = next && await finished(opening, next) ||
      await claimed(opening, record, next, shape);
    if (run !== undefined) return run;
    // Somebody else has written the record meanwhile: look again, but not all
    // losers of a race at once, and not for ever.
    await sleep(Math.random() * MOST_PAUSE_MS, opening.stop);
  }
}

/** Claims the workflow for a new run or for the latest one. */
async function claimed(
  opening: Opening,
  record: RunRecord | undefined,
  next: Continued | undefined,
  shape: Shape,
): Promise<ActiveRun | undefined> {
  const claim = await makeClaim(opening, record?.epoch ?? 0);
  return next === undefined
    ? await begin(opening, record, shape, claim)
    : await goOn(opening, next, claim);
}

/** The latest run, if it is to go on and can. */
function continuable(
  opening: Opening,
  record: RunRecord | undefined,
  shape: Shape,
): RunRecord | undefined {
  const { settings, identity: { workflowId } } = opening;
  if (!asksForLatest(opening, record)) return undefined;
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

/** Begins a new run. */
function begin(
  opening: Opening,
  record: RunRecord | undefined,
  shape: Shape,
  claim: Claim,
): Promise<ActiveRun | undefined> {
  const runId = opening.settings.runId ?? crypto.randomUUID();
  const earlier = record?.runs ?? [];
  const run = activate(opening, runId);
  const draft: RecordDraft = {
    ...shape,
    ...claim.fields,
    runId,
    runs: [runId, ...earlier],
    ...namesAfter(opening.settings.runId, record),
    fingerprint: inputOf(opening),
    status: "In progress",
    errors: [],
  };
  return take(opening, run, claim, draft, async () => {
    run.removed = await prune(opening, earlier);
  });
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

/** Gives the latest run if it is finished: nobody needs to own it then. */
async function finished(
  opening: Opening,
  { record, changes }: Continued,
): Promise<ActiveRun | undefined> {
  if (record.status !== "Completed" || changes) return undefined;
  const run = activate(opening, record.runId, record);
  run.wasFinished = await restore(run);
  if (!run.wasFinished) return undefined;
  run.trace.open(() => run.info());
  return run;
}

/** Goes on with the latest run. */
function goOn(
  opening: Opening,
  next: Continued,
  claim: Claim,
): Promise<ActiveRun | undefined> {
  const { record } = next;
  const run = activate(opening, record.runId, record);
  const draft: RecordDraft = {
    ...record,
    ...next.fields,
    ...claim.fields,
    status: "In progress",
  };
  // Where nothing would change, nothing is written.
  const changes = claim.ownership !== undefined ||
    record.status !== draft.status || next.changes;
  // Only what is read after the claim is all that earlier owners have finished.
  return take(opening, run, claim, changes ? draft : undefined, async () => {
    await restore(run);
  });
}

/** Takes the workflow by writing its record, and makes the run ready. */
async function take(
  { store, active, notices }: Opening,
  run: ActiveRun,
  { ownership }: Claim,
  draft: RecordDraft | undefined,
  prepare: () => Promise<void>,
): Promise<ActiveRun | undefined> {
  const { runId } = run.identity;
  const isNew = !active.has(runId);
  // Before the record tells others of it: they must not take it for an old one.
  active.add(runId);
  run.trace.open(() => run.info());
  let taken = false;
  try {
    taken = draft === undefined || await store.write(traced(draft, run));
    if (!taken) return undefined;
    if (ownership) run.own(ownership);
    await prepare();
    return run;
  } catch (error) {
    if (taken) await ownership?.release();
    taken = false;
    throw error;
  } finally {
    if (!taken) {
      run.abandon(notices);
      ownership?.retire();
      if (isNew) active.delete(runId);
    }
  }
}

/** Later starts of a run link to the first one that was traced. */
function traced(draft: RecordDraft, { trace }: ActiveRun): RecordDraft {
  const traceparent = draft.traceparent ?? trace.traceparent;
  return traceparent === undefined ? draft : { ...draft, traceparent };
}

/** Takes over what is stored; tells whether that is everything. */
async function restore(run: ActiveRun): Promise<boolean> {
  const found = await run.checkpoints.load(run.planned);
  for (const [index, context] of found.entries()) {
    if (context) run.restore(run.planned[index].task, context);
  }
  return !found.includes(undefined);
}

function activate(
  { identity, config, settings, steps }: Opening,
  runId: string,
  from?: RunRecord,
): ActiveRun {
  const { workflowId } = identity;
  const resumed = from !== undefined;
  return new ActiveRun(
    { ...identity, runId, resumed, resumedFrom: from?.traceparent },
    config,
    settings,
    new Checkpoints(config.storage, workflowId, runId),
    steps,
  );
}
