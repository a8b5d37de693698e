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
import type { Task } from "../../src/task.ts";
import { sleep } from "../../src/wait.ts";
import { Batch } from "./batch.ts";
import { type Channel, type Outcome, sendMessage } from "./channel.ts";
import { Hold } from "./hold.ts";
import type { CommonSettings } from "./options.ts";

/** How long a first change waits for others, so that a burst is one message. */
const LINGER_MS = 100;
/** How often somebody looks whether a message that is under way has arrived. */
const LOOK_MS = 20;
/** The longest sleep at a stretch: whoever is at work shows it now and then. */
const SLICE_MS = 1_000;
/** An attempt that takes so much longer than it may was left behind. */
const GRACE_MS = 1_000;
/** How long a message is tried that the server wants to have later. */
const GIVE_UP_MS = 60_000;

/** A message that is under way. */
interface Sending {
  readonly batch: Batch;
  /** Until when it must have gone on, in milliseconds since the epoch. */
  untilMs: number;
}

/** Changes on their way to a channel. */
export class NotifyQueue {
  readonly #channel: Channel;
  readonly #settings: CommonSettings;
  readonly #intervalMs: number;
  #waiting = new Batch();
  #sending: Sending | undefined;
  /** How many changes were taken, and how many of them delivered or given up. */
  #taken = 0;
  #settled = 0;
  /** Until when somebody is expected to be at work, since the epoch. */
  #workingUntilMs = 0;
  /** The time between messages. */
  readonly #pause = new Hold();
  /** The time that the server has asked for. */
  readonly #ban = new Hold();
  /** Why nothing may be sent any more. */
  #gone: string | undefined;
  /** Why changes were given up, and how many, until somebody is told of it. */
  #failure: { reason: string; lost: number } | undefined;

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
   * up.
   *
   * @throws {DeliveryError} If some of it was given up.
   */
  async flush(): Promise<void> {
    const taken = this.#taken;
    while (this.#settled < taken) await this.#step();
    this.#throwFailure();
  }

  async #work(): Promise<void> {
    while (this.#settled < this.#taken) {
      this.#workingUntilMs = Date.now() + this.#settings.timeout + GRACE_MS;
      await this.#step();
    }
    this.#workingUntilMs = 0;
  }

  /** Sends what waits, or sleeps for a while; this never rejects. */
  async #step(): Promise<void> {
    const sending = this.#sending;
    if (sending !== undefined) {
      if (Date.now() < sending.untilMs) return await sleep(LOOK_MS);
      this.#putBack(sending);
    }
    if (this.#gone !== undefined) return this.#giveUp(this.#gone);
    const banMs = this.#ban.leftMs();
    const { triedMs = Date.now() } = this.#waiting;
    if (banMs > 0 && Date.now() + banMs > triedMs + GIVE_UP_MS) {
      const seconds = Math.ceil(banMs / 1_000);
      return this.#giveUp(`the server asked to wait for ${seconds} s more`);
    }
    const waitMs = Math.max(banMs, this.#pause.leftMs());
    if (waitMs > 0) return await sleep(Math.min(waitMs, SLICE_MS));
    await this.#send();
  }

  async #send(): Promise<void> {
    const { fetch, timeout, maxAttempts } = this.#settings;
    const batch = this.#waiting;
    const sending: Sending = { batch, untilMs: 0 };
    const onAttempt = () => {
      sending.untilMs = Date.now() + timeout + GRACE_MS;
    };
    onAttempt();
    batch.triedMs ??= Date.now();
    this.#sending = sending;
    this.#waiting = new Batch();
    const policy = { fetch, timeoutMs: timeout, maxAttempts };
    const outcome = await sendMessage(this.#channel, batch, policy, onAttempt);
    this.#ban.begin(outcome.waitMs);
    this.#pause.begin(this.#intervalMs);
    // Where it took too long, somebody else has taken it over.
    if (this.#sending === sending) this.#end(sending, outcome);
  }

  #end(sending: Sending, { kind, reason }: Outcome): void {
    if (kind === "later") return this.#putBack(sending);
    this.#sending = undefined;
    this.#settle(sending.batch, kind === "taken" ? undefined : reason);
    if (kind === "gone") this.#gone = reason;
  }

  /** It is told of again, with all that has come meanwhile. */
  #putBack({ batch }: Sending): void {
    this.#sending = undefined;
    batch.append(this.#waiting);
    this.#waiting = batch;
  }

  #giveUp(reason: string): void {
    const batch = this.#waiting;
    this.#waiting = new Batch();
    this.#settle(batch, reason);
  }

  #settle({ total }: Batch, failure: string | undefined): void {
    this.#settled += total;
    if (failure === undefined) return;
    const lost = total + (this.#failure?.lost ?? 0);
    this.#failure = { reason: failure, lost };
  }

  #throwFailure(): void {
    if (this.#failure === undefined) return;
    const { reason, lost } = this.#failure;
    this.#failure = undefined;
    const changes = lost === 1 ? "1 change" : `${lost} changes`;
    throw new DeliveryError(
      this.#channel.name,
      `${reason}; ${changes} of status not told`,
    );
  }
}
