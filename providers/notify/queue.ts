/**
 * Brings changes of status to a channel: in order, one message at a time, no
 * more often than the channel bears, and all that has come meanwhile in one.
 *
 * A notifier may be shared by many requests of a Worker, and a request that has
 * ended takes its timers and promises with it. So there is nothing here that one
 * request waits for and another has to bring about: the state is plain data,
 * whoever waits looks at it again and again by timers of its own, and what does
 * not go on in time is taken over.
 *
 * @module
 */

import { DeliveryError } from "../../src/errors.ts";
import { backoffMs } from "../../src/http/retry.ts";
import type { Task } from "../../src/task.ts";
import { sleep } from "../../src/wait.ts";
import { Batch } from "./batch.ts";
import { type Channel, type Outcome, sendMessage } from "./channel.ts";
import { Hold } from "./hold.ts";
import type { CommonSettings } from "./options.ts";

/** How long a first change waits for others, so that a burst is one message. */
const LINGER_MS = 100;
/** The longest sleep at a stretch: whoever is at work shows it now and then. */
const SLICE_MS = 1_000;
/** How much longer than it may something may take before it is taken over. */
const GRACE_MS = 1_000;
/** How often who sends a message shows that he is still there. */
const BEAT_MS = 250;
/** How often others look for it, and how long, before they take it over. */
const LOOK_MS = 20;
const LOOKS = GRACE_MS / LOOK_MS;
/** How long a message is tried that the server wants to have later. */
const GIVE_UP_MS = 60_000;
/** A pause that lasts longer is not waited for at the end of a run. */
const PATIENCE_MS = 4_000;
/** After a message without an answer, it waits no longer than this for others. */
const ANSWER_MS = 2_000;
/** What is thrown later, nobody hears: the end of a run has stopped listening. */
const HEARD_MS = 4_500;

/** Why changes were given up. */
interface Failure {
  readonly reason: string;
  /** How many there were. */
  readonly lost: number;
  /** Whether there was no answer at all. */
  readonly unanswered: boolean;
}

/** A message that is under way. */
interface Attempt {
  /** Grows as long as who sends it is there. */
  beats: number;
}

/** Changes on their way to a channel. */
export class NotifyQueue {
  readonly #channel: Channel;
  readonly #settings: CommonSettings;
  readonly #intervalMs: number;
  /** What no message tells of yet. */
  #waiting = new Batch();
  /**
   * The message that comes first. It may have been told already, so that it is
   * told again as it is, and with nothing else.
   */
  #message: Batch | undefined;
  #attempt: Attempt | undefined;
  /** How many changes were taken, and how many of them delivered or given up. */
  #taken = 0;
  #settled = 0;
  /** Until when somebody is expected to be at work, since the epoch. */
  #workingUntilMs = 0;
  /** The time between messages, and between the attempts at one. */
  readonly #pause = new Hold();
  /** The time that the server has asked for. */
  readonly #ban = new Hold();
  /** Why nothing may be sent any more. */
  #gone: string | undefined;
  /** Kept until somebody is told of it. */
  #failure: Failure | undefined;

  /**
   * Makes a queue, which is empty.
   *
   * @param channel Where messages go.
   * @param settings The options that all notifiers share.
   * @param intervalMs The time between two messages where they do not say, in
   * milliseconds.
   */
  constructor(channel: Channel, settings: CommonSettings, intervalMs: number) {
    this.#channel = channel;
    this.#settings = settings;
    this.#intervalMs = settings.interval ?? intervalMs;
  }

