/**
 * Says which process it is, and whether others are gone, until it is killed:
 * `holder.ts <folder> <holder>…`.
 *
 * @module
 */

import { Context } from "@dotflow/dotflow";
import { StorageFile } from "@dotflow/dotflow/providers/storage-file";
import process from "node:process";

const [path, ...others] = process.argv.slice(2);
// Node with --permission has no fdatasync.
const storage = new StorageFile({ path, fsync: false });
await storage.post("w/a", new Context({ storage: 1 }));
console.log(`holder: ${await storage.holder()}`);
for (const other of others) {
  console.log(`gone: ${await storage.isGone(other)}`);
}
console.log(`stored: ${(await storage.get("w/a")).storage}`);
await storage.close();
if (others.length === 0) setInterval(() => {}, 60_000);
