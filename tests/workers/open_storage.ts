/**
 * Opens a storage that several processes share, by what the test says of it.
 *
 * @module
 */

import type { Storage } from "@dotflow/dotflow";

/** A storage, as plain JSON. */
export interface StorageSpec {
  /** Its kind. */
  kind: "file" | "s3" | "gcs" | "redis";
  /** The options of its provider. */
  // deno-lint-ignore no-explicit-any
  options: any;
}

/**
 * Opens a storage.
 *
 * @param spec Which one.
 * @returns The storage.
 */
export async function openStorage(
  { kind, options }: StorageSpec,
): Promise<Storage> {
  switch (kind) {
    case "file": {
      const { StorageFile } = await import(
        "@dotflow/dotflow/providers/storage-file"
      );
      return new StorageFile(options);
    }
    case "s3": {
      const { StorageS3 } = await import(
        "@dotflow/dotflow/providers/storage-s3"
      );
      return new StorageS3(options);
    }
    case "gcs": {
      const { StorageGCS } = await import(
        "@dotflow/dotflow/providers/storage-gcs"
      );
      return new StorageGCS(options);
    }
    case "redis": {
      const { StorageRedis } = await import(
        "@dotflow/dotflow/providers/storage-redis"
      );
      // A process that is stopped for long must not lose a command by that.
      return new StorageRedis({ timeout: "1m", ...options });
    }
  }
}
