/**
 * The buckets of the fault lab, each with the storage that works on it.
 *
 * @module
 */

import type { Storage } from "@dotflow/dotflow";
import { StorageGCS } from "@dotflow/dotflow/providers/storage-gcs";
import { StorageS3 } from "@dotflow/dotflow/providers/storage-s3";
import {
  type BucketOptions,
  type LabGcs,
  type LabS3,
  openGcs,
  openS3,
  type RequestRecord,
} from "./lab.ts";

/** A bucket, and a way to a storage on it. */
export interface Bucket {
  /** The bucket itself. */
  readonly lab: LabS3 | LabGcs;
  /** Opens a storage, as another process would. */
  open(options?: { maxAttempts?: number; timeout?: number }): Storage;
}

/** Opens an empty bucket, by the name of the storage that works on it. */
export const BUCKETS: Record<
  "StorageS3" | "StorageGCS",
  (options?: BucketOptions) => Promise<Bucket>
> = {
  StorageS3: async (options) => {
    const lab = await openS3(options);
    const open = (more = {}) => new StorageS3({ ...lab.storage, ...more });
    return { lab, open };
  },
  StorageGCS: async (options) => {
    const lab = await openGcs(options);
    const open = (more = {}) => new StorageGCS({ ...lab.storage, ...more });
    return { lab, open };
  },
};

/** The requests for objects: no tokens, and not the one-time probe. */
export async function objectRequests(
  { lab }: Bucket,
): Promise<RequestRecord[]> {
  const history = await lab.history();
  return history.filter(({ op, key }) =>
    !/token/i.test(op) && !key?.includes("_probe/")
  );
}

/** Whether a request writes or removes something. */
export function isWrite({ method, op }: RequestRecord): boolean {
  return method !== "GET" && method !== "HEAD" && op !== "ListObjectsV2";
}
