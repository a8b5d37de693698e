/**
 * The ticks of a schedule in a storage that many hosts share: whoever creates the
 * object of a tick runs it, and marks it when its run has ended.
 *
 * @module
 */

import { Context } from "../../src/context.ts";
import type { Schedulable } from "../../src/contracts/scheduler.ts";
import type { Storage } from "../../src/contracts/storage.ts";
import { keyPart } from "../../src/key.ts";
import { runPrefix, tickPrefix } from "../../src/place.ts";
import { proveSwaps } from "../../src/run/probe.ts";
import type { Overlap } from "./options.ts";

/** How far a tick is: nobody has claimed it, somebody has, its run has ended. */
export type Stage = "free" | "claimed" | "ended";

/** How many of the latest claims are kept in any case. */
const KEPT = 10;
/** How long claims are kept in any case. */
const KEPT_MS = 3_600_000;
/** How long those are kept whose run has not ended. */
const UNENDED_KEPT_MS = 7 * 24 * KEPT_MS;
/** How long a claim cannot have been removed for certain. */
export const SAFE_MS: number = KEPT_MS / 2;
/** After how many claims old ones are removed. */
const CLAIMS_PER_CLEANING = 16;
/** How many are removed at once, at most. */
const MOST_REMOVED = 64;
/** How many are read for that, at most. */
const MOST_READ = 256;
/** How many are read at the same time. */
const READ_AT_ONCE = 16;

/** The claims of one workflow. */
export class Claims {
  readonly #storage: Storage;
  readonly #workflowId: string;
  readonly #prefix: string;
  /** Whether the run of each tick owns the workflow. */
  readonly #exclusive: boolean;
  /** Whoever makes one claim only removes old ones once in a while too. */
  #count: number = Math.floor(Math.random() * CLAIMS_PER_CLEANING);

  private constructor(
    storage: Storage,
    workflowId: string,
    exclusive: boolean,
  ) {
    this.#exclusive = exclusive;
    this.#storage = storage;
    this.#workflowId = workflowId;
    this.#prefix = tickPrefix(workflowId);
  }

  /**
   * Opens the claims of a workflow, without a request.
   *
   * @param workflow The workflow.
   * @param overlap What becomes of a tick while another run goes on.
   * @returns The claims; undefined where no other host can share them.
   */
  static of(
    { workflowId, generatedId, config }: Schedulable,
    overlap: Overlap,
  ): Claims | undefined {
    const { storage, ownership } = config;
    const isShared = ownership && !generatedId && storage.persistent &&
      storage.atomicSwap !== undefined;
    const exclusive = overlap !== "parallel";
    return isShared ? new Claims(storage, workflowId, exclusive) : undefined;
  }

  /**
   * Claims a tick.
   *
   * @param slot The tick.
   * @returns Whether it is ours; false: somebody else has claimed it.
   */
  async create(slot: string): Promise<boolean> {
    await proveSwaps(this.#storage);
    return await this.#swap(slot, null, {
      stage: "claimed",
      exclusive: this.#exclusive,
    });
  }

  /**
   * Tells how far a tick is.
   *
   * @param slot The tick.
   * @returns How far it is.
   */
  async look(slot: string): Promise<Stage> {
    return stageOf(await this.#storage.get(this.#key(slot)));
  }

  /**
   * Marks a tick as ended, unless it is so already or was claimed by nobody.
   *
   * @param slot The tick.
   */
  async end(slot: string): Promise<void> {
    for (;;) {
      const claim = await this.#storage.get(this.#key(slot));
      if (stageOf(claim) !== "claimed") return;
      const { exclusive } = claim.storage;
      if (await this.#swap(slot, claim, { stage: "ended", exclusive })) return;
    }
  }

  /**
   * Marks a tick that nobody had claimed, so that nobody takes it for missed.
   *
   * @param slot The tick.
   * @returns Whether it was marked; false: somebody has claimed it.
   */
  async drop(slot: string): Promise<boolean> {
    return await this.#swap(slot, null, { stage: "ended", exclusive: true });
  }

  /**
   * Lists the ticks that were claimed, the earliest first.
   *
   * @returns The ticks, in milliseconds since the epoch; undefined where the
   * storage cannot list.
   */
  async list(): Promise<number[] | undefined> {
    const keys = await this.#storage.listKeys?.(this.#prefix);
    return keys?.map((key) =>
      Date.parse(slotIn(key.slice(this.#prefix.length)))
    )
      .filter((slotMs) => !Number.isNaN(slotMs)).sort((a, b) => a - b);
  }

  /**
   * Removes old claims, now and then; and what their runs have left behind, where
   * those owned only themselves.
   *
   * @param nameOf Names a tick.
   */
  async clean(nameOf: (slotMs: number) => string): Promise<void> {
    if (this.#count++ % CLAIMS_PER_CLEANING !== 0) return;
    if (!this.#storage.delete) return;
    const nowMs = Date.now();
    const slots = await this.list() ?? [];
    const old = slots.slice(0, -KEPT).filter((ms) => ms < nowMs - KEPT_MS);
    // Not always the same ones first: some of them may have to stay for long.
    if (old.length > MOST_READ) {
      old.push(...old.splice(0, Math.floor(Math.random() * old.length)));
    }
    let removed = 0;
    for (
      let at = 0;
      at < Math.min(old.length, MOST_READ) && removed < MOST_REMOVED;
      at += READ_AT_ONCE
    ) {
      const some = old.slice(at, at + READ_AT_ONCE);
      const done = await Promise.all(some.map((slotMs) => {
        const isStale = slotMs <= nowMs - UNENDED_KEPT_MS;
        return this.#remove(nameOf(slotMs), isStale);
      }));
      removed += done.filter((isRemoved) => isRemoved).length;
    }
  }

  /** Removes a claim, unless its run has not ended. */
  async #remove(slot: string, isStale: boolean): Promise<boolean> {
    const storage = this.#storage;
    const claim = await storage.get(this.#key(slot));
    if (stageOf(claim) !== "ended" && !isStale) return false;
    // Today's overlap need not be that of then.
    if (claim.storage?.exclusive === false) {
      await storage.deletePrefix?.(runPrefix(this.#workflowId, slot));
    }
    await storage.delete!(this.#key(slot));
    return true;
  }

  async #swap(
    slot: string,
    expected: Context | null,
    claim: { readonly stage: Stage; readonly exclusive: boolean },
  ): Promise<boolean> {
    const next = new Context({
      // No two writers write the same.
      storage: { version: 1, ...claim, nonce: crypto.randomUUID() },
      taskId: "_tick",
      workflowId: this.#workflowId,
      runId: slot,
    });
    return await this.#storage.atomicSwap!(this.#key(slot), expected, next);
  }

  #key(slot: string): string {
    return this.#prefix + keyPart(slot);
  }
}

function stageOf({ taskId, storage }: Context): Stage {
  if (taskId === undefined) return "free";
  return storage?.stage === "ended" ? "ended" : "claimed";
}

/** Reads the tick in a key: its capitals, colons and points are bytes there. */
function slotIn(part: string): string {
  return part.replace(
    /_([0-9a-f]{2})/g,
    (_, byte) => String.fromCharCode(parseInt(byte, 16)),
  );
}
