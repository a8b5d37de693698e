/**
 * `deno task demo --dashboard`: the demo tells a server of its own what it does,
 * and shows its dashboard.
 *
 * @module
 */

import { once } from "node:events";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { serve } from "@hono/node-server";
import { ServerDefault } from "@dotflow/dotflow";
import { StorageFile } from "@dotflow/dotflow/providers/storage-file";
import { createServer } from "@dotflow/dotflow/server";

/** A server with a dashboard, and what tells it. */
export interface Dashboard {
  /** Where the page is. */
  readonly url: string;
  /** For the `Config` of a workflow. */
  readonly server: ServerDefault;
  /** Resolves at Ctrl-C, when all is closed. */
  readonly closed: Promise<void>;
}

/**
 * Serves the dashboard on this machine.
 *
 * @param path The folder in which earlier runs are kept as well.
 * @returns The dashboard.
 */
export async function openDashboard(path: string): Promise<Dashboard> {
  const token = crypto.randomUUID();
  const storage = new StorageFile({ path });
  const app = createServer({ token, storage });
  const listener = serve({
    fetch: app.fetch,
    hostname: "127.0.0.1",
    port: 0,
  });
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  const baseUrl = `http://127.0.0.1:${port}`;
  const close = async () => {
    await once(process, "SIGINT");
    await app.close();
    await storage.close();
    listener.close();
  };
  return {
    url: `${baseUrl}/#token=${token}`,
    server: new ServerDefault({ baseUrl, token }),
    closed: close(),
  };
}
