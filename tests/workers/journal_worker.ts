/**
 * Works on a folder of journals in a process of its own, until it is done or
 * killed: `journal_worker.ts <mode> <path> <go> <name> <count> <compactAfter>`.
 *
 * @module
 */

import { Context } from "@dotflow/dotflow";
import { StorageFile } from "@dotflow/dotflow/providers/storage-file";
import { appendFileSync, existsSync } from "node:fs";

const [mode, path, go, name, count, compactAfter] = process.argv.slice(2);
const storage = new StorageFile({
  path,
  compactAfterBytes: Number(compactAfter),
});

function context(storage: unknown): Context {
  return new Context({ storage, taskId: name });
}

const modes: Record<string, () => Promise<unknown>> = {
  /** Creates keys that others create too; tells which ones it won. */
  async create() {
    const won: number[] = [];
    for (let at = 0; at < Number(count); at++) {
      await storage.post(`w/own/${name}`, context(at));
      const { storage: own } = await storage.get(`w/own/${name}`);
      if (own !== at) throw new Error(`${at} was confirmed, not ${own}`);
      if (await storage.atomicSwap(`w/${at}`, null, context(name))) {
        won.push(at);
      }
    }
    return won;
  },

  /** Counts up what others count up too. */
  async count() {
    for (let at = 0; at < Number(count);) {
      const before = await storage.get("w/count");
      const next = context((before.storage ?? 0) + 1);
      const expected = before.taskId === undefined ? null : before;
      if (await storage.atomicSwap("w/count", expected, next)) at++;
    }
    return "counted";
  },

  /** Commits until it is killed; notes down in a ledger what was confirmed. */
  async commit() {
    for (let at = Number(count);; at++) {
      await Promise.all([
        storage.post("w/latest", context(at)),
        storage.post("w/ballast", context("x".repeat(at % 300))),
        storage.atomicSwap(`w/step/${at}`, null, context(at)),
      ]);
      appendFileSync(go + ".ledger", `${at}\n`);
    }
  },

  /** Reads, and tries to write where that is not allowed. */
  async refused() {
    const { storage: value } = await storage.get("w/kept");
    const keys = await storage.listKeys("");
    const codes: string[] = [];
    for (const key of ["w/kept", "other/key"]) {
      await storage.post(key, context(2)).then(
        () => codes.push("stored"),
        (error) => codes.push(`${error.code} ${error.cause?.code}`),
      );
    }
    const { storage: after } = await storage.get("w/kept");
    return { value, keys, codes, after };
  },
};

console.log("ready");
while (!existsSync(go)) await new Promise((wake) => setTimeout(wake, 2));
console.log(`done ${JSON.stringify(await modes[mode]())}`);
await storage.close();
