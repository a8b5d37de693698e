import assert from "node:assert/strict";
import { action, Config, DotFlow } from "@dotflow/dotflow";
import { StorageFile } from "@dotflow/dotflow/providers/storage-file";
import { cliHere, jsonLines } from "./cli.ts";
import { tempDir, test } from "./harness.ts";

const NEEDS = { needs: ["processes"] } as const;

const fails = action("fails", () => {
  throw new Error("no luck");
});

test(
  "dotflow runs list counts tasks whose names are escaped",
  NEEDS,
  async () => {
    const path = await tempDir();
    const config = new Config({ storage: new StorageFile({ path }), log: [] });
    const flow = new DotFlow({ workflowId: "names", config });
    const done = action("done", () => 1);
    // Their keys begin with an escape of letters only: _ec, _ea, _e9.
    for (const name of ["이름", "가", "電", "_", "plain"]) {
      flow.task.add(done, { name });
    }
    flow.task.add(fails);
    await flow.start();
    // This one has its record beside its checkpoints.
    await flow.start({ exclusive: false, runId: "aside" });
    const { out } = await cliHere(["runs", "list", "--json", "--path", path]);
    assert.deepEqual(
      jsonLines(out).map(({ status, done, total }) => [status, done, total]),
      [["Failed", 5, 6], ["Failed", 5, 6]],
    );
  },
);

test("dotflow runs show says 1 attempt, not 1 attempts", NEEDS, async () => {
  const path = await tempDir();
  const config = new Config({ storage: new StorageFile({ path }), log: [] });
  const flow = new DotFlow({ workflowId: "once", config });
  flow.task.add(fails);
  await flow.start();
  const { out } = await cliHere(["runs", "show", "once", "--path", path]);
  assert.match(out, /^✗ fails: Error: no luck \(1 attempt\)$/m);
});
