/**
 * Lines on their way, joined to packets, and no more than may wait.
 *
 * @module
 */

/** The most that waits, in bytes; then the oldest packet is given up. */
const MOST_WAITING = 2 ** 21;

/** Lines that go together. */
interface Packet {
  readonly bytes: Uint8Array;
  /** How many lines it has. */
  readonly count: number;
}

/** The lines of one receiver. */
export class Packets {
  readonly #size: number;
  readonly #encoder: TextEncoder = new TextEncoder();
  #text = "";
  /** The bytes of `#text`, or more. */
  #bytes = 0;
  #count = 0;
  #waiting: Packet[] = [];
  #waitingBytes = 0;
  #lost = 0;

  /**
   * Makes an empty one.
   *
   * @param size The most bytes of a packet; no line is longer.
   */
  constructor(size: number) {
    this.#size = size;
  }

  /** Whether a packet is ready. */
  get isReady(): boolean {
    return this.#waiting.length > 0;
  }

  /**
   * Adds a line to the open packet; where it does not fit, that one is ready,
   * and the line begins the next.
   *
   * @param line The line.
   */
  add(line: string): void {
    const bytes = this.#encoder.encode(line).length;
    if (this.#count > 0 && this.#bytes + 1 + bytes > this.#size) this.close();
    this.#text += this.#count === 0 ? line : `\n${line}`;
    this.#bytes += this.#count === 0 ? bytes : bytes + 1;
    this.#count++;
  }

  /** Makes the open packet ready, unless it is empty. */
  close(): void {
    if (this.#count === 0) return;
    const bytes = this.#encoder.encode(this.#text);
    this.#waiting.push({ bytes, count: this.#count });
    this.#waitingBytes += bytes.length;
    this.#text = "";
    this.#bytes = this.#count = 0;
    while (this.#waitingBytes > MOST_WAITING) this.#lost += this.#shift().count;
  }

  /**
   * Takes the next packet that is ready.
   *
   * @returns Its bytes; undefined: there is none.
   */
  take(): Uint8Array | undefined {
    return this.isReady ? this.#shift().bytes : undefined;
  }

  /** Gives up all packets that are ready; they do not count as dropped. */
  giveUp(): void {
    while (this.isReady) this.#shift();
  }

  /**
   * Tells how many lines were dropped because too many were waiting.
   *
   * @returns How many, since the last time.
   */
  takeLost(): number {
    const lost = this.#lost;
    this.#lost = 0;
    return lost;
  }

  #shift(): Packet {
    const packet = this.#waiting.shift()!;
    this.#waitingBytes -= packet.bytes.length;
    return packet;
  }
}
