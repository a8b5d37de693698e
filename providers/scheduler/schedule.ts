/**
 * One workflow on its schedule: when there are ticks, and what becomes of each.
 *
 * @module
 */

import type { Schedulable } from "../../src/contracts/scheduler.ts";
import type { StartOptions } from "../../src/run/options.ts";
import { endsWithin } from "../../src/wait.ts";
import { Claims } from "./claims.ts";
import { reaches } from "./clock.ts";
import type { ScheduleSettings } from "./options.ts";
import { latestSlot, slotName, type Slots } from "./slots.ts";
import { type Outcome, TickRuns } from "./tick_run.ts";

/** A tick that is later than this is missed. */
const LATE_MS = 60_000;
/** Where a later tick is there already, it is so sooner. */
const PASSED_MS = 5_000;
/** How many earlier ticks a host that comes looks after. */
const LOOKED_AFTER = 10;

/**
 * What becomes of a tick: its run has `ended`, it was `dropped`, the storage has
 * `broken` down amid it, or it is `lost` to another host.
 */
type Fate = "ended" | "dropped" | "broken" | "lost";

/** One workflow on its schedule. */
export class Schedule {
  readonly #slots: Slots;
  readonly #settings: ScheduleSettings;
  readonly #leaseMs: number;
  readonly #claims: Claims | undefined;
  readonly #runs: TickRuns;
  /** How many runs go on here at once, those that wait included. */
  readonly #most: number;
  /** Ends the ticks. */
  readonly #ending: AbortController = new AbortController();
  /** Cancels the runs. */
  readonly #cancelling: AbortController = new AbortController();
  readonly #work: Set<Promise<void>> = new Set();
  readonly #givenSignal: AbortSignal | undefined;
  /** Whether it was stopped: what waits in the queue does not begin then. */
  #isStopped = false;
  #running = 0;
  /** How many runs were begun here, or are about to. */
  #begun = 0;
  /** Ticks of which it is not known yet whether their runs count. */
  readonly #open: Set<Promise<unknown>> = new Set();
  /** The run that the next one waits for. */
  #before: Promise<unknown> = Promise.resolve();

  /**
   * Makes a `Schedule`.
   *
   * @param slots When it has its ticks.
   * @param settings What becomes of them.
   * @param workflow The workflow.
   * @param options How each run is started.
   * @throws {InvalidOptionError} If the options name a run.
   */
  constructor(
    slots: Slots,
    settings: ScheduleSettings,
    workflow: Schedulable,
    { signal, ...options }: StartOptions = {},
  ) {
    const { overlap, limit } = settings;
    this.#slots = slots;
    this.#settings = settings;
    this.#leaseMs = workflow.config.leaseMs;
    this.#claims = Claims.of(workflow);
    this.#runs = new TickRuns(workflow, options, overlap, this.#claims);
    this.#most = { skip: 1, queue: 2, parallel: limit }[overlap];
    this.#givenSignal = signal;
  }

