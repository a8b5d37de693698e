/**
 * Redis for tests: clients of several kinds, and a way to them that loses
 * replies.
 *
 * @module
 */

import type { RedisClient } from "@dotflow/dotflow/providers/storage-redis";
import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { cleanup, runtime, tempDir } from "./harness.ts";
import { redis } from "./lab.ts";

/** The address of the server; asked for only by tests that are not skipped. */
export const address: string = redis().server ?? "";

/** Why there is nothing to test with. */
export const skip = runtime === "workerd"
  ? "StorageRedis is not made for Workers"
  : redis().skip;

/** The kinds of clients that a storage can be handed. */
export type ClientKind = "redis" | "ioredis" | "Bun";

/** Opens a client, which is closed after the present test. */
export async function openClient(
  kind: ClientKind = "redis",
  url: string = address,
): Promise<RedisClient> {
  if (kind === "redis") {
    const { createClient } = await import("redis");
    const client = createClient({
      url,
      socket: { reconnectStrategy: () => 1 },
    });
    client.on("error", () => {});
    await client.connect();
    cleanup(() => client.destroy());
    return client;
  }
  if (kind === "ioredis") {
    const { Redis } = await import("npm:ioredis@5.11.1");
    const client = new Redis(url, { retryStrategy: () => 1 });
    client.on("error", () => {});
    cleanup(() => client.disconnect());
    return client;
  }
  const { RedisClient } = await import("bun" as string);
  const client = new RedisClient(url);
  cleanup(() => client.close());
  return client;
}

/** Sends a command past the storages. */
export async function command(...args: string[]): Promise<unknown> {
  const client = await openClient() as { sendCommand: CallableFunction };
  return await client.sendCommand(args);
}

/** What happens to the next command that is told of. */
export type Loss =
  /** It is carried out, then the connection breaks. */
  | "cut after"
  /** The connection breaks before the server sees it. */
  | "cut before"
  /** It is carried out, and the connection never answers again. */
  | "silence";

/** A way to the server that can lose replies. */
export interface Proxy {
  /** Its address, to be given in place of the server's. */
  readonly url: string;
  /** How many connections were made. */
  readonly connections: number;
  /** Loses the next command in which the text occurs. */
  lose(loss: Loss, text: string): void;
  /** Whether what was to be lost has been lost. */
  readonly lost: boolean;
}

/** Starts a proxy before the server, which ends after the present test. */
export async function startProxy(): Promise<Proxy> {
  const { connect, createServer } = (await import("node:net")).default;
  const target = new URL(address);
  const sockets = new Set<Socket>();
  let plan: { loss: Loss; text: string } | undefined;
  let connections = 0;
  const server = createServer((near) => {
    connections++;
    const far = connect(Number(target.port), target.hostname);
    let doomed: Loss | undefined;
    near.on("data", (bytes) => {
      if (plan && bytes.includes(plan.text)) {
        doomed = plan.loss;
        plan = undefined;
        if (doomed === "cut before") return near.destroy();
      }
      far.write(bytes);
    });
    far.on("data", (bytes) => {
      if (doomed === undefined) near.write(bytes);
      else if (doomed === "cut after") near.destroy();
    });
    for (const [one, other] of [[near, far], [far, near]]) {
      sockets.add(one);
      one.on("error", () => {}).on("close", () => other.destroy());
    }
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  cleanup(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((done) => server.close(done));
  });
  const { port } = server.address() as { port: number };
  return {
    url: `redis://127.0.0.1:${port}`,
    get connections() {
      return connections;
    },
    get lost() {
      return plan === undefined;
    },
    lose: (loss, text) => plan = { loss, text },
  };
}

/** Starts a server of its own, which ends after the present test. */
export async function startRedis(...args: string[]): Promise<string> {
  const { spawn } = await import("node:child_process");
  const { createServer } = (await import("node:net")).default;
  // It begins before the server, and so ends after it.
  const folder = await tempDir();
  const free = createServer();
  await new Promise<void>((done) => free.listen(0, "127.0.0.1", done));
  const { port } = free.address() as { port: number };
  await new Promise((done) => free.close(done));
  const child = spawn("redis-server", [
    ...["--bind", "127.0.0.1", "--port", String(port), "--save", ""],
    ...["--dir", folder],
    ...args,
  ], { stdio: ["ignore", "pipe", "ignore"] });
  const ended = new Promise((done) => child.once("close", done));
  cleanup(() => {
    child.kill("SIGKILL");
    return ended;
  });
  await new Promise<void>((done, fail) => {
    child.stdout.on("data", (bytes) => {
      if (String(bytes).includes("Ready to accept")) done();
    });
    ended.then(() => fail(new Error("Cannot start redis-server")));
  });
  return `redis://127.0.0.1:${port}`;
}

/** Fails unless a secret is nowhere in an error. */
export async function assertHides(error: Error, secret: string): Promise<void> {
  const { inspect } = (await import("node:util")).default;
  const all = inspect(error, { depth: 20, showHidden: true }) + error.stack;
  assert.ok(!all.includes(secret), `the secret is in: ${all}`);
}
