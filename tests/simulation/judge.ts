/**
 * The judge of a virtual world: it sees every write at the moment it is applied
 * at the bucket, every step that starts, and what every `start` ends with, and
 * compares them with what the engine promises.
 *
 * @module
 */

import {
  type Actor,
  type Claim,
  lastOf,
  type Step,
  type Value,
} from "./actor.ts";
import type { Observer, Stored } from "./bucket.ts";
import type { Plan } from "./plan.ts";
import type { World } from "./world.ts";

/** The workflow that all nodes start. */
export const WORKFLOW = "wf";

const RECORD = `${WORKFLOW}/_run`;

/** How fast the fastest clock of a node may be. */
export const FASTEST = 1.05;

/** How slow the slowest clock may be. */
export const SLOWEST = 0.95;

/** What happened how often, so that one can see that it did. */
export interface Counts {
  /** Steps, or methods of class steps, that were started. */
  steps: number;
  /** Claims that were applied. */
  claims: number;
  /** Those of them that took the workflow from another owner. */
  takeovers: number;
  /** Starts that found a live owner. */
  locked: number;
  /** Starts that lost their ownership. */
  lost: number;
}

/** Nothing has happened. */
export const NONE: Counts = {
  steps: 0,
  claims: 0,
  takeovers: 0,
  locked: 0,
  lost: 0,
};

/** A promise that was broken. */
export class Violation extends Error {
  override readonly name = "Violation";
}

/** Judges one world. */
export class Judge implements Observer {
  /** Everyone who has not ended. */
  readonly actors = new Set<Actor>();
  /** What happened how often. */
  readonly counts: Counts = { ...NONE };
  /** The latest claim, of whatever era. */
  latest: Claim | undefined;
  readonly #world: World;
  readonly #leaseMs: number;
  readonly #oneMachine: boolean;
  /** Who had which epoch, by era. */
  readonly #owners = new Map<string, string>();
  /** When each checkpoint that is there was committed. */
  readonly #commits = new Map<string, number>();
  /** Every result that was ever stored under a key. */
  readonly #results = new Map<string, Set<number>>();
  /** Runs that were left behind, cleared or begun anew. */
  readonly #dead = new Set<string>();
  readonly #started = new Set<string>();
  #record: Stored | undefined;
  #recordAt = 0;
  #era = 0;
  #eraAt = 0;

  constructor(world: World, { leaseMs, oneMachine }: Plan) {
    this.#world = world;
    this.#leaseMs = leaseMs;
    this.#oneMachine = oneMachine;
  }

  /** Ends the world with a broken promise. */
  breach(message: string): void {
    this.#world.note(() => `VIOLATION ${message}`);
    this.#world.fail(new Violation(message));
  }

  troubled(actor: Actor): void {
    actor.troubles++;
  }

  written(
    key: string,
    before: Stored | undefined,
    after: Stored | undefined,
    by: Actor,
  ): void {
    if (key === RECORD) this.#recordWritten(before, after, by);
    else this.#checkpointWritten(key, before, after, by);
  }

