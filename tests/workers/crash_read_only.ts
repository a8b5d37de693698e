/**
 * Starts workflows in a folder that cannot be written, and tells what became of
 * each in a line of JSON.
 *
 * @module
 */

import { action, Config, DotFlow } from "@dotflow/dotflow";
import { StorageFile } from "@dotflow/dotflow/providers/storage-file";
import process from "node:process";

/** `"abc"` gives `["a", "ab", "abc"]`. */
export function lettersOf(text: string): string[] {
  return [...text].map((_, at) => text.slice(0, at + 1));
}

/** Tasks `a`, `b` and `c`, each of which adds its letter. */
export function readOnlyFlow(
  folder: string,
  workflowId: string,
  { failing = "" } = {},
) {
  const ran: string[] = [];
  const storage = new StorageFile({ path: folder });
  const config = new Config({ storage, log: [] });
  const workflow = new DotFlow({ workflowId, config });
  for (const name of "abc") {
    const step = action(name, ({ previousContext }) => {
      ran.push(name);
      if (name === failing) throw new Error("planned");
      return (previousContext.storage ?? "") + name;
    });
    workflow.task.add(step);
  }
  return { workflow, ran };
}

async function tell(folder: string, workflowId: string): Promise<void> {
  const { workflow, ran } = readOnlyFlow(folder, workflowId);
  const { storage } = workflow.config;
  const { code, message } = await workflow.start({ resume: true })
    .then(
      () => ({ code: "", message: "nothing was thrown" }),
      (error) => error,
    );
  const keys = await storage.listKeys!(`${workflowId}/`);
  const contexts = await Promise.all(
    keys.filter((key) => !key.endsWith("/_run")).map((key) => storage.get(key)),
  );
  const stored = contexts.map((context) => context.storage);
  console.log(JSON.stringify({ code, message, ran, stored }));
  await storage.close!();
}

if (process.argv[1]?.includes("crash_read_only")) {
  await tell(process.argv[2], "known");
  await tell(process.argv[2], "unknown");
}
