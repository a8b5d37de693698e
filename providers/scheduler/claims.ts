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

/** How far a tick is: nobody has claimed it, somebody has, its run has ended. */
export type Stage = "free" | "claimed" | "ended";

/** How many of the latest claims are kept in any case. */
const KEPT = 10;
/** How long claims are kept in any case. */
const KEPT_MS = 3_600_000;
/** How long those are kept whose run has not ended. */
const UNENDED_KEPT_MS = 7 * 24 * KEPT_MS;
/** After how many claims old ones are removed. */
const CLAIMS_PER_CLEANING = 16;
/** How many are removed at once, at most. */
const MOST_REMOVED = 64;

/** The claims of one workflow. */
export class Claims {
  readonly #storage: Storage;
  readonly #workflowId: string;
  readonly #prefix: string;
  #count = 0;

  private constructor(storage: Storage, workflowId: string) {
    this.#storage = storage;
    this.#workflowId = workflowId;
    this.#prefix = tickPrefix(workflowId);
  }

  /**
   * Opens the claims of a workflow, without a request.
   *
   * @param workflow The workflow.
   * @returns The claims; undefined where no other host can share them.
   */
  static of({ workflowId, generatedId, config }: Schedulable):
    | Claims
    | undefined {
    const { storage, ownership } = config;
    const isShared = ownership && !generatedId && storage.persistent &&
      storage.atomicSwap !== undefined;
    return isShared ? new Claims(storage, workflowId) : undefined;
  }

  /**
   * Claims a tick.
   *
   * @param slot The tick.
   * @returns Whether it is ours; false: somebody else has claimed it.
   */
  async create(slot: string): Promise<boolean> {
    await proveSwaps(this.#storage);
    return await this.#swap(slot, null, "claimed");
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
      if (await this.#swap(slot, claim, "ended")) return;
    }
  }

  /**
   * Marks a tick that nobody had claimed, so that nobody takes it for missed.
   *
   * @param slot The tick.
   */
  async drop(slot: string): Promise<void> {
    await this.#swap(slot, null, "ended");
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
   * Removes old claims, now and then.
   *
   * @param nameOf Names a tick.
   * @param hasRuns Whether each tick has left a run of its own behind.
   */
  async clean(
    nameOf: (slotMs: number) => string,
    hasRuns: boolean,
  ): Promise<void> {
    const storage = this.#storage;
    if (this.#count++ % CLAIMS_PER_CLEANING !== 0 || !storage.delete) return;
    const nowMs = Date.now();
    const slots = await this.list() ?? [];
    const old = slots.slice(0, -KEPT).filter((ms) => ms < nowMs - KEPT_MS);
    for (const slotMs of old.slice(0, MOST_REMOVED)) {
      const slot = nameOf(slotMs);
      const isEnded = await this.look(slot) === "ended";
      if (!isEnded && slotMs > nowMs - UNENDED_KEPT_MS) continue;
      if (hasRuns) {
        await storage.deletePrefix?.(runPrefix(this.#workflowId, slot));
      }
      await storage.delete(this.#key(slot));
    }
  }

  async #swap(
    slot: string,
    expected: Context | null,
    stage: Stage,
  ): Promise<boolean> {
    const next = new Context({
      // No two writers write the same.
      storage: { version: 1, stage, nonce: crypto.randomUUID() },
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
