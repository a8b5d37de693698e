/**
 * Brings lines to a receiver, many at a time.
 *
 * @module
 */

import { DeliveryError } from "../../src/errors.ts";
import { sleep } from "../../src/wait.ts";
import { Packets } from "./packets.ts";
import { Udp } from "./udp.ts";

/**
 * After so many bytes there is a pause, in which the receiver reads: by default,
 * Linux keeps some 200 KB for it, overhead included, and loses the rest.
 */
const BURST = 2 ** 14;

/** What a `Sender` is made of. */
export interface SenderSettings {
  /** The receiver's name or address. */
  readonly host: string;
  /** Its port. */
  readonly port: number;
  /** The most bytes of a packet. */
  readonly packetSize: number;
  /** How long a line waits for others, in milliseconds. */
  readonly intervalMs: number;
}

/** Sends lines by UDP. */
export class Sender {
  readonly #intervalMs: number;
  readonly #packets: Packets;
  readonly #udp: Udp;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #working: Promise<void> | undefined;
  #failure: unknown;

  /**
   * Makes a `Sender`, without opening anything.
   *
   * @param settings Where it sends to, and how.
   */
  constructor(settings: SenderSettings) {
    this.#intervalMs = settings.intervalMs;
    this.#packets = new Packets(settings.packetSize);
    this.#udp = new Udp(settings.host, settings.port);
  }

  /**
   * Takes lines.
   *
   * @param lines The lines.
   * @throws {DeliveryError} If lines could not be sent before; once.
   */
  add(...lines: string[]): void {
    for (const line of lines) this.#packets.add(line);
    if (this.#packets.isReady) this.#start();
    if (this.#timer === undefined) this.#wait();
    this.#complain();
  }

  /**
   * Sends all that was taken, and waits until it is on its way.
   *
   * @throws {DeliveryError} If lines were lost; once.
   */
  async flush(): Promise<void> {
    this.#push();
    await this.#working;
    const lost = this.#packets.takeLost();
    if (lost > 0) {
      const reason = `${lost} metrics were dropped: too many at once`;
      this.#failure ??= new DeliveryError("StatsD", reason);
    }
    this.#complain();
  }

  /** Sends all that was taken, and closes the socket. */
  async close(): Promise<void> {
    try {
      await this.flush();
    } finally {
      this.#udp.close();
    }
  }

  #wait(): void {
    this.#timer = setTimeout(() => this.#push(), this.#intervalMs);
    // In workerd, timers are numbers.
    (this.#timer as { unref?(): void }).unref?.();
  }

  #push(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#packets.close();
    this.#start();
  }

  #start(): void {
    if (this.#packets.isReady) this.#working ??= this.#work();
  }

  async #work(): Promise<void> {
    try {
      for (let sent = 0; this.#packets.isReady;) {
        const packet = this.#packets.take()!;
        await this.#udp.send(packet);
        sent += packet.length;
        if (sent < BURST) continue;
        await sleep(0);
        sent = 0;
      }
    } catch (error) {
      // What waits would fail alike; it must not pile up meanwhile.
      this.#packets.giveUp();
      this.#failure ??= error;
    } finally {
      this.#working = undefined;
    }
  }

  /** Tells of a failure, once. */
  #complain(): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure;
  }
}
