/**
 * The fault lab: an S3 server, a GCS server, and inboxes that stand for services
 * that take messages, on loopback, in one process. They verify what they are
 * sent and fail when they are told to.
 *
 * ```sh
 * deno run -A --lock=scripts/tools.lock tests/servers/lab.ts
 * ```
 *
 * Prints its address on the first line, and ends when its standard input does.
 * Tests talk to it through `tests/lab.ts`.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { control, CONTROL_PATH } from "./control.ts";
import { Exchange } from "./exchange.ts";
import { isGcsPath, serveGcs } from "./gcs.ts";
import {
  METADATA_PATH,
  serveMetadata,
  serveToken,
  TOKEN_PATH,
} from "./gcs_tokens.ts";
import {
  controlInboxes,
  INBOX_CONTROL_PATH,
  INBOX_PATH,
  serveInbox,
} from "./inboxes/serve.ts";
import { Registry } from "./registry.ts";
import { serveS3 } from "./s3.ts";
import { CONTAINER_PATH, serveContainer, serveSts, STS_PATH } from "./sts.ts";

const registry = new Registry();
const [address, closingAddress] = await Promise.all([
  listen((_req, res) => res),
  listen((_req, res) => res.setHeader("connection", "close")),
]);
const lab = { registry, address, closingAddress };
console.log(address);
process.stdin.on("end", () => process.exit()).on("error", () => process.exit());
process.stdin.resume();

/** Listens on a port of its own; gives its address. */
function listen(prepare: RequestListener): Promise<string> {
  const server = createServer((req, res) => {
    prepare(req, res);
    handle(req, res).catch((error) => {
      // A client that went away is none of the lab's errors.
      if (error.code === "ECONNRESET" || req.destroyed && !req.complete) return;
      console.error("lab:", req.method, req.url, error);
      if (!res.headersSent) res.writeHead(599);
      res.end(String(error));
    });
  });
  server.keepAliveTimeout = 60_000;
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      resolve(`http://127.0.0.1:${port}`);
    });
  });
}

async function handle(
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk);
  const exchange = new Exchange(req, res, Buffer.concat(chunks));
  const { path, host } = exchange;
  const begins = (prefix: string) => path.startsWith(prefix);
  if (/\.localhost(:\d+)?$/.test(host)) return serveS3(exchange, registry);
  if (begins(CONTROL_PATH)) return control(exchange, lab);
  if (begins(INBOX_CONTROL_PATH)) return controlInboxes(exchange, address);
  if (begins(INBOX_PATH)) return serveInbox(exchange);
  if (begins(STS_PATH)) return serveSts(exchange, registry);
  if (begins(CONTAINER_PATH)) return serveContainer(exchange, registry);
  if (begins(TOKEN_PATH)) return serveToken(exchange, registry);
  if (begins(METADATA_PATH)) return serveMetadata(exchange, registry);
  if (isGcsPath(path)) return serveGcs(exchange, registry);
  return serveS3(exchange, registry);
}
