/**
 * Commits something to Redis and ends, without closing the storage:
 * `redis_commit.ts <url> <prefix>`.
 *
 * @module
 */

import { Context } from "@dotflow/dotflow";
import { StorageRedis } from "@dotflow/dotflow/providers/storage-redis";
import process from "node:process";

const [url, prefix] = process.argv.slice(2);
const storage = new StorageRedis({ url, prefix });
await storage.post("w/a", new Context({ storage: 1, taskId: "task" }));
console.log(`stored: ${(await storage.get("w/a")).storage}`);
