/**
 * Packets by UDP, which tells nobody whether they arrive.
 *
 * @module
 */

import type { Socket } from "node:dgram";
import { DeliveryError } from "../../src/errors.ts";
import { hostInUrl } from "../../src/http/address.ts";
import { within } from "../../src/within.ts";

/** How long a look-up or a packet may take, in milliseconds. */
const TIMEOUT_MS = 2_000;

/** How long the address of a name is used, in milliseconds. */
const FRESH_MS = 60_000;

/** An address, and the kind of socket that reaches it. */
interface Address {
  readonly address: string;
  readonly family: number;
}

/** A socket that is open, and where it sends to. */
interface Way {
  readonly socket: Socket;
  readonly address: string;
  /** When the name is looked up again, by `performance.now()`. */
  readonly freshUntilMs: number;
}

/** The way to one receiver, opened by the first packet. */
export class Udp {
  readonly #host: string;
  readonly #port: number;
  #way: Way | undefined;

  /**
   * Makes the way, without opening it.
   *
   * @param host The receiver's name or address.
   * @param port Its port.
   */
  constructor(host: string, port: number) {
    this.#host = host;
    this.#port = port;
  }

  /**
   * Sends a packet; one at a time.
   *
   * @param bytes What to send.
   * @returns Resolves when the operating system has it.
   * @throws {DeliveryError} If it cannot be sent; what comes next begins anew.
   */
  async send(bytes: Uint8Array): Promise<void> {
    try {
      const { socket, address } = await this.#open();
      const sent = new Promise<void>((resolve, reject) => {
        const done = (error?: unknown) => error ? reject(error) : resolve();
        socket.send(bytes, this.#port, address, done);
      });
      await within(sent, TIMEOUT_MS);
    } catch (error) {
      this.close();
      throw this.#explain("a packet cannot be sent", error);
    }
  }

  /** Closes the socket; the next packet opens another one. */
  close(): void {
    const socket = this.#way?.socket;
    this.#way = undefined;
    try {
      socket?.close();
    } catch {
      // It was closed before.
    }
  }

  async #open(): Promise<Way> {
    if (this.#way && performance.now() < this.#way.freshUntilMs) {
      return this.#way;
    }
    this.close();
    const { createSocket } = await this.#load();
    const { address, family } = await this.#find();
    const socket = createSocket({
      type: family === 6 ? "udp6" : "udp4",
      // All that is asked for is an address already. Without a look-up, nothing
      // is left for a later turn, whose errors nobody could catch.
      lookup: (address, _options, callback) => callback(null, address, family),
    });
    // What goes wrong between packets; without this, the process would end.
    socket.on("error", () => {
      if (this.#way?.socket === socket) this.close();
    });
    // A socket that waits for nothing keeps no process alive.
    socket.unref();
    const freshUntilMs = performance.now() + FRESH_MS;
    return this.#way = { socket, address, freshUntilMs };
  }

  async #load(): Promise<typeof import("node:dgram")> {
    try {
      // The module of workerd takes everything, and sends nothing.
      if (globalThis.navigator?.userAgent !== "Cloudflare-Workers") {
        return (await import("node:dgram")).default;
      }
    } catch {
      // There is none.
    }
    const reason = "this runtime has no UDP; use Deno, Node or Bun";
    throw new DeliveryError(this.#receiver, reason);
  }

  async #find(): Promise<Address> {
    try {
      const { isIP } = await import("node:net");
      const family = isIP(this.#host);
      if (family !== 0) return { address: this.#host, family };
      const { default: dns } = await import("node:dns/promises");
      const answer = dns.lookup(this.#host, { all: true });
      const all = await within(answer, TIMEOUT_MS);
      // Where a name such as "localhost" has both, agents listen on IPv4.
      return all.find(({ family }) => family === 4) ?? all[0];
    } catch (error) {
      throw this.#explain("its name cannot be looked up", error);
    }
  }

  get #receiver(): string {
    return `StatsD at ${hostInUrl(this.#host)}:${this.#port}`;
  }

  #explain(what: string, error: unknown): DeliveryError {
    if (error instanceof DeliveryError) return error;
    const { code, name } = error as NodeJS.ErrnoException;
    const known = typeof code === "string" && /^[A-Z0-9_]+$/.test(code);
    return new DeliveryError(
      this.#receiver,
      `${what} (${known ? code : name ?? "Error"})`,
    );
  }
}
