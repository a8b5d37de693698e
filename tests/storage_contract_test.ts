import { type Storage, StorageDefault } from "@dotflow/dotflow";
import { StorageFile } from "@dotflow/dotflow/providers/storage-file";
import { storageContract, type StorageSubject } from "@dotflow/dotflow/testing";
import assert from "node:assert/strict";
import { tempDir, test } from "./harness.ts";
import { type TestedStorage, testStorage } from "./storage_contract.ts";
import { StorageBare, StorageText } from "./storages.ts";

const folders = new WeakMap<Storage, string>();

function openFolder(path: string): StorageFile {
  const storage = new StorageFile({ path, fsync: false });
  folders.set(storage, path);
  return storage;
}

const subjects: Record<string, TestedStorage> = {
  StorageDefault: {
    open: () => new StorageDefault(),
    lacks: ["persistent"],
  },
  StorageFile: {
    open: async () => openFolder(await tempDir()),
    reopen: (storage) => openFolder(folders.get(storage)!),
    needs: ["files"],
  },
  "a storage of one's own": {
    open: () => new StorageText(),
    reopen: (storage) => new StorageText((storage as StorageText).texts),
  },
  "a storage with post and get": {
    open: () => new StorageBare(),
    reopen: (storage) => new StorageBare((storage as StorageBare).texts),
    lacks: ["atomicSwap", "delete", "deletePrefix", "listKeys"],
  },
};

for (const [provider, subject] of Object.entries(subjects)) {
  testStorage(provider, subject);
}

test("storage contract: every test has a name of its own", () => {
  const names = storageContract.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
});

test("storage contract: a test cannot pass without what it needs", async () => {
  const subject = { open: () => new StorageBare(), lacks: ["atomicSwap"] };
  const contract = storageContract.find(({ needs }) =>
    needs.includes("atomicSwap")
  )!;
  await assert.rejects(
    contract.run(subject as StorageSubject),
    /without atomicSwap: skip it/,
  );
});
