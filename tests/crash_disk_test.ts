/**
 * Workflows whose disk gives out.
 *
 * @module
 */

import { action, Config, DotFlow, type StartOptions } from "@dotflow/dotflow";
import { StorageFile } from "@dotflow/dotflow/providers/storage-file";
import assert from "node:assert/strict";
import { rejectsWith } from "./flow.ts";
import { cleanup, spawnRuntime, tempDir, test } from "./harness.ts";
import {
  noPermissions,
  noSmallDisk,
  smallDisk,
  underPermissions,
} from "./machine.ts";
import { lettersOf, readOnlyFlow } from "./workers/crash_read_only.ts";

const STARTS: StartOptions[] = [
  { mode: "sequential" },
  { mode: "parallel", concurrency: 4 },
  { mode: "parallel" },
];

for (const start of STARTS) {
  const { mode, concurrency = "all" } = start;
  test(
    `a full disk ends a ${mode} run (${concurrency} at once) with one error, and a resume repeats nothing that had completed`,
    {
      needs: ["files", "processes"],
      skip: noSmallDisk,
    },
    async () => {
      const { rm, writeFile } = await import("node:fs/promises");
      const path = await smallDisk(1024);
      await writeFile(`${path}/ballast`, new Uint8Array(900 * 1024));
      const first = bigFlow(path);
      const error = await rejectsWith(
        first.workflow.start(start),
        "STORAGE",
        /^Cannot write .*the disk is full; free space/,
      );
      assert.equal(codeOfRoot(error), "ENOSPC");
      // All at once share one write, which fails as a whole.
      if (concurrency !== "all") assert.ok(first.done.size > 0);
      assert.ok(first.done.size < 20);

      // Full as it is, what was stored can be read.
      const reader = new StorageFile({ path: `${path}/out` });
      const { runId } = first.workflow.resultTask()[0];
      for (const taskId of first.done) {
        const key = reader.key({ workflowId: "big", runId, taskId });
        assert.equal((await reader.get(key)).storage, bigText(taskId), taskId);
      }
      await reader.close();

      await rm(`${path}/ballast`);
      const second = bigFlow(path);
      const run = await second.workflow.start({ ...start, resume: true });
      assert.equal(run.status, "Completed");
      assert.equal(run.runId, runId);
      const repeated = [...first.done].filter((task) => second.ran.has(task));
      assert.deepEqual(repeated, []);
      assert.deepEqual(
        second.workflow.resultStorage(),
        run.tasks.map(({ taskId }) => bigText(taskId)),
      );
    },
  );
}

test(
  "a read-only folder is one error before any step, and what was stored can be read",
  {
    needs: ["files", "processes"],
    skip: noPermissions,
  },
  async () => {
    const { chmod, readdir } = await import("node:fs/promises");
    const folder = await tempDir();
    const { workflow } = readOnlyFlow(folder, "known", { failing: "c" });
    assert.equal((await workflow.start()).status, "Failed");
    const files = (await readdir(`${folder}/known`)).map((name) =>
      `${folder}/known/${name}`
    );
    const places = [...files, `${folder}/known`, folder];
    for (const place of places) await chmod(place, 0o555);
    cleanup(async () => {
      for (const place of places) await chmod(place, 0o755);
    });

    const child = await spawnRuntime("workers/crash_read_only.ts", [folder], {
      under: underPermissions,
    });
    const { code } = await child.exit;
    assert.equal(code, 0, child.stderr);
    const [known, unknown] = child.lines.map((line) => JSON.parse(line));
    assert.deepEqual(known.ran, []);
    assert.equal(known.code, "STORAGE", known.message);
    assert.match(
      known.message,
      /^Cannot write .*permission is missing.*EACCES/,
    );
    assert.deepEqual(known.stored, ["a", "ab"]);
    assert.deepEqual(unknown.ran, []);
    assert.equal(unknown.code, "STORAGE", unknown.message);
    assert.match(unknown.message, /permission is missing.*EACCES/);

    for (const place of places) await chmod(place, 0o755);
    const again = readOnlyFlow(folder, "known");
    const run = await again.workflow.start({ resume: true });
    assert.equal(run.status, "Completed");
    assert.deepEqual(again.ran, ["c"]);
    assert.deepEqual(again.workflow.resultStorage(), lettersOf("abc"));
  },
);

/** Twenty tasks of 20 KB each. */
function bigFlow(path: string) {
  const ran = new Set<string>();
  const done = new Set<string>();
  const storage = new StorageFile({ path: `${path}/out` });
  cleanup(() => storage.close());
  const config = new Config({ storage, log: [] });
  const workflow = new DotFlow({ workflowId: "big", config });
  for (let place = 1; place <= 20; place++) {
    const step = action(({ task }) => {
      ran.add(task.taskId);
      return bigText(task.taskId);
    });
    workflow.task.add(step, {
      name: `task-${place}`,
      callback: (task) => {
        if (task.status === "Completed") done.add(task.taskId);
      },
    });
  }
  return { workflow, ran, done };
}

function bigText(taskId: string): string {
  return taskId.padEnd(20 * 1024, "-");
}

/** The code of what stands at the beginning of a chain of causes. */
function codeOfRoot(error: { code?: string; cause?: unknown }): unknown {
  let root = error;
  while (root.cause) root = root.cause;
  return root.code;
}
