/**
 * Commands to a Redis server, sent again until one is answered.
 *
 * @module
 */

import { StorageError } from "../../src/errors.ts";
import { sleep } from "../../src/wait.ts";
import { within } from "../../src/within.ts";
import { type RedisClient, sendThrough } from "./client.ts";
import { isPassing, redisFailure } from "./failure.ts";

/** Where the server is: an address, or a client that knows it. */
export interface Server {
  /** The url, with everything that is needed to log in. */
  readonly url?: string;
  /** A client that was handed in, which stays as it is. */
  readonly client?: RedisClient;
  /** Host and port, for messages. */
  readonly address: string;
}

/** What a client of our own can do besides. */
type OwnClient = RedisClient & {
  close(): Promise<unknown>;
  destroy(): void;
};

const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 1_000;

/** The way to one server. */
export class Connection {
  readonly #server: Server;
  readonly #timeoutMs: number;
  #own: Promise<OwnClient> | undefined;

  /**
   * Makes the way, without going it.
   *
   * @param server Where the server is.
   * @param timeoutMs How long a command may take in all, in milliseconds.
   */
  constructor(server: Server, timeoutMs: number) {
    this.#server = server;
    this.#timeoutMs = timeoutMs;
  }

  /** Host and port, for messages. */
  get address(): string {
    return this.#server.address;
  }

  /**
   * Sends a command, again and again until the server has answered. So it may
   * be carried out more than once, and must be one that bears it.
   *
   * @param what What it does, and with which key, for the error.
   * @param args The command and its arguments.
   * @returns The reply.
   * @throws {StorageError} If the server refuses, or gives no answer in time.
   */
  async send(what: string, ...args: string[]): Promise<unknown> {
    const deadline = performance.now() + this.#timeoutMs;
    for (let pauseMs = FIRST_PAUSE_MS;; pauseMs *= 2) {
      const opened = this.#open();
      try {
        return await within(
          opened.then((client) => sendThrough(client, args)),
          this.#patience(deadline),
        );
      } catch (cause) {
        const passing = isPassing(cause, this.#server.client !== undefined);
        if (passing) this.#drop(opened);
        const pause = Math.min(pauseMs, LONGEST_PAUSE_MS) * Math.random();
        if (!passing || performance.now() + pause >= deadline) {
          throw redisFailure(what, this.address, cause);
        }
        await sleep(pause);
      }
    }
  }

  /** Closes a connection of our own, once what is under way is answered. */
  async close(): Promise<void> {
    const own = this.#own;
    this.#own = undefined;
    const closed = own?.then((client) => client.close());
    try {
      await within(closed ?? Promise.resolve(), this.#timeoutMs);
    } catch {
      own?.then((client) => client.destroy(), () => {});
    }
  }

  #open(): Promise<RedisClient> {
    const { client } = this.#server;
    if (client !== undefined) return Promise.resolve(client);
    return this.#own ??= this.#connect();
  }

  /**
   * How long an attempt may take. A connection that a firewall has forgotten
   * never answers, so that half of the time is kept for a new one; a client
   * that was handed in sees to its connections itself.
   */
  #patience(deadline: number): number {
    const restMs = deadline - performance.now();
    if (this.#server.client !== undefined) return restMs;
    return Math.min(restMs, this.#timeoutMs / 2);
  }

  /** Gives up a connection of our own: what comes next opens a new one. */
  #drop(opened: Promise<RedisClient>): void {
    if (this.#own !== opened) return;
    this.#own.then((client) => client.destroy(), () => {});
    this.#own = undefined;
  }

  async #connect(): Promise<OwnClient> {
    const { createClient } = await loadRedis();
    const client = createClient({
      url: this.#server.url,
      // No greeting that an old server or a bare user would refuse.
      RESP: 2,
      disableClientInfo: true,
      maintNotifications: "disabled",
      socket: {
        connectTimeout: this.#timeoutMs / 2,
        // Attempts, pauses and their end are up to `send`.
        reconnectStrategy: false,
      },
    });
    // What fails is told by the commands; without this, the process would end.
    client.on("error", () => {});
    // An idle connection keeps no process alive; a command has its timer.
    client.unref();
    try {
      await client.connect();
    } catch (error) {
      client.destroy();
      throw error;
    }
    return client;
  }
}

async function loadRedis(): Promise<typeof import("redis")> {
  try {
    return await import("redis");
  } catch {
    throw new StorageError(
      'Cannot use Redis: the package "redis" is not installed; install it, ' +
        "or hand in a client",
    );
  }
}