  /**
   * Ticks until there are no more ticks, or it is stopped.
   *
   * @returns Resolves when all runs have ended.
   */
  async run(): Promise<void> {
    const signal = this.#givenSignal;
    const onAbort = () => {
      this.#end();
      this.#cancelling.abort(signal?.reason);
    };
    if (signal?.aborted) onAbort();
    else signal?.addEventListener("abort", onAbort, { once: true });
    const startMs = Math.max(Date.now(), this.#settings.startAt - 1);
    try {
      await this.#lookBack();
      await this.#tick(startMs);
      this.#ending.abort();
      await this.#idle();
      await this.#runs.drain();
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
  }

  /**
   * Ends the ticks, waits for the runs, and cancels those that take too long.
   *
   * @returns Resolves when all have ended.
   */
  async stop(): Promise<void> {
    this.#end();
    if (!await endsWithin(this.#idle(), this.#settings.stopTimeout)) {
      const reason = "the scheduler was stopped";
      this.#cancelling.abort(new DOMException(reason, "AbortError"));
    }
    await this.#idle();
  }

  async #idle(): Promise<void> {
    while (this.#work.size > 0) await Promise.all(this.#work);
  }

  #end(): void {
    this.#isStopped = true;
    this.#ending.abort();
  }

  /** Whether no further run may begin here. */
  get #isSpent(): boolean {
    return this.#isStopped || this.#begun >= this.#settings.maxRuns;
  }

  async #tick(startMs: number): Promise<void> {
    const { stopAt, maxRuns } = this.#settings;
    for (let lastMs = startMs; !this.#isSpent;) {
      const nextMs = this.#slots.next(lastMs);
      if (nextMs === undefined || nextMs >= stopAt) return;
      if (!await reaches(nextMs, this.#ending.signal)) return;
      lastMs = this.#fireDue(nextMs, Date.now());
      // A run that another host has begun meanwhile does not count.
      while (this.#begun >= maxRuns && this.#open.size > 0) {
        await Promise.race([...this.#open]).catch(() => {});
      }
    }
  }

  /** Runs what is due; gives the latest tick that was. */
  #fireDue(firstMs: number, nowMs: number): number {
    const { stopAt, catchUp } = this.#settings;
    const untilMs = Math.min(nowMs, stopAt - 1);
    const latestMs = latestSlot(this.#slots, firstMs - 1, untilMs) ?? firstMs;
    const due: number[] = [];
    const passedMs = Math.max(firstMs, nowMs - PASSED_MS) - 1;
    for (
      let slotMs = this.#slots.next(passedMs);
      slotMs !== undefined && slotMs <= latestMs;
      slotMs = this.#slots.next(slotMs)
    ) due.push(slotMs);
    const isMissed = latestMs < nowMs - LATE_MS;
    if (due.length === 0 && (catchUp || !isMissed)) due.push(latestMs);
    if (due[0] !== firstMs) {
      this.#tellMissed({
        first: slotName(firstMs),
        last: slotName(latestMs),
        goesOnWith: due.length > 0 ? slotName(due[0]) : undefined,
      });
    }
    for (const slotMs of due) this.#fire(slotName(slotMs));
    return latestMs;
  }

  /** Looks after what was begun, or missed, before this host was there. */
  async #lookBack(): Promise<void> {
    try {
      const claimed = await this.#claims?.list();
      if (!claimed?.length) return;
      for (const slotMs of claimed.slice(-LOOKED_AFTER)) {
        this.#do(() => this.#standBy(slotName(slotMs), false));
      }
      const { catchUp, startAt, stopAt } = this.#settings;
      const afterMs = Math.max(claimed[claimed.length - 1], startAt - 1);
      const untilMs = Math.min(Date.now(), stopAt - 1);
      const missedMs = latestSlot(this.#slots, afterMs, untilMs);
      if (missedMs === undefined) return;
      this.#tellMissed({ last: slotName(missedMs) });
      if (catchUp) this.#fire(slotName(missedMs));
    } catch (error) {
      this.#runs.report("Cannot look for earlier ticks", error);
    }
  }

  #do(work: () => Promise<void>): void {
    const done: Promise<void> = work().catch((error) => {
      this.#runs.report("Cannot run a scheduled tick", error);
    }).finally(() => this.#work.delete(done));
    this.#work.add(done);
  }

  #fire(slot: string): void {
    if (this.#isSpent) return;
    const isBusy = this.#running >= this.#most;
    if (isBusy) {
      // Another host may be free.
      if (this.#claims) this.#do(() => this.#standBy(slot, true));
      else this.#runs.tellDropped(slot);
      return;
    }
    this.#running++;
    const taken = this.#count(() => this.#take(slot))
      .finally(() => this.#running--);
    this.#do(async () => {
      const outcome = await taken;
      if (outcome === "dropped" || outcome === "ended") return;
      if (this.#claims) await this.#standBy(slot, false);
    });
  }

  /** Claims a tick and runs it. */
  async #take(slot: string): Promise<Fate> {
    const before = this.#before;
    let passOn = () => {};
    this.#before = new Promise<void>((resolve) => passOn = resolve);
    try {
      if (this.#claims && !await this.#claims.create(slot)) return "lost";
      const { overlap } = this.#settings;
      if (overlap !== "parallel") await before;
      // Nobody has begun it: another host does, after a while.
      if (this.#isStopped) return "lost";
      const outcome = await this.#runs.run(slot, this.#cancelling.signal);
      if (outcome === "broken") return "broken";
      if (outcome === "locked") {
        // In a queue, it was lost amid the run.
        if (overlap !== "skip" && this.#claims) return "lost";
        this.#runs.tellDropped(slot);
      }
      await this.#runs.mark(slot);
      await this.#runs.clean(slot);
      return outcome === "locked" ? "dropped" : "ended";
    } finally {
      before.then(passOn);
    }
  }

  /** Counts a run, unless it turns out that it has not begun here. */
  async #count<T extends Fate | Outcome>(work: () => Promise<T>): Promise<T> {
    this.#begun++;
    let counts = false;
    const counted = work().then((fate) => {
      counts = fate === "ended" || fate === "broken";
      return fate;
    }).finally(() => {
      if (!counts) this.#begun--;
      this.#open.delete(counted);
    });
    this.#open.add(counted);
    return await counted;
  }

  /**
   * Looks after a tick until its run has ended: where its host has died, the run
   * goes on here.
   */
  async #standBy(slot: string, isBusy: boolean): Promise<void> {
    const { signal } = this.#ending;
    for (;;) {
      // Not all hosts at once.
      const waitMs = this.#leaseMs * (1 + Math.random() / 2);
      if (!await reaches(Date.now() + waitMs, signal)) return;
      try {
        const stage = await this.#claims!.look(slot);
        if (stage === "free" && isBusy) {
          this.#runs.tellDropped(slot);
          await this.#claims!.drop(slot);
        }
        if (stage !== "claimed") return;
        if (this.#running >= this.#most || this.#isSpent) continue;
        const outcome = await this.#runHere(slot);
        if (outcome !== "ended") continue;
        return await this.#runs.mark(slot);
      } catch (error) {
        this.#runs.report("Cannot look after a scheduled tick", error, slot);
      }
    }
  }

  /** Runs the run of a tick that another host has begun. */
  async #runHere(slot: string): Promise<Outcome> {
    // Where runs own the workflow, nothing else goes on here meanwhile.
    const counts = this.#settings.overlap === "parallel" ? 1 : 0;
    this.#running += counts;
    const { signal } = this.#cancelling;
    const outcome = await this.#count(() => this.#runs.run(slot, signal));
    this.#running -= counts;
    return outcome;
  }

  #tellMissed(ticks: Readonly<Record<string, string | undefined>>): void {
    const message = "Ticks of the schedule were missed";
    this.#runs.write("WARNING", message, ticks);
  }
}
