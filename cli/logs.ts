/**
 * `dotflow logs`: shows what `LogDefault` wrote to its file.
 *
 * @module
 */

import { open } from "node:fs/promises";
import process from "node:process";
import { LEVELS, type LogLevel } from "../src/contracts/log.ts";
import { describe } from "../src/describe.ts";
import { oneOf } from "../src/options.ts";
import { sleep } from "../src/wait.ts";
import { streamsOf } from "./console.ts";
import { type LogRecord, parseLine, showRecord } from "./log_lines.ts";
import { jsonLine } from "./report/json.ts";
import { Signals } from "./signals.ts";
import { styleOf } from "./style.ts";
import { EXIT, UsageError } from "./usage.ts";
import { reasonOf } from "./value.ts";

/** The flags of `logs`. */
export interface LogsFlags {
  /** The file. */
  readonly path?: string;
  /** Whether it goes on as the file grows. */
  readonly follow?: boolean;
  /** The least grave level. */
  readonly level?: string;
  /** How many of the last lines. */
  readonly lines?: number;
  /** One workflow only. */
  readonly workflow?: string;
  /** JSON instead of text. */
  readonly json?: boolean;
  /** Whether colours are allowed. */
  readonly color?: boolean;
}

/** How often a file is looked at while it is followed. */
const LOOK_MS = 200;
/** The most that is read at once. */
const CHUNK_BYTES = 1 << 20;

/**
 * Shows the last lines of a log's file.
 *
 * @param flags The flags.
 * @returns The exit code.
 * @throws {UsageError} If the file cannot be read.
 * @throws {InvalidOptionError} If the level is none.
 */
export async function logs(flags: LogsFlags): Promise<number> {
  const { path = ".output/dotflow.log", lines = 100 } = flags;
  const wanted = filterOf(flags);
  const { out } = streamsOf();
  const style = styleOf(out, flags.color);
  const show = (record: LogRecord) =>
    out.write(`${flags.json ? jsonLine(record) : showRecord(record, style)}\n`);
  const reader = new LineReader(path);
  let last: LogRecord[] = [];
  await reader.read((line) => {
    const record = parseLine(line);
    if (!wanted(record)) return;
    last.push(record);
    if (last.length >= 2 * lines) last = last.slice(-lines);
  });
  for (const record of last.slice(-lines)) show(record);
  if (!flags.follow) return EXIT.ok;
  return await follow(reader, (line) => {
    const record = parseLine(line);
    if (wanted(record)) show(record);
  });
}

/**
 * Follows a file until Ctrl-C, which is how it is meant to end, or until nobody
 * reads any more, as in `dotflow logs --follow | head`.
 */
async function follow(
  reader: LineReader,
  take: (line: string) => void,
): Promise<number> {
  const signals = new Signals(() => {}, () => {});
  const { signal, stop } = signals;
  process.stdout.on("error", stop);
  try {
    do {
      await sleep(LOOK_MS, signal).catch(() => {});
      await reader.read(take);
    } while (!signal.aborted);
    return EXIT.ok;
  } finally {
    process.stdout.off("error", stop);
    signals.close();
  }
}

function filterOf(
  { level, workflow }: LogsFlags,
): (record: LogRecord) => boolean {
  const check = oneOf(LEVELS, "DEBUG");
  const least = LEVELS.indexOf(check(level?.toUpperCase(), "--level"));
  return (record) => {
    const grade = LEVELS.indexOf(record.level as LogLevel);
    // A line without one of our levels is shown, not lost.
    return (grade < 0 || grade >= least) &&
      (workflow === undefined || record.workflow_id === workflow);
  };
}

/** Reads whole lines of a file, and later those that were added. */
class LineReader {
  readonly #path: string;
  readonly #buffer = new Uint8Array(CHUNK_BYTES);
  #position = 0;
  #rest = "";
  #decoder = new TextDecoder();
  #file: string | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  async read(take: (line: string) => void): Promise<void> {
    try {
      await this.#read(take);
    } catch (error) {
      // A log that is being replaced is not there for a moment.
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOENT" && this.#file !== undefined) return;
      throw new UsageError(
        `Cannot read the log ${describe(this.#path)}: ${reasonOf(error)}`,
      );
    }
  }

  async #read(take: (line: string) => void): Promise<void> {
    const file = await open(this.#path, "r");
    try {
      const { ino, size } = await file.stat();
      // It was replaced or emptied: it begins anew.
      if (this.#file !== `${ino}` || size < this.#position) {
        this.#position = 0;
        this.#rest = "";
        this.#decoder = new TextDecoder();
      }
      this.#file = `${ino}`;
      const buffer = this.#buffer;
      for (;;) {
        const { bytesRead } = await file.read(
          buffer,
          0,
          CHUNK_BYTES,
          this.#position,
        );
        if (bytesRead === 0) return;
        this.#position += bytesRead;
        const text = this.#decoder.decode(buffer.subarray(0, bytesRead), {
          stream: true,
        });
        const lines = (this.#rest + text).split("\n");
        this.#rest = lines.pop()!;
        for (const line of lines) if (line !== "") take(line);
      }
    } finally {
      await file.close();
    }
  }
}
