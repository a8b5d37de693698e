/**
 * The ownership of a workflow while a run goes on: a lease in the run record
 * that is renewed in time, and given up for lost in time.
 *
 * Only the owner's own clock counts, from before a renewal is sent: whoever
 * watches the record cannot have seen it earlier, and waits for the whole lease
 * on a clock of its own. So clocks need not agree, only run about equally fast.
 *
 * @see C. Gray and D. Cheriton, "Leases: an efficient fault-tolerant mechanism
 * for distributed file cache consistency", SOSP 1989
 * @module
 */

import { WorkflowLockedError } from "../errors.ts";
import { endsWithin, sleep } from "../wait.ts";
import { type Owner, retire } from "./owner.ts";
import type { RecordStore, RunRecord } from "./record.ts";
import { Timers } from "./timers.ts";

/** The part of a lease that is relied on: clocks may differ by a tenth. */
const RELIED_ON = 0.9;

/** A moment on both clocks. */
interface Moment {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

/** The ownership of one workflow by one run. */
export class Ownership {
  /** Why the run must end, once the ownership is lost. */
  lost: WorkflowLockedError | undefined;
  /** How often the workflow has changed hands: higher with every owner. */
  readonly epoch: number;
  readonly #store: RecordStore;
  readonly #owner: Owner;
  readonly #timers: Timers = new Timers();
  #renewed: Moment;
  #renewing: Promise<void> | undefined;
  #onLost: (error: WorkflowLockedError) => void = () => {};
  #ended = false;

  /**
   * Makes an `Ownership` just before its record is written.
   *
   * @param store Where the record is kept.
   * @param claimed What the record is to say.
   */
  constructor(
    store: RecordStore,
    { owner, epoch }: { readonly owner: Owner; readonly epoch: number },
  ) {
    this.#store = store;
    this.#owner = owner;
    this.epoch = epoch;
    this.#renewed = thisMoment();
  }

  /** Whether nobody else can have taken over yet. */
  get isSure(): boolean {
    return this.#restMs() > 0;
  }

  /**
   * Renews the lease from now on, in time, until `stopRenewals`.
   *
   * @param onLost Called once if the ownership is lost.
   */
  startRenewals(onLost: (error: WorkflowLockedError) => void): void {
    this.#onLost = onLost;
    this.#renewLater();
  }

  /**
   * Renews the lease until it can be relied on: a renewal that was sent before
   * the machine fell asleep may come back too old.
   *
   * @returns Resolves when the ownership is sure again, or lost.
   */
  async confirm(): Promise<void> {
    while (!this.isSure && !this.#ended) await this.#renewOnce();
  }

  /**
   * Tells whether a record names this owner.
   *
   * @param record The record.
   * @returns Whether it does.
   */
  owns(record: RunRecord | undefined): boolean {
    return record?.owner?.id === this.#owner.id;
  }

  /**
   * Makes the error of an ownership that is lost.
   *
   * @returns The error, which is kept in `lost`.
   */
  lose(): WorkflowLockedError {
    const { current, workflowId } = this.#store;
    const isOurs = this.owns(current);
    const successor = isOurs ? undefined : current?.owner;
    const reason = successor
      ? `${successor.name} has taken it over`
      : isOurs
      ? `the storage did not renew its lease of ${this.#owner.leaseMs} ms in ` +
        `time`
      : `its run was cleared or begun anew`;
    this.#ended = true;
    this.#timers.stop();
    return this.lost ??= new WorkflowLockedError(
      `Cannot go on with workflow ${JSON.stringify(workflowId)}: ${reason}; ` +
        `what was finished is kept, start it again with resume to go on`,
      successor ?? undefined,
      true,
    );
  }

  /** Stops the renewals; resolves when none is under way. */
  async stopRenewals(): Promise<void> {
    this.#ended = true;
    this.#timers.stop();
    await this.#renewing;
  }

  /**
   * Gives the workflow back after a failure, so that nobody has to wait for the
   * lease to end. What the storage says to it is no news.
   */
  async release(): Promise<void> {
    await this.stopRenewals();
    const isDone = this.#store.update((record) =>
      this.owns(record) ? { ...record, owner: null } : undefined
    );
    await isDone.catch(() => {});
    this.retire();
  }

  /** Says that nobody here need wait for this owner any more. */
  retire(): void {
    retire(this.#owner);
  }

  #renewLater(): void {
    this.#timers.start(this.#owner.leaseMs / 3, async () => {
      await this.#renewOnce();
      if (!this.#ended) this.#renewLater();
    });
  }

  /** Renews, unless that is under way already. */
  #renewOnce(): Promise<void> {
    return this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = undefined;
    });
  }

  /** Renews, also against a storage that fails, as long as there is time. */
  async #renew(): Promise<void> {
    const { leaseMs } = this.#owner;
    // Whoever was asleep for long is given the time for a request all the same.
    const timeMs = Math.max(this.#restMs(), leaseMs / 3);
    let renewed: boolean | undefined;
    const tries = async () => {
      while (renewed === undefined && !this.#ended) {
        renewed = await this.#tryToRenew();
        if (renewed === undefined) await sleep(leaseMs / 30);
      }
    };
    const answered = await endsWithin(tries(), timeMs);
    if (this.#ended || (answered && renewed)) return;
    this.#onLost(this.lose());
  }

  /** Renews once; undefined where the storage does not say. */
  async #tryToRenew(): Promise<boolean | undefined> {
    let sent: Moment | undefined;
    try {
      const written = await this.#store.update((record) => {
        if (!this.owns(record)) return undefined;
        sent = thisMoment();
        return { ...record, renewals: record.renewals + 1 };
      });
      if (written) this.#renewed = sent!;
      return written;
    } catch {
      return undefined;
    }
  }

  /**
   * How long the lease can be relied on. The wall clock counts too: the other
   * one stands still while a machine sleeps.
   */
  #restMs(): number {
    const { monotonicMs, wallMs } = thisMoment();
    const elapsedMs = Math.max(
      monotonicMs - this.#renewed.monotonicMs,
      wallMs - this.#renewed.wallMs,
    );
    return this.#owner.leaseMs * RELIED_ON - elapsedMs;
  }
}

function thisMoment(): Moment {
  return { monotonicMs: performance.now(), wallMs: Date.now() };
}
