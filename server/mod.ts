/**
 * The remote API: takes what runs tell, keeps it in any storage, and shows it:
 * as JSON, as a stream of changes, and as a page.
 *
 * @example In Deno
 * ```ts ignore
 * import { createServer } from "@dotflow/dotflow/server";
 *
 * const app = createServer({ token: Deno.env.get("SERVER_USER_TOKEN")! });
 * Deno.serve({ hostname: "127.0.0.1", port: 8080 }, app.fetch);
 * ```
 *
 * @example In Node
 * ```ts
 * import { serve } from "@hono/node-server";
 * import { createServer } from "@dotflow/dotflow/server";
 * import process from "node:process";
 *
 * const app = createServer({ token: process.env.SERVER_USER_TOKEN! });
 * serve({ fetch: app.fetch, hostname: "127.0.0.1", port: 8080 });
 * ```
 *
 * @example In a Worker, on R2; `export default createServer(…)` where nothing
 * of `env` is needed, and `Bun.serve(app)` in Bun
 * ```ts
 * import { type R2Binding, StorageR2 } from "@dotflow/dotflow/providers/storage-r2";
 * import { createServer, type ServerApp } from "@dotflow/dotflow/server";
 *
 * let app: ServerApp | undefined;
 *
 * export default {
 *   fetch(request: Request, env: { BUCKET: R2Binding; TOKEN: string }) {
 *     const storage = new StorageR2({ bucket: env.BUCKET });
 *     app ??= createServer({ storage, token: env.TOKEN });
 *     return app.fetch(request);
 *   },
 * };
 * ```
 *
 * @example In a test, or wherever requests come from
 * ```ts
 * import { StorageDefault } from "@dotflow/dotflow";
 * import { createServer } from "@dotflow/dotflow/server";
 *
 * const storage = new StorageDefault();
 * const app = createServer({ storage, token: "a-long-random-text" });
 * const answer = await app.request("/health");
 * console.log(await answer.json()); // { status: "ok" }
 * await app.close();
 * ```
 *
 * @module
 */

import type { Storage } from "../src/contracts/storage.ts";
import { makeApp } from "./app.ts";
import { Guard } from "./auth.ts";
import { Hub } from "./hub.ts";
import { LiveRuns } from "./live_runs.ts";
import { Logins } from "./logins.ts";
import { Metrics } from "./metrics.ts";
import { News } from "./news.ts";
import {
  readServerOptions,
  type ServerKeep,
  type ServerOptions,
} from "./options.ts";
import { Places } from "./places.ts";
import { Queries } from "./queries.ts";
import { Records } from "./records.ts";
import { makeRoutes } from "./routes.ts";
import { RunIndex } from "./run_index.ts";
import { Runs } from "./runs.ts";
import { Streams } from "./stream.ts";

export type { ServerKeep, ServerOptions };

/** The server: a Hono app, as far as its users need it, and what ends it. */
export interface ServerApp {
  /** Every route. */
  readonly routes: readonly {
    readonly method: string;
    readonly path: string;
  }[];
  /**
   * Answers a request; it needs no `this`.
   *
   * @param request The request.
   * @param env What a Worker is bound to, which nothing here looks at.
   * @param context What a Worker says of the request.
   * @returns The answer.
   */
  readonly fetch: (
    request: Request,
    env?: unknown,
    // deno-lint-ignore no-explicit-any
    context?: any,
  ) => Response | Promise<Response>;
  /**
   * Answers a request that is made here.
   *
   * @param path Its path and query.
   * @param init The rest of it.
   * @returns The answer.
   */
  readonly request: (
    path: string,
    init?: RequestInit,
  ) => Response | Promise<Response>;
  /**
   * Ends all streams, and closes the storage where the server has opened it
   * itself. What was acknowledged is stored at any time: nothing is lost without
   * it.
   */
  close(): Promise<void>;
}

/**
 * Makes the server. Nothing is opened before the first request.
 *
 * It is a Hono app: `Deno.serve(app.fetch)`, `Bun.serve(app)`, `export default
 * app` in a Worker, and `serve({ fetch: app.fetch })` of `@hono/node-server` in
 * Node. Serve it on `127.0.0.1`, or behind what speaks TLS.
 *
 * @param options Where it keeps what, and who may ask.
 * @returns The server.
 * @throws {InvalidOptionError} If an option is missing, unknown or not allowed.
 * @throws {NotCallableObject} If the storage is none.
 */
export function createServer(options: ServerOptions): ServerApp {
  const settings = readServerOptions(options);
  const { bodyLimit, keep, onError, refresh: refreshMs } = settings;
  const hub = new Hub();
  const metrics = new Metrics();
  const places = new Places(settings.prefix);
  const records = new Records(settings.storage, openDefault);
  const index = new RunIndex(records, places, refreshMs);
  const live = new LiveRuns({ records, hub, refreshMs });
  const logins = new Logins(records, places, settings.tokenAge);
  const queries = new Queries({ records, places, index, live, onError });
  const runs = new Runs({
    records,
    places,
    index,
    live,
    keep,
    onError,
    onChange: (place) => queries.forget(place),
  });
  const news = new News({ index, live, hub, places, refreshMs, onError });
  const streams = new Streams(hub, () => news.look());
  const guard = new Guard(settings.token, logins, settings.hosts);
  const routes = makeRoutes({
    bodyLimit,
    isOpen: guard.isOpen,
    publicUrl: settings.publicUrl,
    places,
    runs,
    queries,
    logins,
    streams,
    checkStorage: async () => void await records.get(`${places.index}_health`),
    writeMetrics: () =>
      metrics.write({
        dotflow_server_live_runs: {
          help: "Runs in memory.",
          value: live.size,
        },
        dotflow_server_listeners: {
          help: "Streams that are open.",
          value: streams.size,
        },
      }),
  });
  const app = makeApp({ routes, guard, metrics, onError });
  const close = async () => {
    streams.close();
    await records.close();
  };
  return Object.assign(app, { close });
}

async function openDefault(): Promise<Storage> {
  const { StorageFile } = await import("../providers/storage_file.ts");
  return new StorageFile({ path: ".dotflow-server" });
}
