/**
 * A server of HTTP on a port of this machine.
 *
 * @module
 */

import { describe } from "../src/describe.ts";
import { endsWithin } from "../src/wait.ts";
import { UsageError } from "./usage.ts";
import { reasonOf } from "./value.ts";

/** How long the end waits for requests that are being answered. */
const GRACE_MS = 5_000;

/** A server that listens. */
export interface Listening {
  /** Its port. */
  readonly port: number;
  /** Lets nobody in any more, and waits for those who are. */
  close(): Promise<void>;
}

/**
 * Listens on a port.
 *
 * @param fetch Answers requests.
 * @param hostname The address.
 * @param port The port; 0: a free one.
 * @returns The server, once it listens.
 * @throws {UsageError} If it cannot listen there.
 */
export async function listen(
  fetch: (request: Request) => Response | Promise<Response>,
  hostname: string,
  port: number,
): Promise<Listening> {
  const { serve } = await import("@hono/node-server");
  return await new Promise((resolve, reject) => {
    const server = serve({ fetch, hostname, port }, (info) => {
      resolve({ port: info.port, close });
    });
    server.on("error", (error: unknown) => {
      reject(
        new UsageError(
          `Cannot listen on ${describe(`${hostname}:${port}`)}: ` +
            reasonOf(error),
        ),
      );
    });
    const close = async () => {
      const closed = new Promise<void>((done) => server.close(() => done()));
      if (await endsWithin(closed, GRACE_MS)) return;
      if ("closeAllConnections" in server) server.closeAllConnections();
    };
  });
}
