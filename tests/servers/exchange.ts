/**
 * One request and the ways in which it can be answered, whole or not.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { IncomingMessage, ServerResponse } from "node:http";

/** An answer. */
export interface Reply {
  /** The status. */
  status: number;
  /** The headers. */
  headers?: Record<string, string>;
  /** The body. */
  body?: string | Uint8Array;
  /** What the history says of an error. */
  error?: string;
}

const RUBBISH = "<!doctype html><title>Portal</title>\u0000<p>Log in & pay";

/** One request. */
export class Exchange {
  /** The path as it was sent, not normalized. */
  readonly path: string;
  /** The parameters. */
  readonly query: URLSearchParams;
  /** The host that the request is meant for. */
  readonly host: string;
  #req: IncomingMessage;
  #res: ServerResponse;

  /**
   * Takes a request whose body was read.
   *
   * @param req The request.
   * @param res Where the answer goes.
   * @param body The body.
   */
  constructor(
    req: IncomingMessage,
    res: ServerResponse,
    readonly body: Uint8Array,
  ) {
    this.#req = req;
    this.#res = res;
    const [path, ...query] = (req.url ?? "/").split("?");
    this.path = path;
    this.query = new URLSearchParams(query.join("?"));
    // What a client under test cannot resolve, it sends to the address of the
    // lab, and says here what it would have asked for.
    this.host = this.header("x-lab-host") ?? this.header("host") ?? "";
  }

  /** The HTTP method. */
  get method(): string {
    return this.#req.method ?? "GET";
  }

  /** The body as text. */
  get text(): string {
    return Buffer.from(this.body).toString();
  }

  /** Gives a header, by its name in lower case. */
  header(name: string): string | undefined {
    const value = this.#req.headers[name];
    return Array.isArray(value) ? value.join(", ") : value;
  }

  /** Gives the headers whose names begin so, by the rest of their names. */
  headersWith(prefix: string): Record<string, string> {
    return Object.fromEntries(
      Object.keys(this.#req.headers)
        .filter((name) => name.startsWith(prefix))
        .map((name) => [name.slice(prefix.length), this.header(name)!]),
    );
  }

  /** Has something done when the answer is sent or the connection gone. */
  onClose(fn: () => void): void {
    this.#res.once("close", fn);
  }

  /** Sends a whole answer. */
  send(reply: Reply): void {
    const body = this.#begin(reply);
    this.#res.end(this.method === "HEAD" ? undefined : body);
  }

  /** Destroys the connection. */
  reset(): void {
    this.#req.socket.destroy();
  }

  /** Sends an answer without the second half of its body. */
  async truncate(reply: Reply): Promise<void> {
    const body = this.#begin(reply, 16);
    await this.#write(body.subarray(0, Math.floor(body.length / 2)));
    this.reset();
  }

  /** Sends an answer bit by bit. */
  async drip(reply: Reply, slowMs: number): Promise<void> {
    const body = this.#begin(reply);
    if (this.method === "HEAD" || body.length === 0) {
      await sleep(slowMs);
      return void this.#res.end();
    }
    const bits = Math.min(5, body.length);
    for (let bit = 0; bit < bits; bit++) {
      const at = (part: number) => Math.floor(body.length * part / bits);
      await this.#write(body.subarray(at(bit), at(bit + 1)));
      await sleep(slowMs / bits);
      if (this.#res.destroyed) return;
    }
    this.#res.end();
  }

  /** Sends rubbish instead of the body, and nothing that tells of the object. */
  garble({ status, headers = {} }: Reply): void {
    const kept = Object.entries(headers).filter(([name]) =>
      /^(content-type|retry-after)$/.test(name)
    );
    const body = status === 204 ? "" : RUBBISH;
    this.send({ status, headers: Object.fromEntries(kept), body });
  }

  #begin({ status, headers, body = "" }: Reply, more = 0): Buffer {
    const bytes = Buffer.from(body as Uint8Array);
    const size = status === 204 || status === 304 ? {} : {
      "content-length": String(bytes.length + more),
    };
    this.#res.writeHead(status, { ...headers, ...size });
    return bytes;
  }

  #write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve) => this.#res.write(bytes, () => resolve()));
  }
}

/** Waits so many milliseconds. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
