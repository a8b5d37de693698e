/**
 * One workflow on its schedule: when there are ticks, and what becomes of each.
 *
 * @module
 */

import type { Schedulable } from "../../src/contracts/scheduler.ts";
import type { StartOptions } from "../../src/run/options.ts";
import { endsWithin } from "../../src/wait.ts";
import { Claims, SAFE_MS } from "./claims.ts";
import { rests, stopwatch } from "./clock.ts";
import { type Fate, HAS_BEGUN, IS_OVER } from "./fates.ts";
import type { ScheduleSettings } from "./options.ts";
import { latestSlot, slotName, type Slots } from "./slots.ts";
import { type Listener, MISSED, tick } from "./ticker.ts";
import { type Outcome, TickRuns } from "./tick_run.ts";
import { Unclaimed } from "./unclaimed.ts";

/** How many earlier ticks a host that comes looks after. */
const LOOKED_AFTER = 10;

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
  readonly #unclaimed: Unclaimed = new Unclaimed();
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
    this.#claims = Claims.of(workflow, overlap);
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
    const startMs = Date.now();
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

  #tick(startMs: number): Promise<void> {
    const listener: Listener = {
      isSpent: () => this.#isSpent,
      fire: (slot) => this.#fire(slot),
      settle: () => this.#settle(),
      warn: (message, ticks) => this.#runs.write("WARNING", message, ticks),
    };
    const end = this.#ending.signal;
    return tick(this.#slots, this.#settings, startMs, listener, end);
  }

  /** A run that another host has begun meanwhile does not count. */
  async #settle(): Promise<void> {
    while (this.#begun >= this.#settings.maxRuns && this.#open.size > 0) {
      await Promise.race([...this.#open]).catch(() => {});
    }
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
      this.#tellMissed(slotName(missedMs));
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
      if (!this.#claims) return this.#runs.tellDropped(slot);
      return this.#do(() => this.#standBy(slot, true));
    }
    this.#running++;
    const taken = this.#count(() => this.#take(slot))
      .finally(() => this.#running--);
    this.#do(async () => {
      const fate = await taken;
      if (!this.#claims || IS_OVER.has(fate)) return;
      await this.#standBy(slot, false);
    });
  }

  /** Claims a tick and runs it. */
  async #take(slot: string): Promise<Fate> {
    const { overlap } = this.#settings;
    const elapsedMs = stopwatch();
    const before = this.#before;
    let passOn = () => {};
    if (overlap !== "parallel") {
      this.#before = new Promise<void>((resolve) => passOn = resolve);
    }
    try {
      if (this.#claims && !await this.#claims.create(slot)) return "taken";
      if (this.#claims && elapsedMs() > SAFE_MS) {
        // It may have been run, and its claim removed since.
        this.#tellMissed(slot);
        await this.#runs.mark(slot);
        return "late";
      }
      if (overlap !== "parallel") await before;
      // Nobody has begun it: another host does, after a while.
      if (this.#isStopped) return "locked";
      // By now, another host may have gone on with it, or have ended it.
      const isLate = elapsedMs() > this.#leaseMs / 2;
      if (isLate && this.#claims) {
        if (await this.#claims.look(slot) !== "claimed") return "taken";
      }
      return await this.#runTaken(slot, isLate);
    } catch (error) {
      this.#runs.report("Cannot run a scheduled tick", error, slot);
      this.#unclaimed.add(slot, elapsedMs);
      return "unclaimed";
    } finally {
      before.then(passOn);
    }
  }

  /** Runs a tick that is ours. */
  async #runTaken(slot: string, isLate: boolean): Promise<Fate> {
    const outcome = await this.#runs.run(slot, this.#cancelling.signal);
    if (outcome === "lost" || outcome === "unsure") return outcome;
    if (outcome === "locked") {
      // It may be this very run that goes on elsewhere.
      const isUnknown = isLate || this.#settings.overlap !== "skip";
      if (isUnknown && this.#claims) return outcome;
      this.#runs.tellDropped(slot);
    }
    await this.#runs.mark(slot);
    await this.#runs.clean(slot);
    return outcome === "locked" ? "dropped" : outcome;
  }

  /** Counts a run, unless it turns out that it has not begun here. */
  async #count<T extends Fate>(work: () => Promise<T>): Promise<T> {
    this.#begun++;
    let counts = false;
    const counted = work().then((fate) => {
      counts = HAS_BEGUN.has(fate);
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
    const claims = this.#claims!;
    for (;;) {
      // Not all hosts at once.
      const waitMs = this.#leaseMs * (1 + Math.random() / 2);
      const isDue = await rests(waitMs, this.#ending.signal);
      if (!isDue && !isBusy) return;
      try {
        // A tick that was dropped must not be taken for missed later.
        if (isBusy && await claims.drop(slot)) {
          return this.#runs.tellDropped(slot);
        }
        const stage = isDue ? await claims.look(slot) : "ended";
        if (stage === "ended") return;
        if (stage === "free" && !this.#unclaimed.has(slot)) return;
        if (this.#running >= this.#most || this.#isSpent) continue;
        if (stage === "free" && !await claims.create(slot)) continue;
        const outcome = await this.#runHere(slot);
        if (!IS_OVER.has(outcome)) continue;
        this.#unclaimed.delete(slot);
        return await this.#runs.mark(slot);
      } catch (error) {
        this.#runs.report("Cannot look after a scheduled tick", error, slot);
        if (!isDue) return;
      }
    }
  }

  /** Runs the run of a tick that another host has begun. */
  async #runHere(slot: string): Promise<Outcome> {
    // Where runs own the workflow, nothing else goes on here meanwhile.
    const counts = this.#settings.overlap === "parallel" ? 1 : 0;
    this.#running += counts;
    const { signal } = this.#cancelling;
    const outcome = await this.#count(() => this.#runs.run(slot, signal, true));
    this.#running -= counts;
    return outcome;
  }

  #tellMissed(last: string): void {
    this.#runs.write("WARNING", MISSED, { last });
  }
}
