/**
 * Whether the remote API can be reached, and wants to be.
 *
 * @module
 */

/** The first wait for an API that is out of reach; then it doubles. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;
/** How long the API may want to be left alone in all. */
const GIVE_UP_MS = 60_000;
/** A ban that begins so much later than the last one has ended is another one. */
const SAME_BAN_MS = 10_000;

/** A time in which the API is out of reach. */
interface Outage {
  readonly sinceMs: number;
  /** When it will be tried again. */
  readonly untilMs: number;
  readonly pauseMs: number;
  readonly reason: string;
}

/** What is known of how the API can be reached. */
export class Reach {
  /** Since when, and until when, the API is out of reach. */
  #down: Outage | undefined;
  /** Since when, and until when, the API wants to be left alone. */
  #ban: { readonly sinceMs: number; readonly untilMs: number } | undefined;

  /** How long nothing may be sent, in milliseconds. */
  get restMs(): number {
    const pauseMs = (this.#down?.untilMs ?? 0) - performance.now();
    return Math.max(pauseMs, this.banMs, 0);
  }

  /** How long the API wants to be left alone, in milliseconds. */
  get banMs(): number {
    return Math.max((this.#ban?.untilMs ?? 0) - performance.now(), 0);
  }

  /**
   * Tells whether the API was out of reach for long, and still was a moment ago.
   *
   * @param longMs How long that is, in milliseconds.
   * @returns Why it is; undefined where it is not.
   */
  hopeless(longMs: number): string | undefined {
    const nowMs = performance.now();
    if (this.#down === undefined || nowMs > this.#down.untilMs) {
      return undefined;
    }
    const { sinceMs, reason } = this.#down;
    return nowMs - sinceMs >= longMs ? reason : undefined;
  }

  /** Takes note that the API has dealt with a message. */
  succeed(): void {
    this.#down = undefined;
    if (this.banMs === 0) this.#ban = undefined;
  }

  /**
   * Takes note that a request has failed.
   *
   * @param sentMs When it was sent.
   * @param reason Why it failed.
   */
  fail(sentMs: number, reason: string): void {
    const before = this.#down;
    // Others find out at the same time: that is one failure, and not four.
    if (before && sentMs < before.untilMs) return;
    const pauseMs = before
      ? Math.min(before.pauseMs * 2, LONGEST_PAUSE_MS)
      : FIRST_PAUSE_MS;
    const sinceMs = before?.sinceMs ?? sentMs;
    const untilMs = performance.now() + pauseMs;
    this.#down = { sinceMs, untilMs, pauseMs, reason };
  }

  /**
   * Takes note that the API wants to be left alone.
   *
   * @param sentMs When it was asked.
   * @param waitMs For how long, in milliseconds.
   * @returns Whether that is too long, with what it wanted right before.
   */
  ban(sentMs: number, waitMs: number): boolean {
    const before = this.#ban;
    const isSame = before && sentMs < before.untilMs + SAME_BAN_MS;
    const sinceMs = isSame ? before.sinceMs : sentMs;
    this.#ban = { sinceMs, untilMs: performance.now() + waitMs };
    return this.#ban.untilMs - sinceMs > GIVE_UP_MS;
  }

  /** Takes note that nothing waits any more: what comes has not waited yet. */
  giveUp(): void {
    const { untilMs } = this.#ban ?? {};
    if (untilMs !== undefined) this.#ban = { sinceMs: untilMs, untilMs };
  }
}
