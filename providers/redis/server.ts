/**
 * Where a Redis server is, from the options of `StorageRedis`.
 *
 * @module
 */

import { InvalidOptionError } from "../../src/errors.ts";
import { type Check, expect, kindOf } from "../../src/options.ts";
import { isClient, isCluster, type RedisClient } from "./client.ts";
import type { Server } from "./connection.ts";

/**
 * Finds the server that is meant.
 *
 * @param given The options, each checked by itself.
 * @returns The server; the one of this machine where nothing is said.
 * @throws {InvalidOptionError} If it is said in two ways, or the host is none.
 */
export function serverOf(
  { url, host, port, client }: {
    readonly url?: string;
    readonly host?: string;
    readonly port?: number;
    readonly client?: RedisClient;
  },
): Server {
  const ways = [url, host ?? port, client].filter((way) => way !== undefined);
  if (ways.length > 1) {
    throw new InvalidOptionError(
      "Cannot use several servers: give url, or host and port, or client",
    );
  }
  if (client !== undefined) return { client, address: "the given client" };
  const name = host?.includes(":") ? `[${host}]` : host ?? "127.0.0.1";
  const whole = url ?? `redis://${name}:${port ?? 6379}`;
  const isHost = URL.canParse(whole) && !/[/?#@]/.test(name);
  expect(isHost, host, "host", "the name or address of a server");
  const parsed = new URL(whole);
  return { url: whole, address: `${parsed.hostname}:${parsed.port || 6379}` };
}

/** Takes a url, which no message shows: it may hold a password. */
export const toRedisUrl: Check<string> = (value) => {
  if (typeof value === "string" && URL.canParse(value)) {
    const { protocol, hostname } = new URL(value);
    if (/^rediss?:$/.test(protocol) && hostname !== "") return value;
  }
  throw new InvalidOptionError(
    "Cannot use the given url: give one such as " +
      '"redis://user:password@host:6379/0"',
  );
};

/** Takes a client of one server. */
export const toClient: Check<RedisClient> = (value, option) => {
  const wanted = "a client of redis, ioredis or Bun";
  const client = kindOf<RedisClient>(isClient, wanted)(value, option);
  if (!isCluster(client)) return client;
  throw new InvalidOptionError(
    "Cannot use the client of a cluster as client: its lists are those of " +
      "one node; give a client of a single server",
  );
};
