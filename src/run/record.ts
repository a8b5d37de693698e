/**
 * The run record: what a workflow id stands for in a storage. It changes by
 * compare-and-swap where the storage can.
 *
 * @module
 */

import { Context } from "../context.ts";
import type { Storage } from "../contracts/storage.ts";
import { CorruptCheckpointError } from "../errors.ts";
import { recordKey } from "../place.ts";
import type { WorkflowStatus } from "../status.ts";
import type { TaskErrorRecord } from "../task_error.ts";
import type { Shape } from "./plan.ts";
import { checked, guarded } from "./guarded.ts";
import type { Owner } from "./owner.ts";

const VERSION = 1;

/** What is known of a workflow id: its latest run. */
export interface RunRecord extends Shape {
  /** The version of this form. */
  readonly version: typeof VERSION;
  /** The workflow. */
  readonly workflowId: string;
  /** The latest run; empty after everything was cleared. */
  readonly runId: string;
  /** The runs whose checkpoints are kept, the latest first. */
  readonly runs: readonly string[];
  /**
   * The latest runs that were named by whoever began them, the latest first;
   * undefined where none was.
   */
  readonly named?: readonly string[];
  /** What stands for the input; undefined where it cannot be written down. */
  readonly fingerprint: string | undefined;
  /** Where the run stands. */
  readonly status: WorkflowStatus;
  /** The attempts of failed tasks. */
  readonly errors: readonly (readonly [
    taskId: string,
    errors: readonly TaskErrorRecord[],
  ])[];
  /** How often the workflow has changed hands, or was cleared. */
  readonly epoch: number;
  /** Who runs it now; null: nobody. */
  readonly owner: Owner | null;
  /** How often the owner has renewed its lease. */
  readonly renewals: number;
  /** Where the first start that was traced stands in its trace. */
  readonly traceparent?: string;
  /** Makes every write differ from every other. */
  readonly nonce: string;
}

/** A record before it is written: the writing itself adds the rest. */
export type RecordDraft = Omit<RunRecord, "version" | "workflowId" | "nonce">;

/** The record of one workflow in a storage. */
export class RecordStore {
  /** The workflow. */
  readonly workflowId: string;
  readonly #storage: Storage;
  readonly #key: string;
  #context: Context | null = null;

  /**
   * Makes a `RecordStore`.
   *
   * @param storage The storage.
   * @param workflowId The workflow.
   * @param key Where the record lies.
   */
  constructor(
    storage: Storage,
    workflowId: string,
    key: string = recordKey(workflowId),
  ) {
    this.#storage = storage;
    this.workflowId = workflowId;
    this.#key = key;
  }

  /** The record as it was last read or written. */
  get current(): RunRecord | undefined {
    return this.#context?.storage;
  }

  /**
   * Reads the record.
   *
   * @returns The record; undefined where there is none.
   * @throws {CorruptCheckpointError} If it is damaged.
   * @throws {StorageError} If the storage fails.
   */
  async read(): Promise<RunRecord | undefined> {
    const read = async () => checked(await this.#storage.get(this.#key));
    const context = await guarded("read run record", this.#key, read);
    if (context.taskId === undefined && context.storage === undefined) {
      this.#context = null;
      return undefined;
    }
    const record = context.storage;
    if (record?.version !== VERSION || !Array.isArray(record.groups)) {
      throw new CorruptCheckpointError(
        this.#key,
        `it is no run record of version ${VERSION}`,
      );
    }
    this.#context = context;
    return record;
  }

  /**
   * Writes the record over `current`.
   *
   * @param draft The record.
   * @returns Whether it was written; false: somebody else did, read again.
   * @throws {StorageError} If the storage fails.
   */
  async write(draft: RecordDraft): Promise<boolean> {
    const { workflowId } = this;
    const next = new Context({
      storage: complete(workflowId, draft),
      taskId: "_run",
      workflowId,
      runId: draft.runId,
    });
    const { atomicSwap } = this.#storage;
    const write = () => {
      if (!atomicSwap) return this.#storage.post(this.#key, next);
      return atomicSwap.call(this.#storage, this.#key, this.#context, next);
    };
    const written = await guarded("write run record", this.#key, write);
    if (atomicSwap && !written) return false;
    this.#context = next;
    return true;
  }

  /**
   * Changes the record, as often as somebody else comes between.
   *
   * @param change Gives the changed record; undefined to leave it as it is.
   * @returns Whether it was changed.
   * @throws {CorruptCheckpointError} If it is damaged.
   * @throws {StorageError} If the storage fails.
   */
  async update(
    change: (record: RunRecord) => RecordDraft | undefined,
  ): Promise<boolean> {
    for (let { current } = this; current; current = await this.read()) {
      const draft = change(current);
      if (draft === undefined) return false;
      if (await this.write(draft)) return true;
    }
    return false;
  }
}

function complete(workflowId: string, draft: RecordDraft): RunRecord {
  const nonce = crypto.randomUUID();
  return { version: VERSION, workflowId, ...draft, nonce };
}
