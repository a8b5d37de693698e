/**
 * What the records of a journal amount to. Every reader applies the same
 * records in the same order, its own among them, and so all agree.
 *
 * @module
 */

import type { ContextBody } from "../../src/context.ts";
import type { Change } from "./record.ts";

/** Parsed contexts are kept for their first reader up to this many bytes. */
const KEPT_BYTES = 16 * 1024 * 1024;

/** The latest record of a key. */
export interface Entry {
  /** Where its line lies in the file. */
  readonly offset: number;
  /** How many bytes the line has. */
  readonly length: number;
  /** The context that was parsed on reading, for whoever asks first. */
  body?: ContextBody;
}

/** The latest record of every key. */
export class Ledger {
  /** The keys, in the order in which they came. */
  readonly entries: Map<string, Entry> = new Map();
  /** Whether a seal was read: no later record counts. */
  sealed = false;
  /** Bytes of the lines that count. */
  live = 0;
  #kept = 0;

  /**
   * Applies a record.
   *
   * @param change What it does.
   * @param offset Where its line lies.
   * @param length How many bytes the line has.
   * @param body Its context, where it has been parsed.
   * @returns How many keys it changed; -1 after a seal, where nothing counts.
   */
  apply(
    change: Change,
    offset: number,
    length: number,
    body?: ContextBody,
  ): number {
    if (this.sealed) return -1;
    const { op, key } = change;
    const before = this.entries.get(key);
    switch (op) {
      case "create":
        if (before !== undefined) return 0;
        break;
      case "swap":
        if (before?.offset !== change.expect) return 0;
        break;
      case "delete":
        return this.#remove(key, before);
      case "deletePrefix":
        return this.#removeAll(key);
      case "seal":
        this.sealed = true;
        return 0;
    }
    if (before !== undefined) this.#forget(before);
    if (body !== undefined && this.#kept + length > KEPT_BYTES) {
      body = undefined;
    }
    if (body !== undefined) this.#kept += length;
    this.live += length;
    this.entries.set(key, { offset, length, body });
    return 1;
  }

  /**
   * Hands out the parsed context of an entry, once.
   *
   * @param entry The entry.
   * @returns The context, which belongs to the caller now.
   */
  takeBody(entry: Entry): ContextBody | undefined {
    const { body } = entry;
    if (body === undefined) return undefined;
    entry.body = undefined;
    this.#kept -= entry.length;
    return body;
  }

  /**
   * Lists keys.
   *
   * @param prefix How they begin.
   * @returns The keys, in the order of their code units.
   */
  keys(prefix: string): string[] {
    const keys = [];
    for (const key of this.entries.keys()) {
      if (key.startsWith(prefix)) keys.push(key);
    }
    return keys.sort();
  }

  /**
   * Tells whether a prefix has keys.
   *
   * @param prefix How they begin.
   * @returns Whether there is one.
   */
  hasPrefix(prefix: string): boolean {
    for (const key of this.entries.keys()) {
      if (key.startsWith(prefix)) return true;
    }
    return false;
  }

  #removeAll(prefix: string): number {
    let count = 0;
    for (const [key, entry] of this.entries) {
      if (key.startsWith(prefix)) count += this.#remove(key, entry);
    }
    return count;
  }

  #remove(key: string, entry: Entry | undefined): number {
    if (entry === undefined) return 0;
    this.#forget(entry);
    this.entries.delete(key);
    return 1;
  }

  #forget(entry: Entry): void {
    this.live -= entry.length;
    this.takeBody(entry);
  }
}
