/**
 * A server in a process of its own: `FOLDER PORT`. It prints its port.
 *
 * @module
 */

import process from "node:process";
import { serve } from "@hono/node-server";
import { StorageFile } from "@dotflow/dotflow/providers/storage-file";
import { createServer } from "@dotflow/dotflow/server";
import { TOKEN } from "../server_client.ts";

const [path, port] = process.argv.slice(2);
const app = createServer({
  storage: new StorageFile({ path }),
  token: TOKEN,
  refresh: 0,
});
serve({
  fetch: app.fetch,
  hostname: "127.0.0.1",
  port: Number(port),
}, (address) => console.log(`port ${address.port}`));
