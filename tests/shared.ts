/**
 * Storages that several processes share, with the history of every change.
 *
 * @module
 */

import { Context } from "@dotflow/dotflow";
import type { Socket } from "node:net";
import { type ContextBody, fromBody } from "../src/context.ts";
import { cleanup, tempDir, type TestOptions } from "./harness.ts";
import { openGcs, openS3, redis } from "./lab.ts";
import type { StorageSpec } from "./workers/open_storage.ts";

/** One change of one key. */
export interface Change {
  /** The key. */
  key: string;
  /** What it holds from now on; undefined: nothing. */
  context: Context | undefined;
}

/** A storage that is empty at first. */
export interface Shared {
  /** What other processes need to open it. */
  spec: StorageSpec;
  /** All changes so far, in the order in which they happened. */
  changes(): Promise<Change[]>;
}

/** A kind of storage that processes can share. */
export interface SharedKind {
  /** Its name. */
  name: string;
  /** Why it cannot be tested here; false: it can. */
  skip: TestOptions["skip"];
  /** Opens one for the present test. */
  open(): Promise<Shared>;
}

/** All kinds. */
export const SHARED: readonly SharedKind[] = [
  { name: "StorageFile", skip: false, open: openFile },
  { name: "StorageS3", skip: false, open: () => openLab("s3") },
  { name: "StorageGCS", skip: false, open: () => openLab("gcs") },
  { name: "StorageRedis", skip: redis().skip, open: openRedis },
];

async function openLab(kind: "s3" | "gcs"): Promise<Shared> {
  const bucket = await (kind === "s3" ? openS3() : openGcs());
  const prefix = "shared/";
  return {
    spec: { kind, options: { ...bucket.storage, prefix } },
    async changes() {
      const versions = await bucket.versions();
      return versions.map(({ key, text }) => ({
        key: key.slice(prefix.length),
        context: text === null ? undefined : contextIn(text, key),
      }));
    },
  };
}

/** Reads what is stored; GCS and Redis have a line of numbers before it. */
function contextIn(stored: string, key: string): Context {
  return Context.fromText(stored.slice(stored.indexOf("\n") + 1), key);
}

async function openFile(): Promise<Shared> {
  const path = await tempDir();
  return {
    spec: { kind: "file", options: { path, compactAfterBytes: 1e12 } },
    async changes() {
      const { readdir, readFile } = await import("node:fs/promises");
      const changes: Change[] = [];
      for (const folder of await readdir(path)) {
        const bytes = await readFile(`${path}/${folder}/1.jsonl`);
        changes.push(...changesIn(bytes));
      }
      return changes;
    },
  };
}

/** Reads a journal on its own: what each of its records changes. */
function* changesIn(bytes: Uint8Array): Generator<Change> {
  const latest = new Map<string, number>();
  const decoder = new TextDecoder();
  for (let start = 0, end; start < bytes.length; start = end + 1) {
    end = bytes.indexOf(10, start);
    if (end < 0) end = bytes.length;
    const record: {
      op?: string;
      key: string;
      expect?: number;
      value: ContextBody;
    } = JSON.parse(decoder.decode(bytes.subarray(start, end)));
    const { op, key, expect, value } = record;
    if (op === undefined) continue;
    if (op.startsWith("delete")) {
      const isGone = (one: string) =>
        op === "delete" ? one === key : one.startsWith(key);
      for (const one of [...latest.keys()].filter(isGone)) {
        latest.delete(one);
        yield { key: one, context: undefined };
      }
    } else if (
      op === "put" || (op === "create" && !latest.has(key)) ||
      (op === "swap" && latest.get(key) === expect)
    ) {
      latest.set(key, start);
      yield { key, context: fromBody(value, key) };
    }
  }
}

async function openRedis(): Promise<Shared> {
  const url = redis().server!;
  const prefix = `shared:${crypto.randomUUID()}:`;
  const commands = await monitor(url, prefix);
  return {
    spec: { kind: "redis", options: { url, prefix } },
    async changes() {
      const latest = new Set<string>();
      const changes: Change[] = [];
      for (const [name, key, text, ...words] of await commands()) {
        const created = words.some((word) => /^nx$/i.test(word));
        if (/^set$/i.test(name) && !(created && latest.has(key))) {
          latest.add(key);
          changes.push({ key, context: contextIn(text, key) });
        } else if (/^(del|unlink)$/i.test(name) && latest.delete(key)) {
          changes.push({ key, context: undefined });
        }
      }
      return changes;
    },
  };
}

/** Listens to the commands of a Redis server, also of its scripts. */
async function monitor(
  url: string,
  prefix: string,
): Promise<() => Promise<string[][]>> {
  const { connect } = await import("node:net");
  const { once } = (await import("node:events")).default;
  const { hostname, port } = new URL(url);
  const socket: Socket = connect(Number(port), hostname);
  cleanup(() => socket.destroy());
  await once(socket, "connect");
  let text = "";
  socket.setEncoding("latin1").on("data", (more) => text += more);
  const heard = async (what: string) => {
    while (!text.includes(what)) await once(socket, "data");
  };
  socket.write("MONITOR\r\n");
  await heard("+OK");
  return async () => {
    // What is sent by a further connection now comes after all before it.
    const mark = crypto.randomUUID();
    const other = connect(Number(port), hostname);
    other.write(`ECHO ${mark}\r\n`);
    await heard(`"${mark}"`);
    other.destroy();
    return text.split("\r\n").map(wordsOf)
      .filter(([, key]) => key?.startsWith(prefix))
      .map(([name, key, ...rest]) => [name, key.slice(prefix.length), ...rest]);
  };
}

const ESCAPES: Record<string, string> = {
  n: "\n",
  r: "\r",
  t: "\t",
  a: "\x07",
  b: "\b",
};

/** The words of a command, as MONITOR writes them. */
function wordsOf(line: string): string[] {
  const words = line.match(/"(?:[^"\\]|\\.)*"/g) ?? [];
  return words.map((word) => {
    const bytes = word.slice(1, -1).replace(
      /\\(?:x([0-9a-f]{2})|(.))/g,
      (_, code, char) =>
        code ? String.fromCharCode(parseInt(code, 16)) : ESCAPES[char] ?? char,
    );
    const codes = Uint8Array.from(bytes, (char) => char.charCodeAt(0));
    return new TextDecoder().decode(codes);
  });
}