  /**
   * The record.
   *
   * - An epoch never goes down, and has one owner for ever, also over `clear`
   *   and new runs. A deleted record (by the hand only) begins another era.
   * - Whoever becomes owner raises the epoch.
   * - While the epoch stays, only its owner writes.
   * - An owner is robbed only if no version of its was applied within a lease,
   *   as the fastest clock counts it; or if its process died and that can be
   *   told on one machine, or it has ended in the very process that robs it.
   *   Whoever lives and had no trouble is never robbed.
   * - A run that another has followed, or that was cleared, is never named
   *   again.
   */
  #recordWritten(
    before: Stored | undefined,
    after: Stored | undefined,
    by: Actor,
  ): void {
    const world = this.#world;
    for (const actor of this.actors) if (actor !== by) actor.foreign++;
    this.#record = after;
    const sinceMs = world.now - this.#recordAt;
    this.#recordAt = world.now;
    if (after === undefined) {
      if (by.node) this.breach(`${by.name} removes the record`);
      this.#era++;
      this.#eraAt = world.now;
      // The very first write, if it comes late, finds nothing again.
      this.#dead.clear();
      return;
    }
    const was = before?.value;
    const is = after.value;
    world.note(() =>
      `  record  epoch ${is.epoch}, owner ${is.owner?.id.slice(0, 4)}, ` +
      `renewals ${is.renewals}, run ${is.runId.slice(0, 4)}, ${is.status}, ` +
      `by ${by.name}`
    );
    if (was?.runId && was.runId !== is.runId) this.#dead.add(was.runId);
    if (this.#dead.has(is.runId)) {
      this.breach(`run ${is.runId} comes back to life by ${by.name}`);
    }
    if (was && is.epoch < was.epoch) {
      this.breach(`the epoch goes down from ${was.epoch} to ${is.epoch}`);
    }
    if (is.owner) {
      const place = `${this.#era}:${is.epoch}`;
      const owner = this.#owners.get(place);
      if (owner !== undefined && owner !== is.owner.id) {
        this.breach(`epoch ${is.epoch} has two owners`);
      }
      this.#owners.set(place, is.owner.id);
    }
    // Who has cleared writes a second time, once everything is removed.
    const isCleared = was?.runId === "" && is.runId === "";
    if (was?.epoch === is.epoch && this.latest?.actor !== by && !isCleared) {
      this.breach(`${by.name} writes the record of ${this.latest?.actor.name}`);
    }
    if (!is.owner || is.owner.id === was?.owner?.id) return;
    if (was && is.epoch === was.epoch) {
      this.breach(`${by.name} becomes owner without raising the epoch`);
    }
    const robbed = was?.owner ? this.latest?.actor : undefined;
    if (robbed) this.#robbed(robbed, by, sinceMs);
    const { epoch, runId } = is;
    const claim: Claim = {
      actor: by,
      epoch,
      ownerId: is.owner.id,
      runId,
      at: world.now,
      troubles: by.troubles,
      era: this.#era,
    };
    this.counts.claims++;
    by.claim = claim;
    this.latest = claim;
  }

  /** Somebody takes the workflow from its owner. */
  #robbed(owner: Actor, by: Actor, sinceMs: number): void {
    this.counts.takeovers++;
    const { node, ended } = owner;
    const isGone = node!.crashed && this.#oneMachine ||
      ended && node === by.node;
    if (!isGone && sinceMs < this.#leaseMs / FASTEST - 1) {
      this.breach(`${by.name} robs ${owner.name} after ${sinceMs} ms`);
    }
    if (!node!.crashed && !ended && !owner.troubled) {
      this.breach(`${by.name} robs ${owner.name}, which had no trouble`);
    }
  }

  /**
   * A checkpoint. Once written, it never changes (each execution gives a value
   * of its own), and only what belongs to a run that was left behind is removed
   * (but by the hand).
   */
  #checkpointWritten(
    key: string,
    before: Stored | undefined,
    after: Stored | undefined,
    by: Actor,
  ): void {
    if (after === undefined) {
      this.#commits.delete(key);
      const { runId } = this.#record?.value ?? {};
      if (by.node && runId && key.startsWith(`${WORKFLOW}/${runId}/`)) {
        this.breach(`${by.name} removes ${key} of the present run`);
      }
      return;
    }
    this.#world.note(() => `  commit  ${key} by ${by.name}`);
    const { execution } = lastOf(after.value);
    if (before !== undefined && lastOf(before.value).execution !== execution) {
      this.breach(`${by.name} overwrites ${key}`);
    }
    this.#commits.set(key, this.#world.now);
    const results = this.#results.get(key) ?? new Set();
    this.#results.set(key, results.add(execution));
  }

  /**
   * A step starts.
   *
   * - Its actor's claim is applied, and of the epoch and run the step is told.
   * - No later claim is applied. (Turns are whole: nothing can come between the
   *   last look at the clock and the start of the step.) An owner whose record
   *   object was deleted cannot know before its lease is over: so long it may
   *   go on.
   * - Nothing was committed at its key before its actor's claim.
   * - It is the first start of this attempt by this owner.
   */
  stepStarts(actor: Actor, step: Step): void {
    const { name, runId, taskId, epoch, attempt } = step;
    const world = this.#world;
    world.note(() =>
      `${actor.name}  starts ${name}, attempt ${attempt}, epoch ${epoch}`
    );
    this.counts.steps++;
    const { claim } = actor;
    if (claim === undefined) {
      return this.breach(`${actor.name} starts ${taskId} as nobody's owner`);
    }
    if (claim.epoch !== epoch || claim.runId !== runId) {
      this.breach(`${actor.name} starts ${taskId} under another epoch or run`);
    }
    if (claim.era !== this.#era) {
      if (world.now > this.#eraAt + this.#leaseMs) {
        this.breach(`${actor.name} starts ${taskId} though its record is gone`);
      }
    } else if (this.latest !== claim) {
      this.breach(
        `${actor.name} starts ${taskId} in epoch ${epoch} after ` +
          `${this.latest?.actor.name} has claimed epoch ${this.latest?.epoch}`,
      );
    }
    const committedAt = this.#commits.get(`${WORKFLOW}/${runId}/${taskId}`);
    if (committedAt !== undefined && committedAt < claim.at) {
      this.breach(`${actor.name} runs ${taskId} again, which was committed`);
    }
    const id = `${claim.ownerId} ${runId} ${name} ${attempt}`;
    if (this.#started.has(id)) {
      this.breach(`${actor.name} starts attempt ${attempt} of ${taskId} twice`);
    }
    this.#started.add(id);
  }

  /** The record says what a run ended with, unless somebody came after it. */
  recorded(actor: Actor, runId: string, status: string): void {
    const { claim } = actor;
    if (claim === undefined || claim !== this.latest) return;
    const record = this.#record?.value;
    if (claim.era !== this.#era || record.epoch !== claim.epoch) return;
    if (record.runId !== runId || record.status !== status || record.owner) {
      this.breach(`${actor.name} ends, but the record says otherwise`);
    }
  }

  /** A result that a run reports is one that was stored under its key. */
  reported(actor: Actor, taskId: string, value: Value): void {
    const key = `${WORKFLOW}/${value.run}/${taskId}`;
    if (!this.#results.get(key)?.has(value.execution)) {
      this.breach(`${actor.name} reports another ${taskId} than is stored`);
    }
  }

  /**
   * A `start` or `clear` rejects as locked.
   *
   * - Before its claim (and without `wait`): somebody else wrote the record
   *   since it began, for a renewal is how one knows that an owner lives.
   * - After its claim: something had happened to it or to its record.
   */
  locked(actor: Actor): void {
    this.counts[actor.claim ? "lost" : "locked"]++;
    if (actor.claim === undefined) {
      if (actor.wait === undefined && actor.foreign === 0) {
        this.breach(`${actor.name} is locked out by an owner without a sign`);
      }
    } else if (!actor.troubled && actor.foreign === 0) {
      this.breach(`${actor.name} is declared lost without a reason`);
    }
  }

  /**
   * A `start` or `clear` rejects because of the storage: something had gone
   * wrong. If that was one request after the claim, and nothing else, it has
   * given the workflow back before.
   */
  failed(actor: Actor): void {
    const { claim, name } = actor;
    if (!actor.troubled) this.breach(`${name} fails without a reason`);
    if (actor.shaken || actor.troubles !== 1 || claim?.troubles !== 0) return;
    if (claim === this.latest && this.#record?.value.owner) {
      this.breach(`${name} fails and does not give the workflow back`);
    }
  }

  /** Everything has ended: nobody owns the workflow. */
  end(): void {
    if (this.#record?.value.owner) {
      this.breach("the workflow is not given back");
    }
  }
}
