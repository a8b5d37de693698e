/**
 * The file system as the journal needs it: `node:fs`, loaded when first used,
 * and its errors in words.
 *
 * @module
 */

import { DotFlowError, StorageError } from "../../src/errors.ts";
import { keyPart } from "../../src/key.ts";

/** The module `node:fs`. */
export type Fs = typeof import("node:fs");

/** Up to this many bytes go to the page cache at once: no thread is worth it. */
export const SMALL_WRITE: number = 64 * 1024;

let loaded: Fs | undefined;

/**
 * Loads `node:fs`, so that importing this module needs no operating system.
 *
 * @returns The module.
 */
export async function loadFs(): Promise<Fs> {
  return loaded ??= (await import("node:fs")).default;
}

/**
 * Opens a file that exists for reading and appending.
 *
 * @param fs The file system.
 * @param path The file.
 * @returns The file, and why it cannot be written where that is so.
 */
export function openExisting(
  fs: Fs,
  path: string,
): { fd: number; refusal?: unknown } {
  const { O_APPEND, O_RDWR } = fs.constants;
  try {
    // Without O_CREAT: a file that is gone by now must not come back empty.
    return { fd: fs.openSync(path, O_APPEND | O_RDWR) };
  } catch (refusal) {
    return { fd: fs.openSync(path, "r"), refusal };
  }
}

/**
 * Appends bytes in one call, which is what keeps writers apart. A short write
 * is not continued: another writer's record could come between.
 *
 * @param fs The file system.
 * @param fd A file that is open for appending.
 * @param bytes What to append.
 * @returns A promise, unless it is done already.
 */
export function append(
  fs: Fs,
  fd: number,
  bytes: Uint8Array,
): Promise<void> | undefined {
  if (bytes.length <= SMALL_WRITE) {
    refuseShort(fs.writeSync(fd, bytes), bytes.length);
    return undefined;
  }
  return new Promise<number>((resolve, reject) =>
    fs.write(fd, bytes, 0, bytes.length, null, (error, written) => {
      error ? reject(error) : resolve(written);
    })
  ).then((written) => refuseShort(written, bytes.length));
}

function refuseShort(written: number, length: number): void {
  if (written === length) return;
  throw Object.assign(
    new Error(`Only ${written} of ${length} bytes were written`),
    { code: "ENOSPC" },
  );
}

/**
 * Waits until what was written to a file is on the disk.
 *
 * @param fs The file system.
 * @param fd The file.
 */
export function syncData(fs: Fs, fd: number): Promise<void> {
  return new Promise((resolve, reject) =>
    fs.fdatasync(fd, (error) => error ? reject(error) : resolve())
  );
}

/**
 * Waits until the entries of a folder are on the disk, where the system can
 * do that (Windows cannot, and needs not).
 *
 * @param fs The file system.
 * @param path The folder.
 */
export async function syncFolder(fs: Fs, path: string): Promise<void> {
  let folder;
  try {
    folder = await fs.promises.open(path, "r");
  } catch (error) {
    if (codeOf(error) === "ENOENT") throw error;
    return;
  }
  try {
    await folder.sync();
  } catch (error) {
    if (!["EPERM", "EINVAL", "EISDIR"].includes(codeOf(error))) throw error;
  } finally {
    await folder.close();
  }
}

/**
 * The code of a system error.
 *
 * @param error What was thrown.
 * @returns Such as `ENOENT`; what has no code gives its name.
 */
export function codeOf(error: unknown): string {
  const { code, name } = error as NodeJS.ErrnoException;
  return code ?? name;
}

/** What a system error means, and what to do about it. */
const ADVICE: Record<string, string> = {
  ENOSPC: "the disk is full; free space on it, then run again",
  EDQUOT: "the disk quota is used up; free space, then run again",
  EROFS: "the file system is read-only; choose a path that can be written",
  EACCES: "permission is missing; let this process read and write there",
  EPERM: "permission is missing; let this process read and write there",
  NotCapable: "permission is missing; run Deno with --allow-read=DIR " +
    "--allow-write=DIR",
  ENOTDIR: "a part of the path is no folder; choose another path",
  EMFILE: "too many files are open; close some, or raise the limit",
  ENFILE: "too many files are open; close some, or raise the limit",
};

/**
 * Makes a system error one that a caller may catch.
 *
 * @param operation What was being done, such as `write`.
 * @param path The file or folder.
 * @param cause What was thrown.
 * @returns An error that names all three; one of our own stays as it is.
 */
export function storageError(
  operation: string,
  path: string,
  cause: unknown,
): DotFlowError {
  if (cause instanceof DotFlowError) return cause;
  const code = codeOf(cause);
  const reason = ADVICE[code] ?? String((cause as Error)?.message ?? cause);
  return new StorageError(
    `Cannot ${operation} ${JSON.stringify(path)}: ${reason} (${code})`,
    { cause },
  );
}

/**
 * The folder of the journal that a key lies in: its first part.
 *
 * @param key The key.
 * @returns The name of the folder.
 */
export function folderOf(key: string): string {
  const slash = key.indexOf("/");
  const part = slash < 0 ? key : key.slice(0, slash);
  if (/^[a-z0-9_-]{1,200}$/.test(part)) return part;
  return keyPart(part) || "_empty";
}
