/**
 * What is measured on files.
 *
 * @module
 */

import assert from "node:assert/strict";
import {
  type FileHandle,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
} from "node:fs/promises";
import { join } from "node:path";
import { action, type Run, type StartOptions } from "../../mod.ts";
import { StorageFile } from "../../providers/storage_file.ts";
import type { Benchmark, Side } from "./measure.ts";
import { build, mustComplete, silentConfig } from "./workflows.ts";

const TASKS = 1_000;
const PARALLEL: StartOptions = { mode: "parallel" };

const add = action(
  "add",
  ({ previousContext }) => (previousContext.storage ?? 0) + 1,
);

/** A folder of its own, on the disk of the project, not in memory. */
const newFolder = () => mkdtemp(".build/bench/files/");
const removeFolder = (path: string) =>
  rm(path, { recursive: true, force: true });

function buildOn(storage: StorageFile) {
  const config = silentConfig(storage);
  return build({ tasks: TASKS, step: add }, { workflowId: "bench", config });
}

/** A new workflow with an empty folder. */
function startingOnFiles(fsync: boolean, start?: StartOptions): Side {
  return {
    tasks: TASKS,
    prepare: async () => {
      const path = await newFolder();
      const storage = new StorageFile({ path, fsync });
      const workflow = buildOn(storage);
      return {
        run: () => workflow.start(start),
        end: async (run) => {
          mustComplete(run);
          await storage.close();
          await removeFolder(path);
        },
      };
    },
  };
}

/** Runs once, and gives the lines that were written. */
async function writeJournal(path: string): Promise<string[]> {
  const storage = new StorageFile({ path, fsync: false });
  mustComplete(await buildOn(storage).start());
  await storage.close();
  return await readLines(path);
}

async function readLines(path: string): Promise<string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const [file, ...others] = entries.filter((entry) => entry.isFile());
  assert.equal(others.length, 0, "a journal is one file");
  const text = await readFile(join(file.parentPath, file.name), "utf8");
  return text.split("\n").filter((line) => line !== "");
}

let sampleLines: string[] | undefined;

/** Writes the same lines as a run does, in a way of its own. */
function writingPlainly(
  write: (file: FileHandle, lines: readonly string[]) => Promise<void>,
): Side {
  return {
    tasks: TASKS,
    prepare: async () => {
      const path = await newFolder();
      sampleLines ??= (await writeJournal(join(path, "sample"))).slice(-TASKS);
      const lines = sampleLines.map((line) => `${line}\n`);
      const file = await open(join(path, "plain"), "a");
      return {
        run: () => write(file, lines),
        end: async () => {
          await file.close();
          await removeFolder(path);
        },
      };
    },
  };
}

const appendEach = writingPlainly(async (file, lines) => {
  for (const line of lines) await file.write(line);
});

const appendAndSyncEach = writingPlainly(async (file, lines) => {
  for (const line of lines) {
    await file.write(line);
    await file.datasync();
  }
});

const appendAll = writingPlainly(async (file, lines) => {
  await file.write(lines.join(""));
});

const appendAndSyncAll = writingPlainly(async (file, lines) => {
  await file.write(lines.join(""));
  await file.datasync();
});

/** A journal of a finished run, made once and only read from then on. */
let finished: Promise<string> | undefined;
async function finishedRun(): Promise<string> {
  const path = await newFolder();
  await writeJournal(path);
  return path;
}

const readingAndParsing: Side = {
  tasks: TASKS,
  prepare: async () => {
    const path = await (finished ??= finishedRun());
    return {
      run: async () => {
        const lines = await readLines(path);
        return lines.map((line) => JSON.parse(line));
      },
      end: (records) => assert.ok((records as unknown[]).length >= TASKS),
    };
  },
};

const resuming: Side = {
  tasks: TASKS,
  prepare: async () => {
    const path = await (finished ??= finishedRun());
    const storage = new StorageFile({ path });
    const workflow = buildOn(storage);
    return {
      run: () => workflow.start({ resume: true }),
      end: async (run) => {
        mustComplete(run);
        assert.ok((run as Run).tasks.every((task) => task.restored));
        await storage.close();
      },
    };
  },
};

/** The benchmarks on files. */
export const ON_FILES: readonly Benchmark[] = [
  {
    name: "files: chain of 1,000, fsync, vs append + fdatasync each",
    floor: appendAndSyncEach,
    ours: startingOnFiles(true),
    target: { kind: "ratio", most: 1.3 },
  },
  {
    name: "files: fan-out of 1,000, fsync, vs one append + fdatasync",
    floor: appendAndSyncAll,
    ours: startingOnFiles(true, PARALLEL),
    target: { kind: "ours", most: 20 },
  },
  {
    name: "files: chain of 1,000, no fsync, vs append each",
    floor: appendEach,
    ours: startingOnFiles(false),
    target: { kind: "ratio", most: 1.5 },
  },
  {
    name: "files: fan-out of 1,000, no fsync, vs one append",
    floor: appendAll,
    ours: startingOnFiles(false, PARALLEL),
  },
  {
    name: "files: resume of 1,000 vs read and JSON.parse",
    floor: readingAndParsing,
    ours: resuming,
    target: { kind: "ratio", most: 4 },
  },
];
