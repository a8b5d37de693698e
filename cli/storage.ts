/**
 * The storage that flags ask for.
 *
 * @module
 */

import { stat } from "node:fs/promises";
import type { Command } from "commander";
import type { Storage } from "../src/contracts/storage.ts";
import { describe } from "../src/describe.ts";
import { UsageError } from "./usage.ts";
import { reasonOf } from "./value.ts";

/** The flags about storages, as commander gives them. */
export interface StorageFlags {
  /** Which storage. */
  readonly storage?: string;
  /** The folder of files. */
  readonly path?: string;
  /** The bucket of S3 or Google Cloud Storage. */
  readonly bucket?: string;
  /** What the names of objects begin with. */
  readonly prefix?: string;
  /** The region of S3. */
  readonly region?: string;
  /** The address of S3 or Google Cloud Storage. */
  readonly endpoint?: string;
}

/** The flags of each storage beside `--storage`. */
const FLAGS: Readonly<Record<string, readonly (keyof StorageFlags)[]>> = {
  default: [],
  file: ["path"],
  s3: ["bucket", "prefix", "region", "endpoint"],
  gcs: ["bucket", "prefix", "endpoint"],
};

/** All flags about storages. */
export const STORAGE_FLAGS: readonly (keyof StorageFlags)[] = [
  "storage",
  "path",
  "bucket",
  "prefix",
  "region",
  "endpoint",
];

/**
 * Adds the flags about storages to a command.
 *
 * @param command The command.
 * @param fallback What stands where no storage is named, in words.
 * @param defaultPath The folder of files where none is named.
 * @returns The command.
 */
export function addStorageFlags(
  command: Command,
  fallback: string,
  defaultPath: string = ".output",
): Command {
  return command
    .option("--storage <kind>", `default, file, s3 or gcs (${fallback})`)
    .option("--path <folder>", `the folder of files (${defaultPath})`)
    .option("--bucket <name>", "the bucket of s3 or gcs")
    .option("--prefix <text>", "what names in the bucket begin with")
    .option("--region <name>", "the region of s3")
    .option(
      "--endpoint <url>",
      "the address of s3 or gcs, where it is another",
    );
}

/**
 * Makes the storage that flags ask for. Credentials come from the environment.
 *
 * @param flags The flags.
 * @param fallback Which storage stands where none is named.
 * @param defaultPath The folder of files where none is named.
 * @returns The storage; undefined for the one in memory.
 * @throws {UsageError} If the flags do not go together.
 * @throws {InvalidOptionError} If the value of one is not allowed.
 */
export async function openStorage(
  flags: StorageFlags,
  fallback: "default" | "file" = "default",
  defaultPath: string = ".output",
): Promise<Storage | undefined> {
  const { bucket, prefix, region, endpoint } = flags;
  const kind = flags.storage ?? (flags.path === undefined ? fallback : "file");
  refuseForeign(kind, flags);
  switch (kind) {
    case "default":
      return undefined;
    case "file": {
      const { StorageFile } = await import("../providers/storage_file.ts");
      return new StorageFile({ path: flags.path ?? defaultPath });
    }
    case "s3": {
      const { StorageS3 } = await import("../providers/storage_s3.ts");
      return new StorageS3({
        ...needBucket(kind, bucket),
        prefix,
        region,
        endpoint,
      });
    }
    default: {
      const { StorageGCS } = await import("../providers/storage_gcs.ts");
      return new StorageGCS({ ...needBucket(kind, bucket), prefix, endpoint });
    }
  }
}

function refuseForeign(kind: string, flags: StorageFlags): void {
  if (!Object.hasOwn(FLAGS, kind)) {
    throw new UsageError(
      `Cannot use ${describe(kind)} as --storage: allowed are ` +
        Object.keys(FLAGS).join(", "),
    );
  }
  for (const flag of STORAGE_FLAGS) {
    if (flag === "storage" || flags[flag] === undefined) continue;
    if (FLAGS[kind].includes(flag)) continue;
    const homes = Object.keys(FLAGS).filter((one) => FLAGS[one].includes(flag));
    throw new UsageError(
      `Cannot use --${flag} with --storage ${kind}: it goes with ` +
        homes.map((home) => `--storage ${home}`).join(" or "),
    );
  }
}

function needBucket(
  kind: string,
  bucket: string | undefined,
): { bucket: string } {
  if (bucket !== undefined) return { bucket };
  throw new UsageError(`Cannot use --storage ${kind} without --bucket NAME`);
}

/**
 * Makes the storage of a command that only makes sense where things stay.
 *
 * @param flags The flags.
 * @returns The storage.
 * @throws {UsageError} If the flags do not go together, or ask for memory.
 * @throws {InvalidOptionError} If the value of one is not allowed.
 */
export async function openLasting(
  flags: StorageFlags,
  defaultPath?: string,
): Promise<Storage> {
  const storage = await openStorage(flags, "file", defaultPath);
  if (flags.path !== undefined) await refuseMissing(flags.path);
  if (storage !== undefined) return storage;
  throw new UsageError(
    "Cannot use --storage default here: it is the memory of one process, " +
      "which keeps nothing; give file, s3 or gcs",
  );
}

/** A folder that somebody has named is not just one without runs. */
async function refuseMissing(path: string): Promise<void> {
  try {
    await stat(path);
  } catch (error) {
    throw new UsageError(
      `Cannot use ${describe(path)} as --path: ${reasonOf(error)}`,
    );
  }
}
