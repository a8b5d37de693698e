/**
 * Lines that are appended to a file: taken at once and written by and by, so
 * that a burst is not faster than the disk.
 *
 * @module
 */

import { DeliveryError } from "../../src/errors.ts";

/** The most that waits to be written, in UTF-16 code units. */
const MOST_WAITING = 16_000_000;

/** A file of lines. */
export class LineFile {
  readonly #path: string;
  /** The lines that wait, written together by whoever comes next. */
  #waiting: string[] = [];
  #size = 0;
  #writing: Promise<void> = Promise.resolve();
  #lost = 0;
  #reason = "";

  /**
   * Makes a `LineFile`; the file is made when there is a line.
   *
   * @param path The file; its folder is made when it is missing.
   */
  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Takes a line.
   *
   * @param line The line, without its end.
   * @throws {DeliveryError} If earlier lines are lost.
   */
  append(line: string): void {
    if (this.#size + line.length > MOST_WAITING) {
      this.#lose(1, "the disk is too slow");
    } else {
      this.#size += line.length;
      this.#waiting.push(line);
      if (this.#waiting.length === 1) {
        this.#writing = this.#writing.then(() => this.#write());
      }
    }
    this.#tellLoss();
  }

  /**
   * Waits until every line that was taken is written.
   *
   * @throws {DeliveryError} If lines are lost.
   */
  async flush(): Promise<void> {
    await this.#writing;
    this.#tellLoss();
  }

  async #write(): Promise<void> {
    const lines = this.#waiting;
    this.#waiting = [];
    this.#size = 0;
    try {
      const { appendFile, mkdir } = await import("node:fs/promises");
      const { dirname } = await import("node:path");
      await mkdir(dirname(this.#path), { recursive: true });
      await appendFile(this.#path, `${lines.join("\n")}\n`);
    } catch (error) {
      this.#lose(lines.length, (error as Error).message);
    }
  }

  #lose(count: number, reason: string): void {
    this.#lost += count;
    this.#reason = reason;
  }

  #tellLoss(): void {
    const lost = this.#lost;
    if (lost === 0) return;
    this.#lost = 0;
    const lines = lost === 1 ? "1 line is" : `${lost} lines are`;
    throw new DeliveryError("the log's file", `${this.#reason}; ${lines} lost`);
  }
}
