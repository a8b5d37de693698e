/**
 * A receiver of StatsD on a real socket, and a parser of its own that knows the
 * protocol from its documentation only.
 *
 * @see https://docs.datadoghq.com/developers/dogstatsd/datagram_shell
 * @see https://docs.datadoghq.com/getting_started/tagging
 *
 * @module
 */

import type { SeenMetrics, SeenTimes } from "@dotflow/dotflow/testing";
import assert from "node:assert/strict";
import type { Socket, SocketOptions, SocketType } from "node:dgram";
import type { LookupAddress } from "node:dns";
import { cleanup } from "./harness.ts";

/** A metric as it was received. */
export interface Metric {
  readonly name: string;
  readonly value: number;
  readonly type: string;
  /** The tags as they stand, such as `status:completed`. */
  readonly tags: readonly string[];
}

/** Reads a line; throws where it is none of the protocol. */
export function parseLine(line: string): Metric {
  const [body, ...fields] = line.split("|");
  const colon = body.indexOf(":");
  const [name, value] = [body.slice(0, colon), body.slice(colon + 1)];
  assert.match(name, /^[A-Za-z][A-Za-z0-9_.]*$/, `the name in ${line}`);
  assert.ok(name.length <= 200, `the name in ${line} is too long`);
  assert.match(value, /^-?\d+(\.\d+)?$/, `the value in ${line}`);
  const [type, ...sections] = fields;
  assert.ok(["c", "g", "ms", "h", "s", "d"].includes(type), `type: ${line}`);
  assert.ok(sections.length <= 1, `too many sections: ${line}`);
  const [section] = sections;
  assert.ok(section === undefined || /^#./.test(section), `tags: ${line}`);
  const tags = section === undefined ? [] : section.slice(1).split(",");
  for (const tag of tags) {
    assert.match(
      tag,
      /^\p{L}[\p{L}\p{N}_\-:./]*$/u,
      `the tag ${JSON.stringify(tag)}`,
    );
    assert.ok(!tag.endsWith(":"), `the tag ${tag} ends with a colon`);
    assert.ok([...tag].length <= 200, `the tag ${tag} is too long`);
  }
  return { name, value: Number(value), type, tags };
}

/** A socket that takes packets. */
export class Receiver {
  /** The packets, in the order of arrival. */
  readonly packets: Uint8Array[] = [];
  readonly #socket: Socket;
  readonly #address: string;
  readonly #marks = new Set<string>();
  #wake: () => void = () => {};

  constructor(socket: Socket, address: string) {
    this.#socket = socket;
    this.#address = address;
    socket.on("message", (packet) => {
      // A mark is no packet of the one who is tested, and may come twice.
      const text = packet.toString();
      if (text.startsWith("mark ")) this.#marks.delete(text);
      else this.packets.push(packet);
      this.#wake();
    });
  }

  /** Its port. */
  get port(): number {
    return this.#socket.address().port;
  }

  /** All lines so far. */
  get lines(): string[] {
    const decoder = new TextDecoder("utf-8", { fatal: true });
    return this.packets.flatMap((packet) => decoder.decode(packet).split("\n"));
  }

  /** All metrics so far. */
  get metrics(): Metric[] {
    return this.lines.map(parseLine);
  }

  /** Waits until a condition holds, which is asked after each packet. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((wake) => this.#wake = wake);
  }

  /**
   * Waits until all is here that was sent to it before: on loopback, what is
   * sent later comes later.
   */
  async settle(): Promise<void> {
    const mark = `mark ${crypto.randomUUID()}`;
    this.#marks.add(mark);
    // Where its buffer was full, a mark may have been lost as well.
    const send = () => this.#socket.send(mark, this.port, this.#address);
    const again = setInterval(send, 50);
    send();
    await this.until(() => !this.#marks.has(mark));
    clearInterval(again);
  }

  /** Ends it: nobody listens any more. */
  close(): void {
    this.#socket.close();
  }
}

/**
 * Opens a receiver on a free port; it is closed after the present test.
 *
 * @param address Where it listens.
 * @returns The receiver.
 */
export async function listen(address = "127.0.0.1"): Promise<Receiver> {
  const { createSocket } = (await import("node:dgram")).default;
  const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject);
    socket.bind(0, address, resolve);
  });
  const receiver = new Receiver(socket, address);
  cleanup(() => {
    try {
      receiver.close();
    } catch {
      // The test has closed it.
    }
  });
  return receiver;
}

/**
 * Watches which sockets are opened, until the end of the present test.
 *
 * @param prepare Is handed each of them.
 * @returns The sockets so far.
 */
export async function watchSockets(
  prepare: (socket: Socket) => void = () => {},
): Promise<Socket[]> {
  const { default: dgram } = await import("node:dgram");
  const { createSocket } = dgram;
  const sockets: Socket[] = [];
  dgram.createSocket = (options: SocketOptions | SocketType) => {
    const socket = createSocket(options as SocketOptions);
    sockets.push(socket);
    prepare(socket);
    return socket;
  };
  cleanup(() => dgram.createSocket = createSocket);
  return sockets;
}

/** Has every name looked up this way, until the end of the present test. */
export async function lookUpBy(
  find: (name: string) => Promise<readonly LookupAddress[]>,
): Promise<void> {
  const { default: dns } = await import("node:dns/promises");
  const { lookup } = dns;
  dns.lookup = find as never;
  cleanup(() => dns.lookup = lookup);
}

/** Counts metrics, as the contract of metrics asks for them. */
export function count(metrics: readonly Metric[]): SeenMetrics {
  const sum = (name: string, status?: string) =>
    metrics.filter((metric) =>
      metric.name === `dotflow.${name}` && metric.type === "c" &&
      (status === undefined || metric.tags.includes(`status:${status}`))
    ).reduce((sum, { value }) => sum + value, 0);
  const times = (name: string): SeenTimes => {
    const all = metrics.filter((metric) => metric.name === `dotflow.${name}`);
    const sumMs = all.reduce((sum, { value }) => sum + value, 0);
    return { count: all.length, sumMs };
  };
  return {
    workflowsStarted: sum("workflow.total", "started"),
    workflowsCompleted: sum("workflow.total", "completed"),
    workflowsFailed: sum("workflow.total", "failed"),
    tasksCompleted: sum("task.total", "completed"),
    tasksFailed: sum("task.total", "failed"),
    tasksRetried: sum("task.retry"),
    workflowTimes: times("workflow.duration"),
    taskTimes: times("task.duration"),
  };
}
