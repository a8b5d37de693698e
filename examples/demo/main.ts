/**
 * `deno task demo`: a real pipeline on real data. With `--crash` it kills itself
 * halfway; started again, it goes on from there. After it has completed, the
 * next start begins afresh.
 *
 * @module
 */

import process from "node:process";
import { Config, type Run } from "@dotflow/dotflow";
import { StorageFile } from "@dotflow/dotflow/providers/storage-file";
import { openDashboard } from "./dashboard.ts";
import { flags } from "./flags.ts";
import { Live } from "./live.ts";
import { questions, report } from "./pipeline.ts";
import { FOLDER } from "./report.ts";

const live = new Live();
const storage = new StorageFile({ path: FOLDER });
const dashboard = flags.dashboard
  ? await openDashboard(`${FOLDER}/dashboard`)
  : undefined;
if (dashboard) console.log(`Dashboard: ${dashboard.url}\n`);
// After a crash, nobody wants to watch a lease run out.
const config = new Config({
  storage,
  lease: "2s",
  server: dashboard?.server,
});
const asking = questions(config);
const reporting = report(config);

async function main(): Promise<void> {
  if (flags.fresh) await forget();

  const { onEvent } = live;
  const asked = await asking.start({
    mode: "parallel_group",
    resume: true,
    onEvent,
  });
  mustBeCompleted(asked);
  const results = Object.fromEntries(
    asked.tasks.map((task) => [task.taskId, task.currentContext.storage]),
  );

  const input = {
    traffic: results["rank-airports"],
    delays: results["delays-by-distance"],
    states: results["draw-states"],
  };
  const reported = await reporting.start({ input, resume: true, onEvent });
  mustBeCompleted(reported);
  live.stop();

  const [table, chart] = reporting.resultStorage();
  console.log(`\n${table}\nChart: ${chart}\n${summaryOf(asked, reported)}`);
  await forget();
}

/** Without checkpoints, the next start has nothing to go on from. */
async function forget(): Promise<void> {
  await asking.clear();
  await reporting.clear();
}

function mustBeCompleted({ status, tasks }: Run): void {
  if (status === "Completed") return;
  const failed = tasks.filter((task) => task.status === "Failed");
  throw new Error(
    `Cannot finish ${failed.map((task) => task.taskId).join(", ")}: ` +
      failed.map((task) => task.error?.message).join("; "),
  );
}

function summaryOf(...runs: readonly Run[]): string {
  const tasks = runs.flatMap((run) => run.tasks);
  const restored = tasks.filter((task) => task.restored);
  const ran = tasks.length - restored.length;
  const seconds = runs.reduce((sum, run) => sum + run.duration, 0) / 1_000;
  if (restored.length === 0) {
    return `All ${ran} tasks ran, in ${seconds.toFixed(1)} s. Try --crash, ` +
      `then start again without it.`;
  }
  const ids = restored.map((task) => task.taskId).join(", ");
  return `${restored.length} tasks were not repeated (${ids}); ${ran} ran, ` +
    `in ${seconds.toFixed(1)} s.`;
}

try {
  await main();
  if (dashboard) {
    console.log("\nThe dashboard is there until Ctrl-C.");
    await dashboard.closed;
  }
} catch (error) {
  live.stop();
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  await storage.close();
}
