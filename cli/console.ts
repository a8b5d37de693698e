/**
 * What steps write by themselves, so that it neither tears the live display
 * apart nor mixes with JSON.
 *
 * @module
 */

import { Console } from "node:console";
import process from "node:process";
import { Writable } from "node:stream";
import { format } from "node:util";
import type { Output } from "./style.ts";

/** The methods of the console that print, or that those depend on. */
const METHODS = {
  stdout: [
    ...["log", "info", "debug", "dir", "dirxml", "table", "clear"],
    ...["count", "countReset", "time", "timeLog", "timeEnd"],
    // Bun writes traces to standard output; the others do not.
    ...["group", "groupCollapsed", "groupEnd", "write", "trace"],
  ],
  stderr: ["warn", "error", "trace", "assert"],
} as const;

/** A console by the names of its methods. */
type Methods = Record<string, (...args: unknown[]) => void>;

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
  // Deno and Bun print without the streams: they are given another console.
  const own = consoleOf(take);
  const shared = console as unknown as Methods;
  for (const method of new Set(names.flatMap((name) => METHODS[name]))) {
    // Only Bun has write.
    if (!(method in shared)) continue;
    const original = shared[method];
    shared[method] = (...args) => own[method](...args);
    undo.push(() => shared[method] = original);
  }
  for (const name of names) undo.push(takeStream(process[name], take));
  return () => {
    for (const each of undo.splice(0)) each();
    if (rest !== "") sink(`${rest}\n`);
    rest = "";
  };
}

function consoleOf(take: (text: string) => void): Methods {
  const stream = new Writable({
    decodeStrings: false,
    write(text: string, _encoding, done) {
      take(text);
      done();
    },
  });
  const methods = new Console(stream, stream) as unknown as Methods;
  methods.write = (...chunks) => {
    for (const chunk of chunks) process.stdout.write(chunk as string);
  };
  // That of Bun leaves the text out.
  methods.trace = (...args) => {
    const calls = new Error().stack?.split("\n").slice(3) ?? [];
    methods.error([`Trace: ${format(...args)}`, ...calls].join("\n"));
  };
  return methods;
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
