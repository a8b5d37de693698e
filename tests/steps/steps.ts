/** Steps and callbacks that tests import by their path. */

import { action, type Task } from "@dotflow/dotflow";

/** What `note` was told. */
export const seen: string[] = [];

/** A step. */
export const extract = action(() => [1, 2, 3]);

/** A step that needs the one before. */
export const total = action("sum", ({ previousContext }) => {
  return previousContext.storage.reduce((sum: number, n: number) => sum + n, 0);
});

/** A callback. */
export function note(task: Task): void {
  seen.push(`${task.taskId} ${task.status}`);
}

/** No step. */
export const plain = () => 1;
