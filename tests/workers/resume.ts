/** Resumes a workflow on files; tells which steps ran. */

import { action, Config, DotFlow } from "@dotflow/dotflow";
import { StorageFile } from "@dotflow/dotflow/providers/storage-file";

const storage = new StorageFile({ path: process.argv[2] });
const workflow = new DotFlow({
  workflowId: "wf",
  config: new Config({ storage }),
});
for (const name of ["a", "b", "b"]) {
  workflow.task.add(action(name, ({ task }) => {
    console.log(`ran ${task.taskId}`);
  }));
}
const run = await workflow.start({ resume: true });
console.log(run.status);
