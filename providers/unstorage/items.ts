/**
 * What is used of unstorage, and what its drivers make of texts.
 *
 * @module
 */

import { InvalidOptionError } from "../../src/errors.ts";

/** What is used of a storage that `createStorage` of unstorage has made. */
export interface UnstorageLike {
  /** Reads an item; null where there is none. */
  getItem(key: string): Promise<unknown>;
  /** Writes an item. */
  setItem(key: string, value: string): Promise<void>;
  /** Tells whether there is an item. */
  hasItem(key: string): Promise<boolean>;
  /** Removes an item. */
  removeItem(key: string): Promise<void>;
  /** Lists the keys of items that begin with a base. */
  getKeys(base?: string): Promise<string[]>;
  /** Tells which driver has a key. */
  getMount?(key: string): { readonly driver?: object };
}

const METHODS = ["getItem", "setItem", "hasItem", "removeItem", "getKeys"];

/**
 * Tells whether a value is a storage of unstorage.
 *
 * @param value What was given.
 * @returns Whether it has the methods of one.
 */
export function isUnstorage(value: unknown): value is UnstorageLike {
  return typeof value === "object" && value !== null &&
    METHODS.every((name) =>
      typeof (value as Record<string, unknown>)[name] === "function"
    );
}

/**
 * Refuses a driver that only reads: it would lose what it is given, without a
 * word.
 *
 * @param storage The storage.
 * @param prefix Where in it things are kept.
 * @throws {InvalidOptionError} If the driver there only reads.
 */
export function refuseReadOnly(storage: UnstorageLike, prefix: string): void {
  const { driver } = storage.getMount?.(prefix) ?? {};
  if (driver === undefined) return;
  const { name, setItem, options } = driver as {
    name?: string;
    setItem?: unknown;
    options?: { readOnly?: boolean };
  };
  if (typeof setItem === "function" && !options?.readOnly) return;
  throw new InvalidOptionError(
    `Cannot use driver ${JSON.stringify(name ?? "without name")} of ` +
      "unstorage: it only reads; mount one that writes",
  );
}

/**
 * Makes a text of an item, whatever the driver has made of it.
 *
 * @param item What the driver gave.
 * @returns The text; undefined where there is no item.
 * @throws {Error} What the driver gave in place of throwing it.
 */
export async function toText(item: unknown): Promise<string | undefined> {
  if (item === null || item === undefined) return undefined;
  if (typeof item === "string") return item;
  // Some drivers give what they have caught, in place of throwing it.
  if (item instanceof Error) throw item;
  if (
    item instanceof Blob || item instanceof ArrayBuffer ||
    ArrayBuffer.isView(item)
  ) return await new Response(item as BodyInit).text();
  // What was parsed was no text of ours.
  return "";
}
