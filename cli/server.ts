/**
 * `dotflow server`: serves the remote API and its dashboard.
 *
 * @module
 */

import process from "node:process";
import { StorageDefault } from "../mod.ts";
import { toLine } from "../src/controls.ts";
import { describe } from "../src/describe.ts";
import { hostInUrl, toHost } from "../src/http/address.ts";
import { environment } from "../src/runtime.ts";
import { streamsOf } from "./console.ts";
import { listen } from "./listen.ts";
import { jsonLine } from "./report/json.ts";
import { Signals } from "./signals.ts";
import { openStorage, type StorageFlags } from "./storage.ts";
import { EXIT, UsageError } from "./usage.ts";

/** The flags of `server`. */
export interface ServerFlags extends StorageFlags {
  /** Where to listen. */
  readonly host?: string;
  /** The port, as text. */
  readonly port?: string;
  /** What clients have to know. */
  readonly token?: string;
  /** Whether nobody has to know anything. */
  readonly openWithoutToken?: boolean;
  /** JSON instead of text. */
  readonly json?: boolean;
}

/** Who may ask. */
interface Access {
  /** What clients have to know; null: nothing. */
  readonly token: string | null;
  /** Whether it was made up here. */
  readonly made: boolean;
}

/**
 * Serves until Ctrl-C or SIGTERM.
 *
 * @param flags The flags.
 * @returns The exit code.
 * @throws {UsageError} If it cannot listen there, or not without a token.
 */
export async function serve(flags: ServerFlags): Promise<number> {
  const host = toHost(flags.host ?? "127.0.0.1", "--host");
  const port = portOf(flags.port ?? "8710");
  const access = accessOf(flags, host);
  const storage = await openStorage(flags, "file", ".dotflow-server") ??
    new StorageDefault();
  const { createServer } = await import("../server/mod.ts");
  const { out, err } = streamsOf();
  const app = createServer({
    storage,
    token: access.token,
    onError: (error) =>
      void err.write(
        `${toLine(error instanceof Error ? error.message : String(error))}\n`,
      ),
  });
  const signals = new Signals(() => {}, () => {});
  try {
    const server = await listen(app.fetch, host, port);
    const url = `http://${hostInUrl(host)}:${server.port}`;
    out.write(`${addressLine(url, access, flags.json === true)}\n`);
    await signals.first;
    // Streams end first: the server waits for what is open.
    await app.close();
    await server.close();
    return EXIT.ok;
  } finally {
    signals.close();
    await storage.close?.();
  }
}

function addressLine(
  url: string,
  { token, made }: Access,
  json: boolean,
): string {
  // One that was made up here is told once; nobody else's is ever shown.
  if (json) return jsonLine({ url, ...made && { token } });
  return made ? `${url}/#token=${token}` : `${url}/`;
}

function portOf(text: string): number {
  const port = /^\d+$/.test(text) ? Number(text) : NaN;
  if (port <= 65_535) return port;
  throw new UsageError(
    `Cannot use ${describe(text)} as --port: give a number from 0 to 65535`,
  );
}

function accessOf(flags: ServerFlags, host: string): Access {
  const token = flags.token ?? environment("SERVER_USER_TOKEN");
  const isOpen = flags.openWithoutToken === true;
  if (token === "") {
    throw new UsageError("Cannot use an empty text as --token");
  }
  if (isOpen && flags.token !== undefined) {
    throw new UsageError(
      "Cannot use --token and --open-without-token at once: give one",
    );
  }
  if (token !== undefined && !isOpen) return { token, made: false };
  if (!/^(localhost|127(\.\d+){3}|::1)$/.test(host)) {
    throw new UsageError(
      `Cannot listen on ${describe(host)} without a token: set ` +
        "SERVER_USER_TOKEN, or leave --host at 127.0.0.1",
    );
  }
  if (isOpen) return { token: null, made: false };
  if (!flags.json && !process.stdout.isTTY) {
    throw new UsageError(
      "Cannot make up a token where nobody sees it: set SERVER_USER_TOKEN, or " +
        "give --json",
    );
  }
  return { token: makeToken(), made: true };
}

function makeToken(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(24));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-").replaceAll("/", "_");
}
