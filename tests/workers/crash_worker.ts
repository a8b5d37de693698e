/**
 * Runs one of the workflows of `crash_flow.ts` to its end, and writes down what
 * it does. Its arguments: the course, the folder of the storage, after how many
 * lines to kill itself (0: never), and how often to run it anew after that.
 *
 * @module
 */

import { writeSync } from "node:fs";
import process from "node:process";
import { COURSES, crashFlow, digestOf } from "./crash_flow.ts";

const [name, folder, lines, again] = process.argv.slice(2);
const { start } = COURSES[name];
let left = Number(lines);

/** Once it returns, the line outlives the process. */
function say(...words: unknown[]): void {
  writeSync(1, `${words.join(" ")}\n`);
  if (--left === 0) process.kill(process.pid, "SIGKILL");
}

const workflow = crashFlow(COURSES[name], folder, say);
say("ready");
for (let round = 0; round <= Number(again); round++) {
  const run = await workflow.start({ ...start, resume: round === 0 });
  for (const task of run.tasks) {
    if (task.status !== "Completed") continue;
    const { token } = task.currentContext.storage;
    say("result", run.runId, task.taskId, token, digestOf(task));
  }
  say("end", run.runId, run.status);
}