  /**
   * Takes a change of status, which will be sent by itself.
   *
   * @param task The task as it stands.
   * @throws {DeliveryError} If earlier changes were given up.
   */
  take(task: Task): void {
    const { notificationType, showResult } = this.#settings;
    if (!notificationType.has(task.status)) return;
    const { secrets, hidden = secrets } = this.#channel;
    this.#waiting.add(task, showResult, hidden);
    this.#taken++;
    const nowMs = Date.now();
    if (nowMs > this.#workingUntilMs) {
      this.#workingUntilMs = nowMs + LINGER_MS + GRACE_MS;
      setTimeout(() => this.#work(), LINGER_MS);
    }
    this.#throwFailure();
  }

  /**
   * Sends what waits, and waits until all that was taken is delivered or given
   * up, as far as that can be soon: the rest is sent by itself.
   *
   * @throws {DeliveryError} If some of it was given up, or the server asks to
   * wait for long.
   */
  async flush(): Promise<void> {
    const taken = this.#taken;
    const startMs = performance.now();
    const tookMs = () => performance.now() - startMs;
    while (this.#settled < taken) {
      if (this.#failure?.unanswered && tookMs() > ANSWER_MS) break;
      if (!await this.#step(PATIENCE_MS)) break;
    }
    this.#throwFailure(tookMs() < HEARD_MS);
    const banMs = this.#ban.leftMs();
    if (this.#settled < taken && banMs > PATIENCE_MS) {
      const left = countOf(taken - this.#settled, "change");
      this.#throw(`${toldToWait(banMs)}; ${left} of status to be told then`);
    }
  }

  async #work(): Promise<void> {
    while (this.#settled < this.#taken) {
      this.#workingUntilMs = Date.now() + this.#settings.timeout + GRACE_MS;
      await this.#step();
    }
    this.#workingUntilMs = 0;
  }

  /**
   * Sends what waits, or sleeps for a while; this never rejects.
   *
   * @param patienceMs The longest pause that is waited for, in milliseconds.
   * @returns Whether it goes on: false where there is a longer pause.
   */
  async #step(patienceMs = Infinity): Promise<boolean> {
    const banMs = this.#ban.leftMs();
    const waitMs = Math.max(banMs, this.#pause.leftMs());
    const { triedMs = Date.now() } = this.#message ?? this.#waiting;
    const isTooLong = Date.now() + banMs > triedMs + GIVE_UP_MS;
    if (this.#attempt !== undefined) await this.#watch(this.#attempt);
    else if (this.#gone !== undefined) this.#giveUp(this.#gone);
    else if (banMs > 0 && isTooLong) this.#giveUp(toldToWait(banMs));
    else if (waitMs > patienceMs) return false;
    else if (waitMs > 0) await sleep(Math.min(waitMs, SLICE_MS));
    else await this.#send();
    return true;
  }

  /**
   * Waits for who sends a message, as long as he is there. His clock is not
   * looked at: a program that was busy for long is late with everything, and
   * reads an answer only after its timers.
   */
  async #watch(attempt: Attempt): Promise<void> {
    const { beats } = attempt;
    for (let look = 0; look < LOOKS; look++) {
      await sleep(LOOK_MS);
      if (this.#attempt !== attempt || attempt.beats !== beats) return;
    }
    const reason = "who sent it is gone";
    this.#end({ kind: "failed", waitMs: 0, reason, unclear: true });
  }

  async #send(): Promise<void> {
    const batch = this.#message ?? this.#waiting;
    if (batch === this.#waiting) this.#waiting = new Batch();
    this.#message = batch;
    batch.triedMs ??= Date.now();
    batch.attempts++;
    const attempt: Attempt = { beats: 0 };
    this.#attempt = attempt;
    const beat = setInterval(() => attempt.beats++, BEAT_MS);
    const outcome = await sendMessage(this.#channel, batch, this.#settings);
    clearInterval(beat);
    // Where he was taken for gone, it is another's.
    if (this.#attempt === attempt) this.#end(outcome);
  }

  /** An attempt at the message has ended. */
  #end({ kind, waitMs, reason, status, unclear }: Outcome): void {
    const batch = this.#message!;
    this.#attempt = undefined;
    this.#ban.begin(waitMs);
    if (unclear) batch.unclear = true;
    const isLast = batch.attempts >= this.#settings.maxAttempts;
    if (kind === "failed" && !isLast) {
      return this.#pause.begin(backoffMs(batch.attempts, status));
    }
    this.#pause.begin(this.#intervalMs);
    switch (kind) {
      case "later":
        batch.attempts--;
        if (!batch.unclear) this.#putBack(batch);
        return;
      case "taken":
        return this.#settle();
      case "failed":
        return this.#settle(
          `${reason} (${countOf(batch.attempts, "attempt")})`,
          status === undefined,
        );
      case "gone":
        this.#gone = reason;
    }
    this.#settle(reason);
  }

  /** Since nobody was told of it, it can be told with all that came meanwhile. */
  #putBack(batch: Batch): void {
    batch.append(this.#waiting);
    this.#waiting = batch;
    this.#message = undefined;
  }

  /** The message, or what would be the next one, is given up. */
  #giveUp(reason: string): void {
    if (this.#message === undefined) {
      this.#message = this.#waiting;
      this.#waiting = new Batch();
    }
    this.#settle(reason);
  }

  /** The message is delivered, or given up for a reason. */
  #settle(reason?: string, unanswered = false): void {
    const { total } = this.#message!;
    this.#message = undefined;
    this.#settled += total;
    if (reason === undefined) return;
    const lost = total + (this.#failure?.lost ?? 0);
    this.#failure = { reason, lost, unanswered };
  }

  /** Where nobody may hear of it, somebody else will be told again. */
  #throwFailure(isHeard = true): void {
    if (this.#failure === undefined) return;
    const { reason, lost } = this.#failure;
    if (isHeard) this.#failure = undefined;
    this.#throw(`${reason}; ${countOf(lost, "change")} of status not told`);
  }

  #throw(reason: string): never {
    throw new DeliveryError(this.#channel.name, reason);
  }
}

function toldToWait(ms: number): string {
  return `the server asked to wait for ${Math.ceil(ms / 1_000)} s more`;
}

function countOf(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
