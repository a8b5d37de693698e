/**
 * The contract of the remote API, over every kind of storage that it may keep
 * its data in.
 *
 * @module
 */

import { StorageDefault } from "@dotflow/dotflow";
import { StorageFile } from "@dotflow/dotflow/providers/storage-file";
import {
  type R2Binding,
  StorageR2,
} from "@dotflow/dotflow/providers/storage-r2";
import { StorageS3 } from "@dotflow/dotflow/providers/storage-s3";
import { cleanup, tempDir } from "./harness.ts";
import { openS3, r2Bucket } from "./lab.ts";
import { testServer } from "./server_contract.ts";

testServer({
  name: "StorageDefault",
  open: () => {
    const storage = new StorageDefault();
    return Promise.resolve(() => storage);
  },
});

testServer({
  name: "StorageFile",
  options: { needs: ["files"] },
  open: async () => {
    const path = await tempDir();
    return () => {
      const storage = new StorageFile({ path });
      cleanup(() => storage.close());
      return storage;
    };
  },
});

testServer({
  name: "StorageS3",
  slow: true,
  open: async () => {
    const { storage } = await openS3();
    return () => new StorageS3(storage);
  },
});

testServer({
  name: "StorageR2",
  slow: true,
  options: { skip: r2Bucket().skip },
  open: () => {
    const prefix = `server-${crypto.randomUUID()}/`;
    return Promise.resolve(() =>
      new StorageR2({ bucket: r2Bucket<R2Binding>().server!, prefix })
    );
  },
});
