/**
 * The clients that `StorageRedis` can send its commands through.
 *
 * @module
 */

/**
 * What is used of a client, in the three shapes that there are: `call` of
 * ioredis and iovalkey, `send` of Bun's own client, and `sendCommand` of
 * node-redis, the package `redis`.
 */
export type RedisClient =
  | {
    /** Sends a command; resolves with the reply. */
    call(command: string, ...args: string[]): PromiseLike<unknown>;
  }
  | {
    /** Sends a command; resolves with the reply. */
    send(command: string, args: string[]): PromiseLike<unknown>;
  }
  | {
    /** Sends a command; resolves with the reply. */
    sendCommand(args: string[]): PromiseLike<unknown>;
  };

/**
 * Tells whether a value is a client of one of the shapes.
 *
 * @param value What was given.
 * @returns Whether it is.
 */
export function isClient(value: unknown): value is RedisClient {
  if (typeof value !== "object" || value === null) return false;
  const client = value as Record<string, unknown>;
  return ["call", "send", "sendCommand"].some((name) =>
    typeof client[name] === "function"
  );
}

/**
 * Tells whether a client is one of a cluster, whose lists would be those of one
 * node only.
 *
 * @param client The client.
 * @returns Whether it is, as far as one can see.
 */
export function isCluster(client: RedisClient): boolean {
  // ioredis says so; the one of node-redis has a list of its primaries.
  return (client as { isCluster?: unknown }).isCluster === true ||
    "masters" in client;
}

/**
 * Sends a command through a client.
 *
 * @param client The client.
 * @param args The command and its arguments.
 * @returns The reply.
 */
export function sendThrough(
  client: RedisClient,
  args: readonly string[],
): PromiseLike<unknown> {
  const [command, ...rest] = args;
  if ("call" in client) return client.call(command, ...rest);
  if ("send" in client) return client.send(command, rest);
  return client.sendCommand([command, ...rest]);
}
