/**
 * What steps write by themselves, so that it neither tears the live display
 * apart nor mixes with JSON.
 *
 * @module
 */

import process from "node:process";
import { format } from "node:util";
import type { Output } from "./style.ts";

const METHODS = ["log", "info", "debug", "warn", "error"] as const;

/** The streams of this process, whoever has taken over what is written. */
export interface Streams {
  /** Standard output. */
  readonly out: Output;
  /** Standard error. */
  readonly err: Output;
}

/**
 * The streams of this process as they are now.
 *
 * @returns Both.
 */
export function streamsOf(): Streams {
  return { out: outputOf(process.stdout), err: outputOf(process.stderr) };
}

function outputOf(stream: NodeJS.WriteStream): Output {
  const write = stream.write.bind(stream);
  return {
    get isTTY() {
      return stream.isTTY === true;
    },
    get columns() {
      return stream.columns;
    },
    get rows() {
      return stream.rows;
    },
    write: (text) => write(text),
  };
}

/**
 * Takes over what others write: the console, and the streams themselves.
 *
 * @param sink Takes whole lines.
 * @param names The streams that are taken over.
 * @returns Gives everything back.
 */
export function takeOver(
  sink: (text: string) => void,
  names: readonly ("stdout" | "stderr")[],
): () => void {
  let rest = "";
  const take = (text: string) => {
    const end = text.lastIndexOf("\n") + 1;
    if (end > 0) sink(rest + text.slice(0, end));
    rest = (end > 0 ? "" : rest) + text.slice(end);
  };
  const undo: (() => void)[] = [];
  for (const method of METHODS) {
    const isError = method === "warn" || method === "error";
    if (!names.includes(isError ? "stderr" : "stdout")) continue;
    const original = console[method];
    console[method] = (...args) => take(`${format(...args)}\n`);
    undo.push(() => console[method] = original);
  }
  for (const name of names) undo.push(takeStream(process[name], take));
  return () => {
    for (const each of undo.splice(0)) each();
    if (rest !== "") sink(`${rest}\n`);
    rest = "";
  };
}

function takeStream(
  stream: NodeJS.WriteStream,
  take: (text: string) => void,
): () => void {
  const decoder = new TextDecoder();
  const original = stream.write;
  stream.write = ((
    chunk: string | Uint8Array,
    ...rest: unknown[]
  ): boolean => {
    take(
      typeof chunk === "string"
        ? chunk
        : decoder.decode(chunk, { stream: true }),
    );
    const done = rest.find((each) => typeof each === "function");
    if (done) queueMicrotask(done as () => void);
    return true;
  }) as typeof stream.write;
  return () => {
    stream.write = original;
  };
}
