/**
 * Watches a run from outside: every event, told by one function.
 *
 * @module
 */

import { action, DotFlow, type RunEvent } from "@dotflow/dotflow";

const workflow = new DotFlow({ workflowId: "watched" });
workflow.task.add(action("load", ({ progress }) => {
  progress(0.5, "half of it");
  return [1, 2, 3];
}));
workflow.task.add(
  action("check", { retry: 2, retryDelay: 10 }, ({ attempt }) => {
    if (attempt === 1) throw new Error("not yet");
  }),
);

function onEvent(event: RunEvent): void {
  if (event.type === "runEnded") console.log(`run: ${event.run.status}`);
  if (event.type === "taskProgress") {
    const { taskId, progress } = event.task;
    console.log(`${taskId}: ${progress?.fraction} (${progress?.message})`);
  }
  if (event.type === "taskStatus") {
    const { taskId, status, error } = event.task;
    const reason = status === "Retry" ? ` after "${error?.message}"` : "";
    console.log(`${taskId}: ${status}${reason}`);
  }
}

await workflow.start({ onEvent });
